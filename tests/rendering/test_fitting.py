"""An issue of posts of any length, finished: under Gmail's clip, what may not be shortened whole, the rest said."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml.html import HtmlElement

from dispatch.model.blanks import Blank, link
from dispatch.model.issue import Rendering
from dispatch.model.post import Post
from dispatch.rendering.fit import BUDGET, Shape
from dispatch.rendering.lint import lint
from dispatch.rendering.markers import longest_bytes
from tests.rendering.make import flat, make_book, make_page, make_post, parsed, rendered, said

SENTENCE = "The tide came in twice that day, and nobody at the customs house could say why it had."
QUOTED = '<blockquote cite="https://ledger.example/tides"><p>{}</p><p>— <cite>The Tidal Ledger</cite></p></blockquote>'
BOOKS = (make_book(), make_book(slug="high-water", title="High Water", blurb="The other half of the year."))
_NOTE = re.compile(r"“(.+)”: (.+) instead of (.+), to fit 90,000 bytes")


def _body(paragraphs: list[int], quoted: int) -> str:
    """A post of paragraphs of so many sentences, a quotation after the first of them."""
    first, *others = (f"<p>{' '.join([SENTENCE] * count)}</p>" for count in paragraphs)
    said_there = QUOTED.format(" ".join(["He would not say."] * quoted)) if quoted else ""
    return "".join([first, said_there, *others])


_bodies = st.builds(_body, st.lists(st.integers(1, 30), min_size=1, max_size=25), st.sampled_from([0, 0, 3, 60]))


def _posts(bodies: list[str]) -> tuple[Post, ...]:
    return tuple(make_post(number, title=f"Piece {number}.", body=body) for number, body in enumerate(bodies, 1))


@pytest.mark.parametrize("count", [3, 15, 40])
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), mode=st.sampled_from(["excerpt", "full", "titles"]))
def test_posts_of_any_length_end_under_the_clip(count: int, data: st.DataObject, mode: str) -> None:
    """The lead, the books and the footer are as they are without the other posts; what is shortened is said."""
    bodies = data.draw(st.lists(_bodies, min_size=count, max_size=count))
    most = data.draw(st.sampled_from([count, 12]))
    rendering = rendered(posts=_posts(bodies), posts_mode=mode, max_posts=most, books=BOOKS)
    assert longest_bytes(rendering.html) <= BUDGET
    assert lint(rendering) == []
    alone = rendered(posts=_posts(bodies)[:1], posts_mode=mode, books=BOOKS)
    assert _lead(rendering) == _lead(alone)
    for part in (rendering.html, rendering.text):
        _check_books_and_footer(part)
    _check_notes(rendering, mode, count, most)


def _lead(rendering: Rendering) -> list[str]:
    """What the lead says, from its title to the first book."""
    elements = list(parsed(rendering.html).iter("h2", "h3", "p", "li", "td"))
    start = next(at for at, element in enumerate(elements) if element.tag == "h2")
    end = next(at for at, element in enumerate(elements) if _is_a_books(element))
    return [said(element) for element in elements[start:end]]


def _is_a_books(element: HtmlElement) -> bool:
    return element.tag == "p" and said(element) == "From Kite Books"


def _check_books_and_footer(part: str) -> None:
    shown = flat(part if not part.startswith("<") else said(parsed(part)))
    for book in BOOKS:
        assert book.praise
        for words in (book.title, book.author, book.blurb, book.praise.text, book.praise.by, book.elsewhere):
            assert words in shown
        assert all(part.count(shop.url) >= 2 for shop in book.shops)
    for words in ("signed up at kite.example", "Reply to this mail", "The Kite, 3 Rope Walk, Marrow Bay, MB 01234"):
        assert words in shown
    assert link(Blank.UNSUBSCRIBE) in part
    assert link(Blank.PREFERENCES) in part


def _check_notes(rendering: Rendering, mode: str, count: int, most: int) -> None:
    """Every post that is not as the settings want it is named, with what became of it, and no other."""
    notes = {match[1]: match[2] for match in map(_NOTE.fullmatch, rendering.notes) if match}
    assert len(notes) == len(rendering.notes)
    root = parsed(rendering.html)
    headed = {said(heading) for heading in root.iter("h2")}
    lines = {said(anchor) for anchor in root.xpath("//p[contains(@class, 'line ')]/a")}
    for number in range(1, count + 1):
        title = f"Piece {number}."
        became = notes.get(title, "")
        if title in headed:
            assert became in ("", Shape.EXCERPT.value, Shape.BRIEF.value)
            assert not (became == Shape.EXCERPT.value and mode != "full")
        elif title in lines:
            assert became == (Shape.LINE.value if number <= most else "")
        else:
            assert became == Shape.COUNTED.value
    assert "Piece 1." not in notes


def test_what_changes_nothing_is_not_said() -> None:
    """A post without a quotation is not shorter for being shown without it."""
    bare = _body([6, 6, 6, 6], 0)
    quoting = _body([6, 6, 6, 6], 60)
    posts = _posts([bare, *[bare if number % 2 else quoting for number in range(2, 20)]])
    notes = rendered(posts=posts, max_posts=40).notes
    brief = [note for note in notes if "excerpt without its quotation instead of" in note]
    assert brief
    assert all(int(re.findall(r"Piece (\d+)", note)[0]) % 2 == 0 for note in brief)


def test_a_note_that_is_whole_as_an_excerpt_is_not_called_shortened() -> None:
    """It was tried, because something else was too large, and it had nothing to give."""
    giant = make_post(1, title="Piece 1.", body=_body([30] * 60, 0))
    rendering = rendered(posts=(giant,), posts_mode="full", note=make_post(9, body="<p>A word.</p>"))
    assert rendering.notes == ("“Piece 1.”: excerpt instead of full, to fit 90,000 bytes",)


def test_a_note_is_shortened_before_the_lead() -> None:
    """What an editor says is not what readers open a mail for."""
    lead = make_post(1, title="Piece 1.", body=_body([10] * 30, 0))
    note = make_post(9, body=_body([10] * 60, 0))
    rendering = rendered(posts=(lead,), posts_mode="full", note=note)
    assert rendering.notes == ("The editor's note is shortened, to fit 90,000 bytes",)
    assert longest_bytes(rendering.html) <= BUDGET


def test_blanks_count_at_their_longest() -> None:
    """A page that fits only with short addresses does not fit."""
    page = make_page(posts=_posts([_body([4], 10)] * 40), max_posts=40)
    rendering = rendered(**{name: getattr(page, name) for name in ("posts", "max_posts")})
    filled = rendering.html.replace(link(Blank.UNSUBSCRIBE), "https://post.kite.example/unsubscribe/" + "A" * 160)
    filled = filled.replace(link(Blank.PREFERENCES), "https://post.kite.example/preferences/" + "A" * 160)
    assert len(filled.encode()) <= BUDGET < len(filled.encode()) + 6000
