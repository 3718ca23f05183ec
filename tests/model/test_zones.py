"""When a reader's own clock shows the time of day of a slot, over every kind of change of the clocks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.model.zones import TIME_FOR_TRIES, instant, own_time, own_times

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FRIDAY = datetime(2026, 11, 27, 12, tzinfo=UTC)  # 07:00 in New York
SLOT = "2026-11-27T07:00"
ZONES = (
    "America/New_York",
    "America/Halifax",
    "America/Los_Angeles",
    "Pacific/Honolulu",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Europe/London",
    "Africa/Casablanca",
    "UTC",
)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "due"),
    [
        ("America/New_York", "2026-11-27 12:00"),
        ("America/Los_Angeles", "2026-11-27 15:00"),
        ("Pacific/Honolulu", "2026-11-27 17:00"),
        ("Asia/Tokyo", "2026-11-27 22:00"),  # their Saturday morning
        ("Europe/London", "2026-11-28 07:00"),
        ("America/Halifax", "2026-11-28 11:00"),  # an hour ahead: the hour has just gone by
    ],
)
def test_it_is_due_when_the_readers_clock_shows_its_time_of_day(zone: str, due: str) -> None:
    """At the same moment or later, never before."""
    assert own_time(SLOT, FRIDAY, ZoneInfo(zone)) == _at(due)


@pytest.mark.parametrize(
    ("slot", "due_at", "zone", "due"),
    [
        # New York has no 02:30 that night: the slot is at 07:30 UTC, and so it is for who lives there.
        ("2027-03-14T02:30", "2027-03-14 07:30", "America/New_York", "2027-03-14 07:30"),
        # London has no 01:30 on its own spring day: as the clock of before would have shown it.
        ("2027-03-27T01:30", "2027-03-27 05:30", "Europe/London", "2027-03-28 01:30"),
        # 01:30 happens twice in New York: the first of the two.
        ("2027-11-07T01:30", "2027-11-07 00:30", "America/New_York", "2027-11-07 05:30"),
        # Due between the two: the second is no slot in a timetable, and none here.
        ("2027-11-07T01:30", "2027-11-07 06:00", "America/New_York", "2027-11-08 06:30"),
        # Nuuk goes from 23:00 to midnight: its 23:30 of the day before is half an hour into the new day.
        ("2027-03-27T23:30", "2027-03-28 01:15", "America/Nuuk", "2027-03-28 01:30"),
        # Apia went from the 29th to the 31st of December 2011.
        ("2011-12-29T23:00", "2011-12-30 05:00", "Pacific/Apia", "2011-12-30 09:00"),
        ("2011-12-30T07:00", "2011-12-30 12:00", "Pacific/Apia", "2011-12-30 17:00"),
    ],
)
def test_changes_of_the_clocks(slot: str, due_at: str, zone: str, due: str) -> None:
    """As timetables have them: left out is when it would have been, twice is the first."""
    assert own_time(slot, _at(due_at), ZoneInfo(zone)) == _at(due)


@settings(max_examples=400, deadline=None)
@given(
    minutes=st.integers(0, 366 * 24 * 60),
    clock=st.integers(0, 24 * 60 - 1),
    name=st.sampled_from(ZONES),
)
def test_it_is_the_first_such_moment_and_soon(minutes: int, clock: int, name: str) -> None:
    """Within two days, and no slot of that time of day lies between."""
    zone, due_at = ZoneInfo(name), datetime(2027, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    slot = f"2027-01-01T{clock // 60:02}:{clock % 60:02}"
    due = own_time(slot, due_at, zone)
    assert due_at <= due <= due_at + 2 * DAY
    time = datetime.fromisoformat(slot).time()
    days = [due_at.astimezone(zone).date() + days * DAY for days in range(-3, 4)]
    moments = [instant(datetime.combine(day, time), zone) for day in days]
    assert due == min(moment for moment in moments if moment >= due_at)


def test_only_zones_in_which_it_is_later_are_named() -> None:
    """The site's own zone, one that does not exist and a name that leads out of the folder of zones are at once."""
    names = ["Asia/Tokyo", "America/New_York", "America/Toronto", "Nowhere/Land", "Europe", "../../etc/passwd", "\0"]
    assert own_times(names, SLOT, FRIDAY, None) == {"Asia/Tokyo": _at("2026-11-27 22:00")}


def test_what_is_mailed_on_publish_has_no_time_of_day() -> None:
    """Everybody gets it at once."""
    assert own_times(["Asia/Tokyo"], "post:12", FRIDAY, None) == {}


def test_a_morning_that_leaves_no_time_for_a_second_try_is_not_waited_for() -> None:
    """It would be given up before it was tried, or after a single refusal: so it is due at once."""
    tokyo = _at("2026-11-27 22:00")
    assert own_times(["Asia/Tokyo"], SLOT, FRIDAY, tokyo + TIME_FOR_TRIES) == {"Asia/Tokyo": tokyo}
    assert own_times(["Asia/Tokyo"], SLOT, FRIDAY, tokyo + TIME_FOR_TRIES - HOUR / 60) == {}
    assert own_times(["Asia/Kathmandu"], "2026-11-27T07:00", _at("2026-11-27 01:30"), _at("2026-11-28 01:30")) == {}
