"""Waiting that ends early: everything here stops within moments of being asked to."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Concatenate, ParamSpec, TypeVar

from dispatch.store.database import Connection, Database
from dispatch.store.deliveries import TRANSIENT_ERRORS

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger(__name__)

RETRY = 0.5  # seconds until a store that is away is asked again


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


async def persistently(
    over: asyncio.Event,
    database: Database,
    function: Callable[Concatenate[Connection, P], T],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T | None:
    """`Database.run`, again for as long as the store is away (a full disk, a lock, a restart); once `over`, None."""
    has_told = False
    while True:
        try:
            return await database.run(function, *args, **kwargs)
        except TRANSIENT_ERRORS as error:
            if not has_told:
                logger.warning("the store cannot be used (%s); this waits until it can", type(error).__name__)
            has_told = True
            if over.is_set():
                return None
            await pause(over, RETRY)
