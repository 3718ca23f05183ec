"""The words of configuration errors: what was found, what is allowed, what was probably meant."""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from difflib import get_close_matches
from typing import Any, Literal, get_args, get_origin

from dispatch.config.positions import KeyPath
from dispatch.config.settings import Section, Settings
from dispatch.config.shape import keys_of, kind_at, section_of, tables_of, unwrapped
from dispatch.config.values import Allowed

MAX_SHOWN = 60
_SECRET_NAME = re.compile(r"pass|secret|token|key|webhook|credential", re.IGNORECASE)


def allowed(kind: Any) -> str:
    """What may be written for a value of this type."""
    bare, marks = unwrapped(kind)
    forms = [mark.form for mark in marks if isinstance(mark, Allowed)]
    if forms:
        return forms[-1]
    if section_of(bare):
        return "a table with keys of its own"
    origin, inner = get_origin(bare), get_args(bare)
    if origin is Literal:
        return ", ".join(f'"{word}"' for word in inner)
    if origin is list:
        return (
            f"a list, not empty, each one: {allowed(inner[0])}"
            if _bound(marks, "min_length")
            else (f"a list, each one: {allowed(inner[0])}")
        )
    if origin is dict and section_of(inner[-1]):
        return "tables, each under a name of its own"
    return f'a table {{ "name" = … }}, each one: {allowed(inner[-1])}' if origin is dict else _plain(bare, marks)


def may_be_secret(path: KeyPath, root: type[Section] = Settings) -> bool:
    """Whether what stands under a key may be a secret, also where the key is misspelt or stands in the wrong place."""
    _, marks = unwrapped(kind_at(path, root))
    if any(isinstance(mark, Allowed) for mark in marks):
        return any(isinstance(mark, Allowed) and mark.private for mark in marks)
    return any(_SECRET_NAME.search(str(key)) for key in path)


def found(value: Any, *, private: bool = False, with_kind: bool = False) -> str:
    """What stands in the file, short, on one line, and never if it may be a secret."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if private:
        return "a value that is not repeated here, as it may be a secret"
    if isinstance(value, str):
        return f'"{_shown(value)}"' + (" (text)" if with_kind else "")
    if isinstance(value, bool):
        return str(value).lower()
    return f"{_shown(str(value))}" + (" (a date or time)" if isinstance(value, date | datetime | time) else "")


def meant(word: str, candidates: Iterable[str]) -> str:
    """`; did you mean "…"?` if one of the candidates is close to the word, else nothing."""
    known = {candidate.casefold(): candidate for candidate in candidates}
    closest = get_close_matches(word.casefold(), known, n=1, cutoff=0.6)
    return f'; did you mean "{known[closest[0]]}"?' if closest else ""


def homes_of(key: str, section: type[Section] = Settings, path: str = "") -> Iterator[str]:
    """The tables that do have this key, as headers with NAME where a name of one's own stands."""
    for place, table in tables_of(section, path):
        if key in keys_of(table):
            yield f"[{place}]"
        yield from homes_of(key, table, f"{place}.")


def _plain(kind: Any, marks: list[Any]) -> str:
    if kind is not int:
        return "text"
    least, most = _bound(marks, "ge"), _bound(marks, "le")
    if least is None:
        return "a whole number"
    return f"a whole number, {least} or more" if most is None else f"a whole number from {least} to {most}"


def _bound(marks: list[Any], name: str) -> Any:
    return next((getattr(mark, name) for mark in marks if getattr(mark, name, None) is not None), None)


def _shown(text: str) -> str:
    text = re.sub(r"(?<=://)[^/\s]*@", "…@", text)  # a password in an address
    text = "".join(character if character.isprintable() else "�" for character in text)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"
