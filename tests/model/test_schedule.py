"""The language of schedules: what it reads, what it refuses, and in which words."""

from datetime import date, timedelta

import pytest

from dispatch.errors import ScheduleError
from dispatch.model.schedule import OnPublish, Timetable, parse_schedule


def _days(text: str, start: date = date(2026, 11, 1), length: int = 30) -> list[int]:
    timetable = parse_schedule(text)
    assert isinstance(timetable, Timetable)
    return [day.day for day in (start + timedelta(days=step) for step in range(length)) if timetable.includes(day)]


# November 2026 begins on a Sunday.
@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("fri 07:00", [6, 13, 20, 27]),
        ("Fri 7:00", [6, 13, 20, 27]),
        ("friday 07:00", [6, 13, 20, 27]),
        ("mon,thu 07:00", [2, 5, 9, 12, 16, 19, 23, 26, 30]),
        ("mon, thu 07:00", [2, 5, 9, 12, 16, 19, 23, 26, 30]),
        ("sat-mon 07:00", [1, 2, 7, 8, 9, 14, 15, 16, 21, 22, 23, 28, 29, 30]),
        ("daily 07:00", list(range(1, 31))),
        ("weekdays 18:30", [day for day in range(1, 31) if day % 7 not in (0, 1)]),
        ("weekends 09:00", [1, 7, 8, 14, 15, 21, 22, 28, 29]),
        ("1st mon 09:00", [2]),
        ("first mon 09:00", [2]),
        ("1st,3rd mon 09:00", [2, 16]),
        ("5th mon 09:00", [30]),
        ("last fri 17:00", [27]),
        ("last mon 17:00", [30]),
        ("1st 07:00", [1]),
        ("1st,15th 07:00", [1, 15]),
        ("monthly 07:00", [1]),
        ("last day 07:00", [30]),
        ("0 7 * * 0", [1, 8, 15, 22, 29]),
        ("0 7 * * 7", [1, 8, 15, 22, 29]),
        ("0 7 * * 1", [2, 9, 16, 23, 30]),
        ("0 7 * * sun", [1, 8, 15, 22, 29]),
        ("0 7 * * 5-7", [1, 6, 7, 8, 13, 14, 15, 20, 21, 22, 27, 28, 29]),
        ("0 7 * * fri-sun", [1, 6, 7, 8, 13, 14, 15, 20, 21, 22, 27, 28, 29]),
        ("0 7 * * 1-5", [day for day in range(1, 31) if day % 7 not in (0, 1)]),
        ("0 7 13 * fri", [6, 13, 20, 27]),
        ("0 7 10 * fri", [6, 10, 13, 20, 27]),
        ("0 7 */10 * *", [1, 11, 21]),
        ("0 7 */2 * mon", [9, 23]),
        ("0 7 1-7,20 * *", [1, 2, 3, 4, 5, 6, 7, 20]),
        ("0 7 25/2 * *", [25, 27, 29]),
        ("0 7 3 nov *", [3]),
        ("0 7 3 12 *", []),
        ("0 7 * * 0,7", [1, 8, 15, 22, 29]),
    ],
    ids=str,
)
def test_the_days_of_a_schedule(text: str, days: list[int]) -> None:
    """Words, ordinals and cron fields choose the days that a person would expect."""
    assert _days(text) == days


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("daily 07:00,18:30", ["07:00", "18:30"]),
        ("daily 18:30, 07:00", ["07:00", "18:30"]),
        ("*/20 6-7 * * *", ["06:00", "06:20", "06:40", "07:00", "07:20", "07:40"]),
        ("5,10 9 * * *", ["09:05", "09:10"]),
    ],
    ids=str,
)
def test_the_times_of_a_schedule(text: str, times: list[str]) -> None:
    """Several times a day are in order, however they were written."""
    timetable = parse_schedule(text)
    assert isinstance(timetable, Timetable)
    assert [moment.isoformat("minutes") for moment in timetable.times] == times


@pytest.mark.parametrize("text", ["on publish", " On  Publish "])
def test_on_publish_has_no_clock(text: str) -> None:
    """An issue for every new post needs no time."""
    assert parse_schedule(text) == OnPublish()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "it is empty"),
        ("friday", 'it has no time, as in "friday 07:00"'),
        ("frii 07:00", '"frii" is not a day (did you mean "fri"?)'),
        ("weekday 07:00", '(did you mean "weekdays"?)'),
        ("on publsh", '(did you mean "on publish"?)'),
        ("dayly 07:00", '(did you mean "daily"?)'),
        ("fri 25:00", '"25:00" is not a time from 00:00 to 23:59'),
        ("fri 24:00", '"24:00" is not a time from 00:00 to 23:59'),
        ("fri 7am", '"7am" is not a time like 07:00'),
        ("07:00", "before the time there has to be a day"),
        ("every fri at 07:00", "before the time there has to be a day"),
        ("6th mon 09:00", '"6th" is not one of 1st to 5th or last'),
        ("32nd 09:00", '"32nd" is not one of 1st to 31st'),
        ("frist mon 09:00", '(did you mean "first"?)'),
        ("0 0 30 2 *", "it never happens"),
        ("0 0 31 4,6,9,11 *", "it never happens"),
        ("60 0 * * *", '"60" cannot stand for the minute, which goes from 0 to 59'),
        ("0 24 * * *", '"24" cannot stand for the hour'),
        ("0 0 0 * *", '"0" cannot stand for the day of month'),
        ("0 0 * 13 *", '"13" cannot stand for the month'),
        ("0 0 * * 8", '"8" cannot stand for the day of week'),
        ("0 0 * * mo", '(did you mean "mon"?)'),
        ("0 9-7 * * *", "ranges go upwards"),
        ("*/0 * * * *", "steps are whole numbers from 1"),
        ("0 7 * *", '"*" is not a time'),
    ],
    ids=str,
)
def test_what_is_not_a_schedule_is_refused_with_what_was_found_and_what_is_allowed(text: str, complaint: str) -> None:
    """The sentence quotes the text, names the fault, and lists the forms."""
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(text)
    message = str(caught.value)
    assert f'"{text}" is not a schedule' in message
    assert complaint in message
    assert '"fri 07:00"' in message


def test_a_leap_day_is_a_day() -> None:
    """29 February happens, if rarely."""
    assert _days("0 7 29 2 *", date(2028, 2, 1), 29) == [29]
