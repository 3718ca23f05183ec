"""What a sender does to itself, for real: it dies at a commit, a transaction fails, it waits less long for a lock."""

import os
import signal
import sqlite3
import sys
import threading
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from dispatch.store.database import Connection, Database

MOMENT = 0.2  # seconds
FAILS = "a transaction is made to fail"


def hurry(database: Database, milliseconds: int) -> None:
    """Have a SQLite database wait less long for a lock."""

    @sa.event.listens_for(database.engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"pragma busy_timeout={milliseconds}")


def die_at(database: Database, when: str, number: int) -> None:
    """End this process by SIGKILL right before its n-th commit is asked for, or right after it has returned."""
    commits = 0

    @sa.event.listens_for(database.engine, "commit")
    def _commit(_connection: Connection) -> None:
        nonlocal commits
        commits += 1
        if when == "commit" and commits == number:
            os.kill(os.getpid(), signal.SIGKILL)

    @sa.event.listens_for(database.engine, "checkin")
    def _committed(_connection: object, _record: object) -> None:
        if when == "committed" and commits == number:
            os.kill(os.getpid(), signal.SIGKILL)


def fail_at(database: Database, number: int) -> None:
    """Have the n-th transaction from now on fail, saying FAILS: the file is locked a moment, or the server hangs up."""
    begun = 0

    @sa.event.listens_for(database.engine, "checkout")
    def _begins(connection: Any, _record: object, _proxy: object) -> None:
        nonlocal begun
        begun += 1
        if begun == number:
            sys.stderr.write(f"{FAILS}\n")
            sys.stderr.flush()
            if database.file is not None:
                _lock_for_a_moment(database.file)
            else:
                _hang_up(database, connection.info.backend_pid)


def _lock_for_a_moment(file: Path) -> None:
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    threading.Timer(MOMENT, other.close).start()


def _hang_up(database: Database, pid: int) -> None:
    other = sa.create_engine(database.engine.url)
    with other.begin() as connection:
        connection.execute(sa.select(sa.func.pg_terminate_backend(pid)))
    other.dispose()
