"""SIGTERM, SIGSTOP and SIGCONT at random moments, and two senders of which one dies."""

import itertools
import os
import random
import signal
import time
from pathlib import Path

import pytest

from dispatch.store.database import Database
from tests.torture.account import Figures, kills_wanted, seed, tell
from tests.torture.lives import Nursery
from tests.torture.moments import Relay, outside_moment
from tests.torture.run import LOOK_AGAIN, Run, Sender

CONNECTIONS = 8
OPTIONS = {"connections": CONNECTIONS}
DELAY = 0.003


def test_asked_to_stop_at_any_moment_nothing_is_in_doubt(database: Database, nursery: Nursery, tmp_path: Path) -> None:
    """Where the relay answers: no double, nothing in doubt, nothing left in anybody's hands, and soon gone."""
    chance = random.Random(seed())
    figures = Figures()
    longest, wanted = 0.0, kills_wanted(database) // 5
    with Relay(delay=DELAY) as relay:
        for weeks in itertools.count():
            run = Run(database, tmp_path, nursery, relay, count=1_000, weeks=weeks, relay_options=OPTIONS)
            with run.told():
                while figures.faults < wanted and run.state != "sent":
                    assert run.live(outside_moment(chance), signal.SIGTERM) == 0
                    if relay.signalled_at:
                        figures.faults += 1
                        longest = max(longest, time.monotonic() - relay.signalled_at)
                    account = run.account()
                    assert not account.doubted
                    assert set(account.states) <= {"accepted", "queued"}
                    assert set(account.copies) == set(account.accepted)
                assert run.live() == 0
                run.settled(figures)
            if figures.faults >= wanted:
                break
    tell(database, f"SIGTERM (the longest took {longest:.2f} s)", figures)
    assert (figures.doubles, figures.ambiguous) == (0, 0)


def test_what_the_relay_never_answers_is_in_doubt_by_name_after_the_grace(
    database: Database, nursery: Nursery, tmp_path: Path
) -> None:
    """SIGTERM at random moments while it keeps silent now and then: those are named, and no others."""
    chance = random.Random(seed())
    figures = Figures(connections=CONNECTIONS)
    with Relay(delay=DELAY) as relay:
        options = OPTIONS | {"stop_grace": "1s"}
        run = Run(database, tmp_path, nursery, relay, count=400, relay_options=options)
        relay.hangs_on = run.audience[::5]
        with run.told():
            while figures.faults < 5:
                assert run.live(outside_moment(chance), signal.SIGTERM) == 0
                figures.faults += 1
                account = run.account()
                assert sorted(account.doubted.elements()) == sorted(relay.hung)
                assert set(account.states) <= {"accepted", "queued"}
            relay.hangs_on = ()
            assert run.live() == 0
        account = run.account()
    figures.add(account, relay.recovery)
    tell(database, "SIGTERM, relay silent", figures)
    assert account.states == {"accepted": 400}
    assert relay.hung
    assert account.doubles == figures.ambiguous == len(relay.hung) <= figures.bound


def test_a_second_sender_takes_nothing_from_the_first(database: Database, nursery: Nursery, tmp_path: Path) -> None:
    """Two processes on one database, the second in the middle of it: one stands by, or they share."""
    figures = Figures()
    with Relay(delay=DELAY) as relay:
        run = Run(database, tmp_path, nursery, relay, count=400, relay_options=OPTIONS)
        with run.told():
            first = run.start()
            run.wait_until(lambda: len(relay.received) > 100, "nothing is sent")
            second = run.start()
            assert [run.end_of(sender) for sender in (first, second)] == [0, 0]
            run.settled(figures)
    tell(database, "two senders", figures)
    assert (figures.doubles, figures.ambiguous) == (0, 0)


def test_one_of_two_senders_is_killed_again_and_again(database: Database, nursery: Nursery, tmp_path: Path) -> None:
    """The other goes on, on SQLite as soon as the lock is free; a third one comes in its place."""
    chance = random.Random(seed())
    figures = Figures(connections=CONNECTIONS)
    wanted = kills_wanted(database) // 10
    with Relay(delay=DELAY) as relay:
        for weeks in itertools.count():
            run = Run(database, tmp_path, nursery, relay, count=1_000, weeks=weeks, relay_options=OPTIONS)
            with run.told():
                senders = [run.start(), run.start()]
                while figures.faults < wanted:
                    chosen = chance.randrange(2)
                    relay.aim(outside_moment(chance), senders[chosen].pid)
                    if run.end_of(senders[chosen]) == 0:
                        break
                    figures.faults += 1
                    senders[chosen] = run.start()
                assert [run.end_of(sender) for sender in senders] == [0, 0]
                run.settled(figures)
            if figures.faults >= wanted:
                break
    tell(database, "SIGKILL of one of two", figures)
    assert figures.doubles <= figures.ambiguous <= figures.bound


def test_a_sender_that_slept_through_its_lease_goes_on_without_a_double(
    database: Database, nursery: Nursery, tmp_path: Path
) -> None:
    """SIGSTOP for longer than a lease, and nobody took over (on SQLite, one stands by): no double, nothing in doubt."""
    chance = random.Random(seed())
    figures = Figures()
    with Relay(delay=DELAY) as relay:
        for weeks in range(5):
            run = Run(database, tmp_path, nursery, relay, count=150, weeks=weeks, relay_options=OPTIONS)
            with run.told():
                sleeper = _put_to_sleep(run, chance)
                beside = [run.start()] if database.is_sqlite else []
                figures.faults += 1
                os.kill(sleeper.pid, signal.SIGCONT)
                relay.expect_dot()
                assert [run.end_of(sender) for sender in (sleeper, *beside)] == [0] * (1 + len(beside))
                run.settled(figures)
    tell(database, "SIGSTOP, alone", figures)
    assert (figures.doubles, figures.ambiguous) == (0, 0)


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_who_wakes_up_after_others_took_over_sends_at_most_the_dots_it_had(
    database: Database, nursery: Nursery, tmp_path: Path
) -> None:
    """SIGSTOP, the lease runs out, another one sends the rest, SIGCONT: one licensed dot a connection at most.

    One reader is deferred, so that the issue is not over and only the lease is in the way of a second round.
    """
    chance = random.Random(seed())
    figures = Figures(connections=CONNECTIONS)
    late = 0
    with Relay(delay=DELAY) as relay:
        for weeks in range(6):
            run = Run(database, tmp_path, nursery, relay, count=150, weeks=weeks, relay_options=OPTIONS)
            relay.defers = run.audience[-1:]
            with run.told():
                sleeper = _put_to_sleep(run, chance)
                figures.faults += 1
                licensed = run.account().states["sending"]
                assert licensed <= CONNECTIONS
                assert run.live() == 0
                assert run.state == "sending"
                before = len(relay.received)
                os.kill(sleeper.pid, signal.SIGCONT)
                assert run.end_of(sleeper) == 0
                late += len(relay.received) - before
                assert len(relay.received) - before <= licensed
                relay.defers = ()
                run.let_retries_come()
                assert run.live() == 0
                account = run.settled(figures)
                assert account.doubles <= sum(account.doubted.values()) <= licensed
    tell(database, f"SIGSTOP, others took over ({late} dots came late)", figures)


def _put_to_sleep(run: Run, chance: random.Random) -> Sender:
    """A sender, stopped in the middle of it and between two transactions, whose lease has run out."""
    sender = run.start(outside_moment(chance), signal.SIGSTOP)
    run.wait_until(lambda: run.relay.signalled_at > 0, "its moment does not come")
    if not run.database.is_sqlite:
        while run.transactions_of(sender):  # PostgreSQL holds its rows until it wakes up: try again
            os.kill(sender.pid, signal.SIGCONT)
            time.sleep(LOOK_AGAIN)
            os.kill(sender.pid, signal.SIGSTOP)
            time.sleep(LOOK_AGAIN)
    run.let_lease_run_out(sender)
    return sender
