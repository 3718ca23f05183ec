"""An excerpt reads as if an editor had made it."""

import pytest

from dispatch.rendering.blocks import Block, Code, Listing, Paragraph, Quotation, body_blocks
from dispatch.rendering.excerpts import OWN_WORDS, QUOTED_WORDS, excerpt
from dispatch.rendering.sentences import sentence_ends

SENTENCE = "The ferry left at six and took the whole of the morning with it."  # 13 words


def _p(*sentences: str) -> str:
    return f"<p>{' '.join(sentences)}</p>"


def _quote(times: int = 1, source: str = "<p>— The Ledger</p>") -> str:
    return f"<blockquote><p>{' '.join(['Nobody at the office had been told of it.'] * times)}</p>{source}</blockquote>"


def _kinds(blocks: tuple[Block, ...]) -> list[str]:
    return [type(block).__name__ for block in blocks]


def _words(blocks: tuple[Block, ...], kind: type[Paragraph] | type[Quotation]) -> int:
    proses = [
        prose
        for block in blocks
        if isinstance(block, kind)
        for prose in (block.paragraphs if isinstance(block, Quotation) else (block.prose,))
    ]
    return sum(len(prose.text.split()) for prose in proses)


def test_own_words_come_first_then_the_quotation_then_a_short_ending() -> None:
    """The shape of most posts of a magazine that reads the papers."""
    shown = excerpt(body_blocks(_p(SENTENCE) + _quote() + _p("So it goes.") + _p(SENTENCE)))
    assert _kinds(shown) == ["Paragraph", "Quotation", "Paragraph"]


def test_at_most_two_own_paragraphs_of_about_ninety_words() -> None:
    """A third paragraph, or what would go over, is for the site."""
    shown = excerpt(body_blocks(_p(SENTENCE) * 5))
    assert len(shown) == 2
    shown = excerpt(body_blocks(_p(*[SENTENCE] * 20)))
    assert 0 < _words(shown, Paragraph) <= OWN_WORDS
    (only,) = shown
    assert isinstance(only, Paragraph)
    assert only.prose.text.endswith("with it.")


def test_a_quotation_has_at_most_ninety_words_and_says_that_it_is_cut() -> None:
    """It ends with a sentence and an ellipsis."""
    shown = excerpt(body_blocks(_p(SENTENCE) + _quote(40)))
    quotation = shown[1]
    assert isinstance(quotation, Quotation)
    assert _words(shown, Quotation) <= QUOTED_WORDS
    assert quotation.paragraphs[-1].text.endswith("of it.\u00a0…")
    assert quotation.source == "The Ledger"


def test_an_endless_quoted_sentence_is_still_cut() -> None:
    """Ninety words are ninety words, also where nobody breathes."""
    shown = excerpt(body_blocks(_p(SENTENCE) + "<blockquote><p>" + "and so on, " * 100 + "</p></blockquote>"))
    assert 0 < _words(shown, Quotation) <= QUOTED_WORDS


def test_the_introducing_line_stays_with_its_quotation() -> None:
    """ "From the Ledger:" is neither dropped nor left behind alone."""
    html = _p(SENTENCE) + _p("From the Ledger:") + _quote(source="") + _p("So it goes.")
    shown = excerpt(body_blocks(html))
    assert _kinds(shown) == ["Paragraph", "Paragraph", "Quotation", "Paragraph"]
    assert isinstance(shown[1], Paragraph)
    assert shown[1].prose.text == "From the Ledger:"
    without = excerpt(body_blocks(html), with_quotation=False)
    assert _kinds(without) == ["Paragraph"]


def test_an_introduction_at_the_end_of_a_long_paragraph_is_kept_when_the_paragraph_is_cut() -> None:
    """The last sentence leads in to the quotation, so it stands before it, also if what is before it had to go."""
    shown = excerpt(body_blocks(_p(*[SENTENCE] * 10, "From the Ledger:") + _quote(source="")))
    assert _kinds(shown) == ["Paragraph", "Paragraph", "Quotation"]
    assert isinstance(shown[1], Paragraph)
    assert shown[1].prose.text == "From the Ledger:"


def test_a_post_that_opens_by_introducing_others_keeps_its_order() -> None:
    """What the author says next answers the quotation."""
    html = _p("Ada Fenn, in the Ledger:") + _quote(source="") + _p("That is one way to see it.") + _p(SENTENCE)
    assert _kinds(excerpt(body_blocks(html))) == ["Paragraph", "Quotation", "Paragraph", "Paragraph"]
    assert _kinds(excerpt(body_blocks(html), with_quotation=False)) == ["Paragraph", "Paragraph"]
    nothing_else = _p("Ada Fenn, in the Ledger:") + _quote(source="")
    assert excerpt(body_blocks(nothing_else), with_quotation=False) == ()


def test_a_quotation_without_introduction_follows_the_authors_words() -> None:
    """The author first, also where the post begins with somebody else."""
    assert _kinds(excerpt(body_blocks(_quote() + _p(SENTENCE)))) == ["Paragraph", "Quotation"]


def test_a_quotation_far_below_is_not_pulled_up() -> None:
    """Out of its place nobody would understand it."""
    html = _p(SENTENCE) * 4 + _p("He said:") + _quote(source="")
    assert _kinds(excerpt(body_blocks(html))) == ["Paragraph", "Paragraph"]


@pytest.mark.parametrize(
    ("html", "last"),
    [
        (_p(SENTENCE, "Three things went with it:") + "<table></table>", SENTENCE),
        (_p("Three things went with it:"), "Three things went with it:\u00a0…"),
        (_p(SENTENCE) + _p("Three things:"), SENTENCE),
    ],
    ids=["after a sentence", "alone", "a paragraph of its own"],
)
def test_nothing_ends_with_a_colon_into_the_void(html: str, last: str) -> None:
    """What leads in to something missing is dropped, or says so."""
    block = excerpt(body_blocks(html))[-1]
    assert isinstance(block, Paragraph)
    assert block.prose.text == last


@pytest.mark.parametrize(
    ("html", "kinds"),
    [
        (_quote(), ["Quotation"]),
        ("<ul>" + f"<li>{SENTENCE}</li>" * 30 + "</ul>", ["Listing"]),
        ("<pre>" + "line\n" * 30 + "</pre>", ["Code"]),
        ('<p><a href="https://v.example/w">https://v.example/w</a></p>', ["Paragraph"]),
        (
            '<figure><a href="https://v.example/"><img src="https://i.example/s.jpg" alt="Still"></a></figure>',
            ["Paragraph"],
        ),
        ('<figure><img src="https://i.example/s.jpg" alt="A"><figcaption>C.</figcaption></figure>', ["Paragraph"]),
        ('<p><img src="https://i.example/s.jpg" alt="A"></p>', []),
        ("<h2>Only a heading</h2>", ["Paragraph"]),
        ("<p>★</p><p>Words.</p>", ["Paragraph"]),
        ("", []),
    ],
    ids=[
        "a quotation", "a list", "code", "an address", "a film", "a caption", "a picture", "a heading", "a star",
        "nothing",
    ],
)  # fmt: skip
def test_a_post_of_one_thing_shows_the_beginning_of_it(html: str, kinds: list[str]) -> None:
    """Posts without a paragraph of their own are still posts."""
    assert _kinds(excerpt(body_blocks(html))) == kinds


def test_a_long_list_is_shortened_between_items() -> None:
    """Whole items, the last of them with an ellipsis: a bullet of its own for that would look like a mistake."""
    (block,) = excerpt(body_blocks("<ul>" + f"<li>{SENTENCE}</li>" * 30 + "</ul>"))
    assert isinstance(block, Listing)
    assert 1 < len(block.items) < 30
    assert [item.text for item in block.items[:-1]] == [SENTENCE] * (len(block.items) - 1)
    assert block.items[-1].text == f"{SENTENCE}\u00a0…"


def test_long_code_is_shortened_between_lines() -> None:
    """A few lines, then an ellipsis."""
    (block,) = excerpt(body_blocks("<pre>" + "line\n" * 30 + "</pre>"))
    assert isinstance(block, Code)
    assert set(block.text.splitlines()) == {"line", "…"}


def test_a_shown_paragraph_is_whole_sentences() -> None:
    """Every own paragraph of an excerpt ends where a sentence of the post ends."""
    text = " ".join(f"Sentence number {number} has Mr. Fell in it, and the U.S. Navy too." for number in range(30))
    (block,) = excerpt(body_blocks(_p(text)))
    assert isinstance(block, Paragraph)
    assert len(block.prose.text) in sentence_ends(text)


@pytest.mark.parametrize(
    ("html", "texts"),
    [
        (_p(SENTENCE) + "<p><strong>TL;DR</strong></p>", [SENTENCE]),
        ("<p><b>Part</b> <strong>one</strong></p>" + _p(SENTENCE), [SENTENCE]),
        (
            _p(SENTENCE) + '<p><a href="https://a.example/x">∞ Permalink</a></p>' + _p("So it goes."),
            [SENTENCE, "So it goes."],
        ),
        ("<p><strong>All there is</strong></p>", ["All there is"]),
        ('<p><a href="https://a.example/x">All there is</a></p>', ["All there is"]),
        ("<p><strong>It is over.</strong></p>" + _p(SENTENCE), ["It is over.", SENTENCE]),
        (_p(SENTENCE) + _quote() + "<p><strong>And then</strong></p>", [SENTENCE]),
    ],
    ids=[
        "a label at the end",
        "one before",
        "a link to itself",
        "only a label",
        "only a link",
        "a bold sentence",
        "one after a quotation",
    ],
)
def test_a_label_is_no_paragraph(html: str, texts: list[str]) -> None:
    """Bold words over what is missing, or a link to the post, are not what an author says."""
    assert [block.prose.text for block in excerpt(body_blocks(html)) if isinstance(block, Paragraph)] == texts


def test_what_stands_between_quotation_marks_is_shown_to_its_end() -> None:
    """Or not begun; the author's own sentences before it are kept."""
    speech = "“" + " ".join([SENTENCE] * 6) + "”"
    (block,) = excerpt(body_blocks(_p(SENTENCE, SENTENCE, speech, SENTENCE)))
    assert isinstance(block, Paragraph)
    assert block.prose.text == f"{SENTENCE} {SENTENCE}"
    (block,) = excerpt(body_blocks(_p(speech, SENTENCE)))
    assert isinstance(block, Paragraph)
    assert block.prose.text == speech


def test_a_speech_without_end_says_that_it_goes_on() -> None:
    """Where nothing else is left, it is cut behind a sentence."""
    (block,) = excerpt(body_blocks(_p("“" + " ".join([SENTENCE] * 60) + "”")))
    assert isinstance(block, Paragraph)
    assert block.prose.text.endswith("with it.\u00a0…")
    assert _words((block,), Paragraph) <= OWN_WORDS + 1
