"""What is remembered of each source between two fetches."""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from dispatch.store.conflicts import insert_if_absent
from dispatch.store.tables import meta, source


@dataclass(frozen=True, slots=True)
class SourceMemory:
    """A source as the last fetch left it; a new one has never been tried. Times are UTC."""

    name: str
    etag: str = ""
    last_modified: str = ""
    next_fetch_at: datetime | None = None
    first_good_at: datetime | None = None
    last_good_at: datetime | None = None
    failures: int = 0
    problem: str = ""
    gone: bool = False
    site_url: str = ""
    address: str = ""  # where it was fetched from: the other facts are about this address
    hosts: tuple[str, ...] = ()  # every host that was ever its own
    archive_page: int = 1  # how far back the archive has been collected; 0: to its beginning


@dataclass(frozen=True, slots=True)
class Visited:
    """What a good fetch leaves to be remembered."""

    etag: str
    last_modified: str
    next_fetch_at: datetime
    site_url: str
    address: str
    hosts: tuple[str, ...] = field(default=())
    archive_page: int = 1
    problem: str = ""  # what was wrong although it could be read


def source_memories(connection: Connection, names: Collection[str]) -> dict[str, SourceMemory]:
    """What is remembered of these sources; one that was never tried is there too."""
    rows = connection.execute(sa.select(source).where(source.c.name.in_(names)))
    found = {row.name: row for row in rows}
    facts = _facts(connection, names)
    return {name: _memory(found[name], facts.get(name, {})) if name in found else SourceMemory(name) for name in names}


def lock_source(connection: Connection, name: str) -> SourceMemory:
    """The same of one source, whose row no other transaction changes until this one ends."""
    connection.execute(insert_if_absent(connection, source).values(name=name))
    row = connection.execute(sa.select(source).where(source.c.name == name).with_for_update()).one()
    return _memory(row, _facts(connection, [name]).get(name, {}))


def record_visit(connection: Connection, name: str, visited: Visited, now: datetime) -> None:
    """Remember a good fetch."""
    connection.execute(
        sa.update(source)
        .where(source.c.name == name)
        .values(
            etag=visited.etag,
            last_modified=visited.last_modified,
            next_fetch_at=visited.next_fetch_at,
            first_good_at=sa.func.coalesce(
                source.c.first_good_at, sa.bindparam("now", now, source.c.first_good_at.type)
            ),
            last_good_at=now,
            last_tried_at=now,
            failures=0,
            problem=visited.problem,
            gone=False,
            site_url=visited.site_url,
        )
    )
    _remember(
        connection,
        name,
        {"address": visited.address, "hosts": list(visited.hosts), "archive_page": visited.archive_page},
    )


def record_failure(
    connection: Connection, name: str, problem: str, next_fetch_at: datetime, now: datetime, *, address: str, gone: bool
) -> None:
    """Remember a fetch that failed; `gone`: not to be fetched again by itself, as long as its address is this one."""
    memory = lock_source(connection, name)
    connection.execute(
        sa.update(source)
        .where(source.c.name == name)
        .values(
            next_fetch_at=next_fetch_at, last_tried_at=now, failures=source.c.failures + 1, problem=problem, gone=gone
        )
    )
    if address != memory.address:
        # Nothing that was remembered of the former address may be asked of this one.
        connection.execute(sa.update(source).where(source.c.name == name).values(etag="", last_modified=""))
        _remember(
            connection,
            name,
            {"address": address, "hosts": list(memory.hosts), "archive_page": memory.archive_page},
        )


def _memory(row: Row[Any], facts: dict[str, Any]) -> SourceMemory:
    return SourceMemory(
        name=row.name,
        etag=row.etag,
        last_modified=row.last_modified,
        next_fetch_at=row.next_fetch_at,
        first_good_at=row.first_good_at,
        last_good_at=row.last_good_at,
        failures=row.failures,
        problem=row.problem,
        gone=row.gone,
        site_url=row.site_url,
        address=facts.get("address", ""),
        hosts=tuple(facts.get("hosts", ())),
        archive_page=facts.get("archive_page", 1),
    )


def _key(name: str) -> str:
    return f"source:{name}"


def _facts(connection: Connection, names: Collection[str]) -> dict[str, dict[str, Any]]:
    keys = {_key(name): name for name in names}
    rows = connection.execute(sa.select(meta.c.key, meta.c.value).where(meta.c.key.in_(keys)))
    return {keys[row.key]: json.loads(row.value) for row in rows}


def _remember(connection: Connection, name: str, facts: dict[str, Any]) -> None:
    connection.execute(insert_if_absent(connection, meta).values(key=_key(name), value="{}"))
    connection.execute(sa.update(meta).where(meta.c.key == _key(name)).values(value=json.dumps(facts)))
