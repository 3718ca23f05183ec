"""A sender in a process of its own, to be killed: python -m tests.delivering.sender_process URL FOLDER PORT OWNER."""

import asyncio
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dispatch.delivering.send import send_due
from dispatch.store.database import Database
from tests.delivering.make import NOW, settings_for


def main(url: str, folder: str, port: str, owner: str) -> None:
    """Send until nothing is due; SIGTERM stops."""
    database = Database(url, durability="process")
    settings = settings_for(Path(folder), int(port))
    asyncio.run(_send(database, owner, settings))
    database.close()


async def _send(database: Database, owner: str, settings: object) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    begun = datetime.now(UTC)

    def clock() -> datetime:
        return NOW + timedelta(seconds=(datetime.now(UTC) - begun).total_seconds())

    def real_clock() -> datetime:
        return datetime.now(UTC)

    print("ready", flush=True)  # noqa: T201 - the test waits for this line
    await send_due(
        database,
        settings,  # type: ignore[arg-type]
        clock,
        real_clock,
        owner=owner,
        stop=stop,
        until_idle=True,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
