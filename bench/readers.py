"""Readers in any number, made by the database itself: for a million of them Python would take a minute."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bench.magazine import NEWSLETTER, SCHEDULE
from dispatch.model.address import COHORTS
from dispatch.model.subscriber import SubscriptionState
from dispatch.store.database import Connection
from dispatch.store.newsletters import join_at, read_newsletter, schedule_of
from dispatch.store.tables import subscriber, subscription

DOMAINS = 100
CHUNK = 100_000


def join(connection: Connection, count: int, now: datetime) -> None:
    """Store `count` subscribers, all with an active subscription to the newsletter."""
    newsletter = read_newsletter(connection, NEWSLETTER)
    schedule = schedule_of(connection, newsletter.id, SCHEDULE)
    start = join_at(connection, schedule.id)
    for low in range(0, count, CHUNK):
        connection.execute(_subscribers(low, min(low + CHUNK, count), now))
    constant = {
        "newsletter_id": newsletter.id, "schedule_id": schedule.id, "state": SubscriptionState.ACTIVE.value,
        "start_seq": start, "seen_seq": start, "joined_at": now,
    }  # fmt: skip
    connection.execute(_from_select(subscription, {"subscriber_id": subscriber.c.id}, constant))


def _subscribers(low: int, high: int, now: datetime) -> sa.Insert:
    first = sa.select(sa.literal(low + 1).label("number")).cte("number", recursive=True)
    numbers = first.union_all(sa.select(first.c.number + 1).where(first.c.number < high))
    number = numbers.c.number
    domain = sa.func.printf("reader%d.example", number % DOMAINS)
    columns = {
        "address": sa.func.printf("reader%d@reader%d.example", number, number % DOMAINS),
        "address_hash": sa.func.lower(sa.func.hex(sa.func.randomblob(32))),
        "domain": domain,
        "name": sa.func.printf("Reader %d", number),
        "cohort": number % COHORTS,
    }
    return _from_select(subscriber, columns, {"created_at": now})


def _from_select(
    table: sa.Table, columns: Mapping[str, sa.ColumnElement[Any]], constant: Mapping[str, object]
) -> sa.Insert:
    values = [sa.literal(value, table.c[name].type).label(name) for name, value in constant.items()]
    query = sa.select(*(column.label(name) for name, column in columns.items()), *values)
    return sa.insert(table).from_select([*columns, *constant], query)
