"""dispatch as a contender: the whole product, ledger and all.

python -m bench.send_with_dispatch CONFIG

`seconds` runs from the call of send_due (lock, take-over, first claim, connecting) to the last reply in the ledger;
`whole_seconds` until it returns, which is later by the moment in which it makes sure that nothing is left.
"""

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from bench.children import serve, told
from bench.magazine import open_magazine
from bench.stopwatch import Effort, Stopwatch
from dispatch.delivering.send import SendReport, send_due
from dispatch.event_loop import run_async
from dispatch.store.database import Connection
from dispatch.store.tables import delivery


def main(config: str) -> None:
    """Open everything, then send until nothing is due."""
    settings, database = open_magazine(Path(config))

    async def sending() -> SendReport:
        return await send_due(
            database, settings, _now, _now, owner=f"bench:{os.getpid()}", stop=asyncio.Event(), until_idle=True
        )

    def work() -> dict[str, object]:
        begun, watch = _now(), Stopwatch()
        report = run_async(sending())
        whole = watch.effort()
        seconds = (database.transact(_last_reply) - begun).total_seconds()
        effort = Effort(seconds, whole.cpu_seconds)
        return told(effort, report.accepted, whole_seconds=whole.seconds, problem=str(report.problem or ""))

    serve(work)
    database.close()


def _last_reply(connection: Connection) -> datetime:
    at = connection.scalars(sa.select(sa.func.max(delivery.c.ended_at))).one()
    return at or _now()


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main(*sys.argv[1:])
