"""The shape of the configuration as data: which keys a table has, and what type stands at a path.

A type carries its marks along (`Allowed`, bounds) as `Annotated` does; `unwrapped` takes them apart.
"""

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from dispatch.config.positions import KeyPath
from dispatch.config.settings import Section, Settings


def keys_of(section: type[Section]) -> dict[str, FieldInfo]:
    """The keys of a table as the file writes them, in order."""
    return {field.alias or name: field for name, field in section.model_fields.items()}


def kind_of(field: FieldInfo) -> Any:
    """The annotation of a field together with its marks, as one annotated type."""
    return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation


def kind_at(path: KeyPath, root: type[Section] = Settings) -> Any:
    """The annotated type of a key of the configuration (or of another file), or None where the key is unknown."""
    kind: Any = root
    for key in path:
        kind, _ = unwrapped(kind)
        section = section_of(kind)
        if section:
            field = keys_of(section).get(str(key))
            kind = kind_of(field) if field else None
        elif get_origin(kind) in (dict, list):
            kind = get_args(kind)[-1]
        else:
            return None
    return kind


def unwrapped(kind: Any) -> tuple[Any, list[Any]]:
    """An annotated, possibly optional type without its wrappings, and the marks found on the way (outermost last)."""
    marks: list[Any] = []
    while True:
        if get_origin(kind) is Annotated:
            kind, *outer = get_args(kind)
            marks = [mark for each in outer for mark in _marks(each)] + marks
        elif get_origin(kind) in (Union, UnionType) and type(None) in get_args(kind):
            kind = next(each for each in get_args(kind) if each is not type(None))
        else:
            return kind, marks


def section_of(kind: Any) -> type[Section] | None:
    """The table with fixed keys that a type stands for, or None."""
    bare, _ = unwrapped(kind)
    return bare if isinstance(bare, type) and issubclass(bare, Section) else None


def tables_of(section: type[Section], prefix: str = "") -> Iterator[tuple[str, type[Section]]]:
    """The tables inside a table as their headers are written, NAME where a name of one's own stands."""
    for key, field in keys_of(section).items():
        bare, _ = unwrapped(kind_of(field))
        named = get_origin(bare) is dict
        table = section_of(get_args(bare)[-1] if named else bare)
        if table:
            yield (f"{prefix}{key}.NAME" if named else f"{prefix}{key}"), table


def _marks(mark: Any) -> list[Any]:
    return mark.metadata if isinstance(mark, FieldInfo) else [mark]
