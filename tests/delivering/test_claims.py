"""What is claimed is fresh: who left meanwhile is not even named to the relay, and what is urgent goes first."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from dispatch.delivering.send import send_due
from dispatch.store import tables
from dispatch.store.database import Connection, Database
from tests.delivering.make import NOW, addresses, change, make_issue, settings_for, tally_of
from tests.smtp_server import DROP, Act, SmtpServer, Step


async def send_all(database: Database, folder: Path, server: SmtpServer, **relay: Any) -> None:
    """One run, until nothing is due."""
    settings = settings_for(folder, server.port, **relay)
    sending = send_due(
        database, settings, lambda: NOW, lambda: datetime.now(UTC), owner="one", stop=asyncio.Event(), until_idle=True
    )
    await asyncio.wait_for(sending, 60)


def leave(connection: Connection, address: str) -> None:
    """One subscriber goes."""
    whose = sa.select(tables.subscriber.c.id).where(tables.subscriber.c.address == address)
    goes = sa.update(tables.subscription).where(tables.subscription.c.subscriber_id.in_(whose))
    connection.execute(goes.values(state="left"))


def test_who_left_after_the_claim_is_not_even_named_to_the_relay(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At ten a second the twentieth waits two seconds; by then the claim they left after is not believed any more."""
    monkeypatch.setattr("dispatch.delivering.claims.FRESH", 0.2)
    issue = database.transact(make_issue, addresses(24))
    gone = addresses(24)[19]

    def leave_at_the_first(step: Step) -> Act | None:
        if step.stage == "dot" and step.recipient == addresses(24)[0]:
            database.transact(leave, gone)
        return None

    with SmtpServer(leave_at_the_first) as server:
        asyncio.run(send_all(database, tmp_path, server, pace="10/second", connections=2))
    assert gone not in {step.recipient for step in server.steps}
    tally = tally_of(database, issue.id)
    assert (tally.suppressed, tally.accepted) == (1, 23)


def test_what_is_urgent_overtakes_what_is_claimed_already(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Service mail that comes in the middle of a digest leaves before most of it."""
    monkeypatch.setattr("dispatch.delivering.claims.FRESH", 0.2)
    issue = database.transact(make_issue, addresses(40))
    late = issue.deliveries[-1]
    in_two_days = datetime(2026, 11, 29, tzinfo=UTC)
    database.transact(change, tables.delivery, [late], due_at=in_two_days)

    def becomes_urgent(step: Step) -> Act | None:
        if step.stage == "dot" and step.recipient == addresses(40)[0]:
            database.transact(change, tables.delivery, [late], kind="service", priority=1, due_at=NOW)
        return None

    with SmtpServer(becomes_urgent) as server:
        asyncio.run(send_all(database, tmp_path, server, pace="20/second", connections=2))
    place = [message.recipient for message in server.received].index(addresses(40)[-1])
    assert place < 15
    assert tally_of(database, issue.id).accepted == 40


def test_a_run_ends_with_its_last_result_and_does_not_look_again_to_see_it(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next look is an hour away; what a lost connection has put back is claimed without it, too."""
    monkeypatch.setattr("dispatch.delivering.claims.LOOK_AGAIN", 3_600.0)
    issue = database.transact(make_issue, addresses(24))
    unlucky = addresses(24)[3::10]

    def hang_up(step: Step) -> Act | None:
        return DROP if step.stage == "rcpt" and step.nth == 1 and step.recipient in unlucky else None

    with SmtpServer(hang_up) as server:
        asyncio.run(send_all(database, tmp_path, server, connections=2))
        assert server.copies() == dict.fromkeys(addresses(24), 1)
        assert server.reached("connect") > 2
    assert tally_of(database, issue.id).accepted == 24
