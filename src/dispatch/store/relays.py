"""What relays have taught us: read at the start of a run, written now and then and at its end."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from dispatch.model.relay import LearnedPace, RelayMemory
from dispatch.store.conflicts import insert_if_absent
from dispatch.store.tables import relay


def relay_memories(connection: Connection) -> list[RelayMemory]:
    """What is remembered of every relay that has taught us something, by name."""
    return [_memory(row) for row in connection.execute(sa.select(relay).order_by(relay.c.name))]


def recall_relay(connection: Connection, name: str) -> RelayMemory:
    """What is remembered of one relay; of a new one there is nothing."""
    row = connection.execute(sa.select(relay).where(relay.c.name == name)).one_or_none()
    return _memory(row) if row else RelayMemory(name)


def remember_relay(connection: Connection, memory: RelayMemory) -> RelayMemory:
    """Remember this, and return what all senders together know of the relay.

    The pace is that of whoever wrote last, for each sender learns its own; losses count for all of them.
    """
    connection.execute(insert_if_absent(connection, relay).values(name=memory.name))
    row = connection.execute(sa.select(relay).where(relay.c.name == memory.name).with_for_update()).one()
    lost_at, stepwise_since = _later(memory.lost_at, row.lost_at), _later(memory.stepwise_since, row.stepwise_since)
    pace = memory.pace
    connection.execute(
        sa.update(relay)
        .where(relay.c.name == memory.name)
        .values(
            pace=pace.per_second if pace else None,
            pace_since=pace.since if pace else None,
            pace_said_at=pace.said_at if pace else None,
            pace_reply=pace.reply if pace else "",
            lost_at=lost_at,
            stepwise_since=stepwise_since,
        )
    )
    return RelayMemory(memory.name, pace, lost_at, stepwise_since)


def _memory(row: Row[tuple[object, ...]]) -> RelayMemory:
    pace = None if row.pace is None else LearnedPace(row.pace, row.pace_since, row.pace_said_at, row.pace_reply)
    return RelayMemory(row.name, pace, row.lost_at, row.stepwise_since)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(one, other) if one and other else one or other
