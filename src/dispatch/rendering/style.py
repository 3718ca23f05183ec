"""A look as data: which type each part of a mail is set in, how its masthead stands, and its colours (looks/*.toml)."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, cast

_SIZES = re.compile(r"(\d{2})/(\d{2})")
_SPACING = re.compile(r"(-?\d(?:\.\d)?)px")
_LARGEST_BAR = 8  # Word draws nothing wider
_CHOICES = {"masthead": ("centred", "line"), "rule": ("double", "single", "none")}
_NUMBERS = ("bar", "corner")
_TABLES = ("light", "dark", "type", "phone")
# Smaller is not read on a phone.
SMALLEST = 12
# How much larger the type is for who asked for it. One factor for all of it, so that a look stays what it is.
LARGER = 1.2


@dataclass(frozen=True, slots=True)
class Face:
    """How one part is set; sizes are px, `phone` is (size, line) where a phone has others."""

    size: int
    line: int
    font: Literal["serif", "sans"]
    bold: bool = False
    italic: bool = False
    capitals: bool = False
    spacing: float = 0
    phone: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Style:
    """Everything of a look but its colours: `faces` by the class of the part ("lead-title"), widths in px."""

    masthead: Literal["centred", "line"]
    rule: Literal["double", "single", "none"]
    bar: int
    corner: int
    faces: Mapping[str, Face]


@dataclass(frozen=True, slots=True)
class LookFile:
    """What a look's file says: its style, and its colours by name."""

    style: Style
    light: Mapping[str, str]
    dark: Mapping[str, str]


def larger(style: Style) -> Style:
    """The style with every size and line LARGER times as high, on phones too."""
    faces = {
        role: replace(
            face,
            size=round(face.size * LARGER),
            line=round(face.line * LARGER),
            phone=(round(face.phone[0] * LARGER), round(face.phone[1] * LARGER)) if face.phone else None,
        )
        for role, face in style.faces.items()
    }
    return replace(style, faces=faces)


def read_look_file(texts: Iterable[str], problems: list[str]) -> LookFile | None:
    """The look of some TOML texts, later ones winning line by line; None, and `problems` filled, where one is wrong."""
    merged: dict[str, object] = {}
    tables: dict[str, dict[str, object]] = {name: {} for name in _TABLES}
    for text in texts:
        try:
            said = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            problems.append(f"this is not TOML: {error}")
            return None
        for key, value in said.items():
            if key in tables and isinstance(value, dict):
                tables[key] |= value
            else:
                merged[key] = value
    problems += _faults(merged)
    faces = _faces(tables["type"], tables["phone"], problems)
    if problems:
        return None
    style = Style(
        masthead=cast("Literal['centred', 'line']", merged["masthead"]),
        rule=cast("Literal['double', 'single', 'none']", merged["rule"]),
        bar=cast("int", merged["bar"]),
        corner=cast("int", merged["corner"]),
        faces=faces,
    )
    return LookFile(style, cast("Mapping[str, str]", tables["light"]), cast("Mapping[str, str]", tables["dark"]))


def _faults(said: Mapping[str, object]) -> list[str]:
    faults = [f'"{key}" is no line of a look' for key in said if key not in (*_CHOICES, *_NUMBERS)]
    for key, allowed in _CHOICES.items():
        if said.get(key) not in allowed:
            faults.append(f'{key} is one of {", ".join(allowed)}, not "{said.get(key)}"')
    for key in _NUMBERS:
        number = said.get(key)
        if type(number) is not int or not 0 <= number <= _LARGEST_BAR:
            faults.append(f"{key} is a whole number of px from 0 to {_LARGEST_BAR}, not {number!r}")
    return faults


def _faces(types: Mapping[str, object], phones: Mapping[str, object], problems: list[str]) -> dict[str, Face]:
    faces: dict[str, Face] = {}
    for role, written in types.items():
        face = _face(str(written))
        if face is None:
            problems.append(
                f'type.{role}: "{written}" is not like "italic 16/24 serif"; the smallest is {SMALLEST}/{SMALLEST}'
            )
        else:
            faces[role] = face
    for role, written in phones.items():
        sizes = _sizes(str(written))
        if role not in types or sizes is None:
            problems.append(f'phone.{role}: "{written}" has to be a size like "30/36" of something under [type]')
        elif role in faces:
            faces[role] = replace(faces[role], phone=sizes)
    return faces


def _face(written: str) -> Face | None:
    """The face of "bold 12/18 sans 1.2px capitals", in whichever order; None if it is not one."""
    words = written.split()
    sizes = [found for word in words if (found := _sizes(word))]
    fonts = [word for word in words if word in ("serif", "sans")]
    spacing = [float(match[1]) for word in words if (match := _SPACING.fullmatch(word))]
    marks = [word for word in words if word in ("bold", "italic", "capitals")]
    if len(sizes) != 1 or len(fonts) != 1 or len(spacing) > 1 or len({*words}) != 2 + len(spacing) + len(marks):
        return None
    return Face(
        *sizes[0],
        font="serif" if fonts == ["serif"] else "sans",
        bold="bold" in marks,
        italic="italic" in marks,
        capitals="capitals" in marks,
        spacing=spacing[0] if spacing else 0,
    )


def _sizes(word: str) -> tuple[int, int] | None:
    found = _SIZES.fullmatch(word)
    size, line = (int(found[1]), int(found[2])) if found else (0, 0)
    return (size, line) if SMALLEST <= size <= line else None
