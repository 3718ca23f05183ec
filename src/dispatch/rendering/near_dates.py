"""Days that are near: without their year, as one says them."""

import re
from datetime import date, timedelta

from babel.dates import format_date

from dispatch.rendering.words import locale_of, long_date, short_date

NEAR = timedelta(days=300)


def near_day(day: date, today: date, tag: str, *, weekday: bool = False) -> str:
    """A day as the language writes it, with its year only where it is far: "Friday, November 27", "27. November"."""
    if abs(day - today) > NEAR:
        return long_date(day, tag) if weekday else short_date(day, tag)
    locale = locale_of(tag)
    pattern = str(locale.datetime_skeletons["MMMEd" if weekday else "MMMd"])
    # Every language has it with short names, whose places are the same as those of long ones (UTS 35, part 4, §2.6.2).
    for short, whole in (("E", "EEEE"), ("MMM", "MMMM"), ("LLL", "LLLL")):
        pattern = re.sub(rf"(?<!{short[0]}){short}(?!{short[0]})", whole, pattern)
    return format_date(day, pattern, locale=locale)
