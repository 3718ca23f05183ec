"""A surface to draw on in the units of the finished picture, smooth because everything is drawn larger first."""

import math
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFont

from dispatch.demo.drawing.chance import Chance
from dispatch.demo.drawing.shapes import Point, Stops, gradient

SCALE = 2  # how much larger things are drawn than shown: smooth edges for four times the pixels


class Canvas:
    """An RGB picture in progress; all measures are pixels of the finished picture, colours are "#rrggbb"."""

    def __init__(self, width: int, height: int, sky: Stops) -> None:
        """A canvas filled with a vertical gradient."""
        self.width, self.height = width, height
        self._image = gradient((width * SCALE, height * SCALE), sky)
        self._draw = ImageDraw.Draw(self._image)

    def polygon(self, points: Sequence[Point], colour: str) -> None:
        """A filled shape."""
        self._draw.polygon(_scaled(points), fill=colour)

    def box(self, left: float, top: float, right: float, bottom: float, colour: str, *, radius: float = 0) -> None:
        """A filled rectangle, with round corners if `radius` is given."""
        corners = (left * SCALE, top * SCALE, right * SCALE - 1, bottom * SCALE - 1)
        self._draw.rounded_rectangle(corners, radius * SCALE, fill=colour)

    def roof(self, left: float, right: float, foot: float, peak: float, colour: str) -> None:
        """A filled triangle on the level `foot`."""
        self.polygon([(left, foot), ((left + right) / 2, peak), (right, foot)], colour)

    def disc(self, centre: Point, radius: float, colour: str) -> None:
        """A filled circle."""
        self._draw.circle((centre[0] * SCALE, centre[1] * SCALE), radius * SCALE, fill=colour)

    def oval(self, centre: Point, across: float, up: float, colour: str) -> None:
        """A filled ellipse; `across` and `up` are its half axes."""
        x, y = centre
        corners = ((x - across) * SCALE, (y - up) * SCALE, (x + across) * SCALE, (y + up) * SCALE)
        self._draw.ellipse(corners, fill=colour)

    def ring(self, centre: Point, radius: float, colour: str, width: float) -> None:
        """The outline of a circle."""
        middle = (centre[0] * SCALE, centre[1] * SCALE)
        self._draw.circle(middle, radius * SCALE, outline=colour, width=round(width * SCALE))

    def line(self, points: Sequence[Point], colour: str, width: float) -> None:
        """A line through all points, `width` thick."""
        self._draw.line(_scaled(points), fill=colour, width=max(1, round(width * SCALE)), joint="curve")

    def shade(self, points: Sequence[Point], shades: Stops) -> None:
        """A shape filled with a vertical gradient that spans its own height."""
        flat = _scaled(points)
        top, bottom = _span([y for _, y in flat], self._image.height)
        mask = Image.new("L", (self._image.width, bottom - top), 0)
        ImageDraw.Draw(mask).polygon([(x, y - top) for x, y in flat], fill=255)
        self._image.paste(gradient(mask.size, shades), (0, top), mask)

    def wash(self, points: Sequence[Point], colour: str, opacity: float) -> None:
        """A translucent shape; `opacity` from 0 to 1."""
        flat = _scaled(points)
        left, right = _span([x for x, _ in flat], self._image.width)
        top, bottom = _span([y for _, y in flat], self._image.height)
        mask = Image.new("L", (right - left, bottom - top), 0)
        ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in flat], fill=round(255 * opacity))
        self._image.paste(colour, (left, top), mask)

    def dash(self, middle: Point, half: float, height: float, colour: str, opacity: float) -> None:
        """A short translucent stroke, as light lies on water."""
        x, y = middle
        self.wash([(x - half, y), (x + half, y), (x + half, y + height), (x - half, y + height)], colour, opacity)

    def glow(self, centre: Point, radius: float, colour: str, strength: float) -> None:
        """Light that falls off to nothing at `radius`; `strength` from 0 to 1 is its opacity in the middle."""
        side = max(2, round(2 * radius * SCALE))
        # Pillow's radial gradient is 181 in the middle of an edge, which is where the light has to end.
        falloff = [round(255 * strength * max(0.0, 1 - value / 181) ** 2) for value in range(256)]
        mask = Image.radial_gradient("L").point(falloff).resize((side, side), Image.Resampling.BILINEAR)
        corner = (round((centre[0] - radius) * SCALE), round((centre[1] - radius) * SCALE))
        self._image.paste(colour, corner, mask)

    def beam(self, lamp: Point, far: tuple[Point, Point], colour: str, strength: float) -> None:
        """A cone of light from `lamp` to the edge `far`, fading along the way."""
        shape = Image.new("L", self._image.size, 0)
        ImageDraw.Draw(shape).polygon(_scaled([lamp, *far]), fill=round(255 * strength))
        fade = Image.linear_gradient("L").rotate(90).resize(self._image.size)
        if far[0][0] > lamp[0]:
            fade = ImageChops.invert(fade)
        self._image.paste(colour, (0, 0), ImageChops.multiply(shape, fade.point([*range(40, 256), *[255] * 40])))

    def letters(self, text: str, centre: Point, size: float, colour: str, *, tracking: float = 0) -> None:
        """One line of type centred on a point, with `tracking` pixels of extra space between its letters."""
        font = ImageFont.load_default(size * SCALE)
        widths = [font.getlength(letter) + tracking * SCALE for letter in text]
        left = centre[0] * SCALE - (sum(widths) - tracking * SCALE) / 2
        for letter, width in zip(text, widths, strict=True):
            self._draw.text((left, centre[1] * SCALE), letter, font=font, fill=colour, anchor="lm")
            left += width

    def finish(self, chance: Chance, *, grain: int = 9) -> Image.Image:
        """The picture at its real size, with the grain of printed paper over it."""
        small = self._image.resize((self.width, self.height), Image.Resampling.BOX)
        noise = Image.frombytes("L", small.size, chance.randbytes(self.width * self.height))
        noise = noise.point([128 + round((value - 128) * grain / 128) for value in range(256)])
        return ImageChops.overlay(small, Image.merge("RGB", (noise, noise, noise)))


def _scaled(points: Sequence[Point]) -> list[Point]:
    return [(x * SCALE, y * SCALE) for x, y in points]


def _span(values: Sequence[float], limit: int) -> tuple[int, int]:
    first, last = max(0, math.floor(min(values))), min(limit, math.ceil(max(values)) + 1)
    return first, max(first + 1, last)
