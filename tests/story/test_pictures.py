"""From the site's pictures and links to those of the mail: copied once, and nobody else is asked when it is opened."""

import io
import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from urllib.parse import parse_qs, urlsplit

import lxml.html
import pytest
from PIL import Image

from tests.story.conftest import MakeMagazine
from tests.story.magazine import FRIDAY, Magazine, Piece

MEDIA = "https://post.tidewater.example/media/"


def drawn(width: int, height: int, kind: str, mode: str = "RGB") -> bytes:
    """A picture file that no encoder makes very small."""
    buffer = io.BytesIO()
    Image.effect_noise((width, height), 60).convert(mode).save(buffer, kind)
    return buffer.getvalue()


def previewed(magazine: Magazine) -> tuple[lxml.html.HtmlElement, str]:
    """The mail as `dispatch preview` writes it: its HTML as a document, and its text."""
    magazine.dispatch("preview", "review", "--out", str(magazine.folder / "out"), "--now", FRIDAY)
    message = message_from_bytes((magazine.folder / "out/review.eml").read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    assert html is not None
    assert text is not None
    return lxml.html.document_fromstring(html.get_content()), text.get_content()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("phone.jpg", drawn(3024, 2268, "JPEG")),
        ("drawing.png", drawn(1600, 900, "PNG", "RGBA")),
        ("modern.webp", drawn(1600, 900, "WEBP")),
        ("moving.gif", drawn(1400, 900, "GIF", "P")),
        ("print.jpg", drawn(1600, 900, "JPEG", "CMYK")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_site_s_picture_becomes_a_small_sharp_one_of_our_own(
    make_magazine: MakeMagazine, pages: dict[str, tuple[str, str | bytes]], name: str, data: bytes
) -> None:
    """A JPEG of at most 200 KB, sharp on fine screens; the site is not there any more when it is rendered."""
    magazine = make_magazine()
    magazine.publish(Piece("tide", "The tide", f'<p><img src="/{name}" alt="A pier"></p><p>It came in twice.</p>'))
    pages[f"/{name}"] = ("image/jpeg", data)
    magazine.dispatch("collect")
    pages.clear()
    html, _ = previewed(magazine)
    [picture] = html.iter("img")
    assert picture.get("alt") == "A pier"
    source = picture.get("src", "")
    file = source.rpartition("/")[2]
    assert source == MEDIA + file
    content = (magazine.folder / "data/media" / file).read_bytes()
    assert len(content) <= 200_000
    copy = Image.open(io.BytesIO(content))
    assert (copy.format, copy.mode) == ("JPEG", "RGB")
    assert 1.5 <= copy.width / int(picture.get("width", "")) <= 2.2


@pytest.mark.parametrize("campaign", [True, False])
def test_links_to_the_own_site_say_which_issue_they_came_from_unless_that_is_off(
    make_magazine: MakeMagazine, campaign: bool
) -> None:
    """Those alone, with nobody's name in them; the text part, where readers see them, stays as it was."""
    magazine = make_magazine(more="" if campaign else "\n[links]\ncampaign = false\n")
    own, other = f"{magazine.site}/map?zoom=2#quay", "https://paper.example/tide?id=7#top"
    marked = f"{magazine.site}/x?utm_source=friend"
    links = [own, other, marked, "mailto:ines@paper.example"]
    text_with_links = " ".join(f'<a href="{url}">See this</a>.' for url in links)
    magazine.publish(Piece("tide", "The tide", f"<p>{text_with_links}</p>"))
    magazine.dispatch("collect")
    html, text = previewed(magazine)
    found = [link.get("href", "") for link in html.iter("a")]
    assert {other, marked, "mailto:ines@paper.example"} <= set(found)
    [place] = [link for link in found if "/map?" in link]
    query = parse_qs(urlsplit(place).query)
    assert (query.pop("zoom"), urlsplit(place).fragment) == (["2"], "quay")
    assert query.keys() == ({"utm_source", "utm_medium", "utm_campaign"} if campaign else set())
    assert all(re.fullmatch(r"[a-z0-9.-]+", value) for [value] in query.values())
    assert re.findall(r"utm_\w+", text) == ["utm_source"]
    assert own in text
