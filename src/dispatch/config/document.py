"""A TOML file as it was read: its values and the line of each key; what cannot be read is said with line and column."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dispatch.config.positions import KeyPath, key_lines
from dispatch.errors import ConfigurationError

# tomllib's words for what people get wrong most often, and what to do about it.
_SYNTAX_ADVICE = (
    ("Invalid value", 'there is no value here that TOML knows: text stands in "quotes", switches are true or false'),
    ("Cannot overwrite a value", "this key stands here for the second time: keep one of them"),
    ("Cannot declare", "this table stands here for the second time: put its keys together under one header"),
    ("Duplicate inline table key", "this key stands here for the second time: keep one of them"),
    ("Cannot mutate immutable namespace", "an inline table { … } cannot be added to: write it as a [table] instead"),
    ("Expected '=' after a key", 'a key is followed by "=" and its value'),
    ("Expected newline or end of document", "one value stands on a line: is a quote or a comma missing or left over?"),
    (
        "Invalid initial character for a key",
        "a key cannot begin like this (and a table in { } ends on its line)",
    ),
    ("Expected ']", 'the header of a table ends in "]"'),
    ("Unclosed array", 'a list begins with "[" and does not end: is a "]" or a comma missing?'),
    ("Unclosed inline table", 'an inline table begins with "{" and does not end: is a "}" or a comma missing?'),
    ("Unescaped '\\'", "a backslash in double quotes has to be written twice, or the text put in 'single quotes'"),
    ("Illegal character '\\n'", "the text in quotes does not end on this line: is a quote missing?"),
    ("Unterminated string", "the text in quotes does not end: is a quote missing?"),
)


@dataclass(frozen=True, slots=True)
class Document:
    """A file's values, and where they stand."""

    path: Path
    data: dict[str, Any]
    lines: dict[KeyPath, int]

    @property
    def folder(self) -> Path:
        """What relative paths in the file are relative to."""
        return self.path.absolute().parent

    def line(self, path: KeyPath) -> int:
        """The line of a key, or of the closest table around it that is written down; 1 if there is none."""
        return next((self.lines[path[:size]] for size in range(len(path), 0, -1) if path[:size] in self.lines), 1)

    def value(self, path: KeyPath) -> Any:
        """The value of a key as it is written, or None where nothing is."""
        value: Any = self.data
        for key in path:
            known = isinstance(value, dict) and key in value
            if not known and not (isinstance(value, list) and isinstance(key, int) and key < len(value)):
                return None
            value = value[key]
        return value

    def sentence(self, path: KeyPath, what: str) -> str:
        """`file:line: key: what`, as every report about this file is written."""
        return f"{self.path}:{self.line(path)}: {dotted(self.written(path))}: {what}"

    def written(self, path: KeyPath) -> KeyPath:
        """The key a value really stands under: a schedule's `at` may be written in short, as the schedule itself."""
        for size in range(1, len(path)):
            if isinstance(self.value(path[:size]), str):
                return path[:size]
        return path


def dotted(path: KeyPath) -> str:
    """A key path as TOML writes it; elements of arrays are named by their array, their line says which one it is."""
    names = [name for name in path if isinstance(name, str)]
    return ".".join(name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{name}"' for name in names)


def read_document(path: Path) -> Document:
    """Read a TOML file; raises ConfigurationError where there is none, or with the line and column that is not TOML."""
    text = _decoded(path, _content(path)).replace("\r\n", "\n")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([_syntax_error(path, text, str(error))]) from None
    except RecursionError:
        raise ConfigurationError([f"{path}: its lists or tables stand too deep in one another"]) from None
    return Document(path, data, key_lines(text))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ConfigurationError([f"{path}: there is no such file: `dispatch init` writes one"]) from None
    except IsADirectoryError:
        raise ConfigurationError([f"{path}: this is a folder: name the file in it"]) from None
    except OSError as error:
        raise ConfigurationError([f"{path}: it cannot be read: {error.strerror}"]) from error


def _decoded(path: Path, content: bytes) -> str:
    try:
        # Editors on Windows begin a file with a byte order mark; it says nothing, and tomllib refuses it.
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationError([f"{path}:{line}: this is not UTF-8: save the file in that encoding"]) from None


def _syntax_error(path: Path, text: str, message: str) -> str:
    place = re.search(r"\(at line (\d+), column (\d+)\)$", message)
    words = re.sub(r" \(at .*\)$", "", message)
    line, column = (int(place[1]), f"column {place[2]}") if place else (text.count("\n") + 1, "end of the file")
    advice = next((advice for start, advice in _SYNTAX_ADVICE if words.startswith(start)), None)
    return f"{path}:{line}: {column}: {advice or f'this is not TOML: {words}'}"
