"""A progress bar for what takes longer than a second, where somebody is looking."""

import asyncio
import sys
from collections.abc import Awaitable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from dispatch.app import Dispatch

T = TypeVar("T")

PATIENCE = 1.0  # seconds before a bar appears, and between two looks at the ledger


async def watched(dispatch: "Dispatch", work: Awaitable[T]) -> T:
    """Do the work; on a terminal, show meanwhile how far the issues being sent have come."""
    if not sys.stderr.isatty():
        return await work
    bar = asyncio.create_task(_show(dispatch))
    try:
        return await work
    finally:
        bar.cancel()
        with suppress(asyncio.CancelledError):
            await bar


async def _show(dispatch: "Dispatch") -> None:
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
