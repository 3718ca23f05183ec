"""The text part: written, wrapped for the longest reader, and the same story as the HTML."""

import re

import pytest

from dispatch.model.blanks import Blank, link, text
from dispatch.model.post import Post
from dispatch.rendering.markers import LONGEST_ADDRESS, LONGEST_LINK
from dispatch.rendering.prose import NO_BREAK
from dispatch.rendering.templates import COLUMNS
from tests.rendering.make import OWN, QUOTED, SITE, flat, links, make_book, make_post, parsed, rendered, said

LIST = '<ol><li>The first of <a href="https://a.example/one">two things</a> found in the mud</li><li>It.</li></ol>'
LINKED = (
    '<p>They <a href="https://b.example/two?x=1">wrote to us</a> and <a href="https://c.example/">to others</a>.</p>'
)
SOURCED = (
    '<blockquote cite="https://ledger.example/a"><p>It <a href="https://d.example/">came</a> twice.</p></blockquote>'
)


def _posts() -> tuple[Post, ...]:
    bodies = (OWN + QUOTED, LINKED + OWN, OWN + LIST, LINKED + SOURCED, OWN * 9)
    return tuple(
        make_post(
            number,
            title=f"Piece {number}, and what became of those who were in it when the water came back",
            body=body,
            replies=number % 3,
            replies_url=f"{SITE}tide-{number}/#replies",
        )
        for number, body in enumerate(bodies * 3, 1)
    )


MODES = pytest.mark.parametrize("mode", ["excerpt", "full", "titles"])


@MODES
def test_lines_fit_with_the_longest_address_and_links(mode: str) -> None:
    """72 columns, whoever the reader is; an address has a line of its own, because it can be longer than one."""
    rendering = rendered(posts=_posts(), posts_mode=mode, max_posts=9, note=make_post(99, body=OWN * 2), sample=True)
    address = "a" * (LONGEST_ADDRESS - 12) + "@example.net"
    filled = rendering.text.replace(text(Blank.ADDRESS), address)
    for blank in (Blank.UNSUBSCRIBE, Blank.PREFERENCES):
        filled = filled.replace(link(blank), "https://example.net/".ljust(LONGEST_LINK, "A"))
    lines = filled.split("\n")
    assert [line for line in lines if len(line) > COLUMNS and "://" not in line and line != address] == []
    assert address in lines


@MODES
def test_a_line_names_one_page_at_its_end(mode: str) -> None:
    """So that a mail program finds where the address ends."""
    for line in rendered(posts=_posts(), posts_mode=mode, max_posts=9).text.split("\n"):
        assert line.count("://") <= 1
        assert re.search(r"https?://\S+$", line) or "://" not in line


@MODES
def test_both_parts_lead_to_the_same_pages_in_the_same_order(mode: str) -> None:
    """As sets, with nothing left out; the posts one after the other."""
    posts = _posts()
    rendering = rendered(posts=posts, posts_mode=mode, max_posts=9, campaign="kite-12", books=(make_book(),))
    in_html = {re.sub(r"[?&]utm_source=[^#]*", "", href) for href in links(rendering.html) if href.startswith("http")}
    in_text = re.findall(r"https?://\S+", rendering.text)
    assert in_html == set(in_text)
    own = [post.url for post in posts]
    assert [url for url in dict.fromkeys(in_text) if url in own] == own
    titles = [said(heading) for heading in parsed(rendering.html).iter("h2")]
    story = flat(rendering.text).partition("-" * 64)[2]
    places = [story.index(title) for title in titles]
    assert places == sorted(places)
    assert len(titles) == 9


def test_rules_and_quotations_look_as_they_do_in_mail() -> None:
    """64 dashes; "> " before what others said, its source included."""
    lines = rendered(posts=_posts()[:4]).text.split("\n")
    assert {len(line) for line in lines if line and not line.strip("-")} == {64}
    start = lines.index("> The harbour master declined to comment on the second tide.")
    assert lines[start : start + 4] == [
        lines[start],
        ">",
        "> From The Tidal Ledger, 3 May",
        "> https://ledger.example/tides",
    ]


def test_the_text_part_has_a_full_footer_and_no_marks_of_html() -> None:
    """Why, how often, reply, change, leave, where; as characters."""
    shown = rendered(posts=(make_post(title="Salt & sand <3"),)).text
    for words in ("Salt & sand <3", f"\n{link(Blank.PREFERENCES)}\n", f"\n{link(Blank.UNSUBSCRIBE)}\n"):
        assert words in shown
    assert "&amp;" not in shown
    assert NO_BREAK not in shown.replace(f"{NO_BREAK}…", "")


def test_no_short_word_stands_alone_on_a_last_line() -> None:
    """In titles, paragraphs and quotations a short last word is tied to the one before it."""
    book = make_book(pitch="For those who like their mud plain and wet.")
    root = parsed(rendered(posts=_posts()[:4], books=(book,)).html)
    checked = 0
    for element in root.iter("h2", "p"):
        classes = (element.get("class") or "").split()
        if element.tag == "p" and not {"p", "quote", "pitch", "blurb", "standfirst"} & set(classes):
            continue
        before, _, last = element.text_content().strip().replace(NO_BREAK, "\u2423").rpartition(" ")
        if len(before.split()) >= 4:
            checked += 1
            assert len(last) > 9 or "\u2423" in last
    assert checked > 10


def test_the_preview_line_is_neither_the_subject_nor_the_first_line() -> None:
    """Inboxes show subject and preview side by side, and the mail begins below both."""
    for count in (1, 2, 6):
        rendering = rendered(posts=_posts()[:count], note=make_post(99, body=OWN))
        hidden, column = parsed(rendering.html).xpath("//body/div")
        shown = rendering.preheader
        assert flat(hidden.text_content()).startswith(flat(shown))
        assert shown != rendering.subject
        assert not said(column).startswith(flat(shown))
        assert flat(OWN.replace("<p>", ""))[:40] not in shown or count == 1


@pytest.mark.parametrize(("words", "minutes"), [(0, 1), (220, 1), (329, 1), (331, 2), (2200, 10)])
def test_reading_time_is_said_in_minutes(words: int, minutes: int) -> None:
    """220 words a minute, rounded, never none; in both parts."""
    rendering = rendered(posts=(make_post(words=words),))
    assert f"By Nell Harrow · {minutes} min read" in said(parsed(rendering.html))
    assert f"By Nell Harrow · {minutes} min read" in rendering.text
