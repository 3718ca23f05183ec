"""What more than one of the magazine's illustrations has in it: stars, and light on water."""

from dispatch.demo.drawing.canvas import Canvas
from dispatch.demo.drawing.chance import Chance
from dispatch.demo.drawing.shapes import Stops

WIDTH, HEIGHT = 1200, 640


def stars(canvas: Canvas, chance: Chance, count: int, lowest: int, colour: str) -> None:
    """Stars, more of them near the top, none below `lowest`."""
    for _ in range(count):
        depth = chance.random() ** 1.6
        canvas.disc((chance.uniform(0, WIDTH), depth * lowest), chance.choice((0.6, 0.8, 1.2)), colour)


def water(canvas: Canvas, shore: float, shades: Stops) -> None:
    """Water from the level `shore` down to the edge of the picture."""
    canvas.shade([(0, shore), (WIDTH, shore), (WIDTH, HEIGHT), (0, HEIGHT)], shades)


def glitter(canvas: Canvas, chance: Chance, middle: float, shore: float, colour: str, spread: float) -> None:
    """The broken path of a light on water, wider the nearer it comes."""
    for _ in range(330):
        depth = chance.random() ** 0.8
        y = shore + 5 + depth * (HEIGHT - shore)
        half = (4 + 26 * depth) * chance.uniform(0.3, 1.1)
        x = chance.gauss(middle, spread * (0.22 + 0.5 * depth))
        near = max(0.0, 1 - abs(x - middle) / (spread * 1.7))
        canvas.dash((x, y), half, 1.7, colour, 0.12 + 0.6 * near)
