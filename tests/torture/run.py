"""One issue being sent by senders that are signalled in the middle, and the relay's account of it."""

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from dispatch.model.delivery import DeliveryState
from dispatch.model.issue import IssueState
from dispatch.store import tables
from dispatch.store.database import Connection, Database
from tests.delivering.make import NOW
from tests.torture.account import Account, Figures, account_of, assert_well_made, seed
from tests.torture.life import Life
from tests.torture.lives import MOST, PATIENCE, Nursery
from tests.torture.magazine import first_issue, later_issue, readers
from tests.torture.moments import Moment, Relay

LOOK_AGAIN = 0.005
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Sender:
    """A sender that was started: its process, and the name it claims under."""

    pid: int
    owner: str


class Run:
    """An issue, composed and not fanned out; the first of its database, or so many weeks later for the same readers.

    `options` go into every life: see tests/torture/life.py.
    """

    def __init__(
        self,
        database: Database,
        folder: Path,
        nursery: Nursery,
        relay: Relay,
        *,
        count: int,
        weeks: int = 0,
        **options: Any,
    ) -> None:
        self.database, self.nursery, self.relay = database, nursery, relay
        self.audience = readers(count)
        made = database.transact(later_issue, weeks) if weeks else database.transact(first_issue, count)
        self.issue_id, self._due = made
        self._made_at = datetime.now(UTC)
        self._folder, self._options = folder, options
        self._begins = len(relay.received)
        self._story: list[str] = []

    def start(self, moment: Moment | None = None, signal_number: int | None = None, **options: Any) -> Sender:
        """Fork a sender that gets a signal (SIGKILL) at this moment, if at any."""
        owner = f"life{next(_numbers)}"
        self._story.append(f"{owner}: {moment or 'left alone'}")
        life = Life(
            url=self._url(owner),
            folder=str(self._folder),
            port=self.relay.port,
            owner=owner,
            now=(self._due + (datetime.now(UTC) - self._made_at)).isoformat(),
            dies_at=moment.dies_at if moment else None,
            **(self._options | options),
        )
        sender = Sender(self.nursery.start(life), owner)
        self.relay.expect_dot()
        if moment is not None:
            self.relay.aim(moment, sender.pid, *([signal_number] if signal_number else []))
        return sender

    def end_of(self, sender: Sender, *, may_fail: bool = False) -> int:
        """Wait for its end, and as long as its lease would run; 0, or minus the signal that killed it."""
        status = self.nursery.end_of(sender.pid, may_fail=may_fail)
        self.relay.disarm()
        self._story.append(f"{sender.owner} ended with {status}")
        self.let_lease_run_out(sender)
        return status

    def live(self, moment: Moment | None = None, signal_number: int | None = None, **options: Any) -> int:
        """One sender from its start to its end; how it ended."""
        return self.end_of(self.start(moment, signal_number, **options))

    def account(self) -> Account:
        """The account as it is now."""
        return account_of(self.database, self.issue_id, self.audience, self.relay.received[self._begins :])

    def settled(self, figures: Figures) -> Account:
        """The account once it is over: sent, and everybody has it. Adds to the figures."""
        self.wait_until(lambda: self.relay.is_quiet, "a connection of a dead sender stays open")
        account = self.account()
        assert account.lost == []
        assert account.states == {DeliveryState.ACCEPTED: len(self.audience)}
        assert self.state == IssueState.SENT
        assert_well_made(account.taken)
        figures.add(account, self.relay.recovery)
        return account

    @property
    def state(self) -> str:
        """What the ledger calls the issue."""
        return self.database.transact(_state_of, self.issue_id)

    def let_lease_run_out(self, sender: Sender) -> None:
        """As a minute would, where owners go by leases; a dead sender's transactions are over by then."""
        if self.database.is_sqlite:
            return
        self.wait_until(lambda: self.transactions_of(sender) == 0, "the server goes on for a dead sender")
        with self.database.engine.begin() as connection:
            whose = sa.update(tables.delivery).where(tables.delivery.c.owner == sender.owner)
            connection.execute(whose.values(lease_until=NOW - timedelta(days=400)))

    def let_retries_come(self) -> None:
        """As a few hours would: what was deferred is due."""
        with self.database.engine.begin() as connection:
            deferred = tables.delivery.c.state == DeliveryState.DEFERRED
            connection.execute(sa.update(tables.delivery).where(deferred).values(due_at=self._due))

    def transactions_of(self, sender: Sender) -> int:
        """How many transactions PostgreSQL has open for a sender; those of a stopped one stay open."""
        with self.database.engine.begin() as connection:
            query = sa.text("SELECT count(*) FROM pg_stat_activity WHERE application_name = :name AND state <> 'idle'")
            count: int = connection.execute(query, {"name": sender.owner}).scalar_one()
        return count

    def wait_until(self, holds: Callable[[], bool], otherwise: str) -> None:
        """Wait for what comes by itself; fails with this sentence where it does not."""
        until = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < until, otherwise
            assert "Traceback" not in self.nursery.said(), otherwise
            time.sleep(LOOK_AGAIN)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Where a test fails: with which seed, and what was done before."""
        try:
            yield
        except BaseException as error:
            error.add_note(f"DISPATCH_SEED={seed()}, issue {self.issue_id}\n" + "\n".join(self._story[-20:]))
            error.add_note(self.nursery.said()[-MOST:])
            raise

    def _url(self, owner: str) -> str:
        url = self.database.engine.url
        if not self.database.is_sqlite:
            url = url.update_query_dict({"application_name": owner})
        return url.render_as_string(hide_password=False)


def _state_of(connection: Connection, issue_id: int) -> str:
    state: str = connection.scalars(sa.select(tables.issue.c.state).where(tables.issue.c.id == issue_id)).one()
    return state
