"""Relays and domains that say "not now", in every way they do: everybody gets one message, nobody is hammered."""

import asyncio
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dispatch.config.settings import Settings
from dispatch.delivering.send import SendReport, send_due
from dispatch.store import tables
from dispatch.store.database import Database
from dispatch.store.relays import recall_relay
from tests.delivering.make import NOW, MadeIssue, addresses, make_issue, rows_of, settings_for, tally_of
from tests.smtp_server import COMMIT_AND_DROP, Act, Script, SmtpServer, Step, answer, closed_port

MINUTE = timedelta(minutes=1)
RECIPIENT_STAGES = ("rcpt", "data", "dot")


def real_clock() -> datetime:
    return datetime.now(UTC)


def clock_from(start: datetime) -> Callable[[], datetime]:
    """A decision clock that shows `start` now and runs on from there."""
    begun = real_clock()
    return lambda: start + (real_clock() - begun)


def send(database: Database, settings: Settings, now: datetime = NOW) -> SendReport:
    """One run of sending until nothing is due."""

    async def run() -> SendReport:
        sending = send_due(
            database, settings, clock_from(now), real_clock, owner="one", stop=asyncio.Event(), until_idle=True
        )
        return await asyncio.wait_for(sending, 90)

    return asyncio.run(run())


def made(database: Database, count: int) -> MadeIssue:
    return database.transact(make_issue, addresses(count))


def tries_of(database: Database) -> set[int]:
    """How many tries deliveries took."""
    return {row["attempts"] for row in rows_of(database, tables.delivery)}


def outcomes_of(database: Database) -> dict[int, list[str]]:
    """What was written down of each delivery that was not simply accepted."""
    found: dict[int, list[str]] = {}
    for row in rows_of(database, tables.attempt):
        found.setdefault(row["delivery_id"], []).append(row["outcome"])
    return found


def everybody_has_one(database: Database, issue: MadeIssue, server: SmtpServer) -> None:
    """Nobody none, nobody two, nobody suppressed."""
    count = len(issue.deliveries)
    assert server.copies() == dict.fromkeys(addresses(count), 1)
    assert tally_of(database, issue.id).accepted == count
    assert rows_of(database, tables.suppression) == []


async def until(happened: Callable[[], bool]) -> None:
    """Wait for it, half a minute at most."""
    for _ in range(600):
        if happened():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not happen")


def for_the_first_time(stage: str, reply: str) -> Script:
    """Answer each recipient like this once; at MAIL, where there is none yet, the first five."""

    def script(step: Step) -> Act | None:
        is_first = step.nth <= 5 if stage == "mail" else step.nth == 1
        return answer(reply, drop=reply.startswith("421")) if step.stage == stage and is_first else None

    return script


def above(rate: int, stage: str, reply: str) -> Script:
    """Take so many messages in each second, and answer the others like this."""
    taken: Counter[int] = Counter()

    def script(step: Step) -> Act | None:
        if step.stage != stage:
            return None
        second = int(time.monotonic())
        taken[second] += 1
        return answer(reply, drop=reply.startswith("421")) if taken[second] > rate else None

    return script


@pytest.mark.parametrize(
    ("reply", "back_after"),
    [("451 4.7.1 Greylisted, try again in 60 seconds", 3 * MINUTE), ("451 4.7.1 Try again later", 7 * MINUTE)],
    ids=["named", "unnamed"],
)
def test_greylisting_costs_each_reader_one_more_try(
    database: Database, tmp_path: Path, reply: str, back_after: timedelta
) -> None:
    """Whether it says what it is or not: two tries each, and the second ones do not come in one wave."""
    issue = made(database, 120)
    with SmtpServer(for_the_first_time("rcpt", reply)) as server:
        settings = settings_for(tmp_path, server.port)
        first = send(database, settings)
        assert (first.accepted, first.deferred, first.later) == (0, 120, 120)
        due = sorted(row["due_at"] for row in rows_of(database, tables.delivery))
        assert due[0] - NOW >= MINUTE
        assert all(due[place + 30] - due[place] > timedelta(seconds=5) for place in range(90))
        second = send(database, settings, NOW + back_after)
        assert second.accepted == 120
        assert server.reached("rcpt") == 240
    everybody_has_one(database, issue, server)
    assert set(map(tuple, outcomes_of(database).values())) == {("deferred", "accepted")}


# What is learned is kept in memory; that the database remembers it needs to be seen once on each kind.
@pytest.mark.parametrize(
    ("database", "stage", "reply"),
    [
        ("sqlite", "rcpt", "450 4.7.28 unusual rate of mail"),
        ("postgres", "rcpt", "450 4.7.28 unusual rate of mail"),
        ("sqlite", "dot", "451 4.7.1 rate limit exceeded"),
        ("sqlite", "mail", "421 4.7.28 unusual rate of mail"),
        ("sqlite", "mail", "450 4.7.1 Error: too much mail from 192.0.2.7"),
    ],
    indirect=["database"],
)
def test_a_relay_that_takes_forty_a_second_gets_no_more(
    database: Database, tmp_path: Path, stage: str, reply: str
) -> None:
    """In one run, with few refused; and the next run knows."""
    issue = made(database, 110)
    with SmtpServer(above(40, stage, reply)) as server:
        report = send(database, settings_for(tmp_path, server.port))
        assert (report.accepted, report.later, report.due, report.problem) == (110, 0, 0, None)
        refused = server.reached(stage) - 110
    everybody_has_one(database, issue, server)
    assert 0 < refused <= 40
    assert max(tries_of(database)) <= 3
    pace = database.transact(recall_relay, "main").pace
    assert pace is not None
    assert pace.per_second <= 60
    assert pace.reply.startswith(reply[:9])


def test_a_relay_that_does_not_say_why_is_left_alone_for_moments(database: Database, tmp_path: Path) -> None:
    """A bare 421 above forty a second: in one run, with few refused, whether a pace is learned or not."""
    issue = made(database, 110)
    with SmtpServer(above(40, "mail", "421 try again later")) as server:
        report = send(database, settings_for(tmp_path, server.port))
        assert (report.accepted, report.later, report.due, report.problem) == (110, 0, 0, None)
        assert 0 < server.reached("mail") - 110 <= 40
    everybody_has_one(database, issue, server)
    assert max(tries_of(database)) <= 3


@pytest.mark.parametrize("stage", ["connect", "ehlo", "mail"])
def test_a_relay_that_serves_three_connections_gets_three(database: Database, tmp_path: Path, stage: str) -> None:
    """421 to each above that, wherever it notices: all is delivered over those that stand."""
    issue = made(database, 200)
    server = SmtpServer(delay=0.01)

    def script(step: Step) -> Act | None:
        too_many = step.stage == stage and server._open > 3
        return answer("421 4.7.0 too many connections", drop=True) if too_many else None

    server.script = script
    with server:
        report = send(database, settings_for(tmp_path, server.port, connections=8))
    assert (report.accepted, report.later, report.problem) == (200, 0, None)
    everybody_has_one(database, issue, server)
    if stage != "mail":
        assert tries_of(database) == {1}


@pytest.mark.parametrize(
    ("reply", "most_tries"),
    [("450 4.4.1 no route to host", 12), ("451 4.3.0 mail system trouble", 12), ("451 4.7.1 Try again later", 40)],
)
def test_a_domain_that_defers_everything_holds_nobody_up(
    database: Database, tmp_path: Path, reply: str, most_tries: int
) -> None:
    """However slowly it does that: the others have theirs, the run does not wait for it, and nobody thinks us slow."""
    made(database, 120)

    def script(step: Step) -> Act | None:
        is_tide = step.stage == "rcpt" and step.recipient.endswith("@tide.example")
        return answer(reply, wait=0.05) if is_tide else None

    with SmtpServer(script) as server:
        report = send(database, settings_for(tmp_path, server.port))
        asked = sum(step.stage == "rcpt" and step.recipient.endswith("@tide.example") for step in list(server.steps))
    assert report.accepted == 80
    assert report.due + report.later == 40
    assert report.problem is None
    assert 5 <= asked <= most_tries
    assert all(count == 1 for count in server.copies().values())
    assert database.transact(recall_relay, "main").pace is None


def test_a_relay_that_is_gone_and_comes_back_gets_everything(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody is charged for it, and it is said once."""
    issue = made(database, 20)
    with closed_port() as port:
        pass
    server = SmtpServer(port=port)

    async def run() -> None:
        stop = asyncio.Event()
        settings = settings_for(tmp_path, port)
        service = asyncio.create_task(
            send_due(database, settings, clock_from(NOW), real_clock, owner="one", stop=stop, until_idle=False)
        )
        await until(lambda: "deliveries wait" in caplog.text)
        with server:
            await until(lambda: len(server.received) == 20)
            stop.set()
            await service

    with caplog.at_level(logging.INFO):
        asyncio.run(asyncio.wait_for(run(), 60))
    everybody_has_one(database, issue, server)
    assert tries_of(database) == {1}
    assert caplog.text.count("cannot be reached") == 1
    assert caplog.text.count("can be used again") == 1


def test_a_relay_that_takes_nothing_for_a_while_is_asked_seldom(database: Database, tmp_path: Path) -> None:
    """One message asks after each rest; then all go, each after few tries."""
    issue = made(database, 60)
    with SmtpServer(
        lambda step: answer("451 4.3.2 down") if step.stage == "mail" and step.nth <= 8 else None
    ) as server:
        report = send(database, settings_for(tmp_path, server.port))
        assert server.reached("mail") == 68
    assert (report.accepted, report.later) == (60, 0)
    everybody_has_one(database, issue, server)
    assert max(tries_of(database)) <= 3


@pytest.mark.parametrize("stage", ["connect", "ehlo"])
def test_a_421_before_any_message_is_charged_to_nobody(database: Database, tmp_path: Path, stage: str) -> None:
    """Each third connection is turned away at once; the deliveries go over another, at their first try."""
    issue = made(database, 60)

    def script(step: Step) -> Act | None:
        turned_away = step.stage == stage and step.connection % 3 == 2
        return answer("421 4.3.2 not now", drop=True) if turned_away else None

    with SmtpServer(script) as server:
        report = send(database, settings_for(tmp_path, server.port, connections=2, messages_per_connection=10))
        assert server.reached("connect") > 6
    assert (report.accepted, report.problem) == (60, None)
    everybody_has_one(database, issue, server)
    assert tries_of(database) == {1}
    assert outcomes_of(database) == {}


@pytest.mark.parametrize("stage", ["mail", *RECIPIENT_STAGES])
def test_a_421_at_any_stage_is_followed_by_another_try(database: Database, tmp_path: Path, stage: str) -> None:
    """Over a new connection, in the same run, and nobody gets two."""
    issue = made(database, 60)

    def script(step: Step) -> Act | None:
        unlucky = step.nth % 12 == 3 if stage == "mail" else step.nth == 1 and step.recipient in addresses(60)[3::12]
        return answer("421 4.3.2 shutting down", drop=True) if step.stage == stage and unlucky else None

    with SmtpServer(script) as server:
        report = send(database, settings_for(tmp_path, server.port))
    assert (report.accepted, report.later, report.in_doubt) == (60, 0, ())
    everybody_has_one(database, issue, server)
    assert max(tries_of(database)) <= 3
    assert set(map(tuple, outcomes_of(database).values())) <= {("busy", "accepted"), ("busy", "busy", "accepted")}


@pytest.mark.parametrize("stage", ["mail", *RECIPIENT_STAGES])
@pytest.mark.parametrize(
    "reply", ["450 later", "451 4.7.1 later", "452-no\n452-room\n452 now", "450-4.2.0 busy\n450 4.2.0 later"]
)
def test_a_4xx_at_any_stage_is_followed_by_another_try(
    database: Database, tmp_path: Path, stage: str, reply: str
) -> None:
    """With or without an enhanced code, in one line or many: at most three tries, nobody suppressed, nobody twice."""
    issue = made(database, 24)
    with SmtpServer(for_the_first_time(stage, reply)) as server:
        settings = settings_for(tmp_path, server.port)
        send(database, settings)
        send(database, settings, NOW + 10 * MINUTE)
    everybody_has_one(database, issue, server)
    assert max(tries_of(database)) <= 3


def test_two_connections_lost_after_the_dot_are_remembered(database: Database, tmp_path: Path) -> None:
    """From then on the relay gets one message after the other, and the next run knows."""
    made(database, 40)
    unlucky = addresses(40)[3], addresses(40)[20]
    lost = threading.Semaphore(2)

    def script(step: Step) -> Act | None:
        is_lost = step.stage == "dot" and step.recipient in unlucky and step.nth == 1 and lost.acquire(blocking=False)
        return COMMIT_AND_DROP if is_lost else None

    with SmtpServer(script) as server:
        report = send(database, settings_for(tmp_path, server.port))
    assert (report.accepted, len(report.in_doubt)) == (40, 2)
    memory = database.transact(recall_relay, "main")
    assert memory.stepwise_since is not None
    assert memory.lost_at is not None
