"""A folder of Markdown files with front matter (YAML between ---, TOML between +++): files → entries."""

import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, tzinfo
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

import yaml
from markdown_it import MarkdownIt

from dispatch.collecting.dates import as_utc, parse_date
from dispatch.collecting.reading import Reading, ReadingError, first_entries
from dispatch.model.post import Entry, Problem

MAX_FILE_BYTES = 2 * 1024 * 1024
_SUFFIXES = frozenset({".md", ".markdown"})
_FRONT = re.compile(r"\A\s*(---|\+\+\+)[ \t]*\n(.*?\n)??\1[ \t]*(?:\n|\Z)", re.DOTALL)
# Jekyll's file names: 2026-01-31-a-title.md
_DATED_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})-(.+)")


def read_folder(source: str, folder: Path, site_url: str, zone: tzinfo = UTC) -> Reading:
    """Read every Markdown file under `folder`; drafts are passed over, a bad file becomes a problem with its name.

    Addresses are relative to `site_url`; dates without a zone are in `zone`. Raises ReadingError if there is no folder.
    """
    if not folder.is_dir():
        raise ReadingError(source, f"the folder {folder} does not exist: check sources.{source}.path")
    problems: list[Problem] = []
    entries: list[Entry] = []
    for path in sorted(_files(folder)):
        try:
            entry = _entry(path.relative_to(folder), _text(path), site_url, zone)
        except (ValueError, OSError, OverflowError, RecursionError) as error:
            problems.append(Problem(source, f"{path.relative_to(folder)}: {_why(error)}", "correct the file"))
            continue
        if entry is not None:
            entries.append(entry)
    entries.sort(key=lambda entry: entry.published_at or datetime.max.replace(tzinfo=UTC), reverse=True)
    return Reading(
        entries=first_entries(source, entries, problems),
        site_url=site_url,
        problems=problems,
        complete=not problems,
        whole=True,
    )


def _files(folder: Path) -> Iterator[Path]:
    """Markdown files that are really inside the folder: a link out of it is not followed."""
    root = folder.resolve()
    for path in folder.rglob("*"):
        inside = path.resolve().is_relative_to(root)
        if path.suffix.lower() in _SUFFIXES and inside and path.is_file() and not path.name.startswith((".", "_")):
            yield path


def _text(path: Path) -> str:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise ValueError(f"is larger than {MAX_FILE_BYTES // (1024 * 1024)} MiB")
    return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")


def _why(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "is not UTF-8 text"
    if isinstance(error, RecursionError):
        return "is nested beyond reason"
    return str(error).replace("\n", " ")


def _entry(path: Path, text: str, site_url: str, zone: tzinfo) -> Entry | None:
    found = _FRONT.match(text)
    front = _front_matter(found[1], found[2] or "") if found else {}
    if front.get("draft") is True or front.get("published") is False:
        return None
    dated = _DATED_NAME.fullmatch(path.stem)
    url = _url(front, path, site_url, dated[2] if dated else path.stem)
    body = text[found.end() :] if found else text
    title, body = _title(front, body)
    return Entry(
        title=escape(title, quote=False),
        url=url,
        guid=path.as_posix(),
        html=_markdown().render(body),
        summary_html=escape(_word(front, "summary", "description", "excerpt"), quote=False),
        authors=_words(front, "authors", "author"),
        published_at=_date(front, zone, "date", "published") or (parse_date(dated[1], zone) if dated else None),
        updated_at=_date(front, zone, "updated", "lastmod", "modified"),
        categories=tuple(dict.fromkeys(_words(front, "categories", "category") + _words(front, "tags"))),
        image_url=urljoin(url, quote(image, safe="/:?&=%#,+")) if (image := _image(front)) else None,
        image_alt=_word(front, "image_alt", "alt"),
        language=_word(front, "language", "lang") or None,
        base_url=url,
    )


def _front_matter(fence: str, text: str) -> dict[str, Any]:
    try:
        front = tomllib.loads(text) if fence == "+++" else yaml.safe_load(text)
    except (tomllib.TOMLDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"its front matter cannot be read ({error})") from error
    if isinstance(front, dict | None):
        return {str(key).lower(): value for key, value in (front or {}).items()}
    raise ValueError("its front matter is not a list of `key: value` lines")


def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def _title(front: dict[str, Any], body: str) -> tuple[str, str]:
    """The title, and the body without it where it was the body's first heading."""
    title = _word(front, "title")
    heading = re.match(r"\s*#[ \t]+(.+?)[ \t]*#*[ \t]*(?:\n|\Z)", body)
    if heading and title in ("", heading[1]):
        return heading[1], body[heading.end() :]
    return title, body


def _url(front: dict[str, Any], path: Path, site_url: str, stem: str) -> str:
    """The post's address: as written, else its place in the folder."""
    site = site_url.rstrip("/") + "/"
    written = _word(front, "url", "permalink", "link", "canonical_url")
    if written:
        return urljoin(site, written)
    slug = _word(front, "slug") or ("" if stem in ("index", "_index") else stem)
    return urljoin(site, quote("/".join(part for part in (*path.parent.parts, slug) if part)) + "/")


def _image(front: dict[str, Any]) -> str:
    image = front.get("image") or front.get("cover") or front.get("thumbnail")
    if isinstance(image, dict):
        image = image.get("url") or image.get("src") or image.get("path") or image.get("image")
    return image.strip() if isinstance(image, str) else ""


def _date(front: dict[str, Any], zone: tzinfo, *names: str) -> datetime | None:
    for name in names:
        value = front.get(name)
        if isinstance(value, datetime):
            return as_utc(value, zone)
        if isinstance(value, date):
            return as_utc(datetime.combine(value, time()), zone)
        if isinstance(value, str) and value.strip():
            read = parse_date(value, zone)
            if read is None:
                raise ValueError(f'{name} = "{value[:40]}" is not a date like 2026-01-31 or 2026-01-31T09:00:00+01:00')
            return read
    return None


def _word(front: dict[str, Any], *names: str) -> str:
    for name in names:
        value = front.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return str(value).strip()
    return ""


def _words(front: dict[str, Any], *names: str) -> tuple[str, ...]:
    for name in names:
        value = front.get(name)
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        if isinstance(value, list):
            return tuple(_name(item) for item in value if _name(item))
    return ()


def _name(item: object) -> str:
    if isinstance(item, dict):
        item = item.get("name")
    return str(item).strip() if isinstance(item, str | int) else ""
