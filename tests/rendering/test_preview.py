"""A preview is two files without a blank in them."""

from pathlib import Path

from dispatch.model.blanks import Blank
from dispatch.model.post import Picture
from dispatch.rendering.markers import blanks_in
from dispatch.rendering.preview import SAMPLES, Pictures, write_preview
from tests.rendering.make import make_post, rendered


def test_both_parts_are_written_with_their_blanks_filled(tmp_path: Path) -> None:
    """In a folder that need not be there, escaped where that is needed."""
    samples = {**SAMPLES, Blank.ADDRESS: "o'neil&sons@kite.example"}
    html, text = write_preview(rendered(), tmp_path / "out", "kite", samples)
    assert (html.name, text.name) == ("kite.html", "kite.txt")
    assert "o&#x27;neil&amp;sons@kite.example" in html.read_text(encoding="utf-8")
    assert "o'neil&sons@kite.example" in text.read_text(encoding="utf-8")
    for file in (html, text):
        assert not blanks_in(file.read_text(encoding="utf-8"))


def test_a_page_shows_copies_of_its_pictures(tmp_path: Path) -> None:
    """So that it can be looked at before anything is served."""
    media = tmp_path / "served"
    media.mkdir()
    (media / "0123abcd.jpg").write_bytes(b"picture")
    url = "https://post.kite.example/media/"
    picture = Picture("0123abcd.jpg", 1200, 640, "A quay")
    rendering = rendered(posts=(make_post(picture=picture),), media_url=url)
    html, _ = write_preview(rendering, tmp_path / "out", "issue", pictures=Pictures(url, media))
    assert 'src="media/0123abcd.jpg"' in html.read_text()
    assert (tmp_path / "out" / "media" / "0123abcd.jpg").read_bytes() == b"picture"
