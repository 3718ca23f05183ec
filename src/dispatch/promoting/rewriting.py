"""books.toml rewritten: values change where they stand, new books come after the others, all else stays as it is.

Only the statements that change are touched, line by line: a library that reads and writes TOML keeps comments, but not
every space, and an editor's file is theirs.
"""

import json
import re
import tomllib
from datetime import date
from typing import Any

from dispatch.config.positions import key_lines
from dispatch.errors import BooksError

Table = dict[str, Any]
# New books have their keys in this order, and their equals signs below each other, as in docs/books.md.
ORDER = (
    "title", "author", "isbn", "asin", "format", "cover", "blurb", "praise", "topics", "not_with", "weight", "at_most",
    "pitch", "published", "only", "from", "until", "shops",
)  # fmt: skip
_WIDTH = 6
_STRING_OR_COMMENT = re.compile(
    r"""\"{3}(?:\\.|[^\\])*?\"{3}|'{3}.*?'{3}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|#[^\n]*""", re.DOTALL
)


def rewritten(text: str, changed: dict[str, Table], wanted: Table) -> str:
    """The text of books.toml with these books in it as they should be; everything else keeps its place and its words.

    `wanted` is what the result has to say. Raises BooksError where the file is written in a way that cannot be kept.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    plain = text.replace("\r\n", "\n")
    books = tomllib.loads(plain).get("books", {})
    lines = plain.split("\n")
    for slug, table in changed.items():
        if slug in books:
            lines = _with_changes(lines, slug, books[slug], table)
    new = {slug: table for slug, table in changed.items() if slug not in books}
    made = _with_new_books("\n".join(lines), new)
    if _data(made) != wanted or not _comments(plain) <= _comments(made):
        raise BooksError(
            ["books.toml is written in a way that cannot be changed without loss: add these books by hand"]
        )
    return made.replace("\n", newline)


def toml_value(value: Any) -> str:
    """A value as TOML writes it, on one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{toml_key(key)} = {toml_value(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(toml_value(inner) for inner in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON's escapes are TOML's; of what JSON leaves as it is, TOML refuses one character.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return value.isoformat() if isinstance(value, date) else str(value)


def toml_key(key: str) -> str:
    """A key as TOML writes it: bare where it can be."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else toml_value(key)


def _with_changes(lines: list[str], slug: str, table: Table, wanted: Table) -> list[str]:
    places = key_lines("\n".join(lines))
    if not lines[places["books", slug] - 1].lstrip().startswith("["):
        return _with_value(lines, places["books", slug], toml_value(wanted))  # a book on one line
    last = places["books", slug]
    for key in table:
        if ("books", slug, key) in places:
            last = max(last, _end_of_statement(lines, places["books", slug, key]))
    new = [f"{toml_key(key).ljust(_WIDTH)} = {toml_value(wanted[key])}" for key in wanted if key not in table]
    lines = [*lines[:last], *new, *lines[last:]]
    # From below, so that the lines of those above stay where they were found.
    found = sorted(((places.get(("books", slug, key), 0), key) for key in table), reverse=True)
    for line, key in found:
        if line and wanted[key] != table[key]:
            lines = _with_value(lines, line, toml_value(wanted[key]))
    return lines


def _with_value(lines: list[str], line: int, value: str) -> list[str]:
    """The lines with another value in the statement that begins on `line` (from 1); its comment stays."""
    end = _end_of_statement(lines, line)
    statement = "\n".join(lines[line - 1 : end])
    key, _, _ = statement.partition("=")
    return [*lines[: line - 1], f"{key}= {value}{_comment_after(statement)}", *lines[end:]]


def _end_of_statement(lines: list[str], line: int) -> int:
    """The number of the last line of the statement that begins on `line`: the first at which it is TOML by itself."""
    for end in range(line, len(lines) + 1):
        if _data("\n".join(lines[line - 1 : end])) is not None:
            return end
    return line


def _comment_after(statement: str) -> str:
    """What stands behind a statement's value, with the space before it."""
    whole = _data(statement)
    for match in re.finditer(r"\s*#", statement):
        if _data(statement[: match.start()]) == whole:
            return statement[match.start() :]
    return ""


def _with_new_books(text: str, new: dict[str, Table]) -> str:
    """The text with these books after the last one, before whatever follows it."""
    if not new:
        return text
    lines = text.splitlines(keepends=True)
    at = _end_of_books(text, lines)
    before, after = "".join(lines[:at]).rstrip("\n"), "".join(lines[at:])
    added = "\n\n".join(_written(slug, table) for slug, table in new.items())
    return f"{before}\n\n{added}\n" + (f"\n{after}" if after else "")


def _end_of_books(text: str, lines: list[str]) -> int:
    """How many lines there are up to the last book; comments right above the table that follows are that table's."""
    headers = {number: path for path, number in key_lines(text).items() if lines[number - 1].lstrip().startswith("[")}
    books = [number for number, path in headers.items() if path[0] == "books"]
    following = [number for number in headers if books and number > max(books)]
    if not following:
        return len(lines)
    end = min(following) - 1
    while end and lines[end - 1].lstrip().startswith("#"):
        end -= 1
    return end


def _written(slug: str, table: Table) -> str:
    keys = sorted(table, key=lambda key: ORDER.index(key) if key in ORDER else len(ORDER))
    return "\n".join([f"[books.{slug}]", *(f"{key.ljust(_WIDTH)} = {toml_value(table[key])}" for key in keys)])


def _data(text: str) -> Table | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _comments(text: str) -> set[str]:
    return {match.group().strip() for match in _STRING_OR_COMMENT.finditer(text) if match.group().startswith("#")}
