"""The clock: APScheduler ticks each minute, and the database says what is due (docs/decisions/0003)."""

import asyncio
import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from dispatch.app import Dispatch, RunReport
from dispatch.errors import DispatchError

log = logging.getLogger(__name__)

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


async def serve(dispatch: Dispatch, *, schedule: bool, send: bool, say: Callable[[str], None]) -> None:
    """Run the service, or a part of it, until SIGTERM or SIGINT; then stop without leaving mail in doubt."""
    with stopping() as stop:
        clock = _start_clock(dispatch, stop, schedule=schedule, say=say)
        say("running; SIGTERM or Ctrl-C stops")
        writing = asyncio.create_task(dispatch.readers.keep_writing_mail(stop))
        try:
            await (dispatch.keep_sending(stop) if send else stop.wait())
        finally:
            stop.set()
            clock.shutdown(wait=False)
            await dispatch.finish_tick()
            await writing
    say("stopped")


async def serve_once(dispatch: Dispatch) -> RunReport:
    """Do what is due now, then end; SIGTERM and SIGINT end it earlier, and as cleanly."""
    with stopping() as stop:
        return await dispatch.run_once(stop)


async def send_once(dispatch: Dispatch) -> RunReport:
    """Send what waits, then end; SIGTERM and SIGINT end it earlier, and as cleanly."""
    with stopping() as stop:
        return await dispatch.send(stop)


@contextmanager
def stopping() -> Iterator[asyncio.Event]:
    """An event that the stop signals set, as long as the context lasts."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)


def _start_clock(
    dispatch: Dispatch, stop: asyncio.Event, *, schedule: bool, say: Callable[[str], None]
) -> AsyncIOScheduler:
    async def tick() -> None:
        if stop.is_set():
            return
        try:
            for line in await dispatch.tick(schedule=schedule):
                say(line)
        except DispatchError as error:
            say(f"this minute failed, the next one tries again: {error}")
        except Exception:
            # One bad minute (a full disk, a database that restarts) must not end the service.
            log.exception("this minute failed, the next one tries again")

    clock = AsyncIOScheduler(timezone="UTC")
    # Slots are whole minutes. A late tick is still a tick, and many missed ones are one.
    clock.add_job(tick, CronTrigger(second=0), max_instances=1, coalesce=True, misfire_grace_time=None)
    clock.add_job(tick)
    clock.start()
    return clock
