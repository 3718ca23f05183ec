"""From the site's logo to that of the mail: copied once, and the name in words wherever it cannot be."""

from pathlib import Path

import pytest

from tests.story.conftest import MakeMagazine
from tests.story.magazine import FRIDAY, Magazine, Piece
from tests.story.test_pictures import MEDIA, drawn, previewed

NAME = "The Tidewater Courant"


@pytest.fixture
def magazine(make_magazine: MakeMagazine, site: str) -> Magazine:
    """A magazine with a logo and one piece."""
    magazine = make_magazine(more=f'\n[look]\nlogo = "{site}/logo"\nlogo_width = 300\nlogo_height = 60\n')
    magazine.publish(Piece("tide", "The tide"))
    return magazine


def test_the_logo_of_a_mail_is_ours(magazine: Magazine, pages: dict[str, tuple[str, str | bytes]]) -> None:
    """The site is not there any more when it is rendered; a picture that moves is one as well."""
    pages["/logo"] = ("image/gif", drawn(900, 180, "GIF", "P"))
    magazine.dispatch("collect")
    assert "look.logo" not in magazine.dispatch("status")
    pages.clear()
    html, text = previewed(magazine)
    [logo] = html.xpath("//h1//img")
    source = logo.get("src", "")
    assert source.startswith(MEDIA)
    copy = magazine.folder / "data/media" / Path(source).name
    assert copy.stat().st_size <= 200_000
    assert (logo.get("alt"), logo.get("width"), logo.get("height")) == (NAME, "300", "60")
    assert not [image for image in html.iter("img") if magazine.site in image.get("src", "")]
    assert NAME in text


def test_a_logo_that_is_not_there_costs_nothing_but_the_logo(
    magazine: Magazine, pages: dict[str, tuple[str, str | bytes]]
) -> None:
    """Mail goes with the name in words, and status says why until it is mended."""
    pages["/logo"] = ("text/html", "<!doctype html><p>Please log in")
    magazine.dispatch("collect")
    said = "! look.logo: it was not copied, so mail shows the name in words: this is not a picture that can be read"
    assert said in magazine.dispatch("status")
    html, _ = previewed(magazine)
    assert [name.text_content().strip() for name in html.iter("h1")] == [NAME]
    assert not html.xpath("//h1//img")
    assert "mail shows the name in words" in (magazine.folder / "out/review-preview.html").read_text(encoding="utf-8")
    pages["/logo"] = ("image/png", drawn(900, 180, "PNG"))
    magazine.dispatch("collect", "--now", FRIDAY)
    assert "look.logo" not in magazine.dispatch("status")
    html, _ = previewed(magazine)
    assert len(html.xpath("//h1//img")) == 1
