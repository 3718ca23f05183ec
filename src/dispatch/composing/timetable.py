"""When a timetable's slots are, in a zone: local wall-clock keys and the instants they stand for (model/zones.py).

So a local time that happens twice is a slot once. One that does not happen is a slot too; where its instant is that of
a slot that does happen, the two are one.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dispatch.model.schedule import Timetable
from dispatch.model.zones import instant

# Local time is never further than this from UTC; Apia once left out a whole day.
_DAY = timedelta(days=1)
_MAX_WINDOW = timedelta(days=1024)
# Far enough from the ends of Python's calendar for every sum below.
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_LATEST = datetime(9900, 1, 1, tzinfo=UTC)
# The rarest slots are 29 February on one weekday: 40 years apart where a century without leap day lies between.
_FAR = timedelta(days=366 * 41)


@dataclass(frozen=True, slots=True)
class Slot:
    """One local date and time of a schedule: its key "YYYY-MM-DDTHH:MM" and its instant in UTC."""

    key: str
    due_at: datetime


def slots(timetable: Timetable, zone: ZoneInfo, after: datetime, until: datetime) -> list[Slot]:
    """All slots with after < due_at <= until, in order of time."""
    found: dict[datetime, str] = {}
    day, last = (after - _DAY).date(), (until + _DAY).date()
    while day <= last:
        if timetable.includes(day):
            found.update(_slots_of(day, timetable.times, zone))
        day += _DAY
    return [Slot(key, due_at) for due_at, key in sorted(found.items()) if after < due_at <= until]


def next_slots(timetable: Timetable, zone: ZoneInfo, after: datetime, count: int) -> list[Slot]:
    """The next `count` slots later than `after`; fewer only where the calendar ends, in the year 9900."""
    found: list[Slot] = []
    window = _DAY
    while len(found) < count and after < _LATEST:
        until = min(after + window, _LATEST)
        found += slots(timetable, zone, after, until)
        after, window = until, min(window * 2, _MAX_WINDOW)
    return found[:count]


def newest_slot_due(timetable: Timetable, zone: ZoneInfo, now: datetime) -> Slot | None:
    """The newest slot that is not later than `now`; None if there was none in forty years."""
    until, window, earliest = now, _DAY, max(now - _FAR, _EARLIEST)
    while until > earliest:
        after = max(until - window, earliest)
        found = slots(timetable, zone, after, until)
        if found:
            return found[-1]
        until, window = after, min(window * 2, _MAX_WINDOW)
    return None


def _slots_of(day: date, times: tuple[time, ...], zone: ZoneInfo) -> dict[datetime, str]:
    """Instant → key of one local date; of two keys at one instant the later one really happens, and stays."""
    keys: dict[datetime, str] = {}
    for moment in times:
        local = datetime.combine(day, moment)
        keys[instant(local, zone)] = local.isoformat(timespec="minutes")
    return keys
