"""How much of each post fits under Gmail's clip: the last posts step down first, the lead never."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from dispatch.rendering.page import IssuePage

# Gmail clips at about 102 KB, and what it clips is the footer with the way out.
BUDGET = 90_000
# Beyond these, titles of posts over `max_posts` are the first to go.
KEPT_LINES = 20
MOST_GUESSES = 4


class Shape(StrEnum):
    """How a post appears, from most to least."""

    FULL = "full"
    EXCERPT = "excerpt"
    BRIEF = "excerpt without its quotation"
    TITLE = "title"  # of posts = "titles": under its own heading, without text
    LINE = "one line"
    COUNTED = "counted"  # in "and N more on the site"


@dataclass(frozen=True, slots=True)
class Shapes:
    """The shape of every post, in the page's order, and of the editor's note."""

    posts: tuple[Shape, ...]
    note: Shape = Shape.FULL


def wanted_shapes(page: IssuePage) -> Shapes:
    """What the newsletter's settings ask for, before any size is known."""
    shown = {"full": Shape.FULL, "excerpt": Shape.EXCERPT, "titles": Shape.TITLE}[page.posts_mode]
    beyond = max(0, len(page.posts) - page.max_posts)
    return Shapes((shown,) * (len(page.posts) - beyond) + (Shape.LINE,) * beyond)


def fitting_shapes(wanted: Shapes, room: Callable[[Shapes], int]) -> Shapes | None:
    """The shapes nearest to `wanted` that fit; None if nothing does.

    `room` is how many bytes are left, less than 0 where it does not fit. It is expensive, so the number of steps is
    found by what they save: each of them makes the page smaller.
    """
    over = room(wanted)
    if over >= 0:
        return wanted
    for start in _beginnings(wanted):
        ladder = [start, *_steps_down(start)]
        spare = room(ladder[-1])
        if spare >= 0:
            return _first_that_fits(ladder, room, over, spare)
    return None


def _first_that_fits(ladder: list[Shapes], room: Callable[[Shapes], int], over: int, spare: int) -> Shapes:
    too_large, fitting, guesses = -1, len(ladder) - 1, 0
    while fitting - too_large > 1:
        # Steps save about as much as one another. Where they do not, halving ends it.
        part = over / (over - spare) if guesses < MOST_GUESSES else 0.5
        middle = min(max(too_large + round((fitting - too_large) * part), too_large + 1), fitting - 1)
        left = room(ladder[middle])
        if left >= 0:
            fitting, spare = middle, left
        else:
            too_large, over = middle, left
        guesses += 1
    return ladder[fitting]


def _beginnings(wanted: Shapes) -> Iterator[Shapes]:
    """Where stepping down starts: a lead or a note that leaves no room for anything is shortened before the rest is."""
    yield wanted
    if wanted.posts and wanted.posts[0] is Shape.FULL:
        wanted = _with(wanted, 0, Shape.EXCERPT)
        yield wanted
    yield replace(wanted, note=Shape.EXCERPT)


def _steps_down(start: Shapes) -> Iterator[Shapes]:
    """Ever smaller pages, a step for each post, the last post first, the lead left as it is."""
    shapes = start
    surplus = [at for at, shape in enumerate(start.posts) if shape is Shape.LINE][KEPT_LINES:]
    for at in reversed(surplus):
        shapes = _with(shapes, at, Shape.COUNTED)
        yield shapes
    for source, target in (
        (Shape.FULL, Shape.EXCERPT),
        (Shape.EXCERPT, Shape.BRIEF),
        (Shape.BRIEF, Shape.LINE),
        (Shape.TITLE, Shape.LINE),
        (Shape.LINE, Shape.COUNTED),
    ):
        for at in range(len(shapes.posts) - 1, 0, -1):
            if shapes.posts[at] is source:
                shapes = _with(shapes, at, target)
                yield shapes


def _with(shapes: Shapes, at: int, shape: Shape) -> Shapes:
    return replace(shapes, posts=(*shapes.posts[:at], shape, *shapes.posts[at + 1 :]))
