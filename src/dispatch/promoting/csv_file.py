"""Books in a CSV file, as publishers' spreadsheets export them: one row a book, one column a key of books.toml.

    slug, title, author, isbn, isbn US, asin, asin GB, format, cover, blurb, praise, praise by, topics, not_with,
    weight, at_most, pitch, pitch from, pitch until, published, only, from, until, shops

An empty cell says nothing. Lists (topics, not_with, only, shops) are separated by ";" or "|".
"""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from dispatch.errors import ImportFileError
from dispatch.model.isbn import parse_isbn
from dispatch.model.region import region_of

KeyPath = tuple[str, ...]
# What spreadsheets call a column, where that is not the key itself.
_ALSO = {
    "name": "slug",
    "authors": "author",
    "isbn13": "isbn",
    "isbn 13": "isbn",
    "isbn10": "isbn",
    "isbn 10": "isbn",
    "description": "blurb",
    "binding": "format",
    "category": "topics",
    "categories": "topics",
    "publication date": "published",
    "quote": "praise",
    "quoted": "praise by",
}
PATHS: dict[str, KeyPath] = {
    "praise": ("praise", "text"),
    "praise by": ("praise", "by"),
    "pitch": ("pitch", "text"),
    "pitch from": ("pitch", "from"),
    "pitch until": ("pitch", "until"),
} | {
    key: (key,)
    for key in [
        "slug",
        "title",
        "author",
        "isbn",
        "asin",
        "format",
        "cover",
        "blurb",
        "topics",
        "not_with",
        "weight",
        "at_most",
        "published",
        "only",
        "from",
        "until",
        "shops",
    ]
}
_LISTS = ("topics", "not_with", "only", "shops")
_NUMBERS = ("weight", "at_most")
_DATES = ("published", "from", "until")


@dataclass(frozen=True, slots=True)
class BookRow:
    """One row: its line in the file, its values by key, and the header of the column that each came from."""

    line: int
    values: dict[KeyPath, Any]
    columns: dict[KeyPath, str] = field(default_factory=dict)

    def text(self, key: str) -> str:
        """The value of a plain key, "" if the row does not say."""
        return str(self.values.get((key,), ""))


@dataclass(frozen=True, slots=True)
class BookRows:
    """What a file holds. `problems` has a line for every cell that cannot be read, with row and column."""

    rows: list[BookRow]
    problems: list[str]


def read_csv(path: Path, named: tuple[str, ...] = ()) -> BookRows:
    """Read a CSV file of books; raises ImportFileError if it is none. `named` are the regions of books.toml."""
    text = _text(path)
    first = text.splitlines()[0] if text.strip() else ""
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        header = next(reader, [])
        columns = _columns(path, header, named)
        found = BookRows([], [])
        for cells in reader:
            if any(cell.strip() for cell in cells):
                _read_row(path, reader.line_num, cells, header, columns, found)
    except csv.Error as error:
        raise ImportFileError(f"{path}, row {reader.line_num}: it is no CSV: {error}") from error
    return found


def place(path: Path, line: int, column: str) -> str:
    """How every report about a cell begins."""
    return f'{path}: row {line}, column "{column}"'


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ImportFileError(f"{path}: it cannot be read: {error.strerror}") from error
    if content.startswith(b"PK\x03\x04"):
        raise ImportFileError(f"{path} is a spreadsheet or an archive: save it as CSV (UTF-8) and import that")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _columns(path: Path, header: list[str], named: tuple[str, ...]) -> list[KeyPath | None]:
    """The key of each column; raises ImportFileError for one that is not known, or stands there twice."""
    found: list[KeyPath | None] = []
    for title in header:
        key = _key_of(title, named) if title.strip() else None
        if key is None and title.strip():
            known = ", ".join(PATHS)
            raise ImportFileError(
                f'{path}: there is no column "{title.strip()}"; there are: {known}, isbn US, asin GB …'
            )
        if key is not None and key in found:
            raise ImportFileError(f'{path}: the column "{title.strip()}" stands there twice: keep one of them')
        found.append(key)
    if not any(key and key[0] in ("slug", "isbn", "title") for key in found):
        raise ImportFileError(f"{path}: its first row has to name the columns, one of them slug, isbn or title")
    return found


def _key_of(title: str, named: tuple[str, ...]) -> KeyPath | None:
    words = re.sub(r"[\s_.:/-]+", " ", title.strip().casefold())
    for name in (_ALSO.get(words, words), words.replace(" ", "_")):
        if name in PATHS:
            return PATHS[name]
    kind, _, place_name = re.sub(r"[\s_.:/-]+", " ", title.strip()).partition(" ")
    region = region_of(place_name, named)
    return (kind.casefold(), region) if kind.casefold() in ("isbn", "asin") and region else None


def _read_row(
    path: Path, line: int, cells: list[str], header: list[str], columns: list[KeyPath | None], found: BookRows
) -> None:
    if len(cells) > len(columns):
        found.problems.append(f"{path}: row {line}: it has {len(cells)} cells, and the first row {len(columns)}")
        return
    row = BookRow(line, {})
    for cell, title, key in zip(cells, header, columns, strict=False):
        text = " ".join(cell.split())
        if not text or key is None:
            continue
        row.columns[key] = title.strip()
        try:
            row.values[key] = _reader_of(key)(text)
        except ValueError as error:
            found.problems.append(f'{place(path, line, title.strip())}: found "{text}": {error}')
    found.rows.append(row)


def _reader_of(key: KeyPath) -> Callable[[str], Any]:
    if key[0] == "isbn":
        return parse_isbn
    if key[-1] in _DATES:
        return _date
    if key[0] in _NUMBERS:
        return _number
    return _list if key[0] in _LISTS else str


def _list(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[;|]", text) if part.strip()]


def _number(text: str) -> int:
    if not re.fullmatch(r"\d{1,6}", text):
        raise ValueError("it has to be a whole number")
    return int(text)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("it has to be a date like 2026-11-20") from None
