"""The illustration of a funicular at dusk."""

from PIL import Image

from dispatch.demo.drawing.canvas import Canvas
from dispatch.demo.drawing.chance import Chance
from dispatch.demo.drawing.shapes import Point, down_to, ridge
from dispatch.demo.drawing.skies import HEIGHT, WIDTH, stars

DUSK = [(0, "#1f2a4d"), (0.45, "#5d4a72"), (0.72, "#c9736a"), (0.9, "#f0b083"), (1, "#f4c79a")]
WALLS = ("#2a2340", "#2f2746", "#352c4d", "#3c3255", "#43385d", "#4a3e64")  # of houses, from far to near
WINDOWS = ("#ffd48a", "#f7b765", "#ffe3ad")
ROOF = "#1a1630"

FOOT: Point = (150, 640)  # of the track
SLOPE = -560 / 1050


def funicular(chance: Chance) -> Image.Image:
    """Two lit cars on a steep hill of dark houses."""
    canvas = Canvas(WIDTH, HEIGHT, DUSK)
    stars(canvas, chance, 60, 240, "#c9c3d6")
    canvas.glow((250, 520), 420, "#ffd9a8", 0.55)
    canvas.shade(down_to(ridge(chance, WIDTH, 470, 60, waves=1.3), HEIGHT), [(0, "#8d5f7a"), (1, "#c47b74")])
    canvas.shade(down_to(ridge(chance, WIDTH, 545, 34, waves=1.8), HEIGHT), [(0, "#5c4468"), (1, "#85556d")])
    canvas.polygon([(180, 640), (1200, 96), (1200, 640)], "#221d38")
    _terraces(canvas, chance)
    _track(canvas)
    for place in (528, 927):
        _car(canvas, (place, _height(place)))
    return canvas.finish(chance)


def _height(x: float) -> float:
    """How high the track is there."""
    return FOOT[1] + (x - FOOT[0]) * SLOPE


def _terraces(canvas: Canvas, chance: Chance) -> None:
    for row in range(1, 8):  # from the track down the hill, so that each row stands before the one above it
        for column in range(16):
            x = 120 + column * 86 + chance.uniform(-14, 14) + row * 22
            ground = _height(x) + 44 + row * 74
            if ground < 700 and x < 1230:
                _house(canvas, chance, (x, ground), WALLS[min(row, len(WALLS)) - 1])


def _house(canvas: Canvas, chance: Chance, foot: Point, wall: str) -> None:
    x, ground = foot
    width, height = chance.uniform(44, 66), chance.uniform(50, 78)
    eaves = ground - height
    canvas.box(x, eaves, x + width, ground + 60, wall)
    canvas.roof(x - 5, x + width + 5, eaves, eaves - 24, ROOF)
    if chance.random() < 0.5:
        canvas.box(x + width * 0.68, eaves - 32, x + width * 0.82, eaves - 6, ROOF)
    for across in (0.2, 0.6):
        for up in (0.72, 0.3):
            if chance.random() < 0.42:
                _window(canvas, (x + width * across, ground - height * up - 8), chance.choice(WINDOWS))


def _window(canvas: Canvas, corner: Point, colour: str) -> None:
    left, top = corner
    canvas.glow((left + 5, top + 7), 26, "#ffc371", 0.35)
    canvas.box(left, top, left + 10, top + 14, colour)


def _track(canvas: Canvas) -> None:
    for x in range(150, 1200, 17):
        canvas.line([(x - 6, _height(x) - 6), (x + 10, _height(x) + 16)], "#4b3f63", 3)
    for offset in (-3, 9):
        canvas.line([(FOOT[0], FOOT[1] + offset), (WIDTH, _height(WIDTH) + offset)], "#8f7c95", 2.2)


def _car(canvas: Canvas, foot: Point) -> None:
    x, y = foot
    canvas.glow((x, y - 34), 150, "#ffd28a", 0.6)

    def slanted(left: float, right: float, top: float, bottom: float, colour: str) -> None:
        corners = ((left, top), (right, top), (right, bottom), (left, bottom))
        canvas.polygon([(x + across, y + across * SLOPE - up) for across, up in corners], colour)

    slanted(-62, 62, 62, 8, "#a8322d")
    slanted(-62, 62, 26, 8, "#7c2228")
    slanted(-66, 66, 70, 60, "#f0e2c6")
    for left in (-54, -25, 4, 33):
        slanted(left, left + 21, 54, 30, "#ffe9b0")
    slanted(-52, 52, 8, 0, "#151127")
