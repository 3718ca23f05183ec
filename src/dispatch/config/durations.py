"""Lengths of time and rates as people write them: "15m", "28d", "600/minute"."""

import re
from dataclasses import dataclass
from datetime import timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_PERIODS = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
DURATION_FORM = 'a length of time like "90s", "15m", "36h", "28d" or "2w"'
RATE_FORM = 'a rate like "600/minute" (per second, minute, hour, day or week)'


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in each period."""

    count: int
    period: timedelta

    @property
    def per_second(self) -> float:
        """The rate as a number a second."""
        return self.count / self.period.total_seconds()


def parse_duration(text: str) -> timedelta:
    """Read "15m" and the like; raises ValueError with the form that is allowed."""
    match = re.fullmatch(r"\s*(\d+)\s*([smhdw])\s*", text)
    if not match:
        raise ValueError(f"expected {DURATION_FORM}")
    try:
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
    except OverflowError as error:
        raise ValueError(f"expected {DURATION_FORM}, and not that long") from error


def parse_rate(text: str) -> Rate:
    """Read "600/minute" and the like; raises ValueError with the form that is allowed."""
    match = re.fullmatch(r"\s*(\d+)\s*/\s*(second|minute|hour|day|week)\s*", text)
    if not match or int(match[1]) == 0:
        raise ValueError(f"expected {RATE_FORM}")
    return Rate(int(match[1]), _PERIODS[match[2]])


def format_duration(length: timedelta) -> str:
    """Write a length of time the way it is configured, in the largest unit up to days that fits exactly."""
    seconds = int(length.total_seconds())
    for letter, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{letter}"
    return f"{seconds}s"


def format_rate(rate: Rate) -> str:
    """Write a rate the way it is configured."""
    return f"{rate.count}/{next(name for name, period in _PERIODS.items() if period == rate.period)}"
