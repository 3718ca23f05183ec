"""The files of a mail's pictures are light, and sharp where they are shown."""

import io
from pathlib import Path

import pytest
from PIL import Image

from dispatch.model.post import Picture
from dispatch.rendering.lint_pictures import picture_files
from dispatch.rendering.preview import Pictures, write_preview
from dispatch.store.media import store_picture
from tests.rendering.make import make_book, make_post, parsed, rendered

URL = "https://post.kite.example/media/"
MESSAGE = b"From: Kite <kite@kite.example>\r\n\r\nHello"


def a_picture(width: int, height: int = 400) -> bytes:
    """A picture of this size, as JPEG."""
    written = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(written, "JPEG")
    return written.getvalue()


@pytest.mark.parametrize(
    ("pixels", "said"),
    [
        (1200, ""),
        (900, ""),
        (1320, ""),
        (899, "has 899 pixels for 600 of the page and looks blurred on a fine screen; 1.5 to 2.2"),
        (1330, "has 1330 pixels for 600 of the page and is heavier than it is seen; 1.5 to 2.2"),
    ],
)
def test_a_picture_has_two_pixels_for_one(tmp_path: Path, pixels: int, said: str) -> None:
    """Somewhat fewer and more are right as well (E9)."""
    (tmp_path / "0a.jpg").write_bytes(a_picture(pixels))
    found = picture_files(f'<img src="{URL}0a.jpg" width="600">', URL, tmp_path)
    assert [said in problem for problem in found] == ([True] if said else [])


def test_a_heavy_picture_is_found(tmp_path: Path) -> None:
    """By its weight as it is served, once; what is not there, or is somebody else's, is not weighed."""
    small = a_picture(1200)
    (tmp_path / "0a.jpg").write_bytes(small + b"x" * (200_001 - len(small)))
    (tmp_path / "0b.jpg").write_bytes(small + b"x" * (200_000 - len(small)))
    names = (f"{URL}0a.jpg", f"{URL}0b.jpg", f"{URL}0c.jpg", f"{URL}0a.jpg", "https://other.example/0a.jpg")
    html = "".join(f'<img src="{name}" width="600">' for name in names)
    (finding,) = picture_files(html, URL, tmp_path)
    assert "0a.jpg has 200,001 bytes" in finding


def test_a_file_that_is_no_picture_is_found(tmp_path: Path) -> None:
    """It would be a broken one in the mail."""
    (tmp_path / "0a.jpg").write_bytes(b"hello")
    (finding,) = picture_files(f'<img src="{URL}0a.jpg" width="600">', URL, tmp_path)
    assert finding.startswith("The picture 0a.jpg cannot be read: this is not a picture")


@pytest.mark.parametrize("width", [240, 320, 700, 1200, 3000])
def test_what_collecting_copies_is_sharp_wherever_it_stands(tmp_path: Path, width: int) -> None:
    """Above a post, in its text, beside a book: the width that is shown follows from the file's (E9)."""
    copy = store_picture(tmp_path, a_picture(width, width), max_width=1200, max_height=1800, max_bytes=200_000)
    cover = store_picture(tmp_path, a_picture(width), max_width=304, max_height=608, max_bytes=200_000)
    picture = Picture(copy.file, copy.width, copy.height, "A harbour")
    in_text = (
        f'<p>One.</p><p><img src="{URL}x" data-copy="{copy.file}" width="{copy.width}" height="{copy.height}"></p>'
    )
    for values in (
        {"posts": (make_post(1, picture=picture), make_post(2, picture=picture))},
        {"posts": (make_post(1, body=in_text), make_post(2)), "posts_mode": "full"},
        {"posts": (make_post(1, picture=picture),), "posts_mode": "titles"},
    ):
        mail = rendered(media_url=URL, books=(make_book(cover=cover),), **values)
        assert picture_files(mail.html, URL, tmp_path) == []
        assert len(list(parsed(mail.html).iter("img"))) >= 1


def test_the_preview_looks_at_the_files(tmp_path: Path) -> None:
    """Those that are served, before they are copied beside its page."""
    (tmp_path / "0a.jpg").write_bytes(a_picture(700))
    posts = (make_post(1, picture=Picture("0a.jpg", 1200, 640, "A harbour")), make_post(2))
    rendering = rendered(posts=posts, media_url=URL, books=())
    findings = write_preview(rendering, MESSAGE, tmp_path / "out", "kite", Pictures(URL, tmp_path)).findings
    assert any("has 700 pixels for 600 of the page" in finding for finding in findings)
