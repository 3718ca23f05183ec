"""What is made once and kept as long as it holds: pages that are the same for everybody."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """The newest things made, by everything that they depend on. Whoever asks while one is being made waits for it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._made: OrderedDict[Hashable, asyncio.Task[T]] = OrderedDict()

    async def get(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """What was made for `key`, else what `make` makes; what could not be made is tried again by the next."""
        task = self._made.get(key)
        if task is None:
            task = self._made[key] = asyncio.ensure_future(_made(make))
            task.add_done_callback(lambda done: self._forget_failed(key, done))
        self._made.move_to_end(key)
        while len(self._made) > self._most:
            self._made.popitem(last=False)
        # Shielded: a reader who goes away does not take the page from those who wait for it too.
        return await asyncio.shield(task)

    def _forget_failed(self, key: Hashable, task: "asyncio.Task[T]") -> None:
        failed = task.cancelled() or task.exception() is not None
        if failed and self._made.get(key) is task:
            del self._made[key]


async def _made(make: Callable[[], Awaitable[T]]) -> T:
    return await make()
