"""The mail that a reader's friend gets: whose it is, what was typed kept harmless, short, and easy to stop."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from dispatch.model.blanks import Blank
from dispatch.model.issue import Rendering
from dispatch.model.post import Picture
from dispatch.rendering.blocks import Paragraph, Quotation, body_blocks
from dispatch.rendering.letterhead import letterhead_of
from dispatch.rendering.lint import lint
from dispatch.rendering.markers import WORD_JOINER, longest_bytes
from dispatch.rendering.messages.beginning import beginnings
from dispatch.rendering.messages.share import SharePage, from_name, render_share, unlinked
from tests.rendering.make import OWN, QUOTED, flat, links, make_page, make_post, parsed, said, shipped, shipped_look

NEEDS = (Blank.UNSUBSCRIBE, Blank.REPORT)
TRAPS = (
    "look at https://trap.example/login",
    "write to thief@trap.example",
    "www.trap.example is great",
    "ask @thief about it",
    '<a href="https://trap.example">click</a><script>alert(1)</script>',
    "~UNSUBSCRIBE~ https://blank.invalid/CONFIRM",
    "{{ 7*7 }} {name} {% raw %}",
)


def make_share(**values: Any) -> SharePage:
    """A share with a note."""
    wanted: dict[str, Any] = {
        "letterhead": letterhead_of(make_page()),
        "post": make_post(1, picture=Picture("p.jpg", 1200, 640, "A harbour")),
        "sharer": "Mara Lindqvist",
        "sharer_address": "mara@friends.example",
        "note": "This is the one I told you about.\n\nRead it before Sunday.",
        "shared_at": datetime(2026, 9, 18, 14, 4, tzinfo=UTC),
        "subscribe_url": "https://post.kite.example/subscribe",
        "sections": {"Essay": ["essays"]},
    }
    return SharePage(**(wanted | values))


def shared(**values: Any) -> Rendering:
    """A share of these values, rendered."""
    return render_share(make_share(**values), shipped_look(), shipped())


def test_the_first_words_name_who_sends_it() -> None:
    """Then the note, signed with name and address, then the piece (F1)."""
    rendering = shared()
    shown = said(parsed(rendering.html).xpath("//div[@role='article']")[0])
    places = [
        shown.index(words)
        for words in (
            "Mara Lindqvist read this and thought of you.",
            "This is the one I told you about.",
            "Read it before Sunday.",
            "Mara Lindqvist, mara@friends.example",
            "The second tide, part 1",
            "Read the whole piece",
            "Get it by email",
            "Why you got this.",
        )
    ]
    assert places[0] == 0
    assert places == sorted(places)
    assert rendering.text.startswith("Mara Lindqvist read this and thought of you.\n")


def test_nothing_that_was_typed_is_in_the_subject() -> None:
    """It is the piece's title; the preview line is the piece's too."""
    rendering = shared(sharer="Mara\r\nBcc: all@trap.example", note="Win a prize")
    assert rendering.subject == "The second tide, part 1"
    assert rendering.preheader.startswith("The tide came in twice that day")
    assert "\r" not in rendering.text


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Mara Lindqvist", "Mara L. via The Kite"),
        ("Mara", "Mara via The Kite"),
        ("  Jean-Luc   O’Neill ", "Jean-Luc O. via The Kite"),
        ("Mara\r\nBcc: all@trap.example", "Mara t. via The Kite"),
        ("PayPal Service <a@b.example>", "PayPal b. via The Kite"),
        ("12345", "The Kite"),
        ("", "The Kite"),
        ("Ærøskøbing" * 9, "ÆrøskøbingÆrøskøbingÆrøskøbingÆrøskøbin… via The Kite"),
        ("李 小龙", "李 小. via The Kite"),
    ],
)
def test_it_comes_from_a_shortened_name_by_way_of_us(typed: str, name: str) -> None:
    """Letters alone, at most forty of them, never an address (F2)."""
    assert from_name(typed, "The Kite", shipped().words("en")) == name


@pytest.mark.parametrize("typed", TRAPS)
@pytest.mark.parametrize("where", ["note", "sharer"])
def test_nothing_that_was_typed_becomes_a_link_or_a_blank(where: str, typed: str) -> None:
    """Neither by us nor by a mail program that looks for addresses (F3)."""
    rendering = shared(**{where: typed})
    assert lint(rendering, needs=NEEDS) == []
    assert not [url for url in links(rendering.html) if "trap" in url]
    for part in (parsed(rendering.html).text_content(), rendering.text):
        assert "trap.example" not in part
        assert "@thief" not in part
    assert parsed(rendering.html).xpath("//script") == []


def test_what_reads_as_an_address_is_broken_where_nobody_sees_it() -> None:
    """Between sentences nothing is changed."""
    assert unlinked("One. Two: three / four, at 7 pm.") == "One. Two: three / four, at 7 pm."
    assert unlinked("a.b@c").replace(WORD_JOINER, "|") == "a.|b@|c"


def test_a_note_is_three_paragraphs_and_three_hundred_characters_at_most() -> None:
    """The rest of the lines run on in the third."""
    rendering = shared(note="\n".join(f"Line {number}." for number in range(8)))
    paragraphs = parsed(rendering.html).xpath("//p[contains(@class, 'personal')]")
    assert [said(paragraph) for paragraph in paragraphs][:2] == ["Line 0.", "Line 1."]
    assert len(paragraphs) == 3
    long = shared(note="word " * 200)
    (paragraph,) = parsed(long.html).xpath("//p[contains(@class, 'personal')]")
    assert 200 < len(said(paragraph)) <= 300


def test_without_a_note_there_is_no_empty_panel() -> None:
    """Nor a signature below nothing."""
    rendering = shared(note="  \n ")
    assert parsed(rendering.html).xpath("//td[contains(@class, 'panel')]") == []
    assert "mara@friends.example" not in rendering.text


def test_only_a_proven_address_is_shown_and_answered_to() -> None:
    """Without one there is nothing to reply to, and nothing says so."""
    proven, unproven = shared(), shared(sharer_address="")
    assert "To answer Mara Lindqvist, just reply." in flat(proven.text)
    assert "just reply" not in unproven.html + unproven.text
    assert "@" not in said(parsed(unproven.html).xpath("//div[@role='article']")[0])


def test_there_are_no_books_no_counting_and_one_way_to_subscribe() -> None:
    """One outlined button below the piece (F4)."""
    rendering = shared(letterhead=letterhead_of(make_page(campaign="issue-12")))
    root = parsed(rendering.html)
    assert "utm_" not in rendering.html + rendering.text
    assert "Low Water" not in rendering.html
    assert [image.get("alt") for image in root.iter("img")] == ["A harbour"]
    assert len(root.xpath("//td[@class='solid']")) == 1
    assert [said(cell) for cell in root.xpath("//td[@class='outlined']")] == ["Get it by email"]
    assert len(re.findall("post.kite.example/subscribe", rendering.html)) == 1


def test_the_footer_says_who_typed_the_address_where_and_when_and_how_to_stop_it() -> None:
    """Both links, in both parts, and that there is no list (F5)."""
    rendering = shared()
    for part in (said(parsed(rendering.html)), flat(rendering.text)):
        assert "Mara Lindqvist typed your address at kite.example (18 September 2026, 14:04)." in part
        assert "You are on no list, and this is the only message about it." in part
        assert "Stop people sending me articles from here" in part
        assert "I don’t know this person" in part
        assert "3 Rope Walk" in part
    assert Blank.ADDRESS not in rendering.html + rendering.text


def test_only_the_beginning_of_the_piece_is_in_it() -> None:
    """At most sixty of its words and forty of a quotation, whole sentences (F7)."""
    paragraphs = "".join(f"<p>{'One sentence of five words. ' * 8}</p>" for _ in range(9))
    quoted = f"<blockquote><p>{'They said so many words. ' * 20}</p><p>— <cite>The Ledger</cite></p></blockquote>"
    long = shared(post=make_post(1, body=paragraphs + quoted))
    assert len(re.findall("One sentence", flat(long.text))) == 12
    opening = shared(post=make_post(1, body=OWN + quoted))
    assert len(re.findall("They said", flat(opening.text))) == 7
    assert "The Ledger" in opening.text
    assert lint(long, needs=NEEDS) == lint(opening, needs=NEEDS) == []


def test_a_quotation_never_follows_something_that_was_cut() -> None:
    """What it answers, or who says it, could be what is missing; and nothing cut follows it."""
    long = "<p>" + "These are the words of the author. " * 12 + "</p>"
    cut = next(beginnings(body_blocks(long + QUOTED)))
    assert [type(block) for block in cut] == [Paragraph]
    closing = next(beginnings(body_blocks(OWN * 2 + QUOTED + "<p>" + "And so it goes on for a while. " * 5 + "</p>")))
    assert isinstance(closing[-1], Quotation)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<ul>" + "<li>An item of it</li>" * 60 + "</ul>",
        "<pre>" + "code = 1\n" * 400 + "</pre>",
        "<p>" + " ".join(f'<a href="https://long.example/{"p" * 900}{n}">w{n}</a>' for n in range(24)) + "</p>",
        f"<blockquote><p>{'Word ' * 500}</p></blockquote>",
        "<p>" + "W" * 9000 + "</p>",
    ],
    ids=["nothing", "a list", "code", "nothing but links", "a quotation", "one word"],
)
def test_whatever_the_piece_is_the_mail_stays_small(body: str) -> None:
    """Under 20,000 bytes with every blank at its longest (F7), and in order."""
    rendering = shared(post=make_post(1, body=body, title="T" * 400, author="A" * 400), note="n" * 300, sharer="s" * 60)
    assert longest_bytes(rendering.html) <= 20_000
    findings = [finding for finding in lint(rendering, needs=NEEDS) if not finding.startswith("The subject has")]
    assert findings == []


def test_a_note_from_the_right_stands_on_the_right() -> None:
    """Mirrored as everything is."""
    arabic = replace(make_share(), letterhead=letterhead_of(make_page(language="ar")))
    html = render_share(arabic, shipped_look(), shipped()).html
    assert parsed(html).xpath("//td[contains(@class, 'panel')]")[0].get("align") == "right"
