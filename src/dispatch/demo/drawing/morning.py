"""The illustration of hills in the morning."""

from PIL import Image

from dispatch.demo.drawing.canvas import Canvas
from dispatch.demo.drawing.chance import Chance
from dispatch.demo.drawing.shapes import Point, down_to, ridge
from dispatch.demo.drawing.skies import HEIGHT, WIDTH

MIST = [(0, "#dfe3dc"), (0.4, "#f3e7d3"), (0.62, "#f6d9bd"), (1, "#f6d9bd")]
HILLS = (  # crest and foot, from far to near
    ("#c9cdc4", "#e9ddcb"),
    ("#a9b6b1", "#dcd3c2"),
    ("#82989a", "#c3c3b5"),
    ("#557379", "#98a6a0"),
    ("#31525c", "#5f7c80"),
)
STONES = ("#2c4b54", "#27444d", "#325159")
BROWN, PALE, WING = "#6b5140", "#e9d3b0", "#553f32"
WALL = 556


def hills(chance: Chance) -> Image.Image:
    """Layered hills in a pale mist, birds above them, and one bird on a wall."""
    canvas = Canvas(WIDTH, HEIGHT, MIST)
    canvas.glow((860, 214), 300, "#fff6e2", 0.95)
    canvas.disc((860, 214), 54, "#fff4dc")
    for depth, (crest, foot) in enumerate(HILLS):
        line = ridge(chance, WIDTH, 290 + depth * 62, 46 + 4 * depth, waves=0.8 + 0.25 * depth)
        canvas.shade(down_to(line, HEIGHT), [(0, crest), (0.55, foot), (1, foot)])
    for _ in range(17):
        _flying_bird(canvas, (chance.gauss(420, 150), chance.gauss(170, 46)), chance.uniform(5, 13))
    _wall(canvas, chance)
    _bird(canvas, (1010, WALL))
    return canvas.finish(chance)


def _flying_bird(canvas: Canvas, middle: Point, span: float) -> None:
    x, y = middle
    canvas.line([(x - span, y - span * 0.3), (x - span * 0.45, y - span * 0.42), (x, y)], "#3f5a62", 1.8)
    canvas.line([(x, y), (x + span * 0.45, y - span * 0.5), (x + span, y - span * 0.34)], "#3f5a62", 1.8)


def _wall(canvas: Canvas, chance: Chance) -> None:
    canvas.box(0, WALL + 8, WIDTH, HEIGHT, "#1d363f")
    for course in range(4):
        x, y = -20.0 - 30 * (course % 2), WALL + course * 23
        while x < WIDTH:
            width = chance.uniform(48, 104)
            canvas.box(x, y, x + width - 4, y + 20, chance.choice(STONES), radius=6)
            x += width


def _bird(canvas: Canvas, foot: Point) -> None:
    x, y = foot
    canvas.polygon([(x + 30, y - 34), (x + 72, y - 6), (x + 62, y - 2), (x + 20, y - 18)], "#4b3a30")
    canvas.oval((x, y - 34), 32, 25, BROWN)
    canvas.oval((x - 9, y - 29), 21, 20, PALE)
    canvas.disc((x - 22, y - 60), 17, BROWN)
    canvas.polygon([(x - 37, y - 64), (x - 54, y - 57), (x - 36, y - 54)], "#d08a3e")
    canvas.disc((x - 27, y - 63), 2.6, "#1b1512")
    canvas.polygon([(x - 2, y - 46), (x + 46, y - 22), (x + 12, y - 16)], WING)
    for leg in (-6, 6):
        canvas.line([(x + leg, y - 12), (x + leg - 2, y + 1)], "#3a2b22", 2.4)
