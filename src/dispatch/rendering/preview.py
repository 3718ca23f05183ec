"""A rendering as files to look at, its blanks filled with what a subscriber's could be."""

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from dispatch.model.blanks import TEXT_MARKER, Blank
from dispatch.model.issue import Rendering

SAMPLES: Mapping[Blank, str] = {
    Blank.ADDRESS: "reader@example.net",
    Blank.UNSUBSCRIBE: "https://example.net/unsubscribe/sample",
    Blank.PREFERENCES: "https://example.net/preferences/sample",
}
# The same for the bytes of the message, in which the links are laid out already.
SAMPLE_VALUES: Mapping[Blank, str] = {
    Blank.ADDRESS: "reader@example.net",
    Blank.TO: "A Reader <reader@example.net>",
    Blank.UNSUBSCRIBE: "sample",
    Blank.PREFERENCES: "sample",
    Blank.MESSAGE_ID: "sample",
}


@dataclass(frozen=True, slots=True)
class Pictures:
    """Where a mail's pictures are: the address that it names, and the folder that they are served from."""

    url: str
    folder: Path


def write_preview(
    rendering: Rendering,
    folder: Path,
    name: str,
    samples: Mapping[Blank, str] = SAMPLES,
    pictures: Pictures | None = None,
) -> tuple[Path, Path]:
    """Write `folder`/`name`.html and .txt, the folder made if it is not there; returns both paths.

    With `pictures` the page shows copies beside it, so that it can be looked at before anything is served.
    """
    folder.mkdir(parents=True, exist_ok=True)
    html, text = folder / f"{name}.html", folder / f"{name}.txt"
    page = filled_html(rendering.html, samples)
    html.write_text(_with_copies(page, pictures, folder) if pictures else page, encoding="utf-8")
    text.write_text(_filled(rendering.text, samples), encoding="utf-8")
    return html, text


def _with_copies(page: str, pictures: Pictures, folder: Path) -> str:
    def beside(found: re.Match[str]) -> str:
        original = pictures.folder / found[1]
        if not original.is_file():
            return found[0]
        (folder / "media").mkdir(exist_ok=True)
        shutil.copyfile(original, folder / "media" / found[1])
        return f"media/{found[1]}"

    return re.sub(re.escape(pictures.url) + r"([0-9a-f]+\.jpg)", beside, page)


def filled_html(html: str, values: Mapping[Blank, str]) -> str:
    """Finished HTML with its blanks filled, escaped."""
    return _filled(html, {blank: escape(value) for blank, value in values.items()})


def _filled(part: str, values: Mapping[Blank, str]) -> str:
    return TEXT_MARKER.sub(lambda match: values[Blank(match[1] or match[2])], part)
