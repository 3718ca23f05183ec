"""The event loop of the commands that send: uvloop, because a message is a few turns of the loop and little else."""

from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end on an event loop of its own; as asyncio.run does, and several times as fast (bench/)."""
    import uvloop

    return uvloop.run(work)
