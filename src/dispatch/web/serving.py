"""Running an application inside our own event loop, where our own code decides when it stops."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

LOOPBACK = "127.0.0.1"
STOP_GRACE = 3  # seconds for requests that are under way when we stop


class EmbeddedServer(uvicorn.Server):
    """A server that leaves signals alone: uvicorn's own handling kills the process before it can clean up."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Hang up on whoever has not finished asking; the others get their answers."""
        for connection in list(self.server_state.connections):
            cycle = getattr(connection, "cycle", None)
            transport = getattr(connection, "transport", None)
            if cycle is not None and transport is not None and cycle.more_body and not cycle.response_complete:
                transport.close()
        await super().shutdown(sockets)


@contextlib.asynccontextmanager
async def serving(make_app: Callable[[str], ASGIApp]) -> AsyncIterator[str]:
    """Serve `make_app(url)` on a free port of this machine, and yield the url (without a slash at its end)."""
    listener = socket.create_server((LOOPBACK, 0))
    url = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
    async with _running(make_app(url), listener):
        yield url


@contextlib.asynccontextmanager
async def listening(app: ASGIApp, address: str) -> AsyncIterator[None]:
    """Serve an application on "HOST:PORT"; raises OSError where somebody else listens there."""
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host.strip("[]"), int(port)), family=family)
    async with _running(app, listener):
        yield


@contextlib.asynccontextmanager
async def _running(app: ASGIApp, listener: socket.socket) -> AsyncIterator[None]:
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_level="error",
        access_log=False,  # addresses of pages have tokens in them
        ws="none",
        proxy_headers=False,  # web/proxies.py reads the one header that counts
        server_header=False,
        timeout_graceful_shutdown=STOP_GRACE,
    )
    server = EmbeddedServer(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield  # The socket listens already: whoever comes before the server is ready waits in its queue.
    finally:
        server.should_exit = True
        await running
        listener.close()
