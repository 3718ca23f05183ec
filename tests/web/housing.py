"""A reader of the magazine in opening.py, and the links in their mail."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from dispatch.app import Dispatch
from dispatch.model.tokens import Purpose
from dispatch.subscribing.subscribe import add
from dispatch.subscribing.wishes import Who, Wishes

T = TypeVar("T")

READER = "reader@example.net"


def add_reader(dispatch: Dispatch, wishes: Wishes | None = None, address: str = READER) -> None:
    """Somebody subscribes to the review; the first who does has the subscription 1."""
    who = Who(address, dispatch.address_key)
    run_apart(add(dispatch.database, dispatch.settings, dispatch.now(), who, wishes, newsletter="review"))


def run_apart(work: Coroutine[Any, Any, T]) -> T:
    """Run one coroutine in a thread of its own: while a browser is driven, this one has an event loop that runs."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def unsubscribe_path(dispatch: Dispatch, subscription_id: int = 1) -> str:
    """The path of the link to leave by."""
    return f"/unsubscribe/{dispatch.readers.keys.sign(Purpose.UNSUBSCRIBE, subscription_id)}"


def preferences_path(dispatch: Dispatch, subscription_id: int = 1) -> str:
    """The path of the link to the reader's own page."""
    return f"/preferences/{dispatch.readers.keys.sign(Purpose.PREFERENCES, subscription_id)}"


def next_day(dispatch: Dispatch, schedule: str, zone: str, after: datetime | None = None) -> datetime:
    """When a schedule of the review next writes to a reader, on the clock of their zone."""
    when = dispatch.readers.next_mail("review", schedule, zone, after or dispatch.now())
    assert when is not None
    return when.astimezone(ZoneInfo(zone))
