"""A rendering as files to look at, its blanks filled with what a subscriber's could be."""

from collections.abc import Mapping
from html import escape
from pathlib import Path

from dispatch.model.blanks import TEXT_MARKER, Blank
from dispatch.model.issue import Rendering

SAMPLES: Mapping[Blank, str] = {
    Blank.ADDRESS: "reader@example.net",
    Blank.UNSUBSCRIBE: "https://example.net/unsubscribe/sample",
    Blank.PREFERENCES: "https://example.net/preferences/sample",
    Blank.TO: "A Reader <reader@example.net>",
    Blank.MESSAGE_ID: "sample@example.net",
    Blank.UNSUBSCRIBE_MAILTO: "bounces+sample@example.net",
}


def write_preview(
    rendering: Rendering, folder: Path, name: str, samples: Mapping[Blank, str] = SAMPLES
) -> tuple[Path, Path]:
    """Write `folder`/`name`.html and .txt, the folder made if it is not there; returns both paths."""
    folder.mkdir(parents=True, exist_ok=True)
    html, text = folder / f"{name}.html", folder / f"{name}.txt"
    html.write_text(filled_html(rendering.html, samples), encoding="utf-8")
    text.write_text(_filled(rendering.text, samples), encoding="utf-8")
    return html, text


def filled_html(html: str, values: Mapping[Blank, str]) -> str:
    """Finished HTML with its blanks filled, escaped."""
    return _filled(html, {blank: escape(value) for blank, value in values.items()})


def _filled(part: str, values: Mapping[Blank, str]) -> str:
    return TEXT_MARKER.sub(lambda match: values[Blank(match[1] or match[2])], part)
