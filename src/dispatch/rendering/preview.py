"""A rendering as files to look at, its blanks filled with what a subscriber's could be."""

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from dispatch.errors import NotFoundError
from dispatch.model.blanks import PAGES, TEXT_MARKER, Blank
from dispatch.model.issue import Rendering
from dispatch.rendering.lint import lint
from dispatch.rendering.lint_message import lint_message
from dispatch.rendering.lint_pictures import picture_files
from dispatch.rendering.look import Look
from dispatch.rendering.markers import longest_bytes
from dispatch.rendering.messages.sample import sample_messages
from dispatch.rendering.page import IssuePage
from dispatch.rendering.preview_page import Previewed, preview_page
from dispatch.rendering.render import render
from dispatch.rendering.templates import TemplateFolder

ISSUES = ("digest", "post")  # the messages that go to a list, and can be left
_PICTURE_FILE = r"([0-9a-f]+\.(?:jpg|png))"
SAMPLES: Mapping[Blank, str] = {
    Blank.ADDRESS: "reader@example.net",
    **{blank: f"https://example.net/{page}/sample" for blank, page in PAGES.items()},
}
# The same for the bytes of the message, in which the links are laid out already.
SAMPLE_VALUES: Mapping[Blank, str] = {
    Blank.ADDRESS: "reader@example.net",
    Blank.TO: "A Reader <reader@example.net>",
    Blank.MESSAGE_ID: "sample",
    **dict.fromkeys(PAGES, "sample"),
}


@dataclass(frozen=True, slots=True)
class Pictures:
    """Where a mail's pictures are: the address that it names, and the folder that they are served from."""

    url: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Preview:
    """Where it was written: the page to open, the mail's parts (.html first); what the renderer noted, lint found."""

    page: Path
    files: tuple[Path, Path, Path]
    notes: tuple[str, ...]
    findings: tuple[str, ...]


def message_ahead(message: str, page: IssuePage, look: Look, templates: TemplateFolder) -> Rendering:
    """The issue of a page, or another message made of it and of people who do not exist.

    Raises NotFoundError for a message that there is not, RenderError as `render` does.
    """
    if message == "digest":
        return render(page, look, templates)
    samples = sample_messages(page, look, templates)
    if message not in samples:
        raise NotFoundError(f'there is no message "{message}"; there are: {", ".join(samples)}')
    return samples[message]


def write_preview(
    rendering: Rendering,
    message: bytes,
    folder: Path,
    name: str,
    pictures: Pictures | None = None,
    *,
    to_list: bool = True,
) -> Preview:
    """Write `folder`/`name`-preview.html, .html, .txt and .eml, the folder made if it is not there.

    `message` is the rendering as MIME, its blanks filled. With `pictures` both pages show copies beside them, so that
    they can be looked at before anything is served. What goes `to_list` has to have a way out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    html, text = filled_html(rendering.html, SAMPLES), _filled(rendering.text, SAMPLES)
    findings = (
        *lint(rendering, needs=(Blank.UNSUBSCRIBE,) if to_list else ()),
        *lint_message(message, is_list=to_list),
    )
    copies: tuple[Path, ...] = ()
    if pictures:
        findings = (*findings, *picture_files(rendering.html, pictures.url, pictures.folder))
        html, copies = _with_copies(html, pictures, folder)
    previewed = Previewed(
        name=name,
        subject=rendering.subject,
        preheader=rendering.preheader,
        html=html,
        text=text,
        message=message,
        longest=longest_bytes(rendering.html),
        pictures=copies,
        notes=rendering.notes,
        findings=findings,
    )
    page = _written(folder / f"{name}-preview.html", preview_page(previewed).encode())
    parts = (
        _written(folder / f"{name}.html", html.encode()),
        _written(folder / f"{name}.txt", text.encode()),
        _written(folder / f"{name}.eml", message),
    )
    return Preview(page, parts, rendering.notes, findings)


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _with_copies(html: str, pictures: Pictures, folder: Path) -> tuple[str, tuple[Path, ...]]:
    """The page with its pictures beside it, and where these are; one that is not there is left where it was."""
    copies: dict[str, Path] = {}

    def beside(found: re.Match[str]) -> str:
        original, copy = pictures.folder / found[1], folder / "media" / found[1]
        if not original.is_file():
            return found[0]
        copy.parent.mkdir(exist_ok=True)
        shutil.copyfile(original, copy)
        copies[found[1]] = copy
        return f"media/{found[1]}"

    return re.sub(re.escape(pictures.url) + _PICTURE_FILE, beside, html), tuple(copies.values())


def filled_html(html: str, values: Mapping[Blank, str]) -> str:
    """Finished HTML with its blanks filled, escaped."""
    return _filled(html, {blank: escape(value) for blank, value in values.items()})


def _filled(part: str, values: Mapping[Blank, str]) -> str:
    return TEXT_MARKER.sub(lambda match: values[Blank(match[1] or match[2])], part)
