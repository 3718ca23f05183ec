"""Covers as they are copied."""

from pathlib import Path

from PIL import Image

from dispatch.promoting.covers import copy_cover
from tests.promoting.making import make_book


def test_what_is_transparent_in_a_cover_shows_the_panel_it_stands_on(tmp_path: Path) -> None:
    """A JPEG has nothing behind it, and on the panel a white corner would look like a mistake."""
    file = tmp_path / "round.png"
    Image.new("RGBA", (400, 600), (0, 0, 0, 0)).save(file)
    picture, problem = copy_cover(make_book("round", cover=str(file)), tmp_path / "media", "#f2ebdd")
    assert problem is None
    assert picture is not None
    with Image.open(tmp_path / "media" / picture.file) as copied:
        corner = copied.convert("RGB").crop((0, 0, 1, 1)).tobytes()
    assert all(abs(is_one - wanted) <= 2 for is_one, wanted in zip(corner, bytes.fromhex("f2ebdd"), strict=True))
