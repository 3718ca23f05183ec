"""Dates, plurals and directions as a language has them."""

from datetime import date

import pytest

from dispatch.rendering.words import counted, direction_of, long_date

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
