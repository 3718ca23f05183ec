"""The illustration of a lighthouse in the evening."""

from PIL import Image

from dispatch.demo.drawing.canvas import Canvas
from dispatch.demo.drawing.chance import Chance
from dispatch.demo.drawing.shapes import Point, down_to, ridge
from dispatch.demo.drawing.skies import HEIGHT, WIDTH, glitter, water

EVENING = [(0, "#123a42"), (0.4, "#3f7d74"), (0.62, "#b9c99a"), (0.7, "#f1dfa8"), (1, "#f1dfa8")]
WATER = [(0, "#c8cd9c"), (0.16, "#6f9c86"), (1, "#123a42")]
LIGHT, RED, IRON, ROCK = "#fff6d6", "#b5443a", "#163a41", "#0f2a31"

LIT_SIDE: list[Point] = [(668, 560), (724, 536), (760, 470), (812, 446), (934, 446)]
LIT_FOOT: list[Point] = [(900, 470), (830, 486), (790, 552), (720, 580)]
DARK_SIDE: list[Point] = [(984, 462), (1040, 520), (1120, 548), (1200, 612), (1200, 640)]


def lighthouse(chance: Chance) -> Image.Image:
    """A white lighthouse on a rock under a green sky, its beam over the estuary."""
    canvas = Canvas(WIDTH, HEIGHT, EVENING)
    lamp, shore = (872.0, 172.0), 448.0
    canvas.beam(lamp, ((0, 30), (0, 250)), LIGHT, 0.62)
    canvas.beam(lamp, ((1200, 120), (1200, 190)), LIGHT, 0.5)
    canvas.shade(down_to(ridge(chance, WIDTH, 432, 20, waves=1.5), shore), [(0, "#7fa083"), (1, "#a3b78d")])
    water(canvas, shore, WATER)
    glitter(canvas, chance, 420, shore, "#f7ebbd", 260)
    canvas.polygon([(600, 640), *LIT_SIDE, *DARK_SIDE], ROCK)
    canvas.polygon([*LIT_SIDE, *LIT_FOOT], "#1c4047")
    _tower(canvas, lamp, 447)
    _cottage(canvas, (918, 456))
    _sail(canvas, (300, 474))
    canvas.polygon([(0, 640), (0, 604), (150, 612), (360, 640)], ROCK)
    return canvas.finish(chance)


def _tower(canvas: Canvas, lamp: Point, foot: float) -> None:
    x, y = lamp
    canvas.glow(lamp, 150, LIGHT, 0.95)
    canvas.polygon([(x - 25, y + 34), (x + 25, y + 34), (x + 43, foot), (x - 43, foot)], "#f3eedd")
    canvas.polygon([(x + 6, y + 34), (x + 25, y + 34), (x + 43, foot), (x + 10, foot)], "#bfc9b4")
    for place in (0.22, 0.5, 0.78):
        top = y + 34 + (foot - y - 34) * place
        canvas.box(x - 11, top, x - 3, top + 15, "#2b555a", radius=3)
    canvas.box(x - 36, y + 26, x + 36, y + 35, IRON)
    canvas.box(x - 19, y - 18, x + 19, y + 26, "#fff3c4")
    for bar in (-19, -6, 7, 17):
        canvas.box(x + bar, y - 18, x + bar + 2, y + 26, IRON)
    canvas.roof(x - 25, x + 25, y - 18, y - 44, RED)
    canvas.disc((x, y - 46), 4, RED)


def _cottage(canvas: Canvas, foot: Point) -> None:
    x, y = foot
    canvas.box(x, y - 54, x + 62, y, "#e4e2cd")
    canvas.roof(x - 6, x + 68, y - 54, y - 78, RED)
    canvas.box(x + 24, y - 40, x + 36, y - 24, "#ffd98a")


def _sail(canvas: Canvas, foot: Point) -> None:
    x, y = foot
    canvas.polygon([(x, y - 62), (x, y - 8), (x - 38, y - 8)], "#f8f0d4")
    canvas.polygon([(x + 3, y - 54), (x + 3, y - 8), (x + 26, y - 8)], "#dcd9b6")
    canvas.polygon([(x - 44, y - 4), (x + 36, y - 4), (x + 24, y + 8), (x - 34, y + 8)], "#15363d")
    canvas.wash([(x - 34, y + 9), (x + 24, y + 9), (x + 10, y + 34), (x - 20, y + 34)], "#15363d", 0.3)
