"""Deliveries of one issue, each due at its reader's own time of day."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from dispatch.store.database import Connection, Database
from dispatch.store.fan_out import fan_out_range, subscription_bounds
from dispatch.store.tables import delivery, issue, subscriber
from dispatch.store.zones import own_due_times
from tests.store.make import FRIDAY, composed, first_variants

READERS = {
    "anna": "",
    "ben": "Asia/Tokyo",
    "carl": "America/New_York",
    "dora": "Europe/London",
    "eve": "Nowhere/Land",
    "fay": "Europe/Lisbon",
    "gus": "Asia/Tokyo",
}
TOKYO, LONDON = (datetime(2026, 11, day, hour, tzinfo=UTC) for day, hour in ((27, 22), (28, 7)))


def _issue(connection: Connection, zones: Mapping[str, str]) -> int:
    issue_id = composed(connection, posts=1, readers=list(zones))
    first_variants(connection, issue_id)
    for name, zone in zones.items():
        connection.execute(sa.update(subscriber).where(subscriber.c.name == name).values(zone=zone))
    return issue_id


def _due(connection: Connection, issue_id: int) -> dict[str, datetime]:
    """Fan the issue out; returns when it is due for whom."""
    low, high = subscription_bounds(connection, issue_id) or (0, 0)
    fan_out_range(connection, issue_id, low, high, FRIDAY, own_due_times(connection, issue_id))
    query = sa.select(subscriber.c.name, delivery.c.due_at).join(delivery, delivery.c.subscriber_id == subscriber.c.id)
    return dict(connection.execute(query).all())


def test_each_delivery_is_due_where_its_reader_lives(database: Database) -> None:
    """Who has no zone, the site's own or one that there is not gets it at once."""

    def story(connection: Connection) -> dict[str, datetime]:
        return _due(connection, _issue(connection, READERS))

    assert database.transact(story) == {
        "anna": FRIDAY,
        "ben": TOKYO,
        "carl": FRIDAY,
        "dora": LONDON,
        "eve": FRIDAY,
        "fay": LONDON,
        "gus": TOKYO,
    }


def test_zones_are_named_that_most_readers_live_in_first(database: Database) -> None:
    """So that a reader is found among few."""
    issue_id = database.transact(_issue, READERS)
    assert list(database.transact(own_due_times, issue_id).items()) == [
        ("Asia/Tokyo", TOKYO),
        ("Europe/Lisbon", LONDON),
        ("Europe/London", LONDON),
    ]


@pytest.mark.parametrize(
    "values",
    [{"slot": "post:1"}, {"expires_at": TOKYO + timedelta(minutes=59)}],
    ids=["on publish", "it would be given up before"],
)
def test_what_cannot_wait_is_due_at_once(database: Database, values: dict[str, object]) -> None:
    """Nobody is left with mail that is over before it is tried."""

    def story(connection: Connection) -> dict[str, datetime]:
        issue_id = _issue(connection, {"ben": "Asia/Tokyo", "dora": "Europe/London"})
        connection.execute(sa.update(issue).where(issue.c.id == issue_id).values(values))
        return _due(connection, issue_id)

    assert database.transact(story) == {"ben": FRIDAY, "dora": FRIDAY}


@pytest.mark.parametrize(
    ("expires_at", "given_up"),
    [
        (FRIDAY + timedelta(days=3), [FRIDAY + timedelta(days=3)] * 2),
        (FRIDAY + timedelta(days=1), [FRIDAY + timedelta(days=1), TOKYO + timedelta(days=1)]),
        (None, [None, None]),
    ],
    ids=["weekly", "daily", "never"],
)
def test_late_mail_is_worth_sending_for_a_day(
    database: Database, expires_at: datetime | None, given_up: list[datetime | None]
) -> None:
    """Also past the next slot: an hour without a relay must not end the mail of a whole zone."""

    def story(connection: Connection) -> list[datetime | None]:
        issue_id = _issue(connection, {"anna": "", "ben": "Asia/Tokyo"})
        connection.execute(sa.update(issue).where(issue.c.id == issue_id).values(expires_at=expires_at))
        _due(connection, issue_id)
        return list(connection.scalars(sa.select(delivery.c.expires_at).order_by(delivery.c.subscription_id)))

    assert database.transact(story) == given_up
