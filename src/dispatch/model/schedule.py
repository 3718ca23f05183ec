"""The language schedules are written in: "fri 07:00", "1st mon 09:00", "on publish", or five cron fields.

All of it is local wall-clock time; composing/timetable.py turns it into instants.
"""

import calendar
import difflib
import re
from dataclasses import dataclass
from datetime import date, time, timedelta

from dispatch.errors import ScheduleError

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
LAST = -1  # of ordinals and of days of the month

EVERY_MONTH = frozenset(range(1, 13))
EVERY_MONTH_DAY = frozenset(range(1, 32))
EVERY_WEEKDAY = frozenset(range(7))
EVERY_ORDINAL = frozenset({1, 2, 3, 4, 5, LAST})

FORMS = (
    '"fri 07:00", "mon,thu 07:00", "daily 07:00", "weekdays 18:30", "weekends 09:00", "1st mon 09:00", '
    '"last fri 17:00", "15th 07:00", "last day 07:00", "on publish", or five cron fields like "0 7 * * fri"'
)

_DAY_WORDS = {"daily": EVERY_WEEKDAY, "weekdays": frozenset(range(5)), "weekends": frozenset({5, 6})}
_LONG_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAY_NUMBERS = {name: number for names in (WEEKDAYS, _LONG_WEEKDAYS) for number, name in enumerate(names)}
_ORDINAL_WORDS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": LAST}
_MAX_WEEKDAY_ORDINAL = 5
_MAX_MONTH_DAY = 31
_CRON_FIELDS = 5
# In any 28 years of one century every month, day and weekday meet at least once.
_WHOLE_CALENDAR = (date(2000, 1, 1), date(2027, 12, 31))


@dataclass(frozen=True, slots=True)
class OnPublish:
    """A schedule without a clock: an issue whenever something new is released."""


@dataclass(frozen=True, slots=True)
class Timetable:
    """Local times on the days that fulfil all conditions (with `either`: date or weekday is enough, as cron has it)."""

    times: tuple[time, ...]  # rising
    months: frozenset[int] = EVERY_MONTH
    month_days: frozenset[int] = EVERY_MONTH_DAY  # 1 … 31, LAST
    weekdays: frozenset[int] = EVERY_WEEKDAY  # Monday is 0
    ordinals: frozenset[int] = EVERY_ORDINAL  # the how-many-th of its weekday in the month, LAST
    either: bool = False

    def includes(self, day: date) -> bool:
        """Whether there are slots on this local date."""
        if day.month not in self.months:
            return False
        by_date = day.day in self.month_days or (LAST in self.month_days and _days_left(day) == 0)
        by_weekday = day.weekday() in self.weekdays and self._ordinal_fits(day)
        return (by_date or by_weekday) if self.either else (by_date and by_weekday)

    def _ordinal_fits(self, day: date) -> bool:
        return (day.day + 6) // 7 in self.ordinals or (LAST in self.ordinals and _days_left(day) < len(WEEKDAYS))


Rhythm = Timetable | OnPublish


def parse_schedule(text: str) -> Rhythm:
    """Read a schedule as people write it; raises ScheduleError with what was found and what is allowed."""
    words = re.sub(r"\s*,\s*", ",", text.strip().lower()).split()
    if words == ["on", "publish"]:
        return OnPublish()
    try:
        timetable = _cron(words) if _looks_like_cron(words) else _words(words)
        _refuse_never(timetable)
    except ValueError as error:
        raise ScheduleError(f'"{text}" is not a schedule: {error}. Write {FORMS}.') from None
    return timetable


def _days_left(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1] - day.day


def _looks_like_cron(words: list[str]) -> bool:
    return len(words) == _CRON_FIELDS and re.fullmatch(r"[\d*/,-]+", words[0]) is not None


def _refuse_never(timetable: Timetable) -> None:
    day, end = _WHOLE_CALENDAR
    while not timetable.includes(day):
        day += timedelta(days=1)
        if day > end:
            raise ValueError("it never happens: no year has such a day")


def _words(words: list[str]) -> Timetable:
    if not words:
        raise ValueError("it is empty")
    if ":" not in words[-1]:
        raise ValueError(_no_time(words))
    times = tuple(sorted({_time(part) for part in words[-1].split(",")}))
    match words[:-1]:
        case [days] if days in _DAY_WORDS:
            return Timetable(times, weekdays=_DAY_WORDS[days])
        case ["monthly"]:
            return Timetable(times, month_days=frozenset({1}))
        case ["last", "day"]:
            return Timetable(times, month_days=frozenset({LAST}))
        case [days] if days[:1].isdigit():
            return Timetable(times, month_days=_ordinals(days, _MAX_MONTH_DAY))
        case [days]:
            return Timetable(times, weekdays=_weekdays(days))
        case [ordinals, days]:
            return Timetable(times, weekdays=_weekdays(days), ordinals=_ordinals(ordinals, _MAX_WEEKDAY_ORDINAL))
    raise ValueError(f'before the time there has to be a day, not "{" ".join(words[:-1])}"')


def _no_time(words: list[str]) -> str:
    known = [*_WEEKDAY_NUMBERS, *_DAY_WORDS, "monthly"]
    if words[-1] in known:
        return f'it has no time, as in "{" ".join(words)} 07:00"'
    return f'"{words[-1]}" is not a time like 07:00{_did_you_mean(" ".join(words), ["on publish", *known])}'


def _time(text: str) -> time:
    match = re.fullmatch(r"(\d{1,2}):(\d\d)", text)
    if not match or int(match[1]) > 23 or int(match[2]) > 59:
        raise ValueError(f'"{text}" is not a time from 00:00 to 23:59')
    return time(int(match[1]), int(match[2]))


def _weekdays(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        start, end = _weekday(first), _weekday(last or first)
        found.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return frozenset(found)


def _weekday(name: str) -> int:
    if name not in _WEEKDAY_NUMBERS:
        raise ValueError(f'"{name}" is not a day{_did_you_mean(name, [*_WEEKDAY_NUMBERS, *_DAY_WORDS, "monthly"])}')
    return _WEEKDAY_NUMBERS[name]


def _ordinals(text: str, most: int) -> frozenset[int]:
    return frozenset(_ordinal(part, most) for part in text.split(","))


def _ordinal(text: str, most: int) -> int:
    if text in _ORDINAL_WORDS:
        return _ORDINAL_WORDS[text]
    match = re.fullmatch(r"(\d{1,2})(st|nd|rd|th)", text)
    if not match or not 1 <= int(match[1]) <= most:
        allowed = "1st to 5th or last" if most == _MAX_WEEKDAY_ORDINAL else "1st to 31st"
        raise ValueError(f'"{text}" is not one of {allowed}{_did_you_mean(text, list(_ORDINAL_WORDS))}')
    return int(match[1])


def _cron(fields: list[str]) -> Timetable:
    minutes = _cron_field("minute", fields[0], 0, 59)
    hours = _cron_field("hour", fields[1], 0, 23)
    month_days = _cron_field("day of month", fields[2], 1, 31)
    months = _cron_field("month", fields[3], 1, 12, {name: number for number, name in enumerate(MONTHS, 1)})
    # Cron counts from Sunday, which is both 0 and 7; Python counts from Monday.
    names = {name: (number + 1) % 7 for name, number in _WEEKDAY_NUMBERS.items()}
    weekdays = _cron_field("day of week", fields[4], 0, 7, names)
    return Timetable(
        times=tuple(time(hour, minute) for hour in sorted(hours) for minute in sorted(minutes)),
        months=months,
        month_days=month_days,
        weekdays=frozenset((number - 1) % 7 for number in weekdays),
        # crontab(5): where both are restricted, that is, neither begins with "*", one that matches is enough.
        either=not fields[2].startswith("*") and not fields[4].startswith("*"),
    )


def _cron_field(what: str, text: str, low: int, high: int, names: dict[str, int] | None = None) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        if first == "*" and not dash:
            start, end = low, high
        else:
            start = _cron_number(what, first, low, high, names)
            end = _cron_number(what, last, low, high, names) if dash else high if slash else start
        if end == 0 and start > 0 and what == "day of week":
            end = 7
        if end < start or (slash and not (step.isascii() and step.isdigit() and int(step) > 0)):
            raise ValueError(f'"{part}" cannot stand for the {what}: ranges go upwards, steps are whole numbers from 1')
        found.update(range(start, end + 1, int(step) if slash else 1))
    return frozenset(found)


def _cron_number(what: str, text: str, low: int, high: int, names: dict[str, int] | None) -> int:
    if names and text in names:
        return names[text]
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        meant = _did_you_mean(text, list(names or ()))
        raise ValueError(f'"{text}" cannot stand for the {what}, which goes from {low} to {high}{meant}')
    return int(text)


def _did_you_mean(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f' (did you mean "{close[0]}"?)' if close else ""
