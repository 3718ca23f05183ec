"""Whatever a post is made of, its excerpt cuts nothing in two and says whose words it shows."""

import re
from html import escape

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.rendering.blocks import Block, Listing, Paragraph, Quotation, body_blocks
from dispatch.rendering.excerpts import INTRODUCING_WORDS, OWN_WORDS, QUOTED_WORDS, excerpt
from dispatch.rendering.fit import Shape
from dispatch.rendering.prose import Prose
from dispatch.rendering.view import post_view, read_post
from tests.rendering.make import make_page, make_post, parsed

_WORDS = (
    "Ferries",
    "left",
    "at six & seven",
    "<harbour>",
    "Mr. Fell",
    "e.g. tides",
    "3.5 fathoms",
    "“so-called”",
    "潮",
    "naïve",
)
_sentences = st.builds(
    lambda words, end: " ".join(words) + end,
    st.lists(st.sampled_from(_WORDS), min_size=1, max_size=25),
    st.sampled_from([".", "?", "!", "…"]),
)
_pieces = st.builds(
    lambda kind, sentences: (kind, " ".join(sentences)),
    st.sampled_from(["plain", "em", "link", "link", "quoted"]),
    st.lists(_sentences, min_size=1, max_size=4),
)
_paragraphs = st.lists(_pieces, min_size=1, max_size=6)
_SOURCES = ("", "<p>— The Tidal Ledger, 3 May</p>", "<footer>Nell Harrow</footer>")
_blocks = st.one_of(
    _paragraphs.map(lambda pieces: f"<p>{_running(pieces)}</p>"),
    _paragraphs.map(lambda pieces: f"<p>{_running(pieces)} As they write:</p>"),
    st.builds(
        lambda paragraphs, source: (
            f"<blockquote>{''.join(f'<p>{_running(p)}</p>' for p in paragraphs)}{source}</blockquote>"
        ),
        st.lists(_paragraphs, min_size=1, max_size=3),
        st.sampled_from(_SOURCES),
    ),
    _paragraphs.map(lambda pieces: f"<ul><li>{_running(pieces)}</li><li>Two.</li></ul>"),
    st.just("<p>So it goes.</p>"),
)
_bodies = st.lists(_blocks, min_size=1, max_size=6).map("".join)


def _running(pieces: list[tuple[str, str]]) -> str:
    """Running text of pieces: plain, emphasised, linked, between quotation marks."""
    made = []
    for number, (kind, text) in enumerate(pieces):
        shown = escape(text.replace("“", "‘").replace("”", "’") if kind == "quoted" else text)
        match kind:
            case "em":
                made.append(f"<em>{shown}</em>")
            case "link":
                made.append(f'<a href="https://a.example/{number}/{len(text)}">{shown}</a>')
            case "quoted":
                made.append(f"“{shown}”")
            case _:
                made.append(shown)
    return " ".join(made)


def _proses(blocks: tuple[Block, ...]) -> list[Prose]:
    found: list[Prose] = []
    for block in blocks:
        match block:
            case Paragraph(prose):
                found.append(prose)
            case Listing(items):
                found.extend(items)
            case Quotation(paragraphs):
                found.extend(paragraphs)
            case _:
                pass
    return found


def _without_ellipsis(prose: Prose) -> str:
    return re.sub("(^|\u00a0)…$", "", prose.text)


def _origin(shown: Prose, whole: list[Prose]) -> Prose:
    """The paragraph that a shown one is from: its beginning, or the sentence that ends it."""
    text, urls = _without_ellipsis(shown), {link.url for link in shown.links}
    holding = [one for one in whole if urls <= {link.url for link in one.links}]
    return next(one for one in holding if one.text.startswith(text) or one.text.endswith(text))


@settings(deadline=None)
@given(_bodies)
def test_nothing_is_cut_in_two(body: str) -> None:
    """No link, no quotation, no sentence; where a sentence had to be, an ellipsis says so."""
    blocks = body_blocks(body)
    whole = _proses(blocks)
    for shown in _proses(excerpt(blocks)):
        text = _without_ellipsis(shown)
        if not text:
            continue
        origin = _origin(shown, whole)
        rest = origin.text[len(text) :] if origin.text.startswith(text) else ""
        assert text == origin.text or text[-1] in ".?!…”’:" or shown.text != text
        assert not re.match(r"\w", rest)
        if text.count("“") != text.count("”"):
            # Only a quotation longer than all that may be shown, at the beginning, with the ellipsis that says so.
            assert shown.text != text
            assert len(text.split()) > 1
        labels = {link.url: link.label for link in origin.links}
        for link in shown.links:
            assert link.label == labels[link.url] or len(labels[link.url].split()) > OWN_WORDS // 2


@settings(deadline=None)
@given(_bodies)
def test_no_tag_and_no_entity_is_cut(body: str) -> None:
    """As HTML it says what it says as text."""
    for shown in _proses(excerpt(body_blocks(body))):
        html = shown.html(str)
        assert parsed(f"<div>{html}</div>").text_content().replace("\u00a0", " ") == shown.text.replace("\u00a0", " ")
        for tag in ("a", "em"):
            assert html.count(f"<{tag}") == html.count(f"</{tag}>")


@settings(deadline=None)
@given(_bodies)
def test_others_have_at_most_ninety_words_and_a_name(body: str) -> None:
    """One quotation, with its source, the line that introduces it, or at least who quotes it."""
    post = make_post(body=body)
    shown = excerpt(body_blocks(body))
    quotations = [block for block in shown if isinstance(block, Quotation)]
    assert len(quotations) <= 1
    for quotation in quotations:
        assert sum(len(prose.text.split()) for prose in quotation.paragraphs) <= QUOTED_WORDS
        place = shown.index(quotation)
        before = shown[place - 1] if place else None
        led_in = isinstance(before, Paragraph) and before.prose.text.rstrip("\u00a0…").endswith(":")
        (view,) = [
            b for b in post_view(read_post(post), Shape.EXCERPT, make_page(), str).blocks if b.kind == "quotation"
        ]
        named = view.cite is not None and bool(view.cite.source or view.cite.quoted_by)
        assert named or led_in


@settings(deadline=None)
@given(_bodies)
def test_the_authors_own_words_come_first(body: str) -> None:
    """Unless there are none, or the post opens by introducing somebody else."""
    blocks = body_blocks(body)
    shown = excerpt(blocks)
    assert shown
    if isinstance(shown[0], Quotation):
        assert not any(isinstance(block, Paragraph | Listing) for block in shown[1:]) or isinstance(
            blocks[0], Quotation
        )
    own = [block for block in shown if isinstance(block, Paragraph)]
    assert sum(len(block.prose.text.split()) for block in own) <= 2 * OWN_WORDS + INTRODUCING_WORDS + OWN_WORDS // 2


@settings(deadline=None)
@given(_bodies)
def test_without_its_quotation_an_excerpt_is_the_authors(body: str) -> None:
    """What is left where there is less room."""
    assert not any(isinstance(block, Quotation) for block in excerpt(body_blocks(body), with_quotation=False))
