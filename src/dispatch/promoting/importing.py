"""`dispatch books import`: a CSV file into books.toml, checked whole before a letter of it is written.

A row is the book of its slug, else the one with its ISBN, else the one of its title and author; a row that is none of
these is a new book, at the end of the others. What a row does not say stays as it is.
"""

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Any

from dispatch.config.books import checked_books
from dispatch.config.document import Document
from dispatch.errors import BooksError
from dispatch.model.isbn import parse_isbn
from dispatch.promoting.csv_file import PATHS, BookRow, KeyPath, place, read_csv
from dispatch.promoting.reading import crosscheck, read_catalogue
from dispatch.promoting.rewriting import rewritten

Table = dict[str, Any]


@dataclass(frozen=True, slots=True)
class BooksImport:
    """What an import would make of books.toml; `new` and `changed` are names of books."""

    file: Path
    before: str
    after: str
    new: tuple[str, ...]
    changed: tuple[str, ...]

    @property
    def difference(self) -> list[str]:
        """The lines that change, as a unified diff; none if nothing does."""
        names = (str(self.file), f"{self.file} (with the import)")
        lines = unified_diff(self.before.splitlines(), self.after.splitlines(), *names, lineterm="")
        return list(lines)


def plan_import(csv_file: Path, books_file: Path) -> BooksImport:
    """What the import would do; nothing is written.

    Raises ImportFileError for what is no CSV file of books, BooksError with a line `FILE: row N, column "…": …` for
    everything wrong in it, or with those of books.toml, which has to be right before anything is added to it.
    """
    catalogue = read_catalogue(books_file)
    found = read_csv(csv_file, tuple(catalogue.regions))
    before = books_file.read_bytes().decode("utf-8-sig")
    data = tomllib.loads(before)
    rows: dict[str, BookRow] = {}
    problems = list(found.problems)
    for row in found.rows:
        slug = _slug_of(row, data.get("books", {}), rows)
        if slug in rows:
            problems.append(f'{csv_file}: row {row.line}: "{slug}" stands in row {rows[slug].line} already')
        elif slug:
            rows[slug] = row
        else:
            problems.append(f"{csv_file}: row {row.line}: a new book needs a title to be named by")
    changes = {slug: _changes(data.get("books", {}).get(slug, {}), row) for slug, row in rows.items()}
    wanted = {**data, "books": {**data.get("books", {}), **changes}}
    problems += _faults(csv_file, books_file, wanted, rows)
    if problems:
        raise BooksError(problems)
    changed = {slug: table for slug, table in changes.items() if table != data.get("books", {}).get(slug)}
    after = rewritten(before, changed, wanted)
    is_new = [slug for slug in changed if slug not in data.get("books", {})]
    return BooksImport(books_file, before, after, tuple(is_new), tuple(slug for slug in changed if slug not in is_new))


def write_import(planned: BooksImport) -> None:
    """Put the new books.toml in the place of the old one, whole or not at all; raises BooksError where it cannot."""
    file = planned.file
    if file.read_bytes().decode("utf-8-sig") != planned.before:
        raise BooksError([f"{file}: it has changed meanwhile: run the import again"])
    beside = file.with_name(f".{file.name}.new")
    try:
        beside.write_text(planned.after, encoding="utf-8", newline="")
        beside.chmod(file.stat().st_mode & 0o777)
        beside.replace(file.resolve())
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise BooksError([f"{file}: it cannot be written: {error.strerror}"]) from error


def _slug_of(row: BookRow, books: dict[str, Table], taken: dict[str, BookRow]) -> str:
    """The name of the row's book: its own word, the book that has its ISBN or title, else one made of its title."""
    if row.text("slug"):
        return row.text("slug")
    isbns = {value for key, value in row.values.items() if key[0] == "isbn"}
    title, author = row.text("title").casefold(), row.text("author").casefold()
    for slug, table in books.items():
        if isbns & _isbns(table):
            return slug
    for slug, table in books.items():
        if title == table["title"].casefold() and author in ("", table["author"].casefold()):
            return slug
    plain = unicodedata.normalize("NFKD", row.text("title")).encode("ascii", "ignore").decode().casefold()
    made = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not made and row.text("title"):
        made = "book"
    name, number = made[:38].rstrip("-"), 2
    while name and (name in books or name in taken):
        name, number = f"{made[:36].rstrip('-')}-{number}", number + 1
    return name


def _isbns(table: Table) -> set[str]:
    isbn = table.get("isbn")
    return {parse_isbn(each) for each in (isbn.values() if isinstance(isbn, dict) else [isbn]) if isinstance(each, str)}


def _changes(table: Table, row: BookRow) -> Table:
    """The book's table with what the row says."""
    made = dict(table)
    for path, value in row.values.items():
        match path:
            case ("slug",):
                continue
            case ("isbn" | "asin" as key, region):
                made[key] = _with_region(made.get(key), region, value)
            case ("praise", _):
                made["praise"] = _with_praise(made.get("praise"), row)
            case ("pitch", part):
                made["pitch"] = {**made.get("pitch", {}), part: value}
            case ("isbn",) if _isbns(made) == {value}:
                continue  # the same number, written in another way
            case (key, *_):
                made[key] = value
    return made


def _with_region(numbers: object, region: str, number: str) -> dict[str, str]:
    known = dict(numbers) if isinstance(numbers, dict) else {}
    return {**known, region: number}


def _with_praise(said: list[Table] | None, row: BookRow) -> list[Table]:
    """The praise shown first is the row's; what else was said stays behind it."""
    first = {part: row.values[path] for part in ("text", "by") if (path := ("praise", part)) in row.values}
    others = said or []
    if others and first.get("text") in (None, others[0].get("text")):
        return [{**others[0], **first}, *others[1:]]
    return [first, *(one for one in others if one.get("text") != first.get("text"))]


def _faults(csv_file: Path, books_file: Path, wanted: Table, rows: dict[str, BookRow]) -> list[str]:
    """What would be wrong in the new books.toml, said by row and column; the old one was right."""
    _, faults = checked_books(Document(books_file, wanted, {}), crosscheck)
    lines = []
    for fault in faults:
        row = rows.get(str(fault.path[1])) if len(fault.path) > 1 else None
        if row is None:
            lines.append(f"{csv_file}: {fault.sentence}")
            continue
        column = _column(row, tuple(part for part in fault.path[2:] if isinstance(part, str)))
        lines.append(f"{place(csv_file, row.line, column)}: {fault.sentence}")
    return lines


def _column(row: BookRow, path: KeyPath) -> str:
    """The column a fault is about; a key that no column says is named as its column would be."""
    for key, title in row.columns.items():
        if key == path:
            return title
    would_be = next((title for title, key in PATHS.items() if key == path), "")
    beside = [title for key, title in row.columns.items() if path and key[0] == path[0]]
    return would_be or (beside[0] if beside else path[0] if path else "slug")
