"""What pydantic found wrong, in our own words: each fault has the key it is about and a sentence."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from dispatch.config.document import Document
from dispatch.config.positions import KeyPath
from dispatch.config.settings import Section, Settings
from dispatch.config.shape import keys_of, kind_at, section_of, unwrapped
from dispatch.config.values import REASON, Allowed, Slug
from dispatch.config.wording import allowed, found, homes_of, may_be_secret, meant

NAME_MARK = "[key]"  # how pydantic says that the name of a table is at fault, not its content


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with one key."""

    path: KeyPath
    sentence: str

    def concerns(self, path: KeyPath) -> bool:
        """Whether this fault is about that key, or about a table or list around it."""
        return path[: len(self.path)] == self.path


def faults_of(error: ValidationError, document: Document, root: type[Section] = Settings) -> Iterator[Fault]:
    """Each of pydantic's errors as a fault; the table that is missing altogether as one for each key it needs."""
    for details in error.errors(include_url=False, include_input=False):
        path = tuple(details["loc"])
        if path[-1] == NAME_MARK:
            yield Fault(path[:-1], _wrong_name(str(path[-2])))
        elif details["type"] == "extra_forbidden":
            yield Fault(path, _unknown_key(path, root))
        elif details["type"] == "missing":
            yield from _missing(path, root)
        else:
            yield Fault(path, _wrong_value(path, details, document.value(document.written(path)), root))


def wrong_with(path: KeyPath, value: Any) -> str:
    """What is wrong with a value somebody wants to give a key of the configuration, as a sentence; "" if nothing."""
    adapter: TypeAdapter[Any] = TypeAdapter(kind_at(path))
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        return _wrong_value(path, error.errors(include_url=False, include_input=False)[0], value, Settings)
    return ""


def _wrong_name(name: str) -> str:
    suggestion = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:40].rstrip("-")
    return f"found the name {found(name)}; allowed: {allowed(Slug)}" + (
        f'; did you mean "{suggestion}"?' if suggestion else ""
    )


def _unknown_key(path: KeyPath, root: type[Section]) -> str:
    table = section_of(kind_at(path[:-1], root))
    key, known = str(path[-1]), keys_of(table) if table else {}
    suggestion = meant(key, known) or next((f"; did you mean it for {home}?" for home in homes_of(key, root)), "")
    return f"found a key that is not known here; allowed: {', '.join(known)}{suggestion}"


def _missing(path: KeyPath, root: type[Section]) -> Iterator[Fault]:
    kind = kind_at(path, root)
    table = section_of(kind)
    if not table:
        yield Fault(path, f"found nothing, and it is needed; allowed: {allowed(kind)}")
        return
    for key, field in keys_of(table).items():
        if field.is_required():
            yield from _missing((*path, key), root)


def _wrong_value(path: KeyPath, details: ErrorDetails, value: Any, root: type[Section]) -> str:
    kind = kind_at(path, root)
    private = may_be_secret(path, root)
    with_kind = details["type"].endswith(("_type", "_parsing"))
    sentence = f"found {found(value, private=private, with_kind=with_kind)}; allowed: {allowed(kind)}"
    if details["type"] == REASON:
        sentence += f" ({details['ctx']['why']})"
    return sentence + (meant(value, _words(kind)) if isinstance(value, str) and not private else "")


def _words(kind: Any) -> list[str]:
    bare, marks = unwrapped(kind)
    if get_origin(bare) is Literal:
        return list(get_args(bare))
    return sorted(word for mark in marks if isinstance(mark, Allowed) and mark.words for word in mark.words())
