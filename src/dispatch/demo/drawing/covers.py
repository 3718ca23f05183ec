"""The covers of three books: 608 by 912 pixels each, set in Pillow's own typeface."""

import math

from PIL import Image

from dispatch.demo.drawing.canvas import Canvas
from dispatch.demo.drawing.chance import Chance
from dispatch.demo.drawing.shapes import Point, down_to, ridge

WIDTH, HEIGHT = 608, 912
MIDDLE = WIDTH / 2
HILLS = ("#75497a", "#5f3f70", "#4b3465", "#392a58", "#29204a")  # from far to near


def ladder(chance: Chance) -> Image.Image:
    """“A Ladder Against the Weather”: a ladder that leans on a cloud."""
    ink, paper = "#1f2f4a", "#f3e6cf"
    canvas = Canvas(WIDTH, HEIGHT, [(0, "#efd9b8"), (0.55, "#e8a77c"), (1, "#c9583f")])
    for middle, radius in ((96, 92), (212, 116), (344, 96), (452, 122), (560, 96)):
        canvas.disc((middle, 500 - radius * 0.2), radius, paper)
    canvas.box(0, 500, WIDTH, 544, paper)
    _ladder_rails(canvas, (214, 912), (412, 352), ink)
    for middle, radius in ((14, 66), (140, 84), (276, 68), (404, 88), (548, 78)):
        canvas.disc((middle, 566 - radius * 0.2), radius, "#ecd7b6")
    canvas.box(0, 540, WIDTH, 570, "#ecd7b6")
    canvas.polygon(down_to(ridge(chance, WIDTH, 842, 16, waves=0.8), HEIGHT), ink)
    canvas.letters("A LADDER", (MIDDLE, 96), 64, ink, tracking=9)
    canvas.letters("AGAINST", (MIDDLE, 168), 64, ink, tracking=9)
    canvas.letters("THE WEATHER", (MIDDLE, 240), 52, ink, tracking=7)
    canvas.letters("A NOVEL", (MIDDLE, 302), 19, "#a43f2c", tracking=8)
    canvas.letters("ORSOLYA PYM", (MIDDLE, 874), 30, paper, tracking=7)
    return canvas.finish(chance, grain=8)


def maps(chance: Chance) -> Image.Image:
    """“Small Cartographies”: the contours of two hills, and a dotted way home."""
    paper, line = "#f1ead8", "#7fa08c"
    canvas = Canvas(WIDTH, HEIGHT, [(0, "#1c4a42"), (1, "#143832")])
    for centre, rings in (((170.0, 330.0), 11), ((470.0, 700.0), 12)):
        phases = [chance.uniform(0, math.tau) for _ in range(3)]
        canvas.polygon(_contour(centre, 24 + rings * 27, phases), "#18423a")
        for number in range(rings, 0, -1):
            canvas.line(
                _contour(centre, 24 + number * 27, phases),
                line if number % 4 else "#c9c79a",
                1.6 if number % 4 else 2.4,
            )
    _way_home(canvas)
    canvas.box(54, 92, 554, 372, paper)
    canvas.box(64, 102, 544, 362, "#1c4a42")
    canvas.box(67, 105, 541, 359, paper)
    canvas.letters("Small", (MIDDLE, 176), 78, "#1c4a42", tracking=1)
    canvas.letters("Cartographies", (MIDDLE, 254), 64, "#1c4a42", tracking=1)
    canvas.letters("HOW THE CHILDREN OF ONE TOWN DREW IT", (MIDDLE, 322), 16, "#b5562f", tracking=2.2)
    canvas.box(150, 812, 458, 866, paper)
    canvas.letters("EDMUND LASK", (MIDDLE, 839), 27, "#1c4a42", tracking=6)
    return canvas.finish(chance, grain=8)


def road(chance: Chance) -> Image.Image:
    """“The Salt Road”: a road that narrows towards a half-set sun."""
    canvas = Canvas(
        WIDTH, HEIGHT, [(0, "#27224f"), (0.3, "#5b3a72"), (0.52, "#d9767a"), (0.6, "#f6c08c"), (1, "#f6c08c")]
    )
    horizon = 548.0
    canvas.glow((MIDDLE, horizon), 330, "#ffe6b3", 0.75)
    canvas.disc((MIDDLE, horizon), 128, "#fbe3b0")
    for height in range(20, 110, 20):
        reach = math.sqrt(128**2 - height**2)
        canvas.box(MIDDLE - reach, horizon - height - 2, MIDDLE + reach, horizon - height + 3 - height / 30, "#eda385")
    canvas.shade(down_to(ridge(chance, WIDTH, horizon - 2, 18, waves=1.4), HEIGHT), [(0, "#8a5a7c"), (1, "#2c2450")])
    for depth, tone in enumerate(HILLS):
        line = ridge(chance, WIDTH, 590 + depth * 62, 14 + 4 * depth, waves=0.7 + 0.2 * depth)
        canvas.polygon(down_to(line, HEIGHT), tone)
    canvas.polygon(
        [(300, 574), (309, 574), (352, 690), (300, 800), (420, 912), (196, 912), (226, 800), (318, 690)], "#fbe3b0"
    )
    canvas.letters("The Salt Road", (MIDDLE, 150), 76, "#fdf1d6", tracking=0.5)
    canvas.box(MIDDLE - 30, 212, MIDDLE + 30, 214, "#f6c08c")
    canvas.letters("POEMS", (MIDDLE, 250), 24, "#f6c08c", tracking=12)
    canvas.letters("NASRIN CALDER", (MIDDLE, 322), 31, "#fdf1d6", tracking=8)
    return canvas.finish(chance, grain=8)


COVERS = {"ladder": ladder, "maps": maps, "road": road}


def favicon(chance: Chance) -> Image.Image:
    """The magazine's mark, 96 by 96 pixels: the car on its slope."""
    canvas = Canvas(96, 96, [(0, "#96281b"), (1, "#7c2016")])
    canvas.polygon([(0, 96), (0, 84), (96, 34), (96, 96)], "#221d38")
    canvas.polygon([(24, 38), (74, 12), (74, 42), (24, 68)], "#f6e7c8")
    for left in (29, 45, 61):
        top = 41.5 - (left - 24) * 0.52
        canvas.polygon([(left, top), (left + 9, top - 4.7), (left + 9, top + 7.3), (left, top + 12)], "#96281b")
    return canvas.finish(chance, grain=0)


def _ladder_rails(canvas: Canvas, foot: Point, head: Point, colour: str) -> None:
    half = 34.0
    for side in (-half, half):
        canvas.line([(foot[0] + side * 1.25, foot[1]), (head[0] + side * 0.8, head[1])], colour, 7)
    for rung in range(1, 15):
        place = rung / 15
        x, y = foot[0] + (head[0] - foot[0]) * place, foot[1] + (head[1] - foot[1]) * place
        reach = half * (1.25 - 0.45 * place)
        canvas.line([(x - reach, y), (x + reach, y)], colour, 5)


def _contour(centre: Point, radius: float, phases: list[float]) -> list[Point]:
    points = []
    for step in range(121):
        turn = step * math.tau / 120
        swell = 1 + sum(0.16 / (wave + 1) * math.sin((wave + 2) * turn + phase) for wave, phase in enumerate(phases))
        points.append((centre[0] + radius * swell * math.cos(turn), centre[1] + radius * 0.82 * swell * math.sin(turn)))
    return points


def _way_home(canvas: Canvas) -> None:
    for step in range(19):
        place = step / 18
        x = 92 + 400 * place + 46 * math.sin(place * 7)
        canvas.disc((x, 760 - 330 * place + 40 * math.sin(place * 5)), 5.5, "#e8794a")
    canvas.polygon([(492, 424), (520, 398), (548, 424)], "#e8794a")
    canvas.box(498, 424, 542, 456, "#f1ead8")
    canvas.box(513, 434, 527, 456, "#143832")
    canvas.ring((92, 762), 13, "#e8794a", 4)
