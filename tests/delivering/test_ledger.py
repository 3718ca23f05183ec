"""What happens when the store does not work for a while: nothing is sent that could not be written down."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from dispatch.delivering.ledger import Ledger
from dispatch.delivering.rules import returned
from dispatch.delivering.send import send_due
from dispatch.model.delivery import DeliveryState, Verdict
from dispatch.store import tables
from dispatch.store.database import Database, sqlite_url
from dispatch.store.deliveries import claim
from tests.delivering.make import NOW, addresses, make_issue, rows_of, settings_for, states_of, tally_of
from tests.smtp_server import Act, SmtpServer, Step


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[Database]:
    """A SQLite database that waits a tenth of a second for a lock instead of a minute."""
    database = Database(sqlite_url(tmp_path / "dispatch.db"), durability="process")

    @sa.event.listens_for(database.engine, "connect")
    def _hurry(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("pragma busy_timeout=100")

    tables.metadata.create_all(database.engine)
    yield database
    database.close()


def test_while_the_database_is_locked_nothing_new_is_sent(impatient: Database, tmp_path: Path) -> None:
    """Another process holds it for a second: results are kept, then written; everybody gets one message."""
    issue = impatient.transact(make_issue, addresses(40))
    taken_while_locked: list[int] = []

    def hold_the_lock(server: SmtpServer) -> None:
        connection = sqlite3.connect(tmp_path / "dispatch.db", isolation_level=None, timeout=10)
        connection.execute("BEGIN IMMEDIATE")
        before = len(server.received)
        time.sleep(1)
        taken_while_locked.append(len(server.received) - before)
        connection.execute("ROLLBACK")
        connection.close()

    holders: list[threading.Thread] = []

    def lock_at_the_tenth(step: Step) -> Act | None:
        if step.stage == "dot" and len(server.received) == 10 and not holders:
            holders.append(threading.Thread(target=hold_the_lock, args=(server,)))
            holders[0].start()
        return None

    with SmtpServer(lock_at_the_tenth, delay=0.01) as server:
        settings = settings_for(tmp_path, server.port)
        asyncio.run(
            asyncio.wait_for(
                send_due(
                    impatient,
                    settings,
                    lambda: NOW,
                    lambda: datetime.now(UTC),
                    owner="one",
                    stop=asyncio.Event(),
                    until_idle=True,
                ),
                60,
            )
        )
        holders[0].join()
    assert taken_while_locked[0] <= 4  # what was licensed before: one a connection
    assert server.copies() == dict.fromkeys(addresses(40), 1)
    assert tally_of(impatient, issue.id).accepted == 40
    assert [row["outcome"] for row in rows_of(impatient, tables.attempt) if row["outcome"] == "in_doubt"] == []


def ledger_of(database: Database, stop: asyncio.Event) -> Ledger:
    return Ledger(database, "one", "main", lambda: NOW, lambda: NOW, stop)


def test_a_result_and_the_next_license_stand_in_one_commit(database: Database) -> None:
    """A license given means the result before it is durable."""
    issue = database.transact(make_issue, addresses(2))
    first, second = database.transact(claim, "one", limit=10, now=NOW, real_now=NOW)

    async def talk() -> list[str]:
        ledger = ledger_of(database, asyncio.Event())
        running = asyncio.create_task(ledger.run())
        assert await ledger.license(first)
        ledger.record(Verdict(first.id, DeliveryState.ACCEPTED, at=NOW, due_at=None, attempts=1))
        assert not ledger.is_empty
        assert await ledger.license(second)
        states = states_of(database, issue.id)
        ledger.close()
        await running
        return states

    assert asyncio.run(talk()) == ["accepted", "sending"]


def test_once_stopping_no_dot_is_licensed_and_results_are_still_written(database: Database) -> None:
    """The end of a run loses nothing."""
    issue = database.transact(make_issue, addresses(2))
    first, second = database.transact(claim, "one", limit=10, now=NOW, real_now=NOW)

    async def talk() -> None:
        stop = asyncio.Event()
        ledger = ledger_of(database, stop)
        running = asyncio.create_task(ledger.run())
        assert await ledger.license(first)
        stop.set()
        assert not await ledger.license(second)
        ledger.record(Verdict(first.id, DeliveryState.ACCEPTED, at=NOW, due_at=None, attempts=1))
        ledger.record(returned(second, NOW))
        ledger.close()
        await running
        assert ledger.is_empty

    asyncio.run(talk())
    assert states_of(database, issue.id) == ["accepted", "queued"]
