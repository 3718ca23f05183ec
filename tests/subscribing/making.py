"""A small magazine to subscribe to: its settings, its rows, an issue that was sent."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from dispatch.composing.timetable import next_slots
from dispatch.config.settings import Settings
from dispatch.model.schedule import Timetable, parse_schedule
from dispatch.model.subscriber import Subscription
from dispatch.store.database import Connection, Database
from dispatch.store.newsletters import ensure_newsletters
from dispatch.store.subscribers import find_subscriber
from dispatch.store.subscriptions import subscriptions_of
from dispatch.store.tables import issue, newsletter, schedule
from dispatch.subscribing.leaving import NextMail
from dispatch.subscribing.wishes import Who

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KEY = b"an address key of thirty-two bytes"


def make_settings(**tables: Any) -> Settings:
    """A configuration with one newsletter, "review", of three schedules; `tables` replace those of the file."""
    whole: dict[str, Any] = {
        "site": {
            "name": "The Gannet",
            "url": "https://gannet.example",
            "postal_address": "The Gannet, 3 Cliff Stair, Stour Ness",
            "timezone": "America/New_York",
        },
        "store": {"path": "gannet.db", "address_key": "env:KEY"},
        "web": {"public_url": "https://post.gannet.example", "token_keys": ["env:TOKEN"]},
        "sources": {"site": {"kind": "feed", "url": "https://gannet.example/feed"}},
        "newsletters": {
            "review": {
                "name": "The Gannet Review",
                "from": "The Gannet <review@gannet.example>",
                "sources": ["site"],
                "schedules": {"weekly": "fri 07:00", "daily": "daily 07:00", "each": "on publish"},
            }
        },
    }
    return Settings.model_validate(whole | tables, context={"base": Path()})


def store_newsletters(database: Database, settings: Settings) -> None:
    """Make the rows of every newsletter and schedule."""
    shapes = {slug: list(shape.schedules) for slug, shape in settings.newsletters.items()}
    database.transact(ensure_newsletters, shapes, NOW)


def send_issue(database: Database, through_seq: int, *, schedule_slug: str = "weekly", slot: str = "") -> int:
    """Store an issue of a schedule that reached `through_seq`, as if it had gone out; returns its id."""
    return database.transact(_insert_issue, through_seq, schedule_slug, slot or f"slot {through_seq}")


def next_mail_of(settings: Settings) -> NextMail:
    """When a schedule next writes to a reader in their zone."""

    def next_mail(newsletter: str, schedule_slug: str, zone: str, after: datetime) -> datetime | None:
        rhythm = parse_schedule(settings.newsletters[newsletter].schedules[schedule_slug].at)
        return next_slots(rhythm, ZoneInfo(zone), after, 1)[0].due_at if isinstance(rhythm, Timetable) else None

    return next_mail


def subscription_of(database: Database, address: str, slug: str = "review") -> Subscription:
    """Somebody's subscription as it is stored."""
    return database.transact(_subscription_of, Who(address, KEY).digest, slug)


def rows(database: Database, table: sa.Table) -> list[dict[str, Any]]:
    """Everything in a table, in the order of its first column."""
    return database.transact(_rows, table)


def _rows(connection: Connection, table: sa.Table) -> list[dict[str, Any]]:
    query = sa.select(table).order_by(next(iter(table.columns)))
    return [dict(row) for row in connection.execute(query).mappings()]


def _insert_issue(connection: Connection, through_seq: int, schedule_slug: str, slot: str) -> int:
    places = connection.execute(
        sa.select(newsletter.c.id, schedule.c.id).join(schedule).where(schedule.c.slug == schedule_slug)
    )
    newsletter_id, schedule_id = places.first() or (0, 0)
    values = {
        "newsletter_id": newsletter_id,
        "schedule_id": schedule_id,
        "slot": slot,
        "due_at": NOW,
        "through_seq": through_seq,
        "state": "sent",
        "created_at": NOW,
    }
    issue_id: int = connection.scalars(sa.insert(issue).values(values).returning(issue.c.id)).one()
    return issue_id


def _subscription_of(connection: Connection, digest: str, slug: str) -> Subscription:
    person = find_subscriber(connection, digest)
    assert person is not None
    return next(each for each in subscriptions_of(connection, person.id) if each.newsletter == slug)
