"""A sender is killed in the middle, again and again: nobody is lost, and whoever may have it twice is named."""

import random
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from dispatch.store import tables
from dispatch.store.database import Database
from tests.delivering.make import NOW, addresses, make_issue, rows_of, tally_of
from tests.smtp_server import SmtpServer

ROOT = Path(__file__).parents[2]
CONNECTIONS = 4  # tests/delivering/make.py
READERS = 400


def start(database: Database, folder: Path, server: SmtpServer, owner: str) -> subprocess.Popen[str]:
    """A sender process, once it has begun."""
    url = database.engine.url.render_as_string(hide_password=False)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.delivering.sender_process", url, str(folder), str(server.port), owner],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def finish(process: subprocess.Popen[str]) -> int:
    """Wait for its end; its exit code."""
    code = process.wait(60)
    assert process.stdout is not None
    process.stdout.close()
    return code


def wait_for(server: SmtpServer, count: int) -> None:
    """Until the server has taken so many messages."""
    for _ in range(2_000):
        if len(server.received) >= count:
            return
        time.sleep(0.005)
    raise AssertionError(f"the server took {len(server.received)} of {count} messages")


def let_leases_run_out(database: Database) -> None:
    """As a minute would, where owners go by leases."""
    with database.engine.begin() as connection:
        connection.execute(sa.update(tables.delivery).values(lease_until=NOW - timedelta(days=400)))


def test_killed_again_and_again_nobody_is_lost_and_every_double_is_named(database: Database, tmp_path: Path) -> None:
    """SIGKILL at five random moments: lost 0, doubles at most a connection's worth a kill, each listed in doubt."""
    issue = database.transact(make_issue, addresses(READERS))
    chance = random.Random(11)
    kills = 5
    with SmtpServer(delay=0.005) as server:
        for kill in range(kills):
            process = start(database, tmp_path, server, f"life {kill}")
            wait_for(server, len(server.received) + chance.randint(1, 60))
            process.kill()
            finish(process)
            let_leases_run_out(database)
            tally_of(database, issue.id)
        assert finish(start(database, tmp_path, server, "last life")) == 0
    copies = server.copies()
    assert set(copies) == set(addresses(READERS))
    doubles = {address for address, count in copies.items() if count > 1}
    names = {row["id"]: row["address"] for row in rows_of(database, tables.subscriber)}
    whose = {row["id"]: names[row["subscriber_id"]] for row in rows_of(database, tables.delivery)}
    doubted = [row["delivery_id"] for row in rows_of(database, tables.attempt) if row["outcome"] == "in_doubt"]
    assert doubles <= {whose[delivery_id] for delivery_id in doubted}
    assert len(doubted) <= kills * CONNECTIONS
    assert sum(count - 1 for count in copies.values()) <= kills * CONNECTIONS
    assert tally_of(database, issue.id).accepted == READERS


def test_asked_to_stop_again_and_again_nobody_gets_it_twice(database: Database, tmp_path: Path) -> None:
    """SIGTERM: it ends cleanly, nothing is in doubt, and the next start goes on."""
    issue = database.transact(make_issue, addresses(READERS))
    with SmtpServer(delay=0.005) as server:
        for life in range(3):
            process = start(database, tmp_path, server, f"life {life}")
            wait_for(server, len(server.received) + 40)
            process.send_signal(signal.SIGTERM)
            assert finish(process) == 0
            assert {row["owner"] for row in rows_of(database, tables.delivery)} == {None}
        assert finish(start(database, tmp_path, server, "last life")) == 0
    assert server.copies() == dict.fromkeys(addresses(READERS), 1)
    assert rows_of(database, tables.attempt) == []
    assert tally_of(database, issue.id).accepted == READERS


def test_who_stands_by_takes_over_from_the_dead(database: Database, tmp_path: Path) -> None:
    """Two processes on one database; one is killed and the other finishes."""
    issue = database.transact(make_issue, addresses(READERS))
    with SmtpServer(delay=0.005) as server:
        first = start(database, tmp_path, server, "one")
        wait_for(server, 20)
        second = start(database, tmp_path, server, "two")
        wait_for(server, 60)
        first.kill()
        finish(first)
        if not database.is_sqlite:
            with database.engine.begin() as connection:
                dead = sa.update(tables.delivery).where(tables.delivery.c.owner == "one")
                connection.execute(dead.values(lease_until=NOW - timedelta(days=400)))
        assert finish(second) == 0
    copies = server.copies()
    assert set(copies) == set(addresses(READERS))
    assert sum(count - 1 for count in copies.values()) <= CONNECTIONS
    assert tally_of(database, issue.id).accepted == READERS
