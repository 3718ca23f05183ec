"""Lines and gradients that several drawings are made of."""

import math
from collections.abc import Sequence
from itertools import pairwise

from PIL import Image, ImageColor

from dispatch.demo.drawing.chance import Chance

Point = tuple[float, float]
Stops = Sequence[tuple[float, str]]  # (0 at the top … 1 at the bottom, "#rrggbb")

STEP = 4  # pixels from point to point of a ridge
OCTAVES = 4


def gradient(size: tuple[int, int], stops: Stops) -> Image.Image:
    """A picture that changes from colour to colour from top to bottom."""
    width, height = size
    column = Image.new("RGB", (1, height))
    column.putdata([_between(stops, row / max(1, height - 1)) for row in range(height)])
    return column.resize((width, height), Image.Resampling.NEAREST)


def ridge(chance: Chance, width: int, crest: float, swell: float, *, waves: float = 2.0) -> list[Point]:
    """The line of a range of hills from left to right around the height `crest`, up to `swell` above and below."""
    weights = [0.55**octave for octave in range(OCTAVES)]
    phases = [chance.uniform(0, math.tau) for _ in weights]

    def height(x: float) -> float:
        tones = (
            weight * math.sin(waves * (octave + 1) * math.tau * x / width + phases[octave])
            for octave, weight in enumerate(weights)
        )
        return crest - swell * sum(tones) / sum(weights)

    return [(x, height(x)) for x in range(0, width + STEP + 1, STEP)]


def down_to(line: Sequence[Point], bottom: float) -> list[Point]:
    """The shape between a line and the level `bottom`."""
    return [*line, (line[-1][0], bottom), (line[0][0], bottom)]


def arc(centre: Point, radius: float, steps: int = 24) -> list[Point]:
    """The upper half of a circle, from left to right."""
    turns = [math.pi * step / steps for step in range(steps + 1)]
    return [(centre[0] - radius * math.cos(turn), centre[1] - radius * math.sin(turn)) for turn in turns]


def _between(stops: Stops, place: float) -> tuple[int, ...]:
    for (start, first), (end, second) in pairwise(stops):
        if place <= end:
            part = (place - start) / (end - start)
            pairs = zip(_rgb(first), _rgb(second), strict=True)
            return tuple(round(a + (b - a) * part) for a, b in pairs)
    return _rgb(stops[-1][1])


def _rgb(colour: str) -> tuple[int, ...]:
    return ImageColor.getrgb(colour)[:3]
