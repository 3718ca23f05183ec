"""A post's body becomes blocks, and nothing else of it survives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.model.post import Picture
from dispatch.rendering.blocks import (
    Code,
    Figure,
    Heading,
    Listing,
    Paragraph,
    Quotation,
    Rule,
    body_blocks,
)
from dispatch.rendering.prose import Prose


def _texts(html: str) -> list[str]:
    return [block.prose.text for block in body_blocks(html) if isinstance(block, Paragraph | Heading)]


@pytest.mark.parametrize(
    ("html", "texts"),
    [
        ("loose text", ["loose text"]),
        ("<div><div><p>nested</p></div>tail</div>", ["nested", "tail"]),
        ("<p>one<br><br>two</p>", ["one", "two"]),
        ("<p>one<br>two</p>", ["one\ntwo"]),
        ("<p>  spaces   and\n lines </p>", ["spaces and lines"]),
        ("<table><tr><td>a</td><td>b</td></tr></table>", ["a · b"]),
        ("<h2>Head</h2><p>x</p>", ["Head", "x"]),
        ("<p></p><p>\u00a0</p>", []),
        ("<script>alert(1)</script><style>p{}</style><p>x</p>", ["x"]),
        ('<?xml version="1.0" encoding="utf-16"?><p>x</p>', ["x"]),
        ("", []),
    ],
    ids=[
        "no element", "divisions", "two breaks", "one break", "white space", "a table", "a heading", "empty paragraphs",
        "scripts", "an XML declaration", "nothing",
    ],
)  # fmt: skip
def test_running_text_becomes_paragraphs(html: str, texts: list[str]) -> None:
    """Whatever the markup, a reader's paragraphs come out."""
    assert _texts(html) == texts


def test_running_elements_are_kept_and_others_leave_their_text() -> None:
    """Emphasis, code and links stay; a span, an attribute and a handler do not."""
    (block,) = body_blocks(
        '<p onclick="x()"><b>a</b> <i class="z">b</i> <span style="p">c</span> <code>d</code> '
        '<a href="javascript:alert(1)">e</a> <a href="https://f.example/" onclick="y()">f</a> H<sub>2</sub>O</p>'
    )
    assert isinstance(block, Paragraph)
    assert block.prose.html(str) == (
        "<strong>a</strong> <em>b</em> c <code>d</code> e "
        '<a class="in-text" href="https://f.example/" target="_blank">f</a>\u00a0H<sub>2</sub>O'
    )


@pytest.mark.parametrize(
    ("html", "source", "url", "date"),
    [
        ("<blockquote><p>Q.</p><p>— The Ledger</p></blockquote>", "The Ledger", "", ""),
        (
            "<blockquote><p>Q.</p><footer>From <cite>The Ledger</cite>, 3 May</footer></blockquote>",
            "The Ledger", "", "3 May",
        ),
        (
            '<blockquote cite="https://l.example/"><p>Q.</p><p>— <cite>The Ledger</cite></p></blockquote>',
            "The Ledger", "https://l.example/", "",
        ),
        (
            '<blockquote><p>Q.</p><p>– <a href="https://l.example/1">The Ledger</a>, summer 2025</p></blockquote>',
            "The Ledger", "https://l.example/1", "summer 2025",
        ),
        ("<blockquote><p>Q.</p></blockquote><p>-- The Ledger</p>", "The Ledger", "", ""),
        (
            "<figure><blockquote><p>Q.</p></blockquote><figcaption>The Ledger</figcaption></figure>",
            "The Ledger", "", "",
        ),
        ('<blockquote cite="https://l.example/"><p>Q.</p></blockquote>', "", "https://l.example/", ""),
        ('<blockquote cite="javascript:x"><p>Q.</p></blockquote>', "", "", ""),
    ],
    ids=[
        "a dash", "a footer", "cite and address", "a link", "below it", "a figure", "an address alone", "a bad address",
    ],
)  # fmt: skip
def test_a_quotation_knows_its_source(html: str, source: str, url: str, date: str) -> None:
    """However the source is written beside a quotation, it is taken off and kept."""
    (block,) = body_blocks(html)
    assert isinstance(block, Quotation)
    assert [prose.text for prose in block.paragraphs] == ["Q."]
    assert (block.source, block.url, block.date) == (source, url, date)


def test_a_title_in_a_quotation_is_not_its_source() -> None:
    """A <cite> in running text stays where it is."""
    (block,) = body_blocks("<blockquote><p>I read <cite>Low Water</cite> twice.</p></blockquote>")
    assert isinstance(block, Quotation)
    assert (block.paragraphs[0].text, block.source) == ("I read Low Water twice.", "")


def test_an_introducing_line_is_enough_of_a_source() -> None:
    """A paragraph that ends in a colon, even with a footnote, says whose words follow."""
    _, block = body_blocks("<p>She wrote:<sup>2</sup></p><blockquote><p>Q.</p></blockquote>")
    assert isinstance(block, Quotation)
    assert block.introduced


def test_neighbouring_quotations_are_one() -> None:
    """Editors that make a quotation of each paragraph mean one quotation."""
    (block,) = body_blocks("<blockquote><p>A.</p></blockquote><blockquote><p>B.</p><p>— C</p></blockquote>")
    assert isinstance(block, Quotation)
    assert ([prose.text for prose in block.paragraphs], block.source) == (["A.", "B."], "C")


def test_every_kind_of_block_is_found() -> None:
    """Lists, pictures, code and rules keep their kind."""
    blocks = body_blocks(
        "<ol><li>a<ul><li>b</li></ul></li></ol>"
        "<p>text <img src='https://i.example/p.jpg' alt='P'> on</p><hr><pre>c\n  d</pre>"
        "<figure><a href='https://v.example/'><img src='https://i.example/v.jpg' alt='V' width='1200' "
        "height='675' data-copy='0123abcd.jpg'></a>"
        "<figcaption>W</figcaption></figure>"
    )
    assert [type(block) for block in blocks] == [Listing, Paragraph, Figure, Rule, Code, Figure]
    film = blocks[-1]
    assert isinstance(film, Figure)
    assert film.caption
    assert (film.alt, film.href, film.caption.text) == ("V", "https://v.example/", "W")
    assert film.copy == Picture("0123abcd.jpg", 1200, 675)


@given(
    st.text(max_size=200),
    st.sampled_from(["", "<p>", "<blockquote>", "<ul><li>", "<table><tr><td>", "<figure>", "<pre>"]),
)
def test_no_body_is_an_error(text: str, opening: str) -> None:
    """Broken HTML gives some blocks or none."""
    for block in body_blocks(opening + text):
        if isinstance(block, Paragraph):
            assert "<script" not in block.prose.html(str)


@pytest.mark.parametrize("element", ["div", "blockquote", "em", "ul", "figure"])
def test_a_body_nested_without_end_is_no_error(element: str) -> None:
    """Its words are kept as long as the parser keeps them."""
    for depth, words in ((90, ["word"]), (200, ["word"]), (5000, [])):
        html = f"<{element}>" * depth + "word" + f"</{element}>" * depth
        assert [prose.text for block in body_blocks(html) for prose in _proses(block)] == words


def _proses(block: object) -> tuple[Prose, ...]:
    match block:
        case Paragraph(prose):
            return (prose,)
        case Listing(items):
            return items
        case Quotation(paragraphs):
            return paragraphs
    return ()
