"""Where each key of a TOML document stands: the line numbers that tomllib does not give.

Only documents that tomllib has read are scanned, so the scan follows the grammar (TOML 1.0) and never has to judge it.
"""

import re
import tomllib
from bisect import bisect_right

KeyPath = tuple[str | int, ...]  # keys of tables, and numbers of elements in arrays, counted from 0

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_KEY = re.compile(r'[A-Za-z0-9_-]+|"(?:\\.|[^"\\])*"|\'[^\']*\'')
_SCALAR = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?!")'  # one or two quotes may stand right before the three that end it
    r"|'''.*?'''(?!')"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|\d{4}-\d\d-\d\d \d\d:[^\s,\]}#]*"  # a date and a time may have a space between them
    r"|[^\s,\]}#]+",
    re.DOTALL,
)


def key_lines(text: str) -> dict[KeyPath, int]:
    """The line (from 1) of every key and array element of a valid TOML document; a table's is that of its header."""
    return _Scan(text).run()


class _Scan:
    """One walk through a document: `at` is the place reached, `lines` what was found so far."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {}
        self.lengths: dict[KeyPath, int] = {}  # how many tables each array of tables has so far
        self.breaks = [match.start() for match in re.finditer("\n", text)]

    def run(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        self.skip(_BLANK)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)
            self.skip(_BLANK)
        return self.lines

    def header(self) -> KeyPath:
        """`[a.b]` or `[[a.b]]`; a name that is an array of tables stands for the array's newest table."""
        doubled = self.text.startswith("[[", self.at)
        self.at += 2 if doubled else 1
        *parents, last = self.dotted_key()
        path: KeyPath = ()
        for name, _ in parents:
            path = self.newest((*path, name))
        path = (*path, last[0])
        if doubled:
            self.lengths[path] = self.lengths.get(path, 0) + 1
        path = self.newest(path)
        for size in range(1, len(path)):
            self.lines.setdefault(path[:size], self.line(last[1]))
        self.lines[path] = self.line(last[1])
        self.at += 2 if doubled else 1
        return path

    def newest(self, path: KeyPath) -> KeyPath:
        return (*path, self.lengths[path] - 1) if path in self.lengths else path

    def pair(self, table: KeyPath) -> None:
        path = table
        for name, place in self.dotted_key():
            path = (*path, name)
            self.lines.setdefault(path, self.line(place))
        self.at += 1  # the equals sign
        self.skip(_SPACE)
        self.value(path)

    def value(self, path: KeyPath) -> None:
        if self.text[self.at] == "[":
            self.array(path)
        elif self.text[self.at] == "{":
            self.inline_table(path)
        else:
            self.skip(_SCALAR)

    def array(self, path: KeyPath) -> None:
        number = 0
        while self.more("]"):
            self.lines[(*path, number)] = self.line(self.at)
            self.value((*path, number))
            number += 1

    def inline_table(self, path: KeyPath) -> None:
        while self.more("}"):
            self.pair(path)

    def more(self, end: str) -> bool:
        """Step over the opening bracket or a comma to what follows it; False past the closing bracket."""
        self.skip(_BLANK)
        if self.text[self.at] != end:
            self.at += 1
            self.skip(_BLANK)
        if self.text[self.at] != end:
            return True
        self.at += 1
        return False

    def dotted_key(self) -> list[tuple[str, int]]:
        """The names of a key like `a."b.c".d`, each with its place; stops after the last."""
        names = []
        while True:
            self.skip(_SPACE)
            start = self.at
            self.skip(_KEY)
            names.append((_plain(self.text[start : self.at]), start))
            self.skip(_SPACE)
            if self.text[self.at] != ".":
                return names
            self.at += 1

    def skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()

    def line(self, place: int) -> int:
        return bisect_right(self.breaks, place - 1) + 1


def _plain(key: str) -> str:
    if key[0] not in "\"'":
        return key
    name: str = tomllib.loads(f"key = {key}")["key"]
    return name
