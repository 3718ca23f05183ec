"""Where sentences end, and what cutting at one leaves whole."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.rendering.blocks import Paragraph, body_blocks
from dispatch.rendering.prose import (
    Mark,
    Prose,
    Run,
    cut_at_sentence,
    cutting_places,
    keep_last_words_together,
    plain,
    tidy,
)
from dispatch.rendering.sentences import clip, quotation_spans, sentence_ends, word_count


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It rained. We left.", ["It rained.", "We left."]),
        ("Mr. Fell met Dr. Osei. They spoke.", ["Mr. Fell met Dr. Osei.", "They spoke."]),
        ("The U.S. Navy came. It left.", ["The U.S. Navy came.", "It left."]),
        ("Bring a hat, e.g. a large one. Or two.", ["Bring a hat, e.g. a large one.", "Or two."]),
        ("It cost 3.50 in all. Cheap!", ["It cost 3.50 in all.", "Cheap!"]),
        ("“Why?” she asked. “Because.” He left.", ["“Why?” she asked.", "“Because.”", "He left."]),
        ("J. R. Harrow wrote it. See No. 5 of the set.", ["J. R. Harrow wrote it.", "See No. 5 of the set."]),
        ("Wait… what? Yes.", ["Wait… what?", "Yes."]),
        ("潮が来た。人は去った。", ["潮が来た。", "人は去った。"]),
        ("no end at all", ["no end at all"]),
    ],
    ids=[
        "two", "titles", "letters with dots", "for example", "a price", "speech", "initials and numbers", "an ellipsis",
        "no blanks", "none",
    ],
)  # fmt: skip
def test_a_sentence_ends_where_a_reader_says_so(text: str, sentences: list[str]) -> None:
    """Abbreviations, initials, numbers and speech do not fool it."""
    ends = [0, *sentence_ends(text)]
    assert [text[start:end].strip() for start, end in pairwise(ends)] == sentences


def test_a_cut_stands_after_a_sentence() -> None:
    """What is left is whole sentences within the words allowed."""
    text = "One two three four. Five six seven eight. Nine ten eleven twelve."
    cut, missing = cut_at_sentence(plain(text), 9, longest_sentence=9)
    assert (cut.text, missing) == ("One two three four. Five six seven eight.", True)


def test_a_first_sentence_that_is_a_little_long_stays_whole() -> None:
    """Better a few words more than half a sentence."""
    cut, _ = cut_at_sentence(plain("One two three four five six. Seven."), 4, longest_sentence=8)
    assert cut.text == "One two three four five six."


def test_an_endless_sentence_is_cut_between_words() -> None:
    """A bound is a bound, and no word is split."""
    cut, missing = cut_at_sentence(plain("word " * 500), 10, longest_sentence=20)
    assert missing
    assert set(cut.text.split()) == {"word"}
    assert cut.words <= 20


def _prose(html: str) -> Prose:
    block = body_blocks(f"<p>{html}</p>")[0]
    assert isinstance(block, Paragraph)
    return block.prose


def test_a_link_is_never_cut() -> None:
    """A sentence that ends inside a link is no place to cut."""
    prose = _prose('One two. Three <a href="https://a.example/">four. Five six</a> seven. Eight nine ten.')
    cut, _ = cut_at_sentence(prose, 6, longest_sentence=6)
    assert cut.html(str) == "One two."


def test_elements_stay_nested_when_cut() -> None:
    """What was opened is closed again."""
    prose = _prose("<em>One <strong>two. Three four</strong> five.</em> Six.")
    cut, _ = cut_at_sentence(prose, 2, longest_sentence=2)
    assert cut.html(str) == "<em>One <strong>two.</strong></em>"


@pytest.mark.parametrize(
    ("text", "tied"),
    [
        ("a small defence of marginal notes", "a small defence of marginal\u00a0notes"),
        ("too few words here", "too few words here"),
        ("one two three four extraordinarily", "one two three four extraordinarily"),
    ],
    ids=["a short last word", "a short title", "a long last word"],
)
def test_a_short_last_word_keeps_company(text: str, tied: str) -> None:
    """No title ends with one short word on a line of its own."""
    assert keep_last_words_together(text) == tied


def test_a_short_last_word_keeps_company_inside_of_elements() -> None:
    """The tie is set where the blank is, whichever element that is in."""
    assert _prose("one two three <em>four five</em> six").html(str) == "one two three <em>four five</em>\u00a0six"


def test_an_address_in_the_text_becomes_a_link_that_fits() -> None:
    """A bare address is a link, shown without scheme and not longer than a line."""
    prose = _prose("See https://long.example/" + "a" * 90 + ".")
    (link,) = prose.links
    assert link.url == "https://long.example/" + "a" * 90
    assert len(link.label) <= 40


@given(st.text(max_size=300), st.integers(1, 120))
def test_clipping_keeps_its_bound_and_the_beginning(text: str, most: int) -> None:
    """Never longer than asked, and nothing but an ellipsis is made up."""
    clipped = clip(text, most)
    assert len(clipped) <= most
    assert text.startswith((clipped, clipped.removesuffix("…")))


@given(st.text(max_size=400), st.integers(1, 40))
def test_cutting_never_adds_and_never_exceeds(text: str, most: int) -> None:
    """A cut is a beginning of the text, within the longest sentence allowed."""
    prose = plain(text)
    cut, missing = cut_at_sentence(prose, most, longest_sentence=most)
    assert prose.text.startswith(cut.text)
    assert word_count(cut.text) <= most
    assert missing or cut.text == prose.text


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("He said: “It rained. It poured.” Then he left.", ["“It rained. It poured.”"]),
        ("Er sagte: „Es regnete. Es goss.“ Dann ging er.", ["„Es regnete. Es goss.“"]),
        ("Il dit : « Il pleut. » Puis il partit.", ["« Il pleut. »"]),
        ("Er sagte: »Es goss.« Dann ging er.", ["»Es goss.«"]),
        ("彼は「雨だ。」と言った。", ["「雨だ。」"]),
        ('"It rained," he said. "It poured."', ['"It rained,"', '"It poured."']),
        ('A 5" pipe. And a 6" one.', []),
        ("“It goes on in the next paragraph. It does.", []),
    ],
    ids=["English", "German", "French", "turned around", "Japanese", "straight", "inches", "open"],
)
def test_quotation_marks_are_known(text: str, quoted: list[str]) -> None:
    """In pairs; one alone quotes nothing."""
    assert [text[start:end] for start, end in quotation_spans(text)] == quoted


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (4, "One two three."),
        (8, "One two three."),
        (13, "One two three. “Four five. Six seven. Eight,” he said."),
        (14, "One two three. “Four five. Six seven. Eight,” he said."),
    ],
)
def test_what_stands_between_quotation_marks_stays_whole(words: int, shown: str) -> None:
    """It is left out, or shown to its end."""
    prose = plain("One two three. “Four five. Six seven. Eight,” he said. Nine ten eleven twelve thirteen fourteen.")
    assert cut_at_sentence(prose, words, longest_sentence=0)[0].text == shown


def test_a_quotation_that_would_leave_nothing_is_cut_behind_a_sentence() -> None:
    """Rather than in the middle of one."""
    prose = plain("“" + "Four five six. " * 60 + "End.” Seven.")
    shown, missing = cut_at_sentence(prose, 10, longest_sentence=20)
    assert (shown.text, missing) == ("“Four five six. Four five six. Four five six.", True)
    assert cut_at_sentence(prose, 10, longest_sentence=0) == (Prose(()), True)


def test_prose_may_be_cut_behind_sentences_that_nothing_runs_across() -> None:
    """No link and no quotation."""
    link = Mark("a", "https://a.example/")
    prose = tidy([Run("One. “Two. Three.” Four. "), Run("Five. Six.", (link,)), Run(" Seven.")])
    last_words = [prose.text[:end].rpartition(" ")[2] for end in cutting_places(prose)]
    assert last_words == ["One.", "Three.”", "Four.", "Six.", "Seven."]
