"""The words of the templates in the page's language, and dates and plurals as it writes them."""

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from types import SimpleNamespace
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

_RIGHT_TO_LEFT = frozenset(("ar", "dv", "fa", "he", "ps", "ug", "ur", "yi"))
FALLBACK = "en"


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


def words_from(files: list[str]) -> SimpleNamespace:
    """The words of some files (the text of each, TOML), later ones winning word by word.

    Raises tomllib.TOMLDecodeError for a file that is not TOML.
    """
    words: dict[str, Any] = {}
    for text in files:
        words |= tomllib.loads(text)
    return SimpleNamespace(**words)


def counted(forms: Mapping[str, str], number: int, tag: str) -> str:
    """The form that `number` takes in the language ("one", "few", "other" …), "{count}" replaced."""
    form = locale_of(tag).plural_form(number)
    return forms.get(form, forms["other"]).replace("{count}", str(number))
