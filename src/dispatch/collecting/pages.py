"""Asking pages whether they are still there: HEAD, then GET where HEAD has no clear answer, each at most once a day.

Which pages those are stands in the store (the books' shops, noted by promoting). No answer accuses anybody but 404 and
410: shops turn away programs (403, 429, 503), and that says nothing about the page.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import httpx2

from dispatch.collecting.fetching import FetchError, Limits, Reach, fetch, open_reach
from dispatch.config.settings import Settings
from dispatch.store.database import Database
from dispatch.store.shop_pages import HTTP_ERRORS, HTTP_OK, pages_to_ask, record_answer, take_page

ONCE_IN = timedelta(days=1)
# One page a host and round, and few hosts: no shop sees a flood, and the next beat of the clock is not kept waiting.
HOSTS = 4
PATIENCE = Limits(seconds=6, connect_seconds=3, read_seconds=5)
ANY_TYPE = "text/html, */*;q=0.5"


class _OnlyHeads(httpx2.AsyncBaseTransport):
    """The same transport, asking for the head of every document."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        head = httpx2.Request("HEAD", request.url, headers=request.headers, extensions=request.extensions)
        return await self._inner.handle_async_request(head)


async def ask_pages(database: Database, settings: Settings, now: datetime, *, rounds: int = 1) -> int:
    """Ask a few of the pages whose turn it is, one a host and round, beside one another; returns how many."""
    private, asked = settings.collect.allow_private_networks, 0
    async with open_reach(allow_private_networks=private, limits=PATIENCE) as reach:
        for _ in range(rounds):
            urls = _one_a_host(await database.read(pages_to_ask, now - ONCE_IN))
            if not urls:
                break
            asked += sum(await asyncio.gather(*(_ask(database, reach, url, now) for url in urls)))
    return asked


async def status_of(reach: Reach, url: str, now: datetime) -> int:
    """What a page answers: HEAD's answer if that is clear, else GET's; 0 where none came.

    Some shops answer HEAD with an error that GET does not have, so an error of HEAD is asked again.
    """
    status = await _status(replace(reach, transport=_OnlyHeads(reach.transport)), url, now)
    return status if HTTP_OK <= status < HTTP_ERRORS else await _status(reach, url, now)


def _one_a_host(due: Iterable[str]) -> list[str]:
    firsts: dict[str, str] = {}
    for url in due:
        firsts.setdefault(urlsplit(url).hostname or "", url)
    return list(firsts.values())[:HOSTS]


async def _ask(database: Database, reach: Reach, url: str, now: datetime) -> bool:
    if not await database.run(take_page, url, now - ONCE_IN, now):
        return False
    await database.run(record_answer, url, await status_of(reach, url, now), now)
    return True


async def _status(reach: Reach, url: str, now: datetime) -> int:
    try:
        await fetch(reach, "shop page", url, now, accept=ANY_TYPE)
    except FetchError as error:
        return error.status
    return int(httpx2.codes.OK)
