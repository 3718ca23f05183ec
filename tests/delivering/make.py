"""What sending needs to find in the database: an issue being sent, its variant, its readers, a delivery for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.config.settings import Settings
from dispatch.model.delivery import Tally
from dispatch.store import tables
from dispatch.store.database import Database
from dispatch.store.overview import issue_summaries

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
TEXT = "Hello ~ADDRESS~\nLeave: https://blank.invalid/UNSUBSCRIBE\nChange: https://blank.invalid/PREFERENCES\n"
HTML = (
    '<p>Hello ~ADDRESS~, <a href="https://blank.invalid/UNSUBSCRIBE">leave</a> or '
    '<a href="https://blank.invalid/PREFERENCES">change</a></p>\n'
)


@dataclass(frozen=True, slots=True)
class MadeIssue:
    """What was made: the issue's id, and its deliveries' ids in the order of the addresses."""

    id: int
    deliveries: list[int]
    newsletter_id: int
    schedule_id: int


def make_issue(
    connection: Connection,
    addresses: Sequence[str],
    *,
    slot: str = "2026-11-27T07:00",
    expires_at: datetime | None = None,
) -> MadeIssue:
    """An issue in state `sending` with a queued delivery for each address, due at NOW."""
    newsletter_id, schedule_id = _newsletter(connection)
    values = {
        "newsletter_id": newsletter_id, "schedule_id": schedule_id, "slot": slot, "due_at": NOW, "after_seq": 0,
        "through_seq": 3, "state": "sending", "expires_at": expires_at, "created_at": NOW,
    }  # fmt: skip
    known = {column.name for column in tables.issue.columns}
    row = {name: value for name, value in values.items() if name in known}
    issue_id = _insert(connection, tables.issue, row)
    variant_id = _insert(
        connection,
        tables.variant,
        {
            "issue_id": issue_id, "hash": "h", "subject": "The keeper who would not leave", "html": HTML, "text": TEXT,
            "post_ids": [], "books": [], "notes": [],
        },
    )  # fmt: skip
    readers = _readers(connection, addresses, newsletter_id, schedule_id)
    rows = [
        {
            "kind": "digest", "issue_id": issue_id, "subscription_id": subscription_id, "subscriber_id": subscriber_id,
            "variant_id": variant_id, "from_seq": 0, "through_seq": 3, "state": "queued", "due_at": NOW,
            "expires_at": expires_at, "created_at": NOW,
        }
        for subscriber_id, subscription_id in readers
    ]  # fmt: skip
    connection.execute(sa.insert(tables.delivery), rows)
    ids = sa.select(tables.delivery.c.id).where(tables.delivery.c.issue_id == issue_id).order_by(tables.delivery.c.id)
    return MadeIssue(issue_id, list(connection.scalars(ids)), newsletter_id, schedule_id)


def addresses(count: int) -> list[str]:
    """Invented readers on a few invented domains."""
    return [f"reader{number:04}@{('harbour', 'ledge', 'tide')[number % 3]}.example" for number in range(count)]


def tally_of(database: Database, issue_id: int) -> Tally:
    """The issue's arithmetic; promise 2 is asserted on the way."""
    (summary,) = database.transact(issue_summaries, 1, ids=[issue_id])
    tally = summary.tally
    parts = tally.accepted + tally.refused + tally.suppressed + tally.in_doubt + tally.waiting
    assert tally.audience == parts
    return tally


def states_of(database: Database, issue_id: int) -> list[str]:
    """The state of each delivery, in order."""
    query = (
        sa.select(tables.delivery.c.state).where(tables.delivery.c.issue_id == issue_id).order_by(tables.delivery.c.id)
    )
    with database.engine.begin() as connection:
        return list(connection.scalars(query))


def change(connection: Connection, /, table: sa.Table, ids: Sequence[int], **values: object) -> None:
    """Set columns of some rows."""
    connection.execute(sa.update(table).where(table.c.id.in_(ids)).values(**values))


def rows_of(database: Database, table: sa.Table) -> list[sa.RowMapping]:
    """Every row of a table, in order of its first column."""
    with database.engine.begin() as connection:
        return list(connection.execute(sa.select(table).order_by(next(iter(table.columns)))).mappings())


def settings_for(
    folder: Path, port: int, *, keys: Sequence[str] = ("token.key",), mailbox: str | None = None, **relay: object
) -> Settings:
    """A configuration whose relay is a server on loopback."""
    (folder / "address.key").write_text("a" * 40)
    (folder / "token.key").write_text("t" * 40)
    main = {"host": "127.0.0.1", "port": port, "security": "none", "connections": 4, "stop_grace": "2s"}
    return Settings.model_validate(
        {
            "site": {
                "name": "The Lamplight Review", "url": "https://lamplight.example",
                "postal_address": "41 Harbour Row, Port Ellery, ME 04629, USA",
            },
            "store": {"path": "dispatch.db", "address_key": "file:address.key"},
            "web": {"public_url": "https://post.lamplight.example", "token_keys": [f"file:{key}" for key in keys]},
            "sources": {"site": {"kind": "feed", "url": "https://lamplight.example/feed/"}},
            "newsletters": {
                "review": {
                    "name": "The Lamplight Review", "from": "The Lamplight Review <review@lamplight.example>",
                    "sources": ["site"],
                }
            },
            "outcomes": {"mailbox": mailbox},
            "relays": {"main": main | relay},
        },
        context={"base": folder},
    )  # fmt: skip


def in_days(count: float) -> datetime:
    """So many days after NOW."""
    return NOW + timedelta(days=count)


def _newsletter(connection: Connection) -> tuple[int, int]:
    found = connection.execute(
        sa.select(tables.schedule.c.newsletter_id, tables.schedule.c.id).where(tables.schedule.c.slug == "weekly")
    ).first()
    if found:
        return found[0], found[1]
    newsletter_id = _insert(connection, tables.newsletter, {"slug": "review", "last_seq": 3})
    row = {"newsletter_id": newsletter_id, "slug": "weekly", "base_seq": 0, "created_at": NOW}
    return newsletter_id, _insert(connection, tables.schedule, row)


def _readers(
    connection: Connection, addresses: Sequence[str], newsletter_id: int, schedule_id: int
) -> list[tuple[int, int]]:
    readers = []
    for address in addresses:
        subscriber_id = _insert(
            connection,
            tables.subscriber,
            {
                "address": address, "address_hash": f"hash of {address}", "domain": address.rpartition("@")[2],
                "name": "Mara Lind", "created_at": NOW,
            },
        )  # fmt: skip
        row = {
            "subscriber_id": subscriber_id, "newsletter_id": newsletter_id, "schedule_id": schedule_id,
            "state": "active", "start_seq": 0, "seen_seq": 3, "joined_at": NOW,
        }  # fmt: skip
        readers.append((subscriber_id, _insert(connection, tables.subscription, row)))
    return readers


def _insert(connection: Connection, table: sa.Table, row: dict[str, object]) -> int:
    number: int = connection.scalars(sa.insert(table).values(row).returning(table.c.id)).one()
    return number
