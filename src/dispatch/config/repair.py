"""Settings out of a faulty document, good for one thing: finding what else is wrong with it."""

import copy
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from dispatch.config.document import Document
from dispatch.config.faults import NAME_MARK
from dispatch.config.positions import KeyPath
from dispatch.config.settings import Settings
from dispatch.config.shape import keys_of, kind_at, section_of

ROUNDS = 3  # what is wrong goes, what is then missing comes, the keys of a table that was missing come


def validated(data: dict[str, Any], folder: Path) -> Settings:
    """The settings that a document says; raises pydantic's ValidationError. Paths in it are relative to `folder`."""
    return Settings.model_validate(data, context={"base": folder})


def repaired(document: Document, error: ValidationError) -> Settings | None:
    """The settings with each faulty key at its default or its example; None where even that makes no settings."""
    data = copy.deepcopy(document.data)
    for _ in range(ROUNDS):
        for details in error.errors(include_url=False, include_input=False):
            _repair(data, details)
        try:
            return validated(data, document.folder)
        except ValidationError as next_error:
            error = next_error
    return None


def _repair(data: dict[str, Any], details: ErrorDetails) -> None:
    path = _key_at_fault(details["loc"])
    table, last = data, path[-1]
    for key in path[:-1]:
        if not isinstance(table.get(str(key)), dict):  # a schedule in its short form
            last = key
            break
        table = table[str(key)]
    if details["type"] == "missing":
        table[str(last)] = _example(path)
    else:
        table.pop(str(last), None)


def _key_at_fault(loc: KeyPath) -> KeyPath:
    """The key to replace: a faulty name spoils its table, a faulty element its list (else the others would move)."""
    if loc[-1] == NAME_MARK:
        return loc[:-1]
    return loc[: next((place for place, key in enumerate(loc) if isinstance(key, int)), len(loc))]


def _example(path: KeyPath) -> Any:
    table = section_of(kind_at(path[:-1])) or Settings
    field = keys_of(table)[str(path[-1])]
    return {} if len(path) == 1 or section_of(field.annotation) else (field.examples or [None])[0]
