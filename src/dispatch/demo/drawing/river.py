"""The illustration of a river by night."""

from PIL import Image

from dispatch.demo.drawing.canvas import Canvas
from dispatch.demo.drawing.chance import Chance
from dispatch.demo.drawing.shapes import Point, down_to, ridge
from dispatch.demo.drawing.skies import HEIGHT, WIDTH, glitter, stars, water

NIGHT = [(0, "#0d1f33"), (0.5, "#2a5666"), (0.56, "#6d8f8a"), (1, "#6d8f8a")]
WATER = [(0, "#4d777b"), (0.25, "#234a5a"), (1, "#0a1a2b")]
WINDOWS = ("#ffcf7d", "#ffb95a", "#ffe2a6")
MOONLIGHT = "#f3e6c0"
WALL, ROOF, INK = "#0f2535", "#0b1d2b", "#06131f"
SHORE = 372.0


def river(chance: Chance) -> Image.Image:
    """A full moon over a wide river, and the lit windows of a low town on the far bank."""
    canvas = Canvas(WIDTH, HEIGHT, NIGHT)
    stars(canvas, chance, 50, 220, "#8fb0b3")
    _moon(canvas, (790, 168))
    canvas.shade(down_to(ridge(chance, WIDTH, 318, 34, waves=1.2), SHORE), [(0, "#24495a"), (1, "#3c6670")])
    water(canvas, SHORE, WATER)
    glitter(canvas, chance, 790, SHORE, MOONLIGHT, 120)
    _town(canvas, chance)
    _rowing_boat(canvas, (330, 508))
    for _ in range(34):
        _reed(canvas, chance, chance.uniform(-10, 250), 0)
    for _ in range(34):
        _reed(canvas, chance, WIDTH - chance.uniform(-10, 330), WIDTH)
    return canvas.finish(chance)


def _moon(canvas: Canvas, centre: Point) -> None:
    x, y = centre
    canvas.glow(centre, 330, MOONLIGHT, 0.42)
    canvas.disc(centre, 62, "#f6ecd0")
    for across, down, radius in ((-20, -18, 13), (18, 22, 9), (10, -26, 6), (-14, 20, 6)):
        canvas.disc((x + across, y + down), radius, "#ebdeb9")


def _town(canvas: Canvas, chance: Chance) -> None:
    x = -20.0
    while x < WIDTH:
        width, eaves = chance.uniform(26, 52), SHORE - chance.uniform(20, 52)
        canvas.box(x, eaves, x + width, SHORE, WALL)
        canvas.roof(x - 2, x + width + 2, eaves, eaves - chance.uniform(8, 16), ROOF)
        if chance.random() < 0.62:
            top = SHORE - chance.uniform(14, max(15, SHORE - eaves - 6))
            _lit_window(canvas, chance, (x + chance.uniform(6, width - 12), top))
        x += width - chance.uniform(0, 4)
    canvas.box(528, SHORE - 118, 556, SHORE, WALL)
    canvas.roof(524, 560, SHORE - 118, SHORE - 176, ROOF)
    _lit_window(canvas, chance, (539, SHORE - 96))
    canvas.box(0, SHORE - 3, WIDTH, SHORE + 2, "#08151f")


def _lit_window(canvas: Canvas, chance: Chance, corner: Point) -> None:
    """A window and, broken by the water, its reflection."""
    x, y = corner
    colour = chance.choice(WINDOWS)
    canvas.glow((x + 3, y + 4), 20, colour, 0.5)
    canvas.box(x, y, x + 6, y + 9, colour)
    for step in range(int(chance.uniform(4, 9))):
        depth = SHORE + 8 + step * 11 + chance.uniform(0, 5)
        canvas.dash((x + 3, depth), chance.uniform(3, 8), 3, colour, 0.55 - 0.055 * step)


def _rowing_boat(canvas: Canvas, middle: Point) -> None:
    x, y = middle
    canvas.wash([(x - 74, y + 14), (x + 74, y + 14), (x + 40, y + 26), (x - 40, y + 26)], "#04101a", 0.5)
    canvas.polygon([(x - 80, y - 6), (x + 80, y - 8), (x + 52, y + 14), (x - 50, y + 14)], INK)
    canvas.polygon([(x - 12, y - 6), (x - 9, y - 32), (x + 7, y - 34), (x + 16, y - 6)], INK)
    canvas.disc((x - 1, y - 42), 8.5, INK)
    canvas.line([(x + 2, y - 22), (x - 66, y + 20)], INK, 2.6)
    canvas.glow((x + 66, y - 22), 60, "#ffcf7d", 0.7)
    canvas.disc((x + 66, y - 22), 4, "#fff0c4")
    canvas.line([(x + 66, y - 6), (x + 66, y - 20)], INK, 1.6)


def _reed(canvas: Canvas, chance: Chance, foot: float, bank: float) -> None:
    """A reed, shorter the further it stands from its bank."""
    top = HEIGHT - chance.uniform(40, 150) * (1 - abs(foot - bank) / 460)
    lean = chance.uniform(-22, 22)
    bend = (foot + lean * 0.3, HEIGHT - (HEIGHT - top) * 0.6)
    canvas.line([(foot, HEIGHT + 4), bend, (foot + lean, top)], INK, 2.2)
    if chance.random() < 0.35:
        canvas.line([(foot + lean, top), (foot + lean * 1.2, top - 18)], INK, 6)
