"""How much of each post fits under Gmail's clip: the last posts step down first, the lead never."""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import accumulate

from dispatch.rendering.page import IssuePage

# Gmail clips at about 102 KB, and what it clips is the footer with the way out.
BUDGET = 90_000
# Beyond these, titles of posts over `max_posts` are the first to go.
KEPT_LINES = 20
MOST_GUESSES = 6


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
    """The shape of every post, in the page's order, and of the editor's note (None where there is none)."""

    posts: tuple[Shape, ...]
    note: Shape | None = None


@dataclass(frozen=True, slots=True)
class Sizes:
    """What is known of a page's size. Both functions may take a while; `room` takes far longer."""

    room: Callable[[Shapes], int]  # how many bytes are left, less than 0 where it does not fit
    about: Callable[[int, Shape], int]  # roughly how many bytes a post takes in a shape: where to look first


@dataclass(frozen=True, slots=True)
class _Step:
    """One post that gets smaller."""

    at: int
    before: Shape
    after: Shape


def wanted_shapes(page: IssuePage) -> Shapes:
    """What the newsletter's settings ask for, before any size is known."""
    shown = {"full": Shape.FULL, "excerpt": Shape.EXCERPT, "titles": Shape.TITLE}[page.posts_mode]
    beyond = max(0, len(page.posts) - page.max_posts)
    posts = (shown,) * (len(page.posts) - beyond) + (Shape.LINE,) * beyond
    return Shapes(posts, Shape.FULL if page.note else None)


def fitting_shapes(wanted: Shapes, sizes: Sizes) -> Shapes | None:
    """The shapes nearest to `wanted` that fit, not a step further down than they have to be; None if nothing does.

    Each step makes the page smaller, so that few of them have to be looked at.
    """
    for start in _beginnings(wanted):
        over = sizes.room(start)
        if over >= 0:
            return start
        steps = list(_steps_down(start))
        spare = sizes.room(_after(start, steps))
        if spare >= 0:
            return _first_that_fits(start, steps, sizes, over, spare)
    return None


def _first_that_fits(start: Shapes, steps: list[_Step], sizes: Sizes, over: int, spare: int) -> Shapes:
    """`over` is the room before the first step, where nothing fits, `spare` that after the last one."""
    savings = (max(1, sizes.about(step.at, step.before) - sizes.about(step.at, step.after)) for step in steps)
    saved = [0, *accumulate(savings)]
    too_large, fitting, guesses = 0, len(steps), 0
    while fitting - too_large > 1:
        # Where steps save nothing like what they seem to, halving ends it.
        part = over / (over - spare) if guesses < MOST_GUESSES else 0.5
        enough = saved[too_large] + (saved[fitting] - saved[too_large]) * part
        middle = min(max(bisect_left(saved, enough), too_large + 1), fitting - 1)
        left = sizes.room(_after(start, steps[:middle]))
        if left >= 0:
            fitting, spare = middle, left
        else:
            too_large, over = middle, left
        guesses += 1
    return _after(start, steps[:fitting])


def _beginnings(wanted: Shapes) -> Iterator[Shapes]:
    """Where stepping down starts: a note that leaves no room for anything is shortened, then a lead, then both."""
    leads = [wanted.posts]
    if wanted.posts[:1] == (Shape.FULL,):
        leads.append((Shape.EXCERPT, *wanted.posts[1:]))
    notes = (Shape.FULL, Shape.EXCERPT) if wanted.note else (None,)
    for posts in leads:
        for note in notes:
            yield Shapes(posts, note)


def _steps_down(start: Shapes) -> Iterator[_Step]:
    """Ever smaller pages, a step for each post, the last post first, the lead left as it is."""
    shapes = list(start.posts)
    surplus = [at for at, shape in enumerate(shapes) if shape is Shape.LINE][KEPT_LINES:]
    for at in reversed(surplus):
        yield _Step(at, Shape.LINE, Shape.COUNTED)
        shapes[at] = Shape.COUNTED
    for before, after in (
        (Shape.FULL, Shape.EXCERPT),
        (Shape.EXCERPT, Shape.BRIEF),
        (Shape.BRIEF, Shape.LINE),
        (Shape.TITLE, Shape.LINE),
        (Shape.LINE, Shape.COUNTED),
    ):
        for at in range(len(shapes) - 1, 0, -1):
            if shapes[at] is before:
                yield _Step(at, before, after)
                shapes[at] = after


def _after(start: Shapes, steps: list[_Step]) -> Shapes:
    shapes = list(start.posts)
    for step in steps:
        shapes[step.at] = step.after
    return replace(start, posts=tuple(shapes))
