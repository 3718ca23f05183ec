"""All drawings of the demo as files."""

from collections.abc import Callable
from pathlib import Path

from PIL import Image

from dispatch.demo.drawing.chance import Chance, chance_for
from dispatch.demo.drawing.covers import COVERS, favicon
from dispatch.demo.drawing.funicular import funicular
from dispatch.demo.drawing.lighthouse import lighthouse
from dispatch.demo.drawing.morning import hills
from dispatch.demo.drawing.river import river
from dispatch.demo.drawing.viaduct import viaduct

LEADS = {"funicular": funicular, "river": river, "lighthouse": lighthouse, "viaduct": viaduct, "hills": hills}

Drawing = Callable[[Chance], Image.Image]


def draw_leads(folder: Path) -> list[Path]:
    """The magazine's illustrations, and its mark, into `folder`."""
    return [
        _save(folder / "favicon.png", favicon),
        *(_save(folder / f"{name}.jpg", draw) for name, draw in LEADS.items()),
    ]


def draw_covers(folder: Path) -> list[Path]:
    """The covers that books.toml names, into `folder`."""
    return [_save(folder / f"{name}.jpg", draw) for name, draw in COVERS.items()]


def _save(file: Path, draw: Drawing) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    draw(chance_for(file.stem)).save(file, quality=88)
    return file
