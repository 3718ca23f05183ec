"""Which language a reader's mail is written in, and which its posts are in."""

from dataclasses import replace

import pytest

from dispatch.rendering.languages import page_language
from tests.rendering.make import make_post, parsed, rendered, shipped


@pytest.mark.parametrize(
    ("wanted", "site", "language"),
    [
        ("", "en-US", "en-US"),
        ("de", "en-US", "de"),
        ("de-AT", "en-US", "de"),
        ("DE_at", "en-US", "de"),
        ("en-GB", "en-US", "en-US"),
        ("fr", "en-US", "en-US"),
        ("en", "de-CH", "en"),
        ("fr", "fr-CA", "fr-CA"),
    ],
)
def test_the_readers_language_if_there_are_words_for_it(wanted: str, site: str, language: str) -> None:
    """Else the site's, and of the site's own the region that the site writes."""
    assert page_language(wanted, site, shipped().languages()) == language


def test_a_post_says_its_own_language_where_the_page_is_in_another() -> None:
    """What it says of itself, else that of the site; the frame is in the reader's."""
    posts = (make_post(1), make_post(2, language="de"), make_post(3, language="fr"))
    root = parsed(rendered(posts=posts, language="de", posts_language="en-GB").html)
    assert root.get("lang") == "de"
    cells = [cell.get("lang") for cell in root.iter("td") if cell.xpath("h2")]
    assert cells == ["en-GB", None, "fr"]


def test_a_page_in_the_sites_language_needs_no_such_thing() -> None:
    """Posts that do not say theirs are taken to be in it."""
    root = parsed(rendered(posts_language="en-GB").html)
    assert {cell.get("lang") for cell in root.iter("td")} == {None}


def test_the_subjects_date_is_in_the_readers_language() -> None:
    """As everything that is not a post."""
    subject = rendered(language="de", subject_pattern="{newsletter}, {date}").subject
    assert subject == "The Kite, Freitag, 8. Mai 2026"
    assert replace(rendered(language="de"), subject="") != replace(rendered(), subject="")
