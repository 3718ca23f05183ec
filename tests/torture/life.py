"""One sender, as a nursery forks it: what it is told, and its life."""

import asyncio
import os
import signal
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from dispatch.config.settings import Settings
from dispatch.delivering.fan_out import fan_out
from dispatch.delivering.send import send_due
from dispatch.event_loop import run_async
from dispatch.store.database import Database
from dispatch.store.issues import issues_to_fan_out
from tests.delivering.make import settings_for
from tests.torture.magazine import have_variants
from tests.torture.sabotage import die_at, fail_at, hurry

NOBODY = 65_534


@dataclass(frozen=True, slots=True)
class Life:
    """What one sender is told."""

    url: str
    folder: str
    port: int
    owner: str
    now: str  # where its decision clock starts, ISO 8601
    durability: str = "process"
    relay_options: dict[str, Any] = field(default_factory=dict)
    as_nobody: bool = False  # it has no rights of ours
    busy_milliseconds: int | None = None  # how long it waits for a locked file, where a minute is too long
    dies_at: tuple[str, int] | None = None  # right before ("commit") or right after ("committed") its n-th commit
    fails_at: int | None = None  # its n-th transaction of sending fails


def live(life: Life) -> None:
    """Open the database, fan out what is to be fanned out, send until nothing is due, close."""
    folder = Path(life.folder) / life.owner  # its keys are written here, which another one may be reading
    folder.mkdir()
    settings = settings_for(folder, life.port, **life.relay_options)
    if life.as_nobody and os.geteuid() == 0:
        os.setegid(NOBODY)
        os.seteuid(NOBODY)
    database = Database(life.url, durability=life.durability)
    if life.busy_milliseconds is not None and database.is_sqlite:
        hurry(database, life.busy_milliseconds)
    if life.dies_at is not None:
        die_at(database, *life.dies_at)
    run_async(_fan_out_and_send(database, life, settings))
    database.close()


async def _fan_out_and_send(database: Database, life: Life, settings: Settings) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    ahead = datetime.fromisoformat(life.now) - datetime.now(UTC)
    clock = partial(_now, ahead)
    for issue in await database.run(issues_to_fan_out):
        await fan_out(database, clock(), issue.id, partial(have_variants, database, settings, clock()))
    if life.fails_at is not None:
        fail_at(database, life.fails_at)
    await send_due(database, settings, clock, partial(_now, timedelta(0)), owner=life.owner, stop=stop, until_idle=True)


def _now(ahead: timedelta) -> datetime:
    return datetime.now(UTC) + ahead
