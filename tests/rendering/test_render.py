"""A rendered issue: its structure, its two parts, its blanks."""

import re
import socket
from typing import Any

import pytest

from dispatch.errors import RenderError
from dispatch.model.blanks import Blank, link, text
from dispatch.model.book import PromoBlock
from dispatch.model.post import Picture
from dispatch.rendering.fit import BUDGET
from dispatch.rendering.lint import lint
from dispatch.rendering.markers import blanks_in, longest_bytes
from tests.rendering.make import (
    CLOSING,
    OWN,
    QUOTED,
    SITE,
    flat,
    links,
    make_book,
    make_post,
    parsed,
    rendered,
    said,
)

LONG = "<p>" + "The tide came in twice that day, and nobody could say why it had. " * 6 + "</p>"


def _addresses(part: str) -> set[str]:
    """The pages that a text names."""
    return set(re.findall(r"https?://[^\s<>\"]+", part))


def _html_links(html: str) -> set[str]:
    """The pages that HTML links to, without what we add to links."""
    return {re.sub(r"[?&]utm_source=[^#]*", "", href) for href in links(html) if href.startswith("http")}


def _titles(html: str) -> list[str]:
    return [said(heading) for heading in parsed(html).iter("h2")]


@pytest.mark.parametrize("mode", ["excerpt", "full", "titles"])
def test_an_issue_is_without_fault(mode: str) -> None:
    """Everything that lint looks for: headings, alt, widths, links, tables, size, blanks, lines."""
    picture = Picture("lead.jpg", 1200, 640, "A harbour", "Photo: N. H.")
    posts = (make_post(1, picture=picture), make_post(2, replies=3), make_post(3, body=LONG * 3))
    rendering = rendered(posts=posts, posts_mode=mode, note=make_post(9, body=OWN), campaign="kite-12")
    assert lint(rendering) == []


def test_the_document_begins_with_its_doctype_and_names_its_language() -> None:
    """premailer drops another doctype; web mail replaces body with a div."""
    html = rendered().html
    assert html.startswith("<!DOCTYPE html>\n<html")
    root = parsed(html)
    (article,) = root.xpath("//*[@role='article']")
    assert (root.get("lang"), root.get("dir")) == ("en-GB", "ltr")
    assert (article.get("lang"), article.get("dir"), article.get("aria-roledescription")) == ("en-GB", "ltr", "email")


def test_base_rules_are_in_the_elements_and_the_others_in_four_style_elements() -> None:
    """Hover, phone, dark and Outlook's dark stand apart, so that one that is dropped takes no other with it."""
    html = rendered().html
    word = re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL)
    styles = re.findall(r"<style[^>]*>(.*?)</style>", word, re.DOTALL)
    assert len(styles) == 4
    assert [marker in style for marker, style in zip(
        ("[x-apple-data-detectors]", "max-width:599px", "prefers-color-scheme:dark", "[data-ogsc]"), styles, strict=True
    )] == [True] * 4  # fmt: skip
    assert "!important" in styles[2]
    assert "data-premailer" not in html
    assert "style=\"margin:18px 0 0;font-family:Georgia,'Times New Roman',serif;" in html


def test_the_column_is_a_ghost_table_for_word_and_a_maximum_for_others() -> None:
    """600 pixels either way."""
    html = rendered().html
    assert '<!--[if mso]><table role="presentation" width="600"' in html
    assert "max-width:600px" in html


def test_what_inboxes_show_after_the_subject() -> None:
    """40 to 110 characters, not the subject again, hidden and padded."""
    rendering = rendered()
    assert 40 <= len(rendering.preheader) <= 110
    assert rendering.preheader != rendering.subject
    hidden = parsed(rendering.html).xpath("//body/div[1]")[0]
    assert "display:none" in hidden.get("style")
    assert "mso-hide:all" in hidden.get("style")
    assert hidden.text_content().count("\u2007\u034f") >= 60


@pytest.mark.parametrize(
    "values",
    [
        {"posts": (make_post(1, body="<p>Short.</p>"),)},
        {"posts": (make_post(1, body="", title="x"),), "tagline": "", "site_name": "K", "newsletter_name": "K"},
        {"posts": (make_post(1, body="<p>" + "word " * 300 + "</p>"),)},
        {"posts": (make_post(1, title="The same", body="<p>The same</p>"),)},
        {"posts": tuple(make_post(n, title="t" * 90) for n in range(12))},
        {"posts": ()},
    ],
    ids=["a short post", "next to nothing", "a long post", "the title again", "long titles", "no posts"],
)
def test_the_preview_line_always_has_its_length(values: dict[str, Any]) -> None:
    """Whatever there is to say, inboxes show a line of the right length."""
    rendering = rendered(**values)
    assert 40 <= len(rendering.preheader) <= 110
    assert rendering.preheader != rendering.subject


@pytest.mark.parametrize(
    ("pattern", "subject"),
    [
        ("{lead}", "The second tide, part 1"),
        ("{newsletter} no. {number}: {lead}", "The Kite no. 12: The second tide, part 1"),
        ("{site}, {date}", "The Kite, Friday, 8 May 2026"),
        ("{lead.__class__} {0} {} {{number}} {other}", "{lead.__class__} {0} {} {12} {other}"),
        ("", "The Kite"),
    ],
    ids=["the lead", "a number", "a date", "other braces", "nothing"],
)
def test_the_subject_follows_its_pattern(pattern: str, subject: str) -> None:
    """Five names are replaced; other braces are characters, and nothing can be reached through them."""
    assert rendered(subject_pattern=pattern).subject == subject


def test_the_subject_is_one_line_whatever_the_title() -> None:
    """A title with line separators, controls or a pattern in it is a title."""
    assert (
        rendered(posts=(make_post(title="One\u2028two\r\nBcc: three\x00 {number}"),)).subject
        == "One two Bcc: three {number}"
    )


def test_a_sample_says_so() -> None:
    """In the subject, and at the top."""
    rendering = rendered(sample=True)
    assert rendering.subject == "SAMPLE: The second tide, part 1"
    assert "has not been sent to anybody" in rendering.html
    assert "has not been sent to anybody" in flat(rendering.text)


def test_both_parts_have_the_same_titles_in_the_same_order() -> None:
    """Text and HTML tell the same story."""
    posts = tuple(
        make_post(number, title=f"Title {name}") for number, name in enumerate(("one", "two", "three", "four"), 1)
    )
    rendering = rendered(posts=posts, max_posts=3)
    assert _titles(rendering.html) == ["Title one", "Title two", "Title three"]
    story = flat(rendering.text).partition("------")[2]
    assert [story.index(post.title) for post in posts] == sorted(story.index(post.title) for post in posts)


def test_both_parts_have_the_same_links() -> None:
    """But for utm parameters, and letters to friends, which a text part forwards instead."""
    body = (
        '<p>See <a href="https://a.example/x?b=1&amp;c=2">this</a> and https://b.example/y.</p>'
        f'{QUOTED}<p>And <a href="mailto:nell@kite.example">write</a>.</p>'
    )
    posts = (make_post(1, body=body, replies=2, replies_url=f"{SITE}tide-1/#replies"), make_post(2), make_post(3))
    rendering = rendered(posts=posts, campaign="kite-12", max_posts=2, note=make_post(9, body=body))
    assert _html_links(rendering.html) == _addresses(rendering.text)
    assert "mailto:nell@kite.example" in rendering.text


def test_the_text_part_fits_its_columns() -> None:
    """72 columns but for addresses; no utm, no empty lines in heaps, no blanks at line ends."""
    rendering = rendered(posts=tuple(make_post(n, body=LONG + QUOTED, title="A title " * 14) for n in range(1, 6)))
    lines = rendering.text.split("\n")
    assert [line for line in lines if len(line) > 72 and "://" not in line] == []
    assert [line for line in lines if line != line.rstrip()] == []
    assert "\n\n\n" not in rendering.text
    assert "utm_" not in rendering.text
    assert "> The harbour master declined" in rendering.text
    # A recipient's address can be longer than a line, so that it has one of its own.
    assert text(Blank.ADDRESS) in lines


def test_own_links_say_which_issue_they_were_in_and_no_others() -> None:
    """utm parameters name the issue, never a person, and stay at home."""
    body = f'<p><a href="{SITE}old/?p=7#c">own</a> <a href="https://other.example/?p=7">other</a></p>'
    hrefs = links(rendered(posts=(make_post(body=body),), campaign="kite-12").html)
    added = "utm_source=kite.example&utm_medium=email&utm_campaign=kite-12"
    assert f"{SITE}old/?p=7&{added}#c" in hrefs
    assert f"{SITE}tide-1/?{added}" in hrefs
    assert "https://other.example/?p=7" in hrefs
    assert not any("utm_" in href for href in links(rendered(campaign=None).html))


def test_sending_to_a_friend_opens_the_readers_own_mail_program() -> None:
    """Title and address, percent-encoded, to nobody yet; without what we add to links."""
    rendering = rendered(posts=(make_post(title="Salt & sand?"),), campaign="kite-12")
    title, address = "Salt%20%26%20sand%3F", "https%3A%2F%2Fkite.example%2Ftide-1%2F"
    assert f"mailto:?subject={title}&body={title}%0D%0A%0D%0A{address}" in links(rendering.html)
    assert not any(href.startswith("mailto:?") for href in links(rendered(share="off").html))


def test_the_footer_has_what_the_law_and_the_reader_want() -> None:
    """Why, how to answer, how to change, how to leave, where we are."""
    rendering = rendered()
    for part in (rendering.html, rendering.text):
        shown = flat(part if part is rendering.text else said(parsed(part)))
        assert f"You get The Kite (Fridays) because {text(Blank.ADDRESS)} signed up at kite.example." in shown
        assert "Reply to this mail and it reaches the editors." in shown
        assert "The Kite, 3 Rope Walk, Marrow Bay, MB 01234" in shown
        assert part.count(link(Blank.UNSUBSCRIBE)) == 1
        assert part.count(link(Blank.PREFERENCES)) == 1


def test_a_quotation_names_its_source() -> None:
    """Source, date and link under it; the author's name where nothing is known of a source."""
    root = parsed(rendered(posts=(make_post(),)).html)
    (cite,) = root.xpath("//p[contains(@class, 'cite')]")
    assert said(cite) == "From The Tidal Ledger, 3 May"
    assert cite.find("a").get("href") == "https://ledger.example/tides"
    unknown = make_post(body=OWN + "<blockquote><p>Nobody knows.</p></blockquote>")
    assert "Quoted by Nell Harrow" in said(parsed(rendered(posts=(unknown,)).html))
    linked = make_post(body=OWN + '<blockquote cite="https://www.ledger.example/a"><p>Nobody knows.</p></blockquote>')
    assert "From ledger.example" in said(parsed(rendered(posts=(linked,)).html))


def test_the_first_section_that_fits_labels_a_post() -> None:
    """Categories are compared without case; a post of no section has no label."""
    posts = (make_post(1, categories=("News", "ESSAYS")), make_post(2, categories=("Poems",)))
    html = rendered(posts=posts, sections={"Essay": ["essays"], "News": ["news"]}).html
    labels = [said(label) for label in parsed(html).xpath("//p[contains(@class, 'label')]")]
    assert labels == ["In this issue", "Essay", "From Kite Books"]


def test_the_editors_note_is_whole_and_signed() -> None:
    """Every paragraph of it, before the contents."""
    note = make_post(9, author="Ada Fenn, editor", body="<p>First.</p><p>Second.</p><p>Third.</p><p>Fourth.</p>")
    paragraphs = [said(paragraph) for paragraph in parsed(rendered(note=note).html).iter("p")]
    assert paragraphs[1:7] == ["First.", "Second.", "Third.", "Fourth.", "Ada Fenn, editor", "In this issue"]


def test_minutes_and_replies() -> None:
    """At least a minute; no count of no replies; replies lead to where they are, else to the post."""
    posts = (
        make_post(1, words=0, replies=0),
        make_post(2, words=1100, replies=1, replies_url=f"{SITE}tide-2/#talk"),
        make_post(3, replies=5),
    )
    html = rendered(posts=posts).html
    shown = said(parsed(html))
    assert "1 min read" in shown
    assert "5 min read" in shown
    assert "0 replies" not in shown
    assert "1 reply" in shown
    assert f"{SITE}tide-2/#talk" in links(html)


def test_posts_beyond_the_most_become_lines() -> None:
    """Each with its title and its link, under "More this time"."""
    posts = tuple(make_post(number) for number in range(1, 8))
    rendering = rendered(posts=posts, max_posts=3)
    assert len(_titles(rendering.html)) == 3
    assert "More this time" in rendering.html
    for post in posts[3:]:
        assert post.url in links(rendering.html)
        assert post.url in rendering.text


def test_titles_only_shows_no_text() -> None:
    """Section, title and byline of each post."""
    rendering = rendered(posts_mode="titles")
    assert len(_titles(rendering.html)) == 3
    assert "twice that day" not in rendering.html + rendering.text
    assert "In this issue" not in rendering.html


def test_full_posts_are_full() -> None:
    """All paragraphs, all quotations, pictures that can be shown."""
    copied = '<img src="https://i.example/p.webp" width="{}" height="800" data-copy="0123abcd.jpg" alt="{}">'
    body = LONG * 3 + QUOTED + CLOSING + QUOTED + f"<p>{copied.format(1200, 'A pier')}</p>"
    body += f'<p><a href="https://i.example/">{copied.format(450, "")}</a></p>'
    body += '<p><img src="https://i.example/away.jpg" alt="No"><img src="https://i.example/icon.gif" data-copy=""></p>'
    body += '<figure><img src="https://i.example/s.jpg"><figcaption>A caption stays</figcaption></figure>'
    html = rendered(posts=(make_post(body=body), make_post(2)), posts_mode="full").html
    assert html.count("<blockquote") == 3
    assert sum("twice that day" in paragraph for paragraph in map(said, parsed(html).iter("p"))) == 3 + 1
    pictures = [[image.get(name) for name in ("src", "width", "alt")] for image in parsed(html).iter("img")]
    ours = "https://post.kite.example/media/0123abcd.jpg"
    cover = "https://post.kite.example/media/cover.jpg"
    assert pictures == [
        [ours, "552", "A pier"],
        [ours, "300", ""],
        [cover, "152", pictures[-1][2]],
    ]
    assert "A caption stays" in html
    assert "i.example" not in html


def test_a_picture_that_a_whole_post_shows_in_its_place_is_not_shown_above_it_too() -> None:
    """A video's still, or the only picture of a text."""
    copied = '<img src="https://i.example/p.webp" width="1200" height="800" data-copy="p.jpg" alt="A pier">'
    post = make_post(body=f"{OWN}<p>{copied}</p>", picture=Picture("p.jpg", 1200, 800))
    assert rendered(posts=(post,), posts_mode="full", books=()).html.count("<img") == 1


def test_an_excerpt_shows_no_pictures_of_the_text() -> None:
    """Only the lead's own picture, which we have copied."""
    body = OWN + '<p><img src="https://i.example/p.jpg" alt="A pier"></p>'
    picture = Picture("lead.jpg", 1200, 640, "A harbour")
    html = rendered(posts=(make_post(1, body=body, picture=picture), make_post(2, picture=picture)), books=()).html
    assert [image.get("src") for image in parsed(html).iter("img")] == ["https://post.kite.example/media/lead.jpg"]


@pytest.mark.parametrize(
    ("width", "shown"), [(1200, "600"), (900, "600"), (880, "552"), (600, "400"), (200, None)],
    ids=["large", "a column", "nearly", "small", "an icon"],
)  # fmt: skip
def test_the_leads_picture_is_never_blown_up(width: int, shown: str | None) -> None:
    """As wide as the column if it has three pixels for two, else as wide as those allow; icons are no pictures."""
    html = rendered(posts=(make_post(picture=Picture("p.jpg", width, 300, "")),), books=()).html
    assert next((image.get("width") for image in parsed(html).iter("img")), None) == shown


def test_a_picture_without_words_is_described_by_the_title() -> None:
    """A link has to say where it leads while pictures are blocked."""
    html = rendered(posts=(make_post(picture=Picture("p.jpg", 800, 300, "")),), books=()).html
    assert [image.get("alt") for image in parsed(html).iter("img")] == ["The second tide, part 1"]


def test_a_book_sells_also_without_its_cover() -> None:
    """Label, title, author, words, praise, a button a shop, and where else."""
    html = rendered(books=(make_book(cover=None, pitch="For those who like mud."),)).html
    shown = said(parsed(html))
    for words in ("From Kite Books", "For those who like mud.", "Low Water", "Ambrose Fell", "Muddy and exact."):
        assert words in shown
    for words in ("R. Osei", "Shop One", "Shop Two", "…or order it wherever books are sold."):
        assert words in shown
    assert 'aria-label="Order Low Water on Shop Two"' in html


def test_a_book_stands_between_posts() -> None:
    """Never between a title and its text: after the lead, and after the third post."""
    books = (make_book(), make_book(slug="b", title="High Water"))
    headings = [said(h) for h in parsed(rendered(books=books).html).iter("h2", "h3")]
    first, second, third = (make_post(number).title for number in (1, 2, 3))
    assert headings == [first, "Low Water", second, third, "High Water"]


@pytest.mark.parametrize("count", [1, 2], ids=["one post", "two posts"])
def test_two_books_are_both_shown_however_few_the_posts(count: int) -> None:
    """A short issue loses no book."""
    books = (make_book(), make_book(slug="b", title="High Water"))
    posts = tuple(make_post(number) for number in range(1, count + 1))
    rendering = rendered(posts=posts, books=books)
    for part in (rendering.html, rendering.text):
        assert part.count("High Water") >= 1
    assert [said(h) for h in parsed(rendering.html).iter("h3")] == ["Low Water", "High Water"]


def test_nothing_but_the_words_of_the_mail_is_in_english() -> None:
    """A German issue has German words and dates."""
    rendering = rendered(language="de-DE", posts=(make_post(1, replies=2), make_post(2)))
    shown = flat(said(parsed(rendering.html))) + flat(rendering.text)
    for english in ("Continue", "reading", "min read", "replies", "Unsubscribe", "In this issue", "Fridays signed"):
        assert english not in shown
    assert "Freitag, 8. Mai 2026" in shown
    assert "2 Antworten" in shown
    assert "Abmelden" in shown


def test_a_language_from_the_right_mirrors_the_page() -> None:
    """Columns, bars and alignment."""
    html = rendered(language="ar", posts=(make_post(1), make_post(2))).html
    for left in ("border-left", "padding-left:20px", "text-align:left", "margin-right"):
        assert left not in html.partition("</head>")[2]
    assert "border-right:3px solid" in html
    assert parsed(html).get("dir") == "rtl"


def test_what_looks_like_a_blank_is_not_filled() -> None:
    """An author who types a marker, in whatever place, gets it printed and nothing else."""
    trap = f"{text(Blank.ADDRESS)} {text(Blank.TO)} ~NASA~ {link(Blank.UNSUBSCRIBE)}"
    body = f'<p>{trap} <a href="{link(Blank.UNSUBSCRIBE)}">x</a> <a href="https://a.example/~ADDRESS~/">y</a>'
    body += " ~AD<b>DRESS</b>~</p>"
    post = make_post(
        1, title=f"T {trap}", author=trap, body=body + f"<blockquote><p>{trap}</p></blockquote>", url=f"{SITE}~TO~/"
    )
    book = make_book(title=trap, blurb=trap, label=trap)
    rendering = rendered(posts=(post, make_post(2)), books=(book,), tagline=trap, subject_pattern="~{lead}~ {lead}")
    for part in (rendering.html, rendering.text):
        assert blanks_in(part) == {"ADDRESS": 1, "UNSUBSCRIBE": 1, "PREFERENCES": 1}
    assert blanks_in(rendering.subject) == blanks_in(rendering.preheader) == {}
    assert "https://a.example/~ADDRESS~/" in links(rendering.html)
    assert "~NASA~" in said(parsed(rendering.html))


def test_the_same_page_gives_the_same_bytes() -> None:
    """A preview is what would be sent."""
    assert rendered() == rendered()


def test_rendering_contacts_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """No socket is opened, whatever a post holds."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    body = '<link rel="stylesheet" href="https://evil.example/x.css"><style>@import "https://evil.example/y.css";</style><p>x</p>'
    rendered(posts=(make_post(body=body + '<img src="https://evil.example/z.png" alt="z">'),), posts_mode="full")


@pytest.mark.parametrize("count", [3, 15, 40])
@pytest.mark.parametrize("mode", ["excerpt", "full"])
def test_an_issue_fits_under_the_clip(count: int, mode: str) -> None:
    """However many and long the posts: under budget, the lead, the books and the footer whole."""
    body = LONG + QUOTED + CLOSING + LONG * 9
    posts = tuple(make_post(number, body=body) for number in range(1, count + 1))
    rendering = rendered(posts=posts, posts_mode=mode, max_posts=count)
    assert longest_bytes(rendering.html) <= BUDGET
    assert lint(rendering) == []
    assert "Low Water" in rendering.html
    assert "<blockquote" in rendering.html.partition("Low Water")[0]
    shown = rendering.html + "".join(rendering.notes)
    assert posts[-1].title in shown
    assert bool(rendering.notes) == (count == 40 or (mode == "full" and count == 15))


def test_notes_say_what_was_shortened() -> None:
    """Each post by its title, from the last one up, and the lead never."""
    posts = tuple(make_post(number, body=LONG + QUOTED + CLOSING) for number in range(1, 31))
    notes = rendered(posts=posts, max_posts=30).notes
    assert notes[-1].startswith("“The second tide, part 30”: ")
    assert all("part 1”" not in note for note in notes)


def test_a_hundred_titles_beyond_the_most_do_not_push_out_the_posts() -> None:
    """Some are named, the others counted, in both parts."""
    posts = tuple(make_post(number, body=LONG * 2) for number in range(1, 301))
    rendering = rendered(posts=posts, max_posts=10)
    assert len(_titles(rendering.html)) == 10
    counted = re.search(r"and (\d+) more on the site", said(parsed(rendering.html)))
    assert counted
    lines = sum(f"{post.url}" in links(rendering.html) for post in posts[10:])
    assert lines + int(counted[1]) == 290
    assert f"and {counted[1]} more on the site: {SITE}" in rendering.text


def test_a_giant_among_full_posts_is_cut_to_an_excerpt() -> None:
    """A lead that leaves no room for anything, or a note, is shortened rather than refused."""
    giant = make_post(1, body=LONG * 400)
    rendering = rendered(posts=(giant, make_post(2)), posts_mode="full", note=make_post(9, body=LONG * 400))
    assert longest_bytes(rendering.html) <= BUDGET
    assert "“The second tide, part 1”: excerpt instead of full, to fit 90,000 bytes" in rendering.notes
    assert "The editor's note is shortened, to fit 90,000 bytes" in rendering.notes
    assert _titles(rendering.html) == ["The second tide, part 1", "The second tide, part 2"]


def test_what_cannot_fit_is_named() -> None:
    """Books are never dropped quietly, so that too much of them is an error."""
    book = make_book(shops=make_book().shops * 400)
    with pytest.raises(RenderError, match="over 90,000 bytes"):
        rendered(books=(book,))


def test_an_issue_without_posts_is_still_a_mail() -> None:
    """A note alone, for example."""
    rendering = rendered(posts=(), books=(), note=make_post(9, body=OWN))
    assert rendering.subject == "The Kite"
    assert lint(rendering) == []


def test_a_post_without_anything_has_a_title_to_click() -> None:
    """Its first words, else the site's name."""
    posts = (
        make_post(1, title="", body="<p>First words of it.</p>"),
        make_post(2, title="\u200b", body=""),
        make_post(3),
    )
    rendering = rendered(posts=posts)
    assert _titles(rendering.html)[:2] == ["First words of it.", "The Kite"]
    # The site's name is also what the masthead says.
    assert [problem for problem in lint(rendering) if "links say “the kite”" not in problem] == []


@pytest.mark.parametrize(
    "book",
    [
        make_book(shops=()),
        make_book(url="javascript:alert(1)", shops=()),
        make_book(praise=None, blurb="", format="", author=""),
    ],
    ids=["no shop", "no address", "few words"],
)
def test_a_book_with_little_to_say_is_still_whole(book: PromoBlock) -> None:
    """No empty button, no empty link, in either part."""
    rendering = rendered(books=(book,))
    assert lint(rendering) == []
    assert _html_links(rendering.html) == _addresses(rendering.text)


@pytest.mark.parametrize(
    ("site_url", "place"),
    [
        ("https://kite.example/", "kite.example"),
        ("http://127.0.0.1:8000", "The Kite"),
        ("http://localhost/", "The Kite"),
    ],
)
def test_the_footer_says_where_they_signed_up(site_url: str, place: str) -> None:
    """At the site's host; where it is tried out on an address without a name, at the magazine by name."""
    assert f"signed up at {place}." in flat(rendered(site_url=site_url).text)
