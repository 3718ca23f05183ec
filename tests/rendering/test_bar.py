"""What a digest has to be, statement by statement (E1 to E30): each with the tests that hold it, here or elsewhere."""

import ast
import re
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
from lxml.html import HtmlElement
from playwright.sync_api import Browser, Page

from dispatch.model.issue import Rendering
from dispatch.model.post import Picture
from dispatch.rendering.lenses import without_styles
from dispatch.rendering.look import look_from
from dispatch.rendering.painted import declared, pixels
from dispatch.rendering.preview import SAMPLES, filled_html
from dispatch.rendering.render import render
from tests.accessibility import serious_findings
from tests.rendering.make import CLOSING, OWN, QUOTED, make_book, make_page, make_post, parsed, rendered, said, shipped
from tests.rendering.picturing import MESSAGES, messages

TESTS = Path(__file__).parents[1]
LOOKS = ("magazine", "plain")

# The statement in a few words, and the tests that hold it: "FILE::FUNCTION" below tests/, "" for one of this file.
BAR: dict[str, tuple[str, ...]] = {
    "E1 two parts, quoted-printable, short lines": (
        "rendering/test_spam.py::test_a_message_is_as_relays_want_it",
        "transport/test_compiler.py::test_a_message_has_every_field_once_and_both_parts",
        "rendering/test_lint.py::test_a_fault_in_the_message_is_found",
    ),
    "E2 the doctype, written exactly": (
        "rendering/test_render.py::test_the_document_begins_with_its_doctype_and_names_its_language",
        "::test_every_message_begins_with_the_doctype",
    ),
    "E3 language and direction, mirrored from the right": (
        "rendering/test_messages.py::test_a_language_from_the_right_mirrors_everything",
        "rendering/test_browser.py::test_the_page_is_mirrored_for_a_language_from_the_right",
        "rendering/test_lint.py::test_the_left_side_is_not_named_in_a_language_from_the_right",
    ),
    "E4 never over 90,000 bytes, lead, books and footer whole": (
        "rendering/test_render.py::test_an_issue_fits_under_the_clip",
        "rendering/test_fitting.py::test_posts_of_any_length_end_under_the_clip",
        "rendering/test_fitting.py::test_blanks_count_at_their_longest",
        "rendering/test_fit.py::test_the_last_posts_step_down_first",
        "rendering/test_preview.py::test_the_page_says_what_was_shortened_and_what_is_to_be_mended",
    ),
    "E5 tables that are not read out as data": ("::test_every_table_is_for_looks_alone",),
    "E6 headings in order, links that stand alone": (
        "::test_headings_say_what_stands_where",
        "::test_a_link_stands_alone",
        "rendering/test_lint.py::test_a_fault_in_the_html_is_found",
    ),
    "E7 no link around a table": ("::test_no_link_holds_a_table_or_nothing",),
    "E8 nothing that mail programs do not show": ("::test_nothing_is_in_a_mail_that_does_not_belong_there",),
    "E9 pictures: description, width, sharpness, weight": (
        "rendering/test_lint_pictures.py::test_a_picture_has_two_pixels_for_one",
        "rendering/test_lint_pictures.py::test_a_heavy_picture_is_found",
        "rendering/test_lint_pictures.py::test_what_collecting_copies_is_sharp_wherever_it_stands",
        "rendering/test_browser.py::test_the_first_screen_of_a_phone_has_something_to_read_while_pictures_are_blocked",
        "::test_every_picture_says_what_it_shows_and_how_large",
    ),
    "E10 a masthead of words, a logo with a twin for the night": (
        "rendering/test_logo.py::test_the_name_is_words_while_no_logo_is_copied",
        "rendering/test_logo.py::test_a_logo_stands_for_the_name_and_says_it",
    ),
    "E11 600 pixels, and no screen too narrow": (
        "rendering/test_render.py::test_the_column_is_a_ghost_table_for_word_and_a_maximum_for_others",
        "rendering/test_browser.py::test_nothing_is_wider_than_the_screen",
        "::test_no_message_is_wider_than_its_screen",
    ),
    "E12 whole without style elements": ("::test_a_mail_without_style_elements_is_one_column_in_order",),
    "E13 whole in Word": (
        "rendering/test_browser.py::test_word_sets_a_book_beside_its_cover_and_shops_beside_one_another",
        "rendering/test_browser.py::test_nothing_is_wider_than_the_window_in_word",
        "rendering/test_lenses.py::test_word_sees_columns_buttons_and_every_word",
    ),
    "E14 44 pixels to touch, 8 apart": (
        "::test_what_is_to_be_touched_is_high_and_apart",
        "rendering/test_browser.py::test_what_is_to_be_touched_is_large_enough",
        "rendering/test_lint.py::test_targets_are_told_apart_by_what_stands_between_them",
    ),
    "E15 colours that can be read, or are refused": (
        "rendering/test_look.py::test_what_cannot_be_read_is_refused",
        "rendering/test_look.py::test_the_night_is_checked_as_the_day_is",
        "rendering/test_look.py::test_the_shipped_looks_are_readable",
        "rendering/test_look_faults.py::test_a_fault_has_the_path_of_its_key",
        "rendering/test_browser.py::test_dark_is_dark_and_everything_can_be_read_in_it",
    ),
    "E16 four style elements for the night": (
        "rendering/test_messages.py::test_the_night_has_four_style_elements_of_its_own",
        "rendering/test_lint.py::test_a_fault_in_the_html_is_found",
    ),
    "E17 colours written so that every program reads them": (
        "rendering/test_lint.py::test_a_fault_in_the_html_is_found",
        "rendering/test_messages.py::test_a_message_is_without_fault",
    ),
    "E18 a button in the accent, however dark": (
        "rendering/test_messages.py::test_only_what_matters_most_is_filled",
        "rendering/test_browser.py::test_a_forced_dark_program_leaves_everything_readable",
        "rendering/test_lenses.py::test_a_full_inversion_turns_the_button_too",
    ),
    "E19 type large enough, lines of 55 to 70 characters": (
        "::test_the_magazine_is_set_as_it_should_be",
        "::test_lines_have_a_height_in_pixels",
        "rendering/test_look.py::test_nothing_is_set_too_small",
        "rendering/test_lint.py::test_lines_of_running_text_have_55_to_70_characters",
    ),
    "E20 no word alone on a last line": (
        "rendering/test_text_part.py::test_no_short_word_stands_alone_on_a_last_line",
        "rendering/test_lint.py::test_a_title_whose_last_word_is_tied_is_not_found",
    ),
    "E21 no fonts from the web": ("::test_no_font_is_fetched",),
    "E22 a quotation is visibly somebody else's": (
        "::test_a_quotation_is_smaller_softer_and_beside_a_bar",
        "rendering/test_render.py::test_a_quotation_names_its_source",
        "rendering/test_excerpts.py::test_a_quotation_has_at_most_ninety_words_and_says_that_it_is_cut",
    ),
    "E23 a book that sells without annoying": (
        "::test_a_book_block_is_whole",
        "rendering/test_render.py::test_a_book_sells_also_without_its_cover",
        "rendering/test_render.py::test_a_book_stands_between_posts",
        "promoting/test_blocks.py::test_a_book_names_its_seller_its_shops_and_where_else",
        "promoting/test_shops.py::test_a_book_has_the_shops_of_the_readers_region_in_their_order",
        "promoting/test_rules.py::test_an_issue_has_at_most_two_blocks",
    ),
    "E24 the parts of a post, in their order": (
        "::test_a_post_has_its_parts_in_their_order",
        "rendering/test_render.py::test_minutes_and_replies",
        "rendering/test_messages.py::test_only_what_matters_most_is_filled",
    ),
    "E25 subject and preview line": (
        "rendering/test_render.py::test_what_inboxes_show_after_the_subject",
        "rendering/test_render.py::test_the_preview_line_always_has_its_length",
        "rendering/test_text_part.py::test_the_preview_line_is_neither_the_subject_nor_the_first_line",
        "rendering/test_messages.py::test_the_preview_line_is_hidden_and_padded",
        "rendering/test_lint.py::test_a_fault_in_the_inbox_is_found",
    ),
    "E26 a footer of five things": (
        "::test_the_footer_has_five_things_and_no_more",
        "rendering/test_render.py::test_the_footer_has_what_the_law_and_the_reader_want",
        "rendering/test_post.py::test_the_issue_as_a_page_of_its_own_is_linked_once_at_the_top",
    ),
    "E27 headers that can be answered and left": (
        "transport/test_compiler.py::test_a_message_has_every_field_once_and_both_parts",
        "transport/test_compiler.py::test_list_unsubscribe_stays_two_plain_addresses",
        "rendering/test_preview.py::test_the_page_explains_every_header",
    ),
    "E28 a text part that was written": (
        "rendering/test_text_part.py::test_lines_fit_with_the_longest_address_and_links",
        "rendering/test_text_part.py::test_a_line_names_one_page_at_its_end",
        "rendering/test_text_part.py::test_rules_and_quotations_look_as_they_do_in_mail",
        "rendering/test_text_part.py::test_the_text_part_has_a_full_footer_and_no_marks_of_html",
        "rendering/test_messages.py::test_lines_of_the_text_part_stay_short_whoever_reads_it",
    ),
    "E29 both parts tell the same": (
        "rendering/test_text_part.py::test_both_parts_lead_to_the_same_pages_in_the_same_order",
        "rendering/test_messages.py::test_both_parts_tell_the_same",
        "rendering/test_render.py::test_both_parts_have_the_same_titles_in_the_same_order",
    ),
    "E30 looked at, with and without a browser": (
        "rendering/test_golden.py::test_a_mail_looks_as_it_did",
        "rendering/test_golden.py::test_a_change_is_seen",
        "rendering/test_golden.py::test_every_message_is_photographed",
        "rendering/test_messages.py::test_a_message_is_without_fault",
        "::test_nothing_keeps_anybody_from_reading_a_mail",
    ),
}

every_look = pytest.mark.parametrize("look", LOOKS)
every_message = pytest.mark.parametrize("name", MESSAGES)


@pytest.mark.parametrize("number", range(1, 31))
def test_every_statement_is_held_by_tests_that_exist(number: int) -> None:
    """None of E1 to E30 is left out, none is there twice, and no test is named that nobody runs."""
    (held,) = [tests for statement, tests in BAR.items() if statement.split(" ")[0] == f"E{number}"]
    assert held
    assert len(BAR) == 30
    for test in held:
        file, _, name = test.partition("::")
        assert name in _tests_in(TESTS / file if file else Path(__file__)), test


@cache
def _tests_in(path: Path) -> frozenset[str]:
    nodes = ast.parse(path.read_text(encoding="utf-8")).body
    functions = (node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(node.name for node in functions if node.name.startswith("test_"))


def _issue(look: str, **values: Any) -> Rendering:
    """A page of these values, rendered in a look."""
    return render(make_page(look=look, **values), look_from({}, look), shipped())


def _mail(look: str, name: str) -> Rendering:
    return messages(look, "en-GB")[name]


@every_look
@every_message
def test_every_message_begins_with_the_doctype(look: str, name: str) -> None:
    """As it was written, after inlining (E2)."""
    assert _mail(look, name).html.startswith("<!DOCTYPE html>\n")


@every_look
@every_message
def test_every_table_is_for_looks_alone(look: str, name: str) -> None:
    """Those for Word among them (E5)."""
    html = re.sub(r"<!--\[if mso\]>|<!\[endif\]-->", "", _mail(look, name).html)
    tables = re.findall(r"<table\b[^>]*>", html)
    assert tables
    for table in tables:
        for attribute in ('role="presentation"', 'cellpadding="0"', 'cellspacing="0"', 'border="0"'):
            assert attribute in table, table


@every_look
def test_headings_say_what_stands_where(look: str) -> None:
    """The publication, its posts, its books; the headings of a post stand below its title (E6)."""
    body = f"<h2>Inside</h2>{OWN}<h4>Deeper</h4>{OWN}"
    root = parsed(_issue(look, posts=(make_post(1, body=body), make_post(2)), posts_mode="full").html)
    assert [(str(one.tag), said(one)) for one in root.iter("h1", "h2", "h3", "h4", "h5", "h6")] == [
        ("h1", "The Kite"),
        ("h2", "The second tide, part 1"),
        ("h3", "Inside"),
        ("h3", "Deeper"),
        ("h3", "Low Water"),
        ("h2", "The second tide, part 2"),
    ]


@every_look
@every_message
def test_a_link_stands_alone(look: str, name: str) -> None:
    """Read out of its place it says where it leads, beginning with what is seen (E6)."""
    leading: dict[str, set[str]] = {}
    for link in parsed(_mail(look, name).html).iter("a"):
        seen, heard = said(link), link.get("aria-label") or said(link)
        pictured = [image.get("alt") for image in link.iter("img") if image.get("alt")]
        assert heard or pictured
        assert _letters(seen) in _letters(heard)
        leading.setdefault(heard or str(pictured[0]), set()).add(link.get("href", ""))
    assert {heard: where for heard, where in leading.items() if len(where) > 1} == {}


def _letters(words: str) -> str:
    return re.sub(r"[\W_]+", "", words).casefold()


@every_look
@every_message
def test_no_link_holds_a_table_or_nothing(look: str, name: str) -> None:
    """A parser closes the link before the table, and what was to be touched is none (E7)."""
    for link in parsed(_mail(look, name).html).iter("a"):
        assert not list(link.iter("table", "div", "p"))
        assert said(link) or any(image.get("alt") for image in link.iter("img"))


@every_look
@every_message
def test_nothing_is_in_a_mail_that_does_not_belong_there(look: str, name: str) -> None:
    """No script, form, frame, drawing, picture in the page itself or below its words (E8)."""
    html = _mail(look, name).html
    root = parsed(html)
    assert [element.tag for element in root.iter("script", "form", "input", "video", "iframe", "svg", "link")] == []
    assert not re.search(r"url\(|data:|base64|background-image", html)
    for image in root.iter("img"):
        assert re.search(r"\.(?:jpe?g|png)$", image.get("src", ""))
    assert root.xpath("//@background") == []


@every_look
@every_message
def test_every_picture_says_what_it_shows_and_how_large(look: str, name: str) -> None:
    """Styled as words while it is blocked, in a link that does not look like one (E9)."""
    for image in parsed(_mail(look, name).html).iter("img"):
        says = declared(image)
        assert image.get("alt")
        assert int(image.get("width", "0")) > 0
        assert image.get("src", "").startswith("https://")
        assert {"font-family", "color"} <= set(says)
        assert pixels(says["font-size"])
        for link in image.iterancestors("a"):
            assert declared(link)["text-decoration"] == "none"
        if pixels(says.get("width", "")):
            assert image.get("height", "").isdigit()


@every_look
@every_message
def test_no_font_is_fetched(look: str, name: str) -> None:
    """Every stack ends with what each system has (E21)."""
    html = _mail(look, name).html
    assert not re.search(r"@font-face|@import|fonts\.g|<link", html)
    stacks = set(re.findall(r"font-family:([^;\"]+)", html))
    assert stacks
    assert {stack.rsplit(",", 1)[-1].strip() for stack in stacks} <= {"serif", "sans-serif", "monospace"}


def test_the_magazine_is_set_as_it_should_be() -> None:
    """What is read in the serif, labels in the sans; size and height of a line in pixels, on a phone too (E19)."""
    faces = look_from({}, "magazine").style.faces
    wanted = {
        "p": (18, 29, "serif"),
        "standfirst": (19, 30, "serif"),
        "lead-title": (38, 44, "serif"),
        "title": (28, 34, "serif"),
        "quote": (17, 27, "serif"),
        "byline": (13, 20, "sans"),
    }
    assert {role: (faces[role].size, faces[role].line, faces[role].font) for role in wanted} == wanted
    assert (faces["lead-title"].phone, faces["title"].phone) == ((30, 36), (26, 32))


@every_look
@every_message
def test_lines_have_a_height_in_pixels(look: str, name: str) -> None:
    """And Word is told to keep to it (E19)."""
    html = _mail(look, name).html
    assert "mso-line-height-rule:exactly" in html
    heights = re.findall(r"line-height:([^;\"}]+)", html)
    assert heights
    assert {height for height in heights if pixels(height.replace("!important", "")) is None} == set()


@every_look
def test_a_quotation_is_smaller_softer_and_beside_a_bar(look: str) -> None:
    """In an element of its own, what the author says around it in full ink (E22)."""
    root = parsed(_issue(look, posts=(make_post(1, body=OWN + QUOTED + CLOSING),)).html)
    before, after = (one for one in root.xpath("//p") if said(one).startswith(("The tide came", "He has since")))
    (quoted,) = root.xpath("//blockquote/p")
    (bar,) = [cell for cell in quoted.iterancestors("td") if "border-left" in declared(cell)]
    assert declared(before)["color"] == declared(after)["color"]
    assert declared(quoted)["color"] != declared(before)["color"]
    assert (pixels(declared(quoted)["font-size"]) or 0) < (pixels(declared(before)["font-size"]) or 0)
    assert re.match(r"\d+px solid #", declared(bar)["border-left"])


def test_a_book_block_is_whole() -> None:
    """Seller, cover, title, author, form, words, praise, shops, elsewhere, in this order; no price (E23)."""
    (panel,) = [cell for cell in parsed(rendered().html).xpath("//td[h3 or .//h3]") if _is_panel(cell)]
    words = said(panel)
    parts = ("From Kite Books", "Low Water", "Ambrose Fell", "Paperback, 192 pages", "A year on a mudflat", "Muddy and")
    places = [words.index(part) for part in (*parts, "R. Osei", "Shop One", "Shop Two", "…or order it wherever")]
    assert places == sorted(places)
    assert not re.search(r"[$€£]|\d[.,]\d\d", words)
    (cover,) = panel.iter("img")
    assert (cover.get("width"), cover.get("height")) == ("152", "228")
    assert cover.get("alt") == "Cover of Low Water, by Ambrose Fell"
    assert [link.get("aria-label") for link in panel.xpath(".//a[@aria-label]")] == [
        "Order Low Water on Shop One",
        "Order Low Water on Shop Two",
    ]


def _is_panel(cell: HtmlElement) -> bool:
    return "panel" in (cell.get("class") or "").split()


def test_a_post_has_its_parts_in_their_order() -> None:
    """Section, title, author and minutes, words, quotation, ending, one way to read on and one to send it (E24)."""
    post = make_post(1, replies=3, body=OWN + QUOTED + CLOSING)
    mail = rendered(posts=(make_post(7), post), books=())
    words = said(parsed(mail.html).xpath("//div[@role='article']")[0])
    words = words[words.rindex("Essay") :]
    parts = (
        "Essay", post.title, "By Nell Harrow", "4 min read", "The tide came in twice", "The harbour master declined",
        "From The Tidal Ledger", "He has since", "Continue reading", "Send to a friend", "3 replies",
        "Know one person who would like this?", "You get The Kite",
    )  # fmt: skip
    places = [words.index(part) for part in parts]
    assert places == sorted(places)
    for once in ("Continue reading", "Send to a friend", "3 replies"):
        assert words.count(once) == 1


def test_the_footer_has_five_things_and_no_more() -> None:
    """Why, how to answer, how to change, how to leave, where we are; underlined where it leads somewhere (E26)."""
    root = parsed(rendered().html)
    foot = [one for one in root.iter("p") if "foot" in (one.get("class") or "").split()]
    why = "You get The Kite (Fridays) because ~ADDRESS~ signed up at kite.example."
    assert [said(one) for one in foot] == [
        f"{why} Reply to this mail and it reaches the editors.",
        "Change how often we write · Unsubscribe",
        "The Kite, 3 Rope Walk, Marrow Bay, MB 01234",
    ]
    assert said(root.xpath("//div[@role='article']")[0]).endswith(" ".join(said(one) for one in foot))
    for one in foot:
        assert (pixels(declared(one)["font-size"]) or 0) >= 13
        assert all("none" not in declared(link).get("text-decoration", "") for link in one.iter("a"))


def _opened(browser: Browser, html: str, width: int, scheme: str = "light") -> Page:
    """A page that shows a mail and can reach nobody."""
    wanted: dict[str, Any] = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    context = browser.new_context(**wanted)
    context.route("**/*", lambda route: route.abort())
    page = context.new_page()
    page.set_content(html)
    return page


def _filled(look: str, name: str) -> str:
    return filled_html(_mail(look, name).html, SAMPLES)


@every_look
@every_message
def test_no_message_is_wider_than_its_screen(browser: Browser, look: str, name: str) -> None:
    """Of a small phone, a phone and a window; with style elements and without (E11)."""
    html = _filled(look, name)
    for width in (320, 375, 700):
        for shown in (html, without_styles(html)):
            page = _opened(browser, shown, width)
            assert page.evaluate("document.documentElement.scrollWidth") == width
            page.context.close()


_BOXES = """() => [...document.querySelectorAll('h1, h2, h3, p, img')].map(one => {
  const box = one.getBoundingClientRect();
  return [(one.alt || one.textContent).trim().slice(0, 40), box.top, box.bottom] })"""
_COVERED = """() => [...document.querySelectorAll('a')].filter(one => one.textContent.trim()).filter(one => {
  one.scrollIntoView({block: 'center'}); const box = one.getClientRects()[0];
  const seen = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  return !(box.width > 0 && box.height >= 15 && seen && one.contains(seen)) }).map(one => one.textContent.trim())"""


@every_look
def test_a_mail_without_style_elements_is_one_column_in_order(browser: Browser, look: str) -> None:
    """Nothing over anything else, every link where a thumb can reach it (E12)."""
    picture = Picture("lead.jpg", 1200, 640, "A harbour")
    posts = (make_post(1, picture=picture, replies=3), make_post(2))
    html = _issue(look, posts=posts, note=make_post(9, body=OWN), books=(make_book(),)).html
    page = _opened(browser, without_styles(filled_html(html, SAMPLES)), 375)
    for (one, _, bottom), (other, top, _) in pairwise(page.evaluate(_BOXES)):
        assert top >= bottom - 1, f"“{other}” stands over “{one}”"
    assert page.evaluate(_COVERED) == []
    page.context.close()


_TARGETS = """() => [...document.querySelectorAll('a')].filter(one =>
  getComputedStyle(one).display === 'inline-block' && one.textContent.trim()).map(one => {
  const box = one.getBoundingClientRect();
  return [one.textContent.trim(), box.left, box.right, box.top, box.bottom] })"""


@every_look
@every_message
def test_what_is_to_be_touched_is_high_and_apart(browser: Browser, look: str, name: str) -> None:
    """44 pixels high, and eight between any two, beside or above one another, on every screen (E14)."""
    for width in (320, 375, 600):
        page = _opened(browser, _filled(look, name), width)
        targets = page.evaluate(_TARGETS)
        page.context.close()
        for words, _, _, top, bottom in targets:
            assert bottom - top >= 44, words
        for one, other in combinations(targets, 2):
            beside, above = (max(one[at] - other[at + 1], other[at] - one[at + 1]) for at in (1, 3))
            assert max(beside, above) >= 8, (one[0], other[0], width)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@every_look
@every_message
def test_nothing_keeps_anybody_from_reading_a_mail(browser: Browser, look: str, name: str, scheme: str) -> None:
    """What axe-core calls serious: descriptions, names of links, order of headings, contrasts, languages (E30)."""
    for width in (320, 600):
        page = _opened(browser, _filled(look, name), width, scheme)
        assert serious_findings(page) == []
        page.context.close()


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ('alt="A harbour', 'data-alt="A harbour', "image-alt"),
        (' lang="en-GB"', "", "html-has-lang"),
        ("color:#635a4f", "color:#d0c8bd", "color-contrast"),
        (">Unsubscribe</a>", "></a>", "link-name"),
        ('role="article"', 'role="nothing"', "aria-roles"),
    ],
)
def test_axe_finds_what_keeps_somebody_from_reading(browser: Browser, before: str, after: str, rule: str) -> None:
    """So that it is known to have looked."""
    html = _filled("magazine", "digest")
    assert before in html
    page = _opened(browser, html.replace(before, after), 600)
    assert any(finding.startswith(f"{rule} (") for finding in serious_findings(page))
    page.context.close()
