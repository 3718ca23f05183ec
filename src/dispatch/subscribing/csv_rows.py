"""CSV files as people have them: any of the usual encodings, separators and line ends, a few broken rows.

One row is read at a time, so a file of any size takes the same memory, and a row that cannot be read (a quotation mark
never closed, an endless line) is reported and costs nothing but itself.
"""

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from dispatch.errors import ImportFileError

MAX_LINE_CHARACTERS = 65_536
MAX_ROW_LINES = 20  # a quoted field that goes on for longer was never closed
_SNIFF_BYTES = 65_536
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}

_SPREADSHEET = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
# Where Windows-1252 leaves a byte without a meaning, Latin-1's control character stands and fails as such.
_STRAY = {0xDC00 + byte: bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(0x80, 0x100)}


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a file is written. `stray` says that bytes which are no UTF-8 are read as Windows-1252."""

    codec: str
    label: str
    stray: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One row: where it starts (lines count from 1) and its fields, or why it cannot be read."""

    line: int
    fields: list[str]
    fault: str = ""


class CsvFile:
    """An open CSV file; `header` and what was guessed are known at once, rows come as they are asked for."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        """`stream` can seek; `name` is what errors call it. Raises ImportFileError if this is no text."""
        self.encoding = _encoding_of(stream, name)
        stream.seek(0)
        errors = "surrogateescape" if self.encoding.stray else "replace"
        # Held on to, because a wrapper that is given up closes the file under it.
        self._text = io.TextIOWrapper(stream, encoding=self.encoding.codec, errors=errors, newline="")
        lines = _lines(self._text, stray=self.encoding.stray)
        first_line, first = next(lines, (1, ""))
        declared = re.fullmatch(r"sep=(.)\s*", first, re.IGNORECASE)
        if declared:
            first_line, first = next(lines, (2, ""))
        self.separator = declared[1] if declared else _separator_of(first)
        self._rows = _rows(_chain((first_line, first), lines), self.separator)
        self.header = next(self._rows, Row(1, [])).fields

    @property
    def bytes_read(self) -> int:
        """How far into the file the rows have come, a little ahead of the last one."""
        return self._text.buffer.tell()

    def rows(self) -> Iterator[Row]:
        """Every row after the header but empty ones."""
        return (row for row in self._rows if row.fault or any(field.strip("\0 \t") for field in row.fields))


def _encoding_of(stream: BinaryIO, name: str) -> Encoding:
    start = stream.read(_SNIFF_BYTES)
    if start.startswith(_SPREADSHEET):
        raise ImportFileError(f"{name} is a spreadsheet or an archive: save it as CSV (UTF-8) and import that")
    for mark, codec in (
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
        (codecs.BOM_UTF8, "utf-8-sig"),
    ):
        if start.startswith(mark):
            return Encoding(codec, codec.removesuffix("-sig").upper(), stray=codec == "utf-8-sig")
    for codec, text in (("utf-16-le", start[::2]), ("utf-16-be", start[1::2])):
        zeros = start[1::2] if codec == "utf-16-le" else start[::2]
        if len(start) > 8 and zeros.count(0) > 0.6 * len(zeros) and text.count(0) < 0.1 * len(text):
            return Encoding(codec, "UTF-16")
    if _looks_binary(start):
        raise ImportFileError(f"{name} is not a text file: save the subscribers as CSV (UTF-8) and import that")
    return _eight_bit_encoding(start, stream)


def _looks_binary(start: bytes) -> bool:
    controls = sum(start.count(byte) for byte in range(32) if byte not in b"\0\t\n\r\x0b\x0c\x1a")
    return controls > len(start) / 100 + 2 or start.count(0) > len(start) / 3


def _eight_bit_encoding(start: bytes, stream: BinaryIO) -> Encoding:
    """Tell UTF-8 from Windows-1252 by the whole file: one accent in row 900,000 decides too."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    stray = proper = False
    chunk = start
    while chunk:
        text = decoder.decode(chunk)
        if not text.isascii():
            stray = stray or re.search("[\udc80-\udcff]", text) is not None
            proper = proper or re.search("[\x80-\ud7ff\ue000-\U0010ffff]", text) is not None
        chunk = stream.read(_SNIFF_BYTES)
    if not stray:
        return Encoding("utf-8", "UTF-8", stray=True)
    return Encoding("utf-8", "UTF-8 with some Windows-1252" if proper else "Windows-1252", stray=True)


def _separator_of(header: str) -> str:
    unquoted = re.sub(r'"[^"]*"', "", header)
    return max(SEPARATORS, key=unquoted.count)


def _lines(text: io.TextIOWrapper, *, stray: bool) -> Iterator[tuple[int, str]]:
    """Physical lines with their numbers; one that does not end is cut, and its rest thrown away."""
    number = 0
    while line := text.readline(MAX_LINE_CHARACTERS):
        number += 1
        whole = line
        while len(line) == MAX_LINE_CHARACTERS and not line.endswith(("\n", "\r")):
            line = text.readline(MAX_LINE_CHARACTERS)
        yield number, whole if whole.isascii() or not stray else whole.translate(_STRAY)


def _chain(first: tuple[int, str], rest: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    yield first
    yield from rest


def _rows(lines: Iterator[tuple[int, str]], separator: str) -> Iterator[Row]:
    waiting: deque[tuple[int, str]] = deque()
    while (taken := waiting.popleft() if waiting else next(lines, None)) is not None:
        number, line = taken
        if len(line) >= MAX_LINE_CHARACTERS:
            yield Row(number, [], f"the line is longer than {MAX_LINE_CHARACTERS} characters")
        elif '"' not in line:
            yield Row(number, line.rstrip("\r\n").split(separator))
        else:
            yield _quoted_row(number, line, lines, waiting, separator)


def _quoted_row(
    number: int, line: str, lines: Iterator[tuple[int, str]], waiting: deque[tuple[int, str]], separator: str
) -> Row:
    """A row with quotation marks, which may go on over some lines; lines read in vain go back to `waiting`."""
    taken = [(number, line)]
    while _is_open(texts := [text for _, text in taken], separator):
        following = waiting.popleft() if waiting else next(lines, None)
        if following is None or len(taken) == MAX_ROW_LINES:
            waiting.extendleft(reversed([*taken[1:], following] if following else taken[1:]))
            return Row(number, [], "a quotation mark is opened and never closed")
        taken.append(following)
    return Row(number, next(csv.reader(texts, delimiter=separator), []))


def _is_open(texts: list[str], separator: str) -> bool:
    """Whether a row ends inside a quoted field; a quotation mark in the middle of a field opens nothing."""
    try:
        next(csv.reader(texts, delimiter=separator, strict=True), None)
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False
