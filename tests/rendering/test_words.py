"""Dates, plurals and directions as a language has them."""

import re
import tomllib
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dispatch.rendering.templates import shipped_folder
from dispatch.rendering.words import counted, direction_of, form_of, long_date, moment, said, words_from

DAY = date(2026, 5, 8)


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en-US", "Friday, May 8, 2026"),
        ("en_GB", "Friday, 8 May 2026"),
        ("de", "Freitag, 8. Mai 2026"),
        ("xx-YY", "Friday, May 8, 2026"),
        ("de-XX", "Freitag, 8. Mai 2026"),
    ],
    ids=["American", "British", "German", "unknown", "an unknown country"],
)
def test_a_day_is_written_as_its_language_writes_it(language: str, written: str) -> None:
    """The nearest language that is known, English in the end."""
    assert long_date(DAY, language) == written


@pytest.mark.parametrize(
    ("language", "number", "form"),
    [("en", 1, "1 a"), ("en", 2, "2 c"), ("pl", 3, "3 b"), ("pl", 5, "5 c"), ("ja", 1, "1 c")],
    ids=["one", "two", "Polish few", "Polish many, not given", "Japanese has one form"],
)
def test_a_count_takes_its_form(language: str, number: int, form: str) -> None:
    """The rules are the language's; a form that is not given is "other"."""
    assert counted({"one": "{count} a", "few": "{count} b", "other": "{count} c"}, number, language) == form


@pytest.mark.parametrize(
    ("language", "direction"), [("ar", "rtl"), ("he-IL", "rtl"), ("fa_IR", "rtl"), ("ur", "rtl"), ("en", "ltr")]
)
def test_some_languages_are_written_from_the_right(language: str, direction: str) -> None:
    """By the bare language."""
    assert direction_of(language) == direction


@pytest.mark.parametrize(
    ("language", "form"), [("en", "8,588 readers"), ("de", "8.588 readers"), ("fr", "8\u202f588 readers")]
)
def test_a_count_is_written_as_its_language_writes_numbers(language: str, form: str) -> None:
    """Thousands are set apart as readers expect."""
    assert counted({"other": "{count} readers"}, 8588, language) == form


def test_a_moment_is_a_day_and_a_time_with_zone_and_weekday_where_wanted() -> None:
    """The words around it are the language's own."""
    words = words_from(['moment = "{date}, {time} Uhr"'])
    at = datetime(2026, 5, 8, 5, 0, tzinfo=UTC).astimezone(ZoneInfo("Europe/Berlin"))
    assert moment(at, words, "de") == "8. Mai 2026, 07:00 Uhr"
    assert moment(at, words, "de", weekday=True, zone=True) == "Freitag, 8. Mai 2026, 07:00 Uhr (CEST)"


def test_a_word_takes_what_it_is_given_and_nothing_else() -> None:
    """Names in braces that nobody gives stay as they are."""
    words = words_from(['hello = "{name} and {other}"'], [{"bye": "Bye, {name}"}])
    assert said(words, "hello", name="{other}", other="Mara") == "{other} and Mara"
    assert said(words, "hello", name="Nell") == "Nell and {other}"
    assert said(words, "bye", name="Nell") == "Bye, Nell"


def test_a_word_without_forms_says_the_same_for_all() -> None:
    """As labels of the configuration are written; one of whose forms none fits gives what it has."""
    assert form_of({"on": "at", "from": "of"}, "none", "from") == "of"
    assert form_of("by", "none", "from") == "by"
    assert form_of({"few": "some"}, "many", "other") == "some"
    assert counted("{count} letters", 2, "en") == "2 letters"


def shipped_words(language: str) -> dict[str, Any]:
    """The words of a language that are ours."""
    return tomllib.loads((shipped_folder() / "words" / f"{language}.toml").read_text(encoding="utf-8"))


def test_every_language_has_every_word() -> None:
    """Those of English, with the same names in braces and the same forms, in one file; it says which language it is."""
    folder = shipped_folder() / "words"
    assert [path.name for path in sorted(folder.iterdir())] == ["de.toml", "en.toml"]
    english, german = shipped_words("en"), shipped_words("de")
    assert english.keys() == german.keys()
    assert (english["language"], german["language"]) == ("en", "de")
    for word, forms in english.items():
        names = [set(re.findall(r"\{\w+\}", str(each))) for each in (forms, german[word])]
        assert names[0] == names[1], word
        assert isinstance(forms, str) == isinstance(german[word], str), word
        # How many forms a number has is the language's affair; "other" is what all have.
        counts = "other" in forms and "other" in german[word]
        assert isinstance(forms, str) or counts or forms.keys() == german[word].keys(), word
