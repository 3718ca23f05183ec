"""Slots against a clock that is watched minute by minute, over every kind of change of the clocks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dispatch.composing.timetable import Slot, newest_slot_due, next_slots, slots
from dispatch.model.schedule import Timetable, parse_schedule

MINUTE = timedelta(minutes=1)

# Zone, and a moment (UTC) within a day of a change of its clocks.
CHANGES = [
    ("America/New_York", datetime(2027, 3, 14, 7, tzinfo=UTC)),
    ("America/New_York", datetime(2027, 11, 7, 6, tzinfo=UTC)),
    ("Europe/London", datetime(2027, 3, 28, 1, tzinfo=UTC)),
    ("Europe/London", datetime(2027, 10, 31, 1, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2027, 4, 3, 15, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2027, 10, 2, 15, 30, tzinfo=UTC)),
    ("Africa/Casablanca", datetime(2025, 2, 23, 2, tzinfo=UTC)),
    ("Africa/Casablanca", datetime(2025, 4, 6, 2, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ("America/Santiago", datetime(2027, 9, 5, 4, tzinfo=UTC)),
    ("Asia/Kathmandu", datetime(2027, 6, 1, tzinfo=UTC)),
    ("UTC", datetime(2028, 2, 29, tzinfo=UTC)),
]


def _timetable(text: str) -> Timetable:
    timetable = parse_schedule(text)
    assert isinstance(timetable, Timetable)
    return timetable


def _watched(timetable: Timetable, zone: ZoneInfo, after: datetime, until: datetime) -> list[Slot]:
    """The same as `slots`, by looking at the wall clock every minute."""
    fired: dict[datetime, str] = {}
    seen: set[datetime] = set()
    # A gap of up to a day may begin before `after` and have slots behind it.
    now = after - timedelta(days=2)
    before = now.astimezone(zone).replace(tzinfo=None)
    while (now := now + MINUTE) <= until + timedelta(days=2):
        local = now.astimezone(zone).replace(tzinfo=None)
        skipped = before + MINUTE
        while skipped < local:  # these minutes do not happen; the clock of before would show them from now on
            if _fires(timetable, skipped):
                fired.setdefault(now + (skipped - before - MINUTE), skipped.isoformat(timespec="minutes"))
            skipped += MINUTE
        if local not in seen and _fires(timetable, local):
            fired[now] = local.isoformat(timespec="minutes")
        seen.add(local)
        before = local
    return [Slot(key, due_at) for due_at, key in sorted(fired.items()) if after < due_at <= until]


def _fires(timetable: Timetable, local: datetime) -> bool:
    return local.time() in timetable.times and timetable.includes(local.date())


cron_minutes = st.sampled_from(["0", "30", "15,45", "*/30", "*/20", "7"])
cron_hours = st.sampled_from(["*", "0", "1", "2", "3", "0-4", "*/6", "23"])
cron_days = st.sampled_from(["*", "*/2", "13", "30,31", "28-31"])
cron_weekdays = st.sampled_from(["*", "0", "7", "1-5", "sat,sun", "fri"])
cron = st.builds("{} {} {} * {}".format, cron_minutes, cron_hours, cron_days, cron_weekdays)
words = st.builds(
    "{} {:02}:{:02}".format,
    st.sampled_from(["daily", "weekdays", "weekends", "sun", "fri", "1st sun", "last sun", "last day", "30th", "1st"]),
    st.integers(0, 23),
    st.sampled_from([0, 15, 30, 45]),
)


@settings(max_examples=60, deadline=None)
@given(text=cron | words, change=st.sampled_from(CHANGES), shift=st.integers(-1500, 1500), length=st.integers(1, 3600))
@example(text="daily 02:30", change=CHANGES[0], shift=-600, length=3000)
@example(text="daily 01:30", change=CHANGES[1], shift=-600, length=3000)
@example(text="*/30 * * * *", change=CHANGES[0], shift=-600, length=3000)
@example(text="*/15 * * * *", change=CHANGES[5], shift=-600, length=3000)
@example(text="daily 07:00", change=CHANGES[8], shift=-1500, length=3600)
@example(text="*/30 * * * *", change=CHANGES[8], shift=0, length=3600)
@example(text="daily 00:30", change=CHANGES[9], shift=-1500, length=3600)
def test_slots_are_those_that_a_watched_clock_shows(
    text: str, change: tuple[str, datetime], shift: int, length: int
) -> None:
    """Every slot, once, at its instant, whatever the clocks do; nothing else."""
    zone = ZoneInfo(change[0])
    after = change[1] + shift * MINUTE
    until = after + length * MINUTE
    timetable = _timetable(text)
    assert slots(timetable, zone, after, until) == _watched(timetable, zone, after, until)


@settings(max_examples=60, deadline=None)
@given(
    text=cron | words,
    change=st.sampled_from(CHANGES),
    start=st.integers(-1500, 1500),
    steps=st.lists(st.integers(1, 3000), min_size=1, max_size=6),
)
def test_the_newest_slot_and_the_next_ones_are_neighbours(
    text: str, change: tuple[str, datetime], start: int, steps: list[int]
) -> None:
    """However often one looks, no slot is passed between two looks and none is seen twice."""
    zone, timetable = ZoneInfo(change[0]), _timetable(text)
    now = first = change[1] + start * MINUTE
    seen: list[Slot] = []
    for step in steps:
        later = now + step * MINUTE
        seen += slots(timetable, zone, now, later)
        newest = newest_slot_due(timetable, zone, later)
        if slots(timetable, zone, now, later):
            assert newest == seen[-1]
        now = later
    assert next_slots(timetable, zone, first, len(seen)) == seen
    assert len({slot.key for slot in seen}) == len({slot.due_at for slot in seen}) == len(seen)


@pytest.mark.parametrize(
    ("text", "zone", "after", "expected"),
    [
        (
            "daily 02:30", "America/New_York", datetime(2027, 3, 13, 12, tzinfo=UTC),
            [("2027-03-14T02:30", "2027-03-14T07:30"), ("2027-03-15T02:30", "2027-03-15T06:30")],
        ),
        (
            "daily 01:30", "America/New_York", datetime(2027, 11, 6, 12, tzinfo=UTC),
            [("2027-11-07T01:30", "2027-11-07T05:30"), ("2027-11-08T01:30", "2027-11-08T06:30")],
        ),
        (
            "daily 02:15", "Australia/Lord_Howe", datetime(2027, 10, 2, tzinfo=UTC),
            [("2027-10-03T02:15", "2027-10-02T15:45"), ("2027-10-04T02:15", "2027-10-03T15:15")],
        ),
        (
            "daily 07:00", "Pacific/Apia", datetime(2011, 12, 29, tzinfo=UTC),
            [("2011-12-29T07:00", "2011-12-29T17:00"), ("2011-12-31T07:00", "2011-12-30T17:00")],
        ),
        (
            "0 7 29 2 *", "UTC", datetime(2096, 3, 1, tzinfo=UTC),
            [("2104-02-29T07:00", "2104-02-29T07:00"), ("2108-02-29T07:00", "2108-02-29T07:00")],
        ),
        (
            "last day 23:59", "Europe/London", datetime(2028, 2, 1, tzinfo=UTC),
            [("2028-02-29T23:59", "2028-02-29T23:59"), ("2028-03-31T23:59", "2028-03-31T22:59")],
        ),
    ],
    ids=["gap", "fold", "half an hour", "a day left out", "leap days", "month ends"],
)  # fmt: skip
def test_slots_over_the_changes_that_bite(
    text: str, zone: str, after: datetime, expected: list[tuple[str, str]]
) -> None:
    """A missing time runs once, shifted; a doubled one once, the first time; the key stays as written."""
    found = next_slots(_timetable(text), ZoneInfo(zone), after, len(expected))
    assert [(slot.key, slot.due_at.strftime("%Y-%m-%dT%H:%M")) for slot in found] == expected


def test_the_calendar_ends_without_a_fault() -> None:
    """Looking beyond the last year finds nothing, and stops."""
    timetable = _timetable("daily 07:00")
    assert next_slots(timetable, ZoneInfo("Pacific/Apia"), datetime(9999, 12, 30, tzinfo=UTC), 3) == []
    assert newest_slot_due(timetable, ZoneInfo("UTC"), datetime(1899, 1, 1, tzinfo=UTC)) is None
