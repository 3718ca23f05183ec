"""What somebody at a terminal sees of work that takes longer than a second."""

import asyncio
import sys
from collections.abc import Awaitable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from dispatch.app import Dispatch

T = TypeVar("T")

PATIENCE = 1.0  # seconds before a bar appears, and between two looks at the ledger


async def watched(dispatch: "Dispatch", work: Awaitable[T]) -> T:
    """Do the work; on a terminal, show meanwhile how far the issues being sent have come."""
    return await _beside(work, _show_sending(dispatch))


async def waited_for(what: str, work: Awaitable[T]) -> T:
    """Do the work; on a terminal, show meanwhile what is being done and for how long."""
    return await _beside(work, _show_time(what))


async def _beside(work: Awaitable[T], show: Coroutine[None, None, None]) -> T:
    if not sys.stderr.isatty():
        show.close()
        return await work
    bar = asyncio.create_task(show)
    try:
        return await work
    finally:
        bar.cancel()
        with suppress(asyncio.CancelledError):
            await bar


async def _show_time(what: str) -> None:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    await asyncio.sleep(PATIENCE)
    columns = (SpinnerColumn(), TextColumn(what), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        progress.add_task(what, total=None)
        await asyncio.Event().wait()


async def _show_sending(dispatch: "Dispatch") -> None:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    await asyncio.sleep(PATIENCE)
    columns = (TextColumn("sending"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("sending", total=None)
        while True:
            audience, waiting = await dispatch.under_way()
            progress.update(task, total=audience or None, completed=audience - waiting)
            await asyncio.sleep(PATIENCE)
