"""A process that fans an issue out in small ranges, to be killed: FILE ISSUE."""

import asyncio
import sys
from pathlib import Path

from dispatch.store.database import Database, sqlite_url
from dispatch.store.fan_out import fan_out_range, finish_fan_out
from tests.store.make import FRIDAY, first_variants


async def _fan_out(database: Database, issue_id: int) -> None:
    await database.run(first_variants, issue_id)
    for low in range(1, 5_000, 50):
        await database.run(fan_out_range, issue_id, low, low + 49, FRIDAY)
    await database.run(finish_fan_out, issue_id)


if __name__ == "__main__":
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    asyncio.run(_fan_out(Database(sqlite_url(Path(sys.argv[1])), durability="process"), int(sys.argv[2])))
