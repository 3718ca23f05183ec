"""Deliveries at the reader's own time of day: when an issue is due in the zones that readers live in."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.model.zones import WORTH_SENDING, own_times
from dispatch.store.tables import Utc, issue, subscriber


def own_due_times(connection: Connection, issue_id: int) -> dict[str, datetime]:
    """Zone → when an issue is due there, for the zones of readers where that is later than elsewhere.

    Looks at every subscriber once, so ask before the fan-out and not in each of its ranges.
    """
    slot, due_at, expires_at = connection.execute(
        sa.select(issue.c.slot, issue.c.due_at, issue.c.expires_at).where(issue.c.id == issue_id)
    ).one()
    return own_times(_zones(connection), slot, due_at, expires_at)


def due_at_of(times: Mapping[str, datetime]) -> sa.ColumnElement[datetime]:
    """When a subscriber's delivery of an issue is due."""
    if not times:
        return issue.c.due_at
    return sa.case(
        # Most have no zone of their own, and are found out first.
        (subscriber.c.zone == "", issue.c.due_at),
        *((subscriber.c.zone.in_(zones), sa.literal(due_at, Utc())) for due_at, zones in _by_time(times).items()),
        else_=issue.c.due_at,
    )


def expires_at_of(times: Mapping[str, datetime]) -> sa.ColumnElement[datetime | None]:
    """When a subscriber's delivery of an issue is given up: with the issue, or later where it is due late."""
    if not times:
        return issue.c.expires_at
    whens = []
    for due_at, zones in _by_time(times).items():
        latest = sa.literal(due_at + WORTH_SENDING, Utc())
        whens.append((sa.and_(subscriber.c.zone.in_(zones), issue.c.expires_at < latest), latest))
    return sa.case((subscriber.c.zone == "", issue.c.expires_at), *whens, else_=issue.c.expires_at)


def _by_time(times: Mapping[str, datetime]) -> dict[datetime, list[str]]:
    zones: dict[datetime, list[str]] = {}
    for zone, due_at in times.items():
        zones.setdefault(due_at, []).append(zone)
    return zones


def _zones(connection: Connection) -> list[str]:
    """The zones that readers live in, those of most readers first."""
    query = sa.select(subscriber.c.zone).where(subscriber.c.zone != "").group_by(subscriber.c.zone)
    return list(connection.scalars(query.order_by(sa.func.count().desc(), subscriber.c.zone)))
