"""How often a newsletter comes, in words of the page's language: "Fridays", "jeden Freitag"."""

from collections.abc import Iterable
from dataclasses import replace

from dispatch.model.schedule import (
    EVERY_MONTH,
    EVERY_MONTH_DAY,
    EVERY_ORDINAL,
    EVERY_WEEKDAY,
    LAST,
    WEEKDAYS,
    OnPublish,
    Rhythm,
    Timetable,
)
from dispatch.rendering.page import IssuePage
from dispatch.rendering.templates import TemplateFolder
from dispatch.rendering.words import (
    Word,
    form_of,
    in_a_row,
    language_of,
    ordinal_form,
    put_in,
    said,
    weekday_names,
)

MOST_DAYS = 6  # more of them are no short words
_WORKDAYS = frozenset(range(5))


def with_cadence(page: IssuePage, templates: TemplateFolder) -> IssuePage:
    """The page with its rhythm in words, in its own language; as it is where it has words already, or no rhythm."""
    if page.rhythm is None or page.cadence:
        return page
    return replace(page, cadence=cadence(page.rhythm, templates.words(page.language), page.language))


def cadence(rhythm: Rhythm, words: object, language: str) -> str:
    """ "Fridays", "every day", "the first Monday of the month", "whenever we publish"; "" where no short words fit.

    Weekdays are in the language of the words, whatever that of the page is: a sentence has one language.
    """
    if isinstance(rhythm, OnPublish):
        return said(words, "cadence_publish")
    if rhythm.months != EVERY_MONTH or rhythm.either:
        return ""
    if rhythm.month_days == EVERY_MONTH_DAY:
        return _weekdays(rhythm, words, _spoken(words, language))
    if rhythm.weekdays == EVERY_WEEKDAY and rhythm.ordinals == EVERY_ORDINAL:
        return _month_days(rhythm.month_days, words, _spoken(words, language))
    return ""


def _spoken(words: object, language: str) -> str:
    """The page's language with its country, if the words are in it; else that of the words."""
    of_words = said(words, "language")
    return language if language_of(language) == language_of(of_words) else of_words


def _weekdays(timetable: Timetable, words: object, language: str) -> str:
    days = [(WEEKDAYS[day], weekday_names(language)[day]) for day in sorted(timetable.weekdays)]
    if timetable.ordinals != EVERY_ORDINAL:
        which = [_form(words, "cadence_ordinals", _ordinal_name(ordinal)) for ordinal in _in_order(timetable.ordinals)]
        shown = in_a_row([name for _, name in days], language)
        return said(words, "cadence_monthly", ordinals=in_a_row(which, language), days=shown)
    if timetable.weekdays == EVERY_WEEKDAY:
        return said(words, "cadence_daily")
    if timetable.weekdays == _WORKDAYS:
        return said(words, "cadence_workdays")
    each = [put_in(_form(words, "cadence_day", day, "other"), {"day": name}) for day, name in days]
    return said(words, "cadence_weekly", days=in_a_row(each, language))


def _month_days(days: frozenset[int], words: object, language: str) -> str:
    if len(days) > MOST_DAYS:
        return ""
    named = [
        said(words, "cadence_last_day")
        if day == LAST
        else put_in(_form(words, "cadence_month_day", ordinal_form(day, language), "other"), {"number": day})
        for day in _in_order(days)
    ]
    return said(words, "cadence_monthly_days", days=in_a_row(named, language))


def _in_order(numbers: Iterable[int]) -> list[int]:
    """Rising, the last of the month behind all others."""
    return sorted(numbers, key=lambda number: (number == LAST, number))


def _ordinal_name(ordinal: int) -> str:
    return "last" if ordinal == LAST else str(ordinal)


def _form(words: object, name: str, *forms: str) -> str:
    word: Word = getattr(words, name)
    return form_of(word, *forms)
