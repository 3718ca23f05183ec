"""The drawings: there, of the right size, different from one another, and the same each time."""

from pathlib import Path

import pytest
from PIL import ImageFilter

from dispatch.demo.drawing.album import LEADS, draw_covers, draw_leads
from dispatch.demo.drawing.chance import chance_for
from dispatch.demo.drawing.covers import COVERS

DRAWINGS = {**LEADS, **COVERS}


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_a_picture_and_no_plain_surface(name: str) -> None:
    image = DRAWINGS[name](chance_for(name))
    assert image.size == ((1200, 640) if name in LEADS else (608, 912))
    edges = image.convert("L").filter(ImageFilter.FIND_EDGES).histogram()
    # The sky alone, with all its grain, has no edge this strong.
    assert sum(edges[80:]) > 0.01 * image.width * image.height


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_the_same_each_time(name: str) -> None:
    assert DRAWINGS[name](chance_for(name)).tobytes() == DRAWINGS[name](chance_for(name)).tobytes()


def test_no_two_drawings_are_alike() -> None:
    small = {draw(chance_for(name)).resize((8, 8)).tobytes() for name, draw in DRAWINGS.items()}
    assert len(small) == len(DRAWINGS)


def test_the_album_has_a_file_for_every_drawing_and_none_is_too_heavy_for_mail(tmp_path: Path) -> None:
    files = draw_leads(tmp_path / "images") + draw_covers(tmp_path / "covers")
    assert {file.name for file in files} == {f"{name}.jpg" for name in DRAWINGS} | {"favicon.png"}
    assert all(file.stat().st_size < 200_000 for file in files)
