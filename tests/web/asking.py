"""Asking an application exactly what is written here: no client between that mends headers, addresses or bodies."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from starlette.types import ASGIApp, Message

_PEERS = cycle(f"10.{high}.{low}.1" for high in range(256) for low in range(256))
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, to the byte."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    def header(self, name: str) -> str:
        """A header of it, "" where there is none."""
        return dict(self.headers).get(name.lower(), "")


def ask(
    app: ASGIApp,
    method: str,
    path: str,
    body: bytes | Sequence[bytes] = b"",
    headers: Iterable[tuple[str, str]] = (),
    *,
    peer: str = "",
) -> Answer:
    """One request; `path` may have a query. A body of several pieces arrives in as many, without its length.

    Where no `peer` is named, each comes from a network of its own, so that no limit is what answers.
    """
    return asyncio.run(answer_of(app, method, path, body, headers, peer=peer))


async def answer_of(
    app: ASGIApp,
    method: str,
    path: str,
    body: bytes | Sequence[bytes] = b"",
    headers: Iterable[tuple[str, str]] = (),
    *,
    peer: str = "",
) -> Answer:
    """The same within an event loop, for requests that are made at once."""
    pieces = [body] if isinstance(body, bytes) else [*body]
    length = [("content-length", str(len(body)))] if isinstance(body, bytes) else []
    place, _, query = path.partition("?")
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": place,
        "raw_path": place.encode(),
        "query_string": query.encode("ascii"),
        "root_path": "",
        "headers": [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in [("host", "127.0.0.1:8480"), *length, *headers]
        ],
        "client": (peer or next(_PEERS), 40000),
        "server": ("127.0.0.1", 8480),
    }
    said: list[Message] = []
    waiting = [
        {"type": "http.request", "body": piece, "more_body": place < len(pieces)}
        for place, piece in enumerate(pieces or [b""], start=1)
    ]

    async def receive() -> Message:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        said.append(message)

    await app(scope, receive, send)
    start, *rest = said
    answered = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"])
    return Answer(start["status"], answered, b"".join(message.get("body", b"") for message in rest))
