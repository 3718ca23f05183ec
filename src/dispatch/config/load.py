"""Find the configuration, read it, and say everything that is wrong with it at once."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dispatch.config.crosschecks import crosschecks
from dispatch.config.document import read_document
from dispatch.config.faults import Fault, faults_of
from dispatch.config.places import DEFAULT_DATABASE
from dispatch.config.repair import repaired, validated
from dispatch.config.settings import Settings
from dispatch.config.unbuilt import refused, unbuilt
from dispatch.errors import ConfigurationError

VARIABLE = "DISPATCH_CONFIG"
USUAL_PLACES = (Path("config.toml"), Path("/etc/dispatch/config.toml"))

# What needs more than this package to judge (the look): gives the path of each key at fault and a sentence.
ExtraCheck = Callable[[Settings], Iterable[tuple[tuple[str, ...], str]]]


def find(explicit: Path | None) -> Path:
    """The configuration to use: the one asked for, else $DISPATCH_CONFIG, else the first of the usual places.

    Raises ConfigurationError that names every place looked at.
    """
    if explicit is not None:
        return explicit
    if os.environ.get(VARIABLE):
        return Path(os.environ[VARIABLE])
    for place in USUAL_PLACES:
        if place.exists():
            return place
    looked = ", ".join(f"./{place}" if not place.is_absolute() else str(place) for place in USUAL_PLACES)
    raise ConfigurationError(
        [f"no configuration: --config and ${VARIABLE} are not given, {looked} not there: `dispatch init` writes one"]
    )


def load(path: Path, extra_checks: Sequence[ExtraCheck] = ()) -> Settings:
    """Read a configuration; raises ConfigurationError with a line `file:line: key: …` for everything wrong in it."""
    document = read_document(path)
    _fill_in_the_database(document.data)
    faults: list[Fault] = []
    try:
        settings: Settings | None = validated(document.data, document.folder)
    except ValidationError as error:
        faults += faults_of(error, document)
        settings = repaired(document, error)
    faults += crosschecks(document.data)
    faults += refused(document)
    if settings is not None:
        faults += _extra_faults(settings, extra_checks, list(faults))
    if faults or settings is None:
        ordered = sorted(faults, key=lambda fault: document.line(fault.path))
        raise ConfigurationError([document.sentence(fault.path, fault.sentence) for fault in ordered])
    return settings


def warnings(path: Path) -> list[str]:
    """A line for each part of a configuration that is not built yet and harmless; raises if it is not TOML."""
    return unbuilt(read_document(path))


def _fill_in_the_database(data: dict[str, Any]) -> None:
    store = data.get("store")
    if isinstance(store, dict) and "path" not in store and "url" not in store:
        store["path"] = str(DEFAULT_DATABASE)


def _extra_faults(settings: Settings, extra_checks: Sequence[ExtraCheck], known: list[Fault]) -> Iterator[Fault]:
    for check in extra_checks:
        for path, sentence in check(settings):
            if not any(fault.concerns(path) for fault in known):
                yield Fault(path, sentence)
