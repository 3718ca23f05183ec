"""A preview is a page with every view of the mail on it, and the mail's parts, without a blank in them."""

from pathlib import Path
from typing import Any

from lxml.html import HtmlElement

from dispatch.model.blanks import Blank
from dispatch.model.post import Picture
from dispatch.rendering.header_words import HEADER_WORDS
from dispatch.rendering.markers import blanks_in, longest_bytes
from dispatch.rendering.preview import SAMPLE_VALUES, SAMPLES, Pictures, filled_html, write_preview
from tests.rendering.make import OWN, make_post, parsed, rendered, said
from tests.rendering.test_lint import GOOD_MESSAGE

MESSAGE = (
    b"From: Kite <kite@post.kite.example>\r\nSubject: =?utf-8?q?T=C3=AFde?=\r\n"
    b"List-Unsubscribe: <https://post.kite.example/u/sample>,\r\n <mailto:u@post.kite.example>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nX-Own: one\r\n\r\nHello\r\n"
)
VIEWS = [
    "Desktop", "Phone", "Dark", "Forced dark", "Inverted", "Outlook for Windows", "Pictures off", "No style elements",
]  # fmt: skip


def _page(folder: Path, message: bytes = MESSAGE, **values: Any) -> HtmlElement:
    return parsed(write_preview(rendered(**values), message, folder, "kite").page.read_text(encoding="utf-8"))


def test_the_page_shows_every_view_with_its_name(tmp_path: Path) -> None:
    """Each in a frame of its own width that runs nothing, with a sentence about what it is."""
    root = _page(tmp_path)
    views = root.find_class("view")
    assert [view.findtext(".//h3") for view in views] == VIEWS
    assert all(len(view.findtext(".//figcaption/p") or "") > 15 for view in views)
    frames = [view.find(".//iframe") for view in views]
    widths = [frame.get("style") for frame in frames if frame is not None]
    assert widths == [f"width:{width}px" for width in (700, 375, 375, 375, 375, 700, 375, 375)]
    for frame in frames:
        assert frame is not None
        assert "allow-scripts" not in frame.get("sandbox", "allow-scripts")
        assert "allow-forms" not in frame.get("sandbox", "allow-forms")
        assert frame.get("srcdoc", "").startswith("<!DOCTYPE html>")
    assert "approximation" in said(views[5])


def test_the_page_can_ask_nobody_for_anything(tmp_path: Path) -> None:
    """No script, no style sheet, font or picture from elsewhere, and a policy that forbids all of them."""
    root = _page(tmp_path)
    assert not list(root.iter("script", "link", "img", "form"))
    (policy,) = root.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert "default-src 'none'" in policy
    assert "http" not in policy
    assert "url(" not in "".join(style.text_content() for style in root.iter("style"))


def test_the_page_leads_to_each_of_its_parts(tmp_path: Path) -> None:
    """By anchors alone."""
    root = _page(tmp_path)
    anchors = [link.get("href", "") for link in root.xpath("//nav//a")]
    assert len(anchors) == len(VIEWS) + 5
    assert [anchor for anchor in anchors if not root.xpath(f"//*[@id='{anchor[1:]}']")] == []


def test_the_page_explains_every_header(tmp_path: Path) -> None:
    """Unfolded, decoded, in the order of the message; one that nobody knows stands there all the same."""
    root = _page(tmp_path)
    rows = [(row.findtext("th"), said(row)) for row in root.xpath("//section[@id='headers']//tr")]
    assert [name for name, _ in rows] == [
        "From", "Subject", "List-Unsubscribe", "List-Unsubscribe-Post", "X-Own",
    ]  # fmt: skip
    assert "Tïde" in rows[1][1]
    assert "<https://post.kite.example/u/sample>, <mailto:u@post.kite.example>" in rows[2][1]
    assert "RFC 2369" in rows[2][1]
    assert "One click" in rows[3][1]


def test_every_header_that_we_send_is_explained() -> None:
    """A reader of the preview need not look one up."""
    fields = {"From", "To", "Reply-To", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe"}
    fields |= {"List-Unsubscribe-Post", "List-Owner", "List-Help", "List-Archive", "List-Post", "Feedback-ID"}
    fields |= {"Precedence", "Auto-Submitted", "X-Auto-Response-Suppress", "Content-Language"}
    fields |= {"MIME-Version", "Content-Type"}
    assert {field.lower() for field in fields} <= set(HEADER_WORDS)


def test_the_page_says_what_was_shortened_and_what_is_to_be_mended(tmp_path: Path) -> None:
    """Or that there is nothing."""
    root = _page(tmp_path)
    assert "The header has no Date" in said(root.get_element_by_id("findings"))
    assert "Nothing was shortened" in said(root.get_element_by_id("notes"))
    posts = tuple(make_post(number, body=OWN * 30) for number in range(1, 9))
    root = _page(tmp_path, GOOD_MESSAGE, posts=posts, posts_mode="full")
    assert "Nothing to mend" in said(root.get_element_by_id("findings"))
    assert "to fit 90,000 bytes" in said(root.get_element_by_id("notes"))


def test_the_page_measures_the_mail(tmp_path: Path) -> None:
    """Against the budget, with the longest links and address that a reader can have."""
    rendering = rendered()
    root = _page(tmp_path)
    first = said(root.xpath("//section[@id='sizes']//tr")[0])
    assert f"{longest_bytes(rendering.html):,} of 90,000" in first


def test_every_part_is_written_with_its_blanks_filled(tmp_path: Path) -> None:
    """In a folder that need not be there."""
    preview = write_preview(rendered(), MESSAGE, tmp_path / "out", "kite")
    assert [file.name for file in (preview.page, *preview.files)] == [
        "kite-preview.html", "kite.html", "kite.txt", "kite.eml",
    ]  # fmt: skip
    html, text, message = preview.files
    assert message.read_bytes() == MESSAGE
    for file in (preview.page, html, text):
        assert not blanks_in(file.read_text(encoding="utf-8"))
        assert "reader@example.net" in file.read_text(encoding="utf-8")


def test_a_blank_is_filled_escaped() -> None:
    """An address may hold what means something in HTML."""
    shown = filled_html(rendered().html, {**SAMPLES, Blank.ADDRESS: "o'neil&sons@kite.example"})
    assert "o&#x27;neil&amp;sons@kite.example" in shown


def test_there_is_a_sample_of_every_blank() -> None:
    """So that any message can be previewed."""
    assert {*SAMPLES, Blank.TO, Blank.MESSAGE_ID, Blank.DATE} == set(Blank)
    assert {*SAMPLE_VALUES, Blank.DATE} == set(Blank)


def test_a_page_shows_copies_of_its_pictures(tmp_path: Path) -> None:
    """So that it can be looked at before anything is served."""
    media = tmp_path / "served"
    media.mkdir()
    (media / "0123abcd.jpg").write_bytes(b"picture")
    url = "https://post.kite.example/media/"
    picture = Picture("0123abcd.jpg", 1200, 640, "A quay")
    rendering = rendered(posts=(make_post(picture=picture),), media_url=url)
    preview = write_preview(rendering, MESSAGE, tmp_path / "out", "issue", Pictures(url, media))
    assert 'src="media/0123abcd.jpg"' in preview.files[0].read_text()
    assert preview.page.read_text().count("src=&#34;media/0123abcd.jpg&#34;") == 7
    assert url + "0123abcd.jpg" not in preview.page.read_text()
    assert (tmp_path / "out" / "media" / "0123abcd.jpg").read_bytes() == b"picture"
