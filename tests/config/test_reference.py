"""config.example.toml, docs/configuration.md, the model and the list of unbuilt parts say the same."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from dispatch.config.load import load, warnings
from dispatch.config.positions import KeyPath
from dispatch.config.reference import UNSET
from dispatch.config.settings import Section, Settings
from dispatch.config.shape import keys_of, kind_at, kind_of, section_of, tables_of
from dispatch.config.unbuilt import UNBUILT

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "config.example.toml"
SAMPLE_NAMES = {"site", "review", "main", "weekly"}  # of the tables that operators name themselves


def _lines_of_the_example() -> Iterator[tuple[KeyPath, str, str, bool]]:
    """Each key of the example: its path, its value as written, its comment, and whether it is written out."""
    table: KeyPath = ()
    for line in EXAMPLE.read_text().splitlines():
        if header := re.fullmatch(r"#?\[([\w.-]+)\]", line):
            table = tuple(header[1].split("."))
        elif pair := re.fullmatch(r"(#?)(\w+) = (.+?) +# (.+)", line):
            yield (*table, pair[2]), pair[3], pair[4], not pair[1]


def _fields(section: type[Section], path: KeyPath = ()) -> Iterator[tuple[KeyPath, FieldInfo]]:
    """Each key of the model that holds a value, sample names in the place of names."""
    tables = {header.partition(".")[0]: table for header, table in tables_of(section)}
    for key, field in keys_of(section).items():
        if key in tables:
            name = () if section_of(kind_of(field)) else tuple(field.examples or ())
            yield from _fields(tables[key], (*path, key, *name))
        else:
            yield (*path, key), field


FIELDS = dict(_fields(Settings))


def test_the_example_has_every_key_and_no_other() -> None:
    """In the order of the model, which is the order in which a newcomer needs them."""
    written = [path for path, *_ in _lines_of_the_example()]
    assert sorted(map(str, written)) == sorted(map(str, FIELDS))
    assert [path[0] for path in written] == [path[0] for path in FIELDS]


@pytest.mark.parametrize(
    ("path", "value", "comment", "written"),
    [pytest.param(*line, id=".".join(map(str, line[0]))) for line in _lines_of_the_example()],
)
def test_the_example_shows_the_default_and_the_sentence(path: KeyPath, value: str, comment: str, written: bool) -> None:
    """A key without a default is written out or marked as unset, and its value is one that is allowed."""
    field = FIELDS[path]
    unset = not field.is_required() and field.default is None
    assert comment == (UNSET if unset else "") + (field.description or "")
    # The kind of source in the example needs its address; the keys of a signature only count where there is one.
    needed = (field.is_required() and path[:3] != ("relays", "main", "dkim")) or path == ("sources", "site", "url")
    assert written == needed
    adapter: TypeAdapter[Any] = TypeAdapter(kind_at(path))
    read = adapter.validate_python(tomllib.loads(f"value = {value}")["value"])
    if not unset and not field.is_required():
        assert read == field.default


def test_the_example_loads_as_it_is() -> None:
    """Its values are samples; the keys it names are made by init."""
    settings = load(EXAMPLE)
    assert list(settings.newsletters) == ["review"]
    assert settings.newsletters["review"].schedules["weekly"].at == "fri 07:00"
    assert warnings(EXAMPLE) == []


@pytest.mark.parametrize(("name", "file"), [("example", EXAMPLE), ("docs", ROOT / "docs" / "configuration.md")])
def test_the_pages_made_from_the_model_are_up_to_date(name: str, file: Path) -> None:
    """What the module prints is what is in the checkout."""
    command = [sys.executable, "-m", "dispatch.config.reference", name]
    printed = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    assert printed == file.read_text(), (
        f"{file.name} is out of date: python -m dispatch.config.reference {name} > {file.relative_to(ROOT)}"
    )


def test_the_reference_wants_to_know_which_page() -> None:
    """Anything else is a mistake in usage."""
    result = subprocess.run([sys.executable, "-m", "dispatch.config.reference"], capture_output=True, check=False)
    assert result.returncode == 2


def test_what_is_not_built_yet_says_so_where_it_is_described_and_where_it_is_used() -> None:
    """The descriptions and the list of unbuilt parts name the same keys."""
    listed = {part.path for part in UNBUILT}
    described = {
        tuple("*" if name in SAMPLE_NAMES and place in {1, 3} else str(name) for place, name in enumerate(path))
        for path, field in FIELDS.items()
        if "not built yet" in (field.description or "")
    }
    covered = {path for path in described if any(path[: len(part)] == part for part in listed)}
    assert described == covered
    assert [part for part in listed if not any(path[: len(part)] == part for path in described)] == []
