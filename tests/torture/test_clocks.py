"""A clock is set while an issue goes out, by an hour or by days: nobody gets it twice, and nobody is forgotten."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dispatch.delivering.send import send_due
from dispatch.store import tables
from dispatch.store.database import Database
from tests.delivering.make import NOW, addresses, make_issue, rows_of, settings_for, tally_of
from tests.smtp_server import Act, Script, SmtpServer, Step, answer
from tests.torture.account import tell

READERS = 300
JUMPS_AT = 60
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Clock:
    """Shows a moment and what has passed since; `set_by` is what somebody did to it."""

    def __init__(self, start: datetime) -> None:
        self._ahead = start - datetime.now(UTC)
        self.set_by = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._ahead + self.set_by


def send(database: Database, folder: Path, port: int, clock: Clock, real_clock: Clock) -> None:
    """Send until nothing is due by that clock."""
    settings = settings_for(folder, port)
    work = send_due(database, settings, clock, real_clock, owner="one", stop=asyncio.Event(), until_idle=True)
    asyncio.run(asyncio.wait_for(work, 60))


def greylisting(readers: set[str], clock: Clock, set_by: timedelta) -> Script:
    """The script of a relay that takes these readers at their second try, and in whose time the clock is set."""

    def act(step: Step) -> Act | None:
        if step.stage == "dot" and step.nth == 1:
            taken.append(step.recipient)
            if len(taken) == JUMPS_AT:
                clock.set_by = set_by
        if step.stage == "rcpt" and step.recipient in readers and step.nth == 1:
            return answer("451 4.7.1 come back later")
        return None

    taken: list[str] = []
    return act


@pytest.mark.parametrize("set_by", [-HOUR, DAY], ids=["an hour back", "a day ahead"])
@pytest.mark.parametrize("which", ["decisions", "leases"])
def test_a_clock_that_is_set_while_sending_mails_nobody_twice(
    database: Database, tmp_path: Path, which: str, set_by: timedelta
) -> None:
    """The clock of decisions, or the one of leases and Date; who was greylisted before gets it later."""
    issue = database.transact(make_issue, addresses(READERS))
    clock, real_clock = Clock(NOW), Clock(datetime.now(UTC))
    script = greylisting(set(addresses(READERS)[::10]), clock if which == "decisions" else real_clock, set_by)
    with SmtpServer(script, delay=0.002) as server:
        send(database, tmp_path, server.port, clock, real_clock)
        assert (clock if which == "decisions" else real_clock).set_by == set_by
        waiting = tally_of(database, issue.id).waiting
        for later in (2 * HOUR, 2 * DAY, 3 * DAY):
            send(database, tmp_path, server.port, Clock(NOW + later), Clock(datetime.now(UTC)))
    assert server.copies() == dict.fromkeys(addresses(READERS), 1)
    assert tally_of(database, issue.id).accepted == READERS
    assert "in_doubt" not in {row["outcome"] for row in rows_of(database, tables.attempt)}
    tell(
        database,
        f"clock of {which} set by {set_by / HOUR:+.0f} h",
        f"N {READERS}, lost 0, dup 0, {waiting} of them waited",
    )


def test_a_clock_far_ahead_ends_the_issue_and_the_account_still_adds_up(database: Database, tmp_path: Path) -> None:
    """Whoever has not got it by then never does, and is counted; the others have it once."""
    issue = database.transact(make_issue, addresses(READERS), expires_at=NOW + 3 * DAY)
    clock, real_clock = Clock(NOW), Clock(datetime.now(UTC))
    with SmtpServer(greylisting(set(), clock, 4 * DAY), delay=0.002) as server:
        send(database, tmp_path, server.port, clock, real_clock)
        copies = server.copies()
    tally = tally_of(database, issue.id)
    assert set(copies.values()) == {1}
    assert (tally.accepted, tally.refused) == (len(copies), READERS - len(copies))
    assert JUMPS_AT <= len(copies) < READERS
    tell(
        database, "clock of decisions set by 4 days", f"N {READERS}, accepted {tally.accepted}, expired {tally.refused}"
    )
