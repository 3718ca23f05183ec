"""Logos: which are copied, and what was wrong with the others. There are a handful, so they are one fact of `meta`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.model.post import Picture
from dispatch.store.conflicts import insert_if_absent
from dispatch.store.tables import meta

_KEY = "logos"


@dataclass(frozen=True, slots=True)
class LogoMemory:
    """What is remembered of a logo. `copy` is None while it is not here; `problem` is a sentence, "" if all is well."""

    asked_at: datetime
    copy: Picture | None = None
    problem: str = ""
    etag: str = ""
    last_modified: str = ""


def logo_memories(connection: Connection) -> dict[str, LogoMemory]:
    """What is remembered of logos, each by what its copy is for."""
    stored = connection.scalars(sa.select(meta.c.value).where(meta.c.key == _KEY)).one_or_none()
    return {key: _memory(facts) for key, facts in json.loads(stored or "{}").items()}


def copied_logos(connection: Connection) -> dict[str, Picture]:
    """The copies of logos, each by what it is for."""
    return {key: memory.copy for key, memory in logo_memories(connection).items() if memory.copy}


def remember_logos(connection: Connection, memories: Mapping[str, LogoMemory]) -> None:
    """Remember these logos, and forget every other."""
    value = json.dumps({key: _facts(memory) for key, memory in memories.items()})
    connection.execute(insert_if_absent(connection, meta).values(key=_KEY, value=value))
    connection.execute(sa.update(meta).where(meta.c.key == _KEY).values(value=value))


def _memory(facts: dict[str, Any]) -> LogoMemory:
    return LogoMemory(
        asked_at=datetime.fromisoformat(facts["asked_at"]),
        copy=Picture(**facts["copy"]) if facts["copy"] else None,
        problem=facts["problem"],
        etag=facts["etag"],
        last_modified=facts["last_modified"],
    )


def _facts(memory: LogoMemory) -> dict[str, Any]:
    copy = memory.copy and {"file": memory.copy.file, "width": memory.copy.width, "height": memory.copy.height}
    return {
        "asked_at": memory.asked_at.isoformat(),
        "copy": copy,
        "problem": memory.problem,
        "etag": memory.etag,
        "last_modified": memory.last_modified,
    }
