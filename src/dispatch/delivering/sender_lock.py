"""On SQLite one process sends at a time: it holds a lock on a file beside the database, and others stand by.

The lock goes with the process, however it dies, so whoever gets it knows that nobody else is sending: everything that
is still claimed or in flight belongs to the dead. On PostgreSQL several send at once, each with leases of its own.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path


class SenderLock:
    """The right to send from one database file; `release` it when done."""

    def __init__(self, database_file: Path) -> None:
        self._path = database_file.with_name(f"{database_file.name}.sender")
        self._handle: int | None = None

    def acquire(self) -> bool:
        """Take the lock if nobody holds it; says whether we do."""
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        self._handle = handle
        return True

    def release(self) -> None:
        """Give the lock back; harmless if we do not have it."""
        if self._handle is not None:
            with suppress(OSError):
                os.close(self._handle)
            self._handle = None
