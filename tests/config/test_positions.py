"""The line of each key of a TOML document."""

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.config.positions import KeyPath, key_lines

KEYS = st.one_of(
    st.text("abcXYZ019_-", min_size=1, max_size=5),
    st.text("a.\"'\\ #=[]é\t", max_size=5),
)
SCALARS = st.one_of(
    st.integers(-999, 999).map(str),
    st.booleans().map(lambda value: str(value).lower()),
    st.sampled_from(["1979-05-27 07:32:00", "1979-05-27", "07:32:00", "1e5", "inf", "''", '""', "''''''", '""""""']),
    st.text('ab#[]{}=,"\\é', max_size=8).map(json.dumps),
    st.text('ab#[]{}=,"\\', max_size=8).map(lambda text: f"'{text}'"),
    st.sampled_from(
        [
            '"""one\n[two]\nthree = 3\n"""',
            "'''one\n# two'''",
            '"""quote" \\""" two ""\n"""',
            '""""two"""""',
            "'''it''s''''",
        ]
    ),
)


@dataclass
class Written:
    """A document in the making, with the line at which each key was written."""

    text: str = ""
    lines: dict[KeyPath, int] = field(default_factory=dict)

    @property
    def line(self) -> int:
        """The line that is written on now."""
        return self.text.count("\n") + 1


@st.composite
def documents(draw: st.DrawFn) -> Written:
    """A valid document: keys at the top, then tables and arrays of tables, some of them dotted, quoted, commented."""
    written = Written()
    _write_pairs(draw, written, ())
    for name in draw(st.lists(KEYS, unique=True, max_size=3)):
        if (name,) not in written.lines:
            _write_tables(draw, written, (name,))
    return written


def _write_tables(draw: st.DrawFn, written: Written, path: KeyPath) -> None:
    """One table with a table inside it, or the same as an array of tables."""
    inner = draw(KEYS)
    copies = draw(st.integers(0, 2))  # 0: an ordinary table
    for number in range(max(copies, 1)):
        written.lines.setdefault(path, written.line)
        table: KeyPath = (*path, number) if copies else path
        written.lines[table] = written.line
        written.text += f"{'[[' if copies else '['} {_key(draw, path[0])}{' ]]' if copies else ']'} # [x]\n"
        _write_pairs(draw, written, table)
        if (*table, inner) not in written.lines:
            written.lines[(*table, inner)] = written.line
            written.text += f"[{_key(draw, path[0])} . {_key(draw, inner)}]\n"
            _write_pairs(draw, written, (*table, inner))


def _write_pairs(draw: st.DrawFn, written: Written, table: KeyPath) -> None:
    for name in draw(st.lists(KEYS, unique=True, max_size=3)):
        written.text += draw(st.sampled_from(["", "\n", "# note = 1\n", "  \t"]))
        path = (*table, name)
        written.lines[path] = written.line
        written.text += _key(draw, name)
        if draw(st.booleans()):
            second = draw(KEYS)
            path = (*path, second)
            written.lines[path] = written.line
            written.text += f" . {_key(draw, second)}"
        written.text += " = "
        _write_value(draw, written, path, depth=2)
        written.text += draw(st.sampled_from(["\n", " # a = [1]\n", "\t\n\n"]))


def _write_value(draw: st.DrawFn, written: Written, path: KeyPath, depth: int, *, one_line: bool = False) -> None:
    kind = draw(st.sampled_from(["scalar", "array", "inline"])) if depth else "scalar"
    if kind == "scalar":
        scalar = draw(SCALARS)
        written.text += scalar
    elif kind == "array":
        _write_array(draw, written, path, depth, one_line=one_line)
    else:
        written.text += "{"
        names = draw(st.lists(KEYS, unique=True, max_size=2))
        for number, name in enumerate(names):
            written.text += ", " if number else " "
            written.lines[(*path, name)] = written.line
            written.text += f"{_key(draw, name)} = "
            _write_value(draw, written, (*path, name), depth - 1, one_line=True)
        written.text += " }"


def _write_array(draw: st.DrawFn, written: Written, path: KeyPath, depth: int, *, one_line: bool) -> None:
    written.text += "["
    size = draw(st.integers(0, 3))
    for number in range(size):
        written.text += "" if one_line else draw(st.sampled_from(["", "\n  ", " # ]\n"]))
        written.lines[(*path, number)] = written.line
        _write_value(draw, written, (*path, number), depth - 1, one_line=one_line)
        if number < size - 1 or draw(st.booleans()):
            written.text += ","
    written.text += "]" if one_line else draw(st.sampled_from(["]", "\n]"]))


def _key(draw: st.DrawFn, name: str | int) -> str:
    name = str(name)
    forms = [json.dumps(name)]
    if name and all(character.isascii() and (character.isalnum() or character in "-_") for character in name):
        forms.append(name)
    if "'" not in name:
        forms.append(f"'{name}'")
    return draw(st.sampled_from(forms))


def _paths(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield (*path, key)
        yield from _paths(inner, (*path, key))


@given(documents())
@settings(max_examples=150, deadline=None)
def test_every_key_and_element_is_found_on_the_line_where_it_was_written(written: Written) -> None:
    """For documents of any shape: exactly the keys that tomllib reads, each with the line it was written on."""
    found = key_lines(written.text)
    assert set(found) == set(_paths(tomllib.loads(written.text)))
    assert found == written.lines


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("a = 1\n", ("a",), 1),
        ("\n\n[a]\nb = 1", ("a", "b"), 4),
        ("[a]\nb.c.d = 1", ("a", "b", "c", "d"), 2),
        ("[a.b]\n\n[a]\nc = 1", ("a",), 3),
        ("a = [\n 1,\n 2,\n]", ("a", 1), 3),
        ("a = { b = 1, c = { d = 2 } }", ("a", "c", "d"), 1),
        ('[a]\n"b.c" = 1', ("a", "b.c"), 2),
        ('a = """\nb = 1\n"""\nb = 2', ("b",), 4),
        ("[[a]]\n[[a]]\nb = 1\n[a.c]\nd = 1", ("a", 1, "c", "d"), 5),
        ("a = 1979-05-27 07:32:00\nb = 1", ("b",), 2),
    ],
)
def test_the_line_of_a_key(text: str, path: KeyPath, line: int) -> None:
    """The forms in which a key can be written."""
    assert key_lines(text)[path] == line
