"""How often a newsletter comes, in the words of its footer."""

from dispatch.model.schedule import (
    EVERY_MONTH,
    EVERY_MONTH_DAY,
    EVERY_ORDINAL,
    EVERY_WEEKDAY,
    LAST,
    OnPublish,
    Rhythm,
    Timetable,
)

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", LAST: "last"}
_WORKDAYS = frozenset(range(5))


def cadence(rhythm: Rhythm, language: str) -> str:
    """ "Fridays", "every day", "the first Monday of the month", "whenever we publish"; "" where no short words fit.

    English only: in another language it is "", and the footer does without.
    """
    if language.replace("_", "-").partition("-")[0].lower() != "en":
        return ""
    if isinstance(rhythm, OnPublish):
        return "whenever we publish"
    if rhythm.months != EVERY_MONTH or rhythm.either:
        return ""
    if rhythm.month_days == EVERY_MONTH_DAY:
        return _weekdays(rhythm)
    if rhythm.weekdays == EVERY_WEEKDAY and rhythm.ordinals == EVERY_ORDINAL:
        return _month_days(rhythm.month_days)
    return ""


def _weekdays(timetable: Timetable) -> str:
    if timetable.ordinals != EVERY_ORDINAL:
        which = _and([_ORDINALS[ordinal] for ordinal in sorted(timetable.ordinals, key=lambda number: number % 7)])
        return f"the {which} {_and([_DAYS[day] for day in sorted(timetable.weekdays)])} of the month"
    if timetable.weekdays == EVERY_WEEKDAY:
        return "every day"
    if timetable.weekdays == _WORKDAYS:
        return "every weekday"
    return _and([f"{_DAYS[day]}s" for day in sorted(timetable.weekdays)])


def _month_days(days: frozenset[int]) -> str:
    if len(days) > len(_ORDINALS):
        return ""
    named = ["last day" if day == LAST else _ordinal(day) for day in sorted(days, key=lambda number: number % 32)]
    return f"the {_and(named)} of the month"


def _ordinal(number: int) -> str:
    ending = "th" if number in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _and(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
