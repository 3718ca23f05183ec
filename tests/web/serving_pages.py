"""The pages on a port of this machine, for browsers and for those who write requests by hand."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dispatch.app import Dispatch
from dispatch.web.serving import serving
from dispatch.web.site import site
from tests.web.opening import opened


@dataclass(frozen=True, slots=True)
class Served:
    """Where the pages are, and whose they are."""

    url: str
    dispatch: Dispatch

    @property
    def port(self) -> int:
        """The port on 127.0.0.1."""
        return int(self.url.rpartition(":")[2])


@contextmanager
def served(config: Path, now: datetime | None = None) -> Iterator[Served]:
    """Serve the pages in a thread of their own, so that a test may wait for them in its own."""
    ready, box = threading.Event(), list[Served]()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        with opened(config, now) as dispatch:
            async with serving(lambda _: site(dispatch)) as url:
                box.append(Served(url, dispatch))
                ready.set()
                await stop.wait()

    def run() -> None:
        try:
            loop.run_until_complete(serve())
        finally:
            loop.close()
            ready.set()

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait()
    try:
        yield box[0]
    finally:
        if not loop.is_closed():
            loop.call_soon_threadsafe(stop.set)
        thread.join()
