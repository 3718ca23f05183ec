"""Planning in a process of its own: fan an issue out, and tell how long each transaction held the lock for writing.

python -m bench.plan_issue FOLDER READERS; makes a newsletter with so many readers in FOLDER first.
"""

import asyncio
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from bench.children import serve, told
from bench.issues import begin_newsletter, compose, store_for_everybody
from bench.magazine import Relay, open_magazine, write_configuration
from bench.messages import SMALLEST
from bench.stopwatch import Stopwatch
from dispatch.delivering.fan_out import fan_out
from dispatch.store.database import Database


class LockTimes:
    """How long transactions held the write lock: from BEGIN IMMEDIATE until after COMMIT."""

    def __init__(self, database: Database) -> None:
        self.longest = 0.0
        self._begun: float | None = None
        # Listeners are called in order: this one after the one by which the store takes the lock.
        sa.event.listen(database.engine, "begin", self._begin)
        sa.event.listen(database.engine, "checkin", self._end)

    def _begin(self, connection: sa.Connection) -> None:
        only_reads = connection.get_execution_options().get("only_reads")
        self._begun = None if only_reads else time.perf_counter()

    def _end(self, _connection: object, _record: object) -> None:
        if self._begun is not None:
            self.longest = max(self.longest, time.perf_counter() - self._begun)


def main(folder: str, readers: str) -> None:
    """Make everything ready, then plan."""
    place, now = Path(folder), datetime.now(UTC)
    settings, database = open_magazine(write_configuration(place, Relay()))
    begin_newsletter(database, settings, posts=3, readers=int(readers), now=now)
    issue_id = compose(database, settings, now)

    def work() -> dict[str, object]:
        locks, watch = LockTimes(database), Stopwatch()
        report = asyncio.run(fan_out(database, now, issue_id, store_for_everybody(database, SMALLEST)))
        return told(watch.effort(), report.served, longest_lock=locks.longest)

    serve(work)
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
