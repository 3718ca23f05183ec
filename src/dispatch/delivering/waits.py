"""Waiting that ends early: everything here stops within moments of being asked to."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


async def pause(over: asyncio.Event, seconds: float) -> None:
    """Sleep, but no longer than until `over`."""
    with suppress(TimeoutError):
        await asyncio.wait_for(over.wait(), seconds)


async def unless(over: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """The result of `work`; once `over` it is cancelled, and None."""
    working, ending = asyncio.ensure_future(work), asyncio.ensure_future(over.wait())
    try:
        await asyncio.wait({working, ending}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working
            return None
        return working.result()
    finally:
        ending.cancel()
        working.cancel()
