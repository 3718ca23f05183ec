"""What stands before every page: bodies of a bounded size that arrive in a bounded time, and headers on each answer."""

import asyncio
from http import HTTPStatus

from fastapi import HTTPException  # routes of the API let no other one pass
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_OCTETS = 64 * 1024
MOST_DISCARDED = 4 * 1024 * 1024  # read and thrown away before somebody is told that it was too much
MOST_SECONDS = 20.0  # for the whole of a body

# Pages have one style sheet and pictures of ours, send forms to us, and are in nobody's frame.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


class Guard:
    """Stands before an application, which reads at most 64 KB (413) in at most 20 s (408), and answers with HEADERS."""

    def __init__(self, app: ASGIApp, *, seconds: float = MOST_SECONDS) -> None:
        self.app = app
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass an HTTP request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = _Body(receive, Headers(scope=scope).get("content-length", ""), self.seconds)
        await self.app(scope, body.receive, _with_headers(send))


class _Body:
    """Counts what arrives, and watches the clock of the event loop, which is nobody's decision clock."""

    def __init__(self, receive: Receive, announced: str, seconds: float) -> None:
        self._receive = receive
        self._announced = announced
        self._seconds = seconds
        self._octets = 0
        self._until: float | None = None
        self._whole = False

    async def receive(self) -> Message:
        if self._whole:
            return await self._receive()  # whether the other end has gone
        if self._announced.isdigit() and int(self._announced) > MOST_DISCARDED:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        message = await self._next()
        if self._octets <= MOST_OCTETS:
            return message
        # Many clients listen for an answer only when they have said everything.
        while message.get("more_body", False) and self._octets <= MOST_DISCARDED:
            message = await self._next()
        raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    async def _next(self) -> Message:
        self._until = self._until or asyncio.get_running_loop().time() + self._seconds
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError as error:
            raise HTTPException(HTTPStatus.REQUEST_TIMEOUT) from error
        self._octets += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        return message


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_with_headers
