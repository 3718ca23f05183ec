"""The illustration of a market under a viaduct."""

import math

from PIL import Image

from dispatch.demo.drawing.canvas import Canvas
from dispatch.demo.drawing.chance import Chance
from dispatch.demo.drawing.shapes import Point, arc, down_to, ridge
from dispatch.demo.drawing.skies import HEIGHT, WIDTH, stars

NIGHT = [(0, "#141433"), (0.6, "#3a2f5c"), (1, "#6d4a6e")]
STONE, EDGE, SHADOW, INK = "#4c4164", "#64557c", "#2b2444", "#120f24"
CLOTHS = ("#b3433f", "#d9894a", "#4a6f8a", "#8a4a6f")
FRUIT = ("#d96a4a", "#e8b04a", "#8aa35c")

SPAN = 160  # from pier to pier
DECK, SPRING, FLOOR, GROUND = 214, 392, 572, 576


def viaduct(chance: Chance) -> Image.Image:
    """A stone viaduct by night, a lit train on it, lanterns and stalls under its arches."""
    canvas = Canvas(WIDTH, HEIGHT, NIGHT)
    stars(canvas, chance, 110, 260, "#a9a3cc")
    canvas.shade(down_to(ridge(chance, WIDTH, 360, 50, waves=1.1), HEIGHT), [(0, "#2f2750"), (1, "#4a3860")])
    for left in range(-40, WIDTH, SPAN):
        canvas.glow((left + SPAN / 2, 548), 180, "#ffb35c", 0.62)
    for left in range(-40, WIDTH, SPAN):
        _arch(canvas, left)
    for pier in range(-40, WIDTH + SPAN, SPAN):
        _pier(canvas, pier)
    canvas.box(0, DECK + 14, WIDTH, DECK + 28, EDGE)
    canvas.box(0, DECK + 28, WIDTH, DECK + 34, SHADOW)
    _train(canvas)
    canvas.polygon([(0, 640), (0, 566), (420, 576), (800, 570), (1200, 578), (1200, 640)], INK)
    _market(canvas, chance)
    return canvas.finish(chance)


def _arch(canvas: Canvas, left: float) -> None:
    curve = arc((left + SPAN / 2, SPRING), 62)
    right = left + SPAN
    canvas.polygon([(left, DECK + 24), (left, SPRING), *curve, (right, SPRING), (right, DECK + 24)], STONE)
    canvas.line([(x, y - 4) for x, y in curve], EDGE, 5)


def _pier(canvas: Canvas, x: float) -> None:
    foot = FLOOR + 10
    canvas.polygon([(x - 18, SPRING), (x + 18, SPRING), (x + 24, foot), (x - 24, foot)], STONE)
    canvas.polygon([(x + 6, SPRING), (x + 18, SPRING), (x + 24, foot), (x + 9, foot)], SHADOW)
    canvas.box(x - 23, SPRING - 6, x + 23, SPRING + 5, EDGE)


def _train(canvas: Canvas) -> None:
    top, rail, black = DECK - 38, DECK + 8, "#1a1634"
    for left in range(470, 470 + 4 * 176, 176):
        canvas.glow((left + 80, DECK - 16), 130, "#ffd88f", 0.32)
        canvas.box(left, top, left + 168, rail, black, radius=6)
        for window in range(left + 12, left + 150, 21):
            canvas.box(window, DECK - 28, window + 14, DECK - 11, "#ffe2a0", radius=2)
    canvas.polygon([(470, top), (470, rail), (436, rail), (444, DECK - 20), (456, top)], black)
    canvas.glow((438, DECK - 4), 70, "#fff0c0", 0.8)
    canvas.disc((439, DECK - 4), 4, "#fff6d8")


def _market(canvas: Canvas, chance: Chance) -> None:
    for left in range(-40, WIDTH, SPAN):
        _lanterns(canvas, left)
    for left in range(6, WIDTH, 80):
        if chance.random() < 0.74:
            _stall(canvas, chance, left + chance.uniform(0, 14))
    for _ in range(46):
        foot = (chance.uniform(0, WIDTH), GROUND + chance.uniform(6, 24))
        _passer_by(canvas, foot, chance.uniform(30, 42))


def _lanterns(canvas: Canvas, left: float) -> None:
    for step in range(1, 6):
        lantern = (left + step * 26.6, 428 + 26 * math.sin(step * math.pi / 6))
        canvas.glow(lantern, 32, "#ffc46b", 0.8)
        canvas.disc(lantern, 5.5, "#fff0c2")
    rope = [(left + step * 8, 420 + 26 * math.sin(step * math.pi / 20)) for step in range(21)]
    canvas.line(rope, "#1a1530", 1.4)


def _stall(canvas: Canvas, chance: Chance, left: float) -> None:
    width, top = 58, GROUND - 62
    canvas.box(left + 3, top + 8, left + width - 3, GROUND, "#ffcf85")
    canvas.box(left, GROUND - 22, left + width, GROUND + 4, "#2a1f3d")
    cloth = chance.choice(CLOTHS)
    for stripe in range(6):
        x = left - 5 + stripe * 11.4
        corners = [(x + 3, top - 12), (x + 12, top - 12), (x + 11.4, top + 12), (x, top + 12)]
        canvas.polygon(corners, cloth if stripe % 2 else "#f3e3c4")
    for place in range(3):
        canvas.disc((left + 12 + place * 17, GROUND - 25), 5, chance.choice(FRUIT))


def _passer_by(canvas: Canvas, foot: Point, height: float) -> None:
    x, y = foot
    shoulders = y - height * 0.72
    canvas.polygon([(x - 7, y), (x - 5, shoulders), (x + 5, shoulders), (x + 8, y)], INK)
    canvas.disc((x, y - height * 0.86), 4.8, INK)
