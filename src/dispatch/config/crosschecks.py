"""What is wrong between two values of the configuration, each of them right alone.

The checks read the document as it is written, so that they find what is wrong also where other keys are.
"""

from collections.abc import Iterator
from typing import Any, get_args

from dispatch.config.faults import Fault
from dispatch.config.settings import Newsletter, Source
from dispatch.config.wording import found, meant

Table = dict[str, Any]


def crosschecks(data: Table) -> Iterator[Fault]:
    """Every contradiction in a document."""
    yield from _one_database(_table(data.get("store")))
    for name, source in _tables(data, "sources"):
        yield from _place_of_source(name, source)
    for name, newsletter in _tables(data, "newsletters"):
        yield from _sources_exist(name, newsletter, _table(data.get("sources")))
        yield from _default_schedule_exists(name, newsletter)
    for name, relay in _tables(data, "relays"):
        yield from _log_in_is_whole(name, relay)


def _one_database(store: Table) -> Iterator[Fault]:
    if "path" in store and "url" in store:
        yield Fault(("store", "url"), "found a second database beside store.path; allowed: one of path and url")


def _place_of_source(name: str, source: Table) -> Iterator[Fault]:
    kind = source.get("kind")
    if kind not in get_args(Source.model_fields["kind"].annotation):
        return
    wanted, other = ("path", "url") if kind == "folder" else ("url", "path")
    if wanted not in source:
        yield Fault(("sources", name, wanted), f'found nothing, and a source of kind "{kind}" needs {wanted}')
    if other in source:
        yield Fault(("sources", name, other), f'found {other}; allowed: a source of kind "{kind}" has {wanted} alone')


def _sources_exist(name: str, newsletter: Table, sources: Table) -> Iterator[Fault]:
    named = newsletter.get("sources")
    for number, source in enumerate(named if isinstance(named, list) else []):
        if isinstance(source, str) and source not in sources:
            yield Fault(("newsletters", name, "sources", number), _not_one_of(source, sources, "a source"))


def _default_schedule_exists(name: str, newsletter: Table) -> Iterator[Fault]:
    field = Newsletter.model_fields
    schedules = newsletter.get("schedules", field["schedules"].default)
    chosen = newsletter.get("default_schedule", field["default_schedule"].default)
    if isinstance(schedules, dict) and isinstance(chosen, str) and chosen not in schedules:
        sentence = _not_one_of(chosen, schedules, "a schedule of this newsletter")
        if "default_schedule" not in newsletter:
            sentence = f"found nothing, so {sentence.removeprefix('found ')}"
        yield Fault(("newsletters", name, "default_schedule"), sentence)


def _log_in_is_whole(name: str, relay: Table) -> Iterator[Fault]:
    if relay.get("kind", "smtp") not in ("smtp", "postfix"):
        return
    for given, wanted in (("username", "password"), ("password", "username")):
        if given in relay and wanted not in relay:
            yield Fault(("relays", name, wanted), f"found nothing, and a log-in with {given} needs {wanted} too")


def _not_one_of(name: str, known: Table, what: str) -> str:
    names = ", ".join(f'"{each}"' for each in known) or "none, as there is none yet"
    return f"found {found(name)}, which is not {what}; allowed: {names}{meant(name, known)}"


def _tables(data: Table, key: str) -> Iterator[tuple[str, Table]]:
    for name, table in _table(data.get(key)).items():
        yield name, _table(table)


def _table(value: object) -> Table:
    return value if isinstance(value, dict) else {}
