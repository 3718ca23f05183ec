"""What readers reach under `web.public_url`: today the pictures of their mail; the pages come to them."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from dispatch.web.pictures import media_route
from dispatch.web.serving import listening


def site(media: Path) -> Starlette:
    """The site: `/media/HASH.jpg` and `/health`."""
    return Starlette(routes=[media_route(media), Route("/health", _health)])


@asynccontextmanager
async def site_on(address: str, media: Path, say: Callable[[str], None]) -> AsyncIterator[None]:
    """Serve the site on "HOST:PORT" meanwhile; where another process has that port, say so and leave it to it."""
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(listening(site(media), address))
        except OSError as error:
            say(f"web.listen: {address} cannot be served from here ({error.strerror}); another process may do so")
        yield


async def _health(_: Request) -> PlainTextResponse:
    return PlainTextResponse("ok\n")
