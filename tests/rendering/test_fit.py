"""Which shapes fit: as little as possible gets smaller, from the end, and few pages are made to find out."""

from itertools import pairwise
from math import log2

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.rendering.fit import KEPT_LINES, MOST_GUESSES, Shape, Shapes, Sizes, fitting_shapes, wanted_shapes
from tests.rendering.make import make_page, make_post

_DOWN = [Shape.FULL, Shape.EXCERPT, Shape.BRIEF, Shape.TITLE, Shape.LINE, Shape.COUNTED]
_SMALLEST = {Shape.BRIEF: 0.7, Shape.TITLE: 0.3, Shape.LINE: 0.05, Shape.COUNTED: 0.0}


class _Magazine:
    """Posts and a note of known sizes, and how often somebody asked what is left of the room."""

    def __init__(self, sizes: list[int], note: int, room: int, misled: bool = False) -> None:
        self.sizes, self.note, self.budget, self.misled = sizes, note, room, misled
        self.asked: list[Shapes] = []

    def size(self, at: int, shape: Shape) -> int:
        """An excerpt takes what a post takes, up to a length; the rest follows from that."""
        whole = self.sizes[at]
        excerpt = min(whole, 3000)
        return {Shape.FULL: whole, Shape.EXCERPT: excerpt}.get(shape, round(excerpt * _SMALLEST.get(shape, 0)))

    def room(self, shapes: Shapes) -> int:
        """What is left."""
        self.asked.append(shapes)
        note = {Shape.FULL: self.note, Shape.EXCERPT: min(self.note, 2000), None: 0}[shapes.note]
        return self.budget - note - sum(self.size(at, shape) for at, shape in enumerate(shapes.posts))

    def about(self, at: int, shape: Shape) -> int:
        """A guess; where it misleads, the other way round."""
        return 10_000 - self.size(at, shape) if self.misled else self.size(at, shape) + 100

    def fit(self, wanted: Shapes) -> Shapes | None:
        """What fits."""
        return fitting_shapes(wanted, Sizes(self.room, self.about))


_magazines = st.builds(
    _Magazine,
    st.lists(st.integers(0, 60_000), min_size=1, max_size=40),
    st.integers(0, 30_000),
    st.integers(0, 90_000),
    st.booleans(),
)


@settings(deadline=None)
@given(_magazines, st.sampled_from([Shape.FULL, Shape.EXCERPT, Shape.TITLE]), st.integers(0, 40), st.booleans())
def test_what_fits_is_as_near_as_can_be_to_what_was_wanted(
    magazine: _Magazine, shown: Shape, beyond: int, has_note: bool
) -> None:
    """It fits; one step less would not, as was looked up; nothing grew; the lead is the last to go."""
    count = len(magazine.sizes)
    lines = min(beyond, count - 1)
    wanted = Shapes((shown,) * (count - lines) + (Shape.LINE,) * lines, Shape.FULL if has_note else None)
    got = magazine.fit(wanted)
    if got is None:
        lead = Shape.EXCERPT if shown is Shape.FULL else shown
        least = Shapes((lead, *[Shape.COUNTED] * (count - 1)), Shape.EXCERPT if has_note else None)
        assert magazine.room(least) < 0
        return
    assert magazine.room(got) >= 0
    for before, after in zip(wanted.posts, got.posts, strict=True):
        assert _DOWN.index(after) >= _DOWN.index(before)
    if got.posts[1:] != wanted.posts[1:]:
        # The post that went down last, one step up again: looked at, and too large.
        assert any(magazine.room(shapes) < 0 for shapes in magazine.asked if _is_one_step_from(shapes, got))
    if got.posts[0] is not wanted.posts[0]:
        only_the_lead = Shapes((wanted.posts[0], *[Shape.COUNTED] * (count - 1)), Shape.EXCERPT if has_note else None)
        assert magazine.room(only_the_lead) < 0


def _is_one_step_from(shapes: Shapes, got: Shapes) -> bool:
    changed = [one is not other for one, other in zip(shapes.posts, got.posts, strict=True)]
    return shapes.note is got.note and sum(changed) == 1


@settings(deadline=None)
@given(_magazines)
def test_the_last_posts_step_down_first(magazine: _Magazine) -> None:
    """After the lead, no post is shown larger than one before it."""
    got = magazine.fit(Shapes((Shape.FULL,) * len(magazine.sizes)))
    if got is not None:
        for one, following in pairwise(got.posts[1:]):
            assert _DOWN.index(following) >= _DOWN.index(one)


@settings(deadline=None)
@given(st.lists(st.integers(500, 60_000), min_size=2, max_size=200))
def test_few_pages_are_made_to_find_out(sizes: list[int]) -> None:
    """With a fair guess a handful, whatever the number of posts; a page takes long to make."""
    magazine = _Magazine(sizes, 0, 90_000)
    magazine.fit(Shapes((Shape.FULL,) * len(sizes)))
    assert len(magazine.asked) <= 12


def test_a_misleading_guess_costs_time_and_nothing_else() -> None:
    """Halving finds the same."""
    sizes = [7000 + 300 * (number % 5) for number in range(40)]
    led, misled = _Magazine(sizes, 0, 60_000), _Magazine(sizes, 0, 60_000, misled=True)
    wanted = Shapes((Shape.FULL,) * 40)
    assert led.fit(wanted) == misled.fit(wanted)
    assert len(led.asked) < len(misled.asked) <= 2 + MOST_GUESSES + log2(4 * 40)


def test_titles_beyond_the_most_are_counted_before_any_post_gets_smaller() -> None:
    """They were not to be shown whole anyway."""
    magazine = _Magazine([3000] * 10 + [20_000] * 100, 0, 30_000 + 150 * 50)
    got = magazine.fit(Shapes((Shape.EXCERPT,) * 10 + (Shape.LINE,) * 100))
    assert got is not None
    assert got.posts[:10] == (Shape.EXCERPT,) * 10
    assert got.posts.count(Shape.LINE) == 50 > KEPT_LINES


def test_a_note_is_shortened_before_a_lead() -> None:
    """The lead is what the issue is opened for."""
    got = _Magazine([50_000, 3000], 60_000, 90_000).fit(Shapes((Shape.FULL, Shape.FULL), Shape.FULL))
    assert got == Shapes((Shape.FULL, Shape.FULL), Shape.EXCERPT)


def test_wanted_shapes_come_from_the_settings() -> None:
    """How posts are shown, how many, and whether there is a note."""
    page = make_page(
        posts=tuple(make_post(n) for n in range(1, 5)), max_posts=3, posts_mode="titles", note=make_post(9)
    )
    assert wanted_shapes(page) == Shapes((Shape.TITLE,) * 3 + (Shape.LINE,), Shape.FULL)
