"""A preview is two files without a blank in them."""

from pathlib import Path

from dispatch.model.blanks import Blank
from dispatch.rendering.markers import blanks_in
from dispatch.rendering.preview import SAMPLES, write_preview
from tests.rendering.make import rendered


def test_both_parts_are_written_with_their_blanks_filled(tmp_path: Path) -> None:
    """In a folder that need not be there, escaped where that is needed."""
    samples = {**SAMPLES, Blank.ADDRESS: "o'neil&sons@kite.example"}
    html, text = write_preview(rendered(), tmp_path / "out", "kite", samples)
    assert (html.name, text.name) == ("kite.html", "kite.txt")
    assert "o&#x27;neil&amp;sons@kite.example" in html.read_text(encoding="utf-8")
    assert "o'neil&sons@kite.example" in text.read_text(encoding="utf-8")
    for file in (html, text):
        assert not blanks_in(file.read_text(encoding="utf-8"))
