"""Rules, headings and captions that were typed with signs, bold letters and line breaks."""

import pytest

from dispatch.collecting.cleaning import clean_html

BASE = "https://lamplight.example/2026/lamps/"
BOLD = "<p><strong>{}</strong></p>"
PICTURE = '<img src="https://lamplight.example/a.jpg" alt="A pier">'


def clean(html: str) -> str:
    """The HTML, cleaned; cleaning it once more changes nothing."""
    cleaned = clean_html(html, BASE, BASE).html
    assert clean_html(cleaned, BASE, BASE).html == cleaned
    return cleaned


@pytest.mark.parametrize("signs", ["* * *", "***", "⁂", "— — —", "• • •", "#\xa0#\xa0#", "~~~", "----------"])
def test_signs_between_two_paragraphs_are_a_rule(signs: str) -> None:
    """However an editor types it."""
    assert clean(f"<p>x</p><p>{signs}</p><p>y</p>") == "<p>x</p>\n<hr>\n<p>y</p>"
    assert clean(f"<p>x</p><p>{signs}</p>") == "<p>x</p>"


@pytest.mark.parametrize(
    "words", ["*", "—", "* * * and so on", "<code>***</code>", '<a href="https://a.example/">***</a>']
)
def test_signs_that_say_something_stay(words: str) -> None:
    """One star, a star before words, what somebody shows as code."""
    assert clean(f"<p>x</p><p>{words}</p><p>y</p>") == f"<p>x</p>\n<p>{words}</p>\n<p>y</p>"


def test_a_bold_line_between_blocks_is_a_heading() -> None:
    """An excerpt does not end with it."""
    html = f"<p>x</p>{BOLD.format('What the tide took')}<ul><li>y</li></ul>"
    assert clean(html) == "<p>x</p>\n<h3>What the tide took</h3>\n<ul><li>y</li></ul>"


@pytest.mark.parametrize(
    "paragraph",
    [
        BOLD.format("It took everything."),
        BOLD.format("These are the shops:"),
        BOLD.format("word " * 20),
        BOLD.format('<a href="https://a.example/">A link</a>'),
        "<p><strong>Ines:</strong> Why?</p>",
    ],
    ids=["a sentence", "an introduction", "too long", "a link", "the first words"],
)
def test_other_bold_words_are_bold_words(paragraph: str) -> None:
    """They are part of the text."""
    assert "<h3>" not in clean(f"<p>x</p>{paragraph}<p>y</p>")


def test_a_bold_line_at_either_end_is_no_heading() -> None:
    """There is nothing below it, or nothing above it but the title."""
    bold = BOLD.format("The tide")
    assert clean(f"{bold}<p>x</p>{bold}") == f"{bold}\n<p>x</p>\n{bold}"


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        (f"<p>{PICTURE}<br>Photo: <em>Ines</em> Ward</p>",
         f"<figure>{PICTURE}<figcaption>Photo: <em>Ines</em> Ward</figcaption></figure>"),
        (f'<p><a href="https://a.example/">{PICTURE}</a><br>\nA pier</p>',
         f'<figure><a href="https://a.example/">{PICTURE}</a><figcaption>A pier</figcaption></figure>'),
        (f"<p>{PICTURE}<br></p>", f"<p>{PICTURE}</p>"),
        (f"<p>{PICTURE} A pier</p>", f"<p>{PICTURE} A pier</p>"),
        (f"<p>{PICTURE}<br>{PICTURE}<br>Two piers</p>", f"<p>{PICTURE}<br>{PICTURE}<br>Two piers</p>"),
        (f"<p>{PICTURE}<br>{'word ' * 50}</p>", f"<p>{PICTURE}<br>{('word ' * 50).strip()}</p>"),
    ],
    ids=["words", "a linked picture", "no words", "no line break", "two pictures", "a text"],
)  # fmt: skip
def test_words_in_the_line_below_a_picture_are_its_caption(html: str, wanted: str) -> None:
    """A mail would set them above it otherwise."""
    assert clean(f"<p>x</p>{html}") == f"<p>x</p>\n{wanted}"
