"""The words of the templates in the page's language, and dates and plurals as it writes them."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, get_day_names
from babel.lists import format_list
from babel.numbers import format_decimal

# A word, or the forms that it takes with a number: { one = "{count} reply", other = "{count} replies" }.
Word = str | Mapping[str, str]

_RIGHT_TO_LEFT = frozenset(("ar", "dv", "fa", "he", "ps", "ug", "ur", "yi"))
FALLBACK = "en"
_NAME = re.compile(r"\{(\w+)\}")


def language_of(tag: str) -> str:
    """The bare language of a tag: "pt" of "pt-BR"."""
    return re.split("[-_]", tag.strip())[0].lower()


def direction_of(tag: str) -> str:
    """ "rtl" for languages written from the right, else "ltr"."""
    return "rtl" if language_of(tag) in _RIGHT_TO_LEFT else "ltr"


def locale_of(tag: str) -> Locale:
    """Babel's locale for a tag, the nearest it knows; English if it knows none."""
    for candidate in (tag, language_of(tag), FALLBACK):
        try:
            return Locale.parse(candidate.replace("_", "-"), sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    raise AssertionError(FALLBACK)


def long_date(day: date, tag: str) -> str:
    """A day with its weekday, as the language writes it: "Friday, September 18, 2026"."""
    return format_date(day, format="full", locale=locale_of(tag))


def short_date(day: date, tag: str) -> str:
    """A day without its weekday, as the language writes it: "September 18, 2026"."""
    return format_date(day, format="long", locale=locale_of(tag))


def weekday_names(tag: str) -> list[str]:
    """The days of the week from Monday on, as they stand in a sentence: "Monday", "lundi"."""
    names = get_day_names("wide", "format", locale_of(tag))
    return [str(names[day]) for day in range(7)]


def ordinal_form(number: int, tag: str) -> str:
    """Which form a place in a row takes in the language: "one" of 1st, "few" of 3rd, "other" of 4th."""
    return str(locale_of(tag).ordinal_form(number))


def clock_time(moment: datetime, tag: str) -> str:
    """The time of day of a local moment, as the language writes it: "2:04\u202fPM", "14:04"."""
    return format_time(moment, format="short", locale=locale_of(tag)).replace("\u202f", "\u00a0")


def in_a_row(named: Iterable[str], tag: str) -> str:
    """Several things as the language lists them: "Mondays and Thursdays"; "" for none."""
    return format_list(list(named), locale=locale_of(tag))


def moment(when: datetime, words: object, tag: str, *, weekday: bool = False, zone: bool = False) -> str:
    """A local moment in words: "Friday, September 18, 2026, 7:00 AM (EDT)", weekday and zone where wanted."""
    day = long_date(when, tag) if weekday else short_date(when, tag)
    time = said(words, "moment", date=day, time=clock_time(when, tag))
    return f"{time} ({when.tzname()})" if zone and when.tzname() else time


def words_from(files: Iterable[str], labels: Iterable[Mapping[str, Word]] = ()) -> SimpleNamespace:
    """The words of some files (the text of each, TOML) and labels, later ones winning word by word.

    Raises tomllib.TOMLDecodeError for a file that is not TOML.
    """
    words: dict[str, Any] = {}
    for text in files:
        words |= tomllib.loads(text)
    for label in labels:
        words |= label
    return SimpleNamespace(**words)


def said(words: object, word: str, /, **values: object) -> str:
    """One word with its {names} replaced, as plain text."""
    return put_in(str(getattr(words, word)), values)


def put_in(sentence: str, values: Mapping[str, object]) -> str:
    """A sentence with its {names} replaced, once: what a value says in braces stays as it is."""
    return _NAME.sub(lambda found: str(values.get(found[1], found[0])), sentence)


def form_of(word: Word, *names: str) -> str:
    """The first of these forms that a word has, else any; a word without forms (a label) says the same for all."""
    if isinstance(word, str):
        return word
    return next((word[name] for name in names if name in word), next(iter(word.values()), ""))


def counted(word: Word, number: int, tag: str) -> str:
    """The form that `number` takes in the language ("one", "few" …), "{count}" replaced as the language writes it."""
    locale = locale_of(tag)
    form = form_of(word, locale.plural_form(number), "other")
    return form.replace("{count}", format_decimal(number, locale=locale))
