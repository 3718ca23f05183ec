"""The site: everything under `web.public_url`, and which file answers it, behind one guard."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from dispatch.config.places import media_folder
from dispatch.web import api, archive, choosing, confirming, joining, leaving
from dispatch.web.guard import Guard
from dispatch.web.page import Handler, Pages, page_route
from dispatch.web.pictures import media_route
from dispatch.web.serving import listening

if TYPE_CHECKING:
    from dispatch.app import Dispatch


def site(dispatch: "Dispatch") -> ASGIApp:
    """The pages of an open dispatch, the pictures of its mail, its JSON API and `/health`."""
    pages, readers = Pages(dispatch), dispatch.readers
    app = Starlette(
        routes=[
            page_route("/", _home(pages)),
            *joining.routes(pages, readers),
            *confirming.routes(pages, readers),
            *leaving.routes(pages, readers),
            *choosing.routes(pages, readers),
            Mount(api.ROOT, api.api(pages, readers)),
            media_route(media_folder(pages.settings)),
            pages.assets(),
            Route("/health", _health),
            *archive.routes(pages, dispatch),
        ],
        exception_handlers={HTTPException: _told(pages), ClientDisconnect: _gone, Exception: _failed(pages)},
    )
    app.router.redirect_slashes = False
    return Guard(app)


@asynccontextmanager
async def site_on(address: str, dispatch: "Dispatch", say: Callable[[str], None]) -> AsyncIterator[None]:
    """Serve the site on "HOST:PORT" meanwhile; where another process has that port, say so and leave it to it."""
    app = site(dispatch)
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(listening(app, address))
        except OSError as error:
            say(f"web.listen: {address} cannot be served from here ({error.strerror}); another process may do so")
        yield


def _home(pages: Pages) -> Handler:
    async def home(_: Request) -> Response:
        return RedirectResponse(pages.path(joining.PATH), HTTPStatus.FOUND)

    return home


async def _health(_: Request) -> PlainTextResponse:
    return PlainTextResponse("ok\n")


def _told(pages: Pages) -> Callable[[Request, Exception], Awaitable[Response]]:
    """What was asked for wrongly, as a page; under /api as JSON."""

    async def told(request: Request, error: Exception) -> Response:
        answer = _problem(pages, request, cast("HTTPException", error).status_code)
        answer.headers.update(cast("HTTPException", error).headers or {})
        return answer

    return told


def _failed(pages: Pages) -> Callable[[Request, Exception], Awaitable[Response]]:
    """A fault of ours: calm for the reader, while the server's log says where it was."""

    async def failed(request: Request, _: Exception) -> Response:
        return _problem(pages, request, HTTPStatus.INTERNAL_SERVER_ERROR)

    return failed


async def _gone(_: Request, __: Exception) -> Response:
    """Somebody hung up within what they sent: nobody reads this, and it is no fault of ours."""
    return Response(status_code=HTTPStatus.BAD_REQUEST)


def _problem(pages: Pages, request: Request, status: int) -> Response:
    if request.url.path.startswith("/api/"):
        return JSONResponse({"detail": HTTPStatus(status).phrase}, status)
    return pages.problem(request, status)
