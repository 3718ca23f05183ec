"""The store does not work for a while: nothing is sent that cannot be written down, and it goes on by itself."""

import itertools
import os
import random
import resource
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import sqlalchemy as sa

from dispatch.store import tables
from dispatch.store.database import Database, sqlite_url
from tests.torture.account import Figures, is_thorough, seed, tell
from tests.torture.lives import Nursery
from tests.torture.moments import Relay
from tests.torture.run import Run
from tests.torture.sabotage import FAILS

CONNECTIONS = 8
OPTIONS = {"connections": CONNECTIONS}
DELAY = 0.003
READERS = 1_000
SMALL = 8_000_000  # bytes: room for the readers and little more
# What the sender says when its store fails it.
COMPLAINT = "the store cannot be written"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "none", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a full disk needs the right to mount a small file system (root)")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def small_database(small_disk: Path) -> Iterator[Database]:
    """A database on that file system."""
    database = Database(sqlite_url(small_disk / "dispatch.db"), durability="process")
    tables.metadata.create_all(database.engine)
    yield database
    database.close()


def fill(folder: Path) -> Path:
    """Leave no byte free; returns the file that takes them."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (100_000, 4_096, 512, 1):
            try:
                while file.write(b"x" * size) == size:
                    pass
            except OSError:
                continue
    return ballast


def until_silent(relay: Relay) -> int:
    """Wait until nothing arrives any more; how much has."""
    count = -1
    while count != len(relay.received):
        count = len(relay.received)
        time.sleep(0.5)
    return count


@pytest.mark.parametrize("is_killed", [False, True], ids=["and goes on", "and is killed"])
def test_on_a_full_disk_nothing_is_sent_that_cannot_be_recorded(
    small_database: Database, nursery: Nursery, tmp_path: Path, is_killed: bool
) -> None:
    """It stops at the dots it had a license for, and goes on when there is room; at most one double a connection."""
    figures = Figures(faults=1, connections=CONNECTIONS)
    with Relay(delay=DELAY) as relay:
        run = Run(small_database, tmp_path, nursery, relay, count=READERS, relay_options=OPTIONS)
        with run.told():
            sender = run.start()
            run.wait_until(lambda: len(relay.received) > 100, "nothing is sent")
            ballast = fill(tmp_path / "disk")
            run.wait_until(lambda: COMPLAINT in nursery.said(), "the disk is full and nobody minds")
            known = run.account()
            stopped = until_silent(relay)
            assert 100 < stopped < READERS
            # What arrived and is not yet written down was licensed: one dot a connection.
            assert stopped - len(known.accepted) <= CONNECTIONS
            if is_killed:
                os.kill(sender.pid, signal.SIGKILL)
                run.end_of(sender)
            ballast.unlink()
            relay.expect_dot()
            assert (run.live() if is_killed else run.end_of(sender)) == 0
            account = run.settled(figures)
    tell(small_database, "full disk and SIGKILL" if is_killed else "full disk", figures)
    assert account.doubles <= sum(account.doubted.values()) <= (CONNECTIONS if is_killed else 0)


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="limits of another process are set with prlimit (Linux)")
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_where_writes_fail_for_a_while_it_goes_on_by_itself(
    database: Database, nursery: Nursery, tmp_path: Path
) -> None:
    """A limit to the size of its files, which SQLite calls a disk error; then the limit goes."""
    figures = Figures(faults=1)
    with Relay(delay=DELAY) as relay:
        run = Run(database, tmp_path, nursery, relay, count=READERS, relay_options=OPTIONS)
        with run.told():
            sender = run.start()
            run.wait_until(lambda: len(relay.received) > 100, "nothing is sent")
            resource.prlimit(sender.pid, resource.RLIMIT_FSIZE, (4_096, resource.RLIM_INFINITY))
            stopped = until_silent(relay)
            known = run.account()
            assert 100 < stopped < READERS
            assert stopped - len(known.accepted) <= CONNECTIONS
            resource.prlimit(sender.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            relay.expect_dot()
            assert run.end_of(sender) == 0
            run.settled(figures)
    tell(database, "writes fail", figures)
    assert (figures.doubles, figures.ambiguous) == (0, 0)


def test_whichever_transaction_of_sending_fails_it_goes_on_by_itself(
    database: Database, nursery: Nursery, tmp_path: Path
) -> None:
    """The first one, the second one, and so on to the last: a new issue for each."""
    figures = Figures()
    ended: list[int] = []
    options: dict[str, Any] = {"relay_options": {"connections": 2}, "busy_milliseconds": 50}
    with Relay(delay=0.001) as relay:
        # On PostgreSQL, where each takes longer, every other one, unless there is time.
        for number in itertools.count(1, 1 if database.is_sqlite or is_thorough() else 2):
            run = Run(database, tmp_path, nursery, relay, count=5, weeks=figures.faults, **options)
            with run.told():
                if run.end_of(run.start(fails_at=number), may_fail=True):
                    ended.append(number)
                    assert run.live() == 0
                run.settled(figures)
            if nursery.said().count(FAILS) == figures.faults:
                break  # it has fewer transactions
            figures.faults += 1
    tell(database, "one transaction fails", figures)
    assert figures.faults > 5
    assert (figures.doubles, figures.ambiguous, ended) == (0, 0, [])


def test_while_the_store_is_away_nothing_new_is_sent(database: Database, nursery: Nursery, tmp_path: Path) -> None:
    """Locked by another process, or a server that lets nobody in: for longer than it waits, again and again.

    First when it has connected and not rendered anything yet, then at random moments.
    """
    chance = random.Random(seed())
    figures = Figures()
    most = 0
    with Relay(delay=DELAY) as relay:
        run = Run(database, tmp_path, nursery, relay, count=READERS, relay_options=OPTIONS, busy_milliseconds=50)
        with run.told():
            sender = run.start()
            run.wait_until(lambda: relay.reached("connect") > 0, "it does not connect")
            for _ in range(40 if is_thorough() else 6):
                with _away(database):
                    before = len(relay.received)
                    time.sleep(chance.uniform(0.1, 0.6))
                    most = max(most, len(relay.received) - before)
                relay.expect_dot()
                figures.faults += 1
                enough = min(len(relay.received) + chance.randint(1, 120), READERS)
                run.wait_until(lambda: len(relay.received) >= enough, "it does not go on")  # noqa: B023
            assert run.end_of(sender) == 0
            run.settled(figures)
    tell(database, f"store away (at most {most} messages meanwhile)", figures)
    assert most <= CONNECTIONS
    assert (figures.doubles, figures.ambiguous) == (0, 0)


@contextmanager
def _away(database: Database) -> Iterator[None]:
    """Nobody else can write meanwhile."""
    if database.file is not None:
        with closing(sqlite3.connect(database.file, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
        return
    name = database.engine.url.database
    elsewhere = sa.create_engine(database.engine.url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with elsewhere.connect() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        connection.execute(sa.text(f"{_END_BACKENDS} WHERE datname = :name"), {"name": name})
        yield
        connection.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    elsewhere.dispose()


def test_a_database_that_may_not_be_written_sends_nothing(nursery: Nursery, tmp_path: Path) -> None:
    """Whoever starts the sender as the wrong user: not one message leaves, and the right one sends them all."""
    figures = Figures(faults=1)
    # Not under pytest's own folders, where nobody else may look.
    with TemporaryDirectory() as folder, Relay(delay=DELAY) as relay:
        file = Path(folder) / "dispatch.db"
        Path(folder).chmod(0o777)
        database = Database(sqlite_url(file), durability="process")
        tables.metadata.create_all(database.engine)
        run = Run(database, tmp_path, nursery, relay, count=100, relay_options=OPTIONS)
        database.engine.dispose()
        file.chmod(0o444)
        with run.told():
            sender = run.start(as_nobody=True)
            assert run.end_of(sender, may_fail=True) != 0
            assert "attempt to write a readonly database" in nursery.said()
            assert relay.steps == []
            file.chmod(0o644)
            for left in Path(folder).glob("dispatch.db?*"):
                left.unlink()  # the lock and SQLite's own files, which belong to the wrong user
            assert run.live() == 0
            run.settled(figures)
        tell(database, "read-only", figures)
        database.close()
    assert (figures.doubles, figures.ambiguous) == (0, 0)


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_postgres_ends_its_connections_again_and_again(database: Database, nursery: Nursery, tmp_path: Path) -> None:
    """As a server that restarts: everybody gets it, and what a lost commit leaves open is not sent."""
    chance = random.Random(seed())
    figures = Figures()
    with Relay(delay=DELAY) as relay:
        run = Run(database, tmp_path, nursery, relay, count=READERS, relay_options=OPTIONS)
        with run.told():
            sender = run.start()
            for _ in range(40 if is_thorough() else 12):
                enough = min(len(relay.received) + chance.randint(0, 60), READERS)
                run.wait_until(lambda: len(relay.received) >= enough, "it does not go on")  # noqa: B023
                time.sleep(chance.uniform(0, 0.02))
                if _end_backends(database, sender.owner):
                    relay.expect_dot()
                    figures.faults += 1
            assert run.end_of(sender) == 0
            run.settled(figures)
    tell(database, "backends killed", figures)
    assert figures.faults > 0
    assert (figures.doubles, figures.ambiguous) == (0, 0)


def _end_backends(database: Database, owner: str) -> int:
    with database.engine.begin() as connection:
        ended = connection.execute(sa.text(f"{_END_BACKENDS} WHERE application_name = :name"), {"name": owner})
        count: int = ended.scalar_one()
    return count


_END_BACKENDS = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
