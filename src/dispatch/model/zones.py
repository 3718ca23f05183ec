"""Wall clocks and instants: which moment a local time stands for, and when a reader's own clock shows a slot's time.

A local time that happens twice (clocks go back) stands for its first occurrence. One that does not happen (clocks go
forward) stands for the instant that the clock of before would have shown it: 02:30 in New York on the spring day is
07:30 UTC.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DAY = timedelta(days=1)
# Before the next issue takes over there is at least this long for tries, so that what fails at once is nearly always
# settled, and its posts are handed back, before the next fan-out moves its reader on. Who would have less than this
# gets their mail at once.
TIME_FOR_TRIES = timedelta(hours=1)
# How long after its own time a delivery is worth sending, even past the expiry. An hour without a relay, or a
# command that runs once a day, would otherwise end the mail of a whole zone untried, after the next issue had moved its
# readers on: nobody would get those posts any more.
WORTH_SENDING = timedelta(days=1)


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The moment (UTC) that a local date and time stands for."""
    # fold=0 is the first of two occurrences, and in a gap the offset of before (PEP 495).
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def own_time(slot: str, due_at: datetime, zone: ZoneInfo) -> datetime:
    """The first moment at or after `due_at` at which it is the slot's time of day in a zone.

    `slot` is a local date and time, "2026-11-27T07:00".
    """
    clock, day = datetime.fromisoformat(slot).time(), due_at.astimezone(zone).date()
    # The day before: where clocks leave out midnight, its last times stand for moments of this day.
    moments = (instant(datetime.combine(day + days * _DAY, clock), zone) for days in (-1, 0, 1, 2))
    return min(moment for moment in moments if moment >= due_at)


def own_times(zones: Iterable[str], slot: str, due_at: datetime, expires_at: datetime | None) -> dict[str, datetime]:
    """When an issue is due in those of these zones where that is later than `due_at`, in the order given.

    At once, and so not in the answer, are: issues without a time of day ("post:7"), zones that do not exist, and those
    whose own time leaves too little time before the issue expires.
    """
    if slot.startswith("post:"):
        return {}
    found = {name: own_time(slot, due_at, zone) for name in zones if (zone := _zone(name))}
    latest = expires_at - TIME_FOR_TRIES if expires_at else None
    return {name: due for name, due in found.items() if due > due_at and (latest is None or due <= latest)}


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a name can be a folder's, or lead out of it
        return None
