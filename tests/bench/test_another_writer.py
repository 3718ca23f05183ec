"""The other writer: what it says is how long it was kept waiting."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from bench.another_writer import another_writer

HELD = 0.3


def test_the_longest_wait_is_found(tmp_path: Path) -> None:
    """Somebody holds the lock for a while; the other writer waits nearly as long."""
    file = tmp_path / "dispatch.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("pragma journal_mode=wal")
        with another_writer(file) as waited:
            connection.execute("pragma busy_timeout=5000")
            connection.execute("BEGIN IMMEDIATE")
            threading.Event().wait(HELD)
            connection.execute("COMMIT")
    assert waited.longest >= HELD - 0.05
