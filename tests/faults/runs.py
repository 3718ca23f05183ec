"""Whole runs of sending to a relay that fails in one way, and the account that has to add up after each of them.

run = Run(database, folder, server, "what fails")
run.send()                  # as often as a test wants; the account is looked at after each
run.settle()                # the relay works again and the hours pass: nobody is lost; prints the line of figures
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from dispatch.config.settings import Settings
from dispatch.delivering.send import SendReport, send_due
from dispatch.event_loop import run_async
from dispatch.model.delivery import DeliveryState, Outcome
from dispatch.model.issue import IssueState
from dispatch.store import tables
from dispatch.store.database import Connection, Database
from dispatch.transport.access import Timeouts
from tests.delivering.make import (
    HTML,
    NOW,
    TEXT,
    addresses,
    change,
    make_issue,
    rows_of,
    settings_for,
    states_of,
    tally_of,
)
from tests.smtp_server import Act, Script, SmtpServer, Step, plainly
from tests.torture.account import Account, account_of, assert_well_made, tell

READERS = 48
CONNECTIONS = 4
# Long enough for a busy machine to answer in, so that only who is meant to be late is late.
QUICK = Timeouts(connect=1.5, command=1.5, data=1.5, block=1.5, dot=1.5)
WAYS = ("pipelined", "step by step")
# More runs than any retry takes that a relay which works again gets.
MOST_RUNS = 6


class Run:
    """One issue and the relay that it is sent to. `readers` are addresses, or how many there are."""

    def __init__(
        self,
        database: Database,
        folder: Path,
        server: SmtpServer,
        fault: str,
        *,
        readers: int | Sequence[str] = READERS,
        in_doubt: str = "resend",
        **relay: Any,
    ) -> None:
        self.database, self.server, self.fault = database, server, fault
        self.audience = addresses(readers) if isinstance(readers, int) else list(readers)
        self.issue = database.transact(make_issue, self.audience)
        self.settings = _settings(folder, server.port, in_doubt, {"connections": CONNECTIONS} | relay)
        self.reports: list[SendReport] = []
        self._now = NOW
        self._stop: Callable[[], object] = self._stop_before_it_begins
        self._is_stopped = False

    def send(self, *, after: timedelta = timedelta(0), until_idle: bool = True) -> SendReport:
        """One run, so much later by the decision clock, to its end or until `stop`."""
        self._now += after
        report = run_async(self._sending(until_idle=until_idle))
        self.reports.append(report)
        self.account()
        return report

    def stop(self) -> None:
        """Stop the run that is under way; for scripts and for other threads."""
        with suppress(RuntimeError):  # it has ended by itself, and its loop with it
            self._stop()

    @contextmanager
    def when_said(self, sentence: str, act: Callable[[], object]) -> Iterator[None]:
        """Do this as soon as something with that in it is logged."""
        logger, listener = logging.getLogger("dispatch"), _Listener(sentence, act)
        logger.addHandler(listener)
        try:
            yield
        finally:
            logger.removeHandler(listener)

    def resume(self) -> None:
        """Let the issue be sent again, if it is paused."""
        self.database.transact(_resume, self.issue.id)

    def until_all_is_due(self) -> timedelta:
        """How long until everything that waits may go again."""
        rows = rows_of(self.database, tables.delivery)
        waiting: list[datetime] = [row["due_at"] for row in rows if row["ended_at"] is None]
        return max(max(waiting) - self._now, timedelta(0))

    def account(self) -> Account:
        """The account at this moment, and that it is true."""
        account = account_of(self.database, self.issue.id, self.audience, list(self.server.received))
        # What the relay took is known to the ledger, or was in doubt there by name.
        assert set(account.copies) <= set(account.accepted) | set(account.doubted)
        assert sum(account.doubted.values()) == sum(len(report.in_doubt) for report in self.reports)
        assert all(row["done"] or row["delivery_id"] in self._undecided() for row in self._doubts())
        assert rows_of(self.database, tables.suppression) == []
        return account

    def settle(self, *, doubles: int = 0, refused: Collection[str] = ()) -> Account:
        """Let the relay work and time pass, until all but the refused have it; at most so many doubles."""
        self.server.script = plainly
        self.resume()
        for _ in range(MOST_RUNS):
            if tally_of(self.database, self.issue.id).waiting:
                self.send(after=self.until_all_is_due())
        account = self.account()
        assert account.lost == sorted(refused)
        assert account.doubles <= min(doubles, sum(account.doubted.values()))
        assert sorted(self.those(DeliveryState.REFUSED)) == sorted(refused)
        ended = {DeliveryState.ACCEPTED: len(self.audience) - len(refused), DeliveryState.REFUSED: len(refused)}
        assert account.states == Counter(ended)
        assert rows_of(self.database, tables.issue)[0]["state"] == IssueState.SENT
        assert_well_made(account.taken)
        self.tell(account, bound=doubles)
        return account

    def tell(self, account: Account, *, bound: int = 0) -> None:
        """Print the line of figures; who was refused or is in doubt by name is not lost."""
        named = {*self.those(DeliveryState.REFUSED), *self.those(DeliveryState.IN_DOUBT)}
        lost = len(set(account.lost).difference(named))
        tell(
            self.database,
            f"fault {self.fault}",
            f"N {len(self.audience)} conns {self.server.reached('connect')} lost {lost} "
            f"stray {len(account.stray)} false_sent {len(account.false_sent)} dup {account.doubles} dup_bound {bound} "
            f"in_doubt {sum(account.doubted.values())} refused {account.states[DeliveryState.REFUSED]} "
            f"attempts {self.attempts} runs {len(self.reports)}",
        )

    def those(self, state: DeliveryState) -> list[str]:
        """Whose deliveries are in this state."""
        states = states_of(self.database, self.issue.id)
        return [address for address, its in zip(self.audience, states, strict=True) if its == state]

    def reply_to(self, address: str) -> str:
        """What the ledger has kept of the last reply."""
        reply: str = rows_of(self.database, tables.delivery)[self.audience.index(address)]["reply"]
        return reply

    def tries_of(self, address: str) -> int:
        """How often it was tried for them."""
        tries: int = rows_of(self.database, tables.delivery)[self.audience.index(address)]["attempts"]
        return tries

    @property
    def attempts(self) -> int:
        """How many tries are charged to all deliveries together."""
        return sum(row["attempts"] for row in rows_of(self.database, tables.delivery))

    @property
    def state(self) -> tuple[str, str]:
        """The issue's state, and why it is in it."""
        row = rows_of(self.database, tables.issue)[0]
        return row["state"], row["reason"]

    async def _sending(self, *, until_idle: bool) -> SendReport:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._stop = lambda: loop.call_soon_threadsafe(stop.set)
        sending = send_due(
            self.database, self.settings, _clock_from(self._now), _real_clock,
            owner="one", stop=stop, until_idle=until_idle,
        )  # fmt: skip
        return await asyncio.wait_for(sending, 60)

    def _stop_before_it_begins(self) -> None:
        raise AssertionError("there is nothing to stop")

    def _doubts(self) -> list[sa.RowMapping]:
        return [row for row in rows_of(self.database, tables.attempt) if row["outcome"] == Outcome.IN_DOUBT]

    def _undecided(self) -> set[int]:
        rows = rows_of(self.database, tables.delivery)
        return {row["id"] for row in rows if row["state"] == DeliveryState.IN_DOUBT}


class _Listener(logging.Handler):
    """Does something as soon as this is logged."""

    def __init__(self, sentence: str, then: Callable[[], object]) -> None:
        super().__init__()
        self._sentence, self._then = sentence, then

    def emit(self, record: logging.LogRecord) -> None:
        """Listen (logging.Handler)."""
        if self._sentence in record.getMessage():
            self._then()


def in_way(way: str) -> tuple[str, ...]:
    """What a relay offers so that it is talked to in this way."""
    offers = ("8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "SIZE 10000000")
    return ("PIPELINING", *offers) if way == "pipelined" else offers


def have_variant(connection: Connection, /, issue_id: int, deliveries: Sequence[int], **changed: str) -> None:
    """Give these deliveries a variant of their own: another `subject`, `html` or `text`."""
    row = {
        "issue_id": issue_id, "hash": f"another of {deliveries[0]}", "subject": "The ferry would not come",
        "html": HTML, "text": TEXT, "post_ids": [], "books": [], "notes": [],
    } | changed  # fmt: skip
    variant = connection.scalars(sa.insert(tables.variant).values(row).returning(tables.variant.c.id)).one()
    change(connection, tables.delivery, deliveries, variant_id=variant)


def first_time(stage: str, act: Act, whom: Collection[str]) -> Script:
    """Do this to these recipients, the first time that each gets so far."""
    return lambda step: act if step.stage == stage and step.nth == 1 and step.recipient in whom else None


def at_times(stage: str, act: Act, times: Collection[int]) -> Script:
    """Do this at these times that any connection gets so far; for stages without a recipient."""
    return lambda step: act if step.stage == stage and step.nth in times else None


def always(stage: str, act: Act) -> Script:
    """Do this to everybody, every time."""
    return lambda step: act if step.stage == stage else None


def any_of(*scripts: Script) -> Script:
    """What the first of these wants done."""

    def script(step: Step) -> Act | None:
        return next((act for script in scripts if (act := script(step)) is not None), None)

    return script


def then_stop(run: Run, script: Script, *, after: int) -> Script:
    """This script; once it has had its way so often, the run is stopped."""
    left = [after]

    def stopping(step: Step) -> Act | None:
        act = script(step)
        left[0] -= act is not None
        if act is not None and left[0] == 0:
            run.stop()
        return act

    return stopping


def _settings(folder: Path, port: int, in_doubt: str, relay: dict[str, Any]) -> Settings:
    settings = settings_for(folder, port, **relay)
    review = settings.newsletters["review"].model_copy(update={"in_doubt": in_doubt})
    return settings.model_copy(update={"newsletters": {"review": review}})


def _resume(connection: Connection, issue_id: int) -> None:
    paused = sa.and_(tables.issue.c.id == issue_id, tables.issue.c.state == IssueState.PAUSED)
    connection.execute(sa.update(tables.issue).where(paused).values(state=IssueState.SENDING))


def _real_clock() -> datetime:
    return datetime.now(UTC)


def _clock_from(start: datetime) -> Callable[[], datetime]:
    begun = _real_clock()
    return lambda: start + (_real_clock() - begun)
