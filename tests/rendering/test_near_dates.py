"""Days without their year, and what countries and languages are called."""

from datetime import date, timedelta

import pytest

from dispatch.rendering.naming import language_name, region_name
from dispatch.rendering.near_dates import NEAR, near_day

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("tag", "with_weekday", "without"),
    [
        ("en-US", "Friday, November 27", "November 27"),
        ("en-GB", "Friday 27 November", "27 November"),
        ("de", "Freitag, 27. November", "27. November"),
        ("fr", "vendredi 27 novembre", "27 novembre"),
        ("he", "יום שישי, 27 בנובמבר", "27 בנובמבר"),
        ("xx", "Friday, November 27", "November 27"),
    ],
)
def test_a_near_day_goes_without_its_year(tag: str, with_weekday: str, without: str) -> None:
    """In the order and with the marks of the language, no name cut short."""
    day = date(2026, 11, 27)
    assert near_day(day, TODAY, tag, weekday=True) == with_weekday
    assert near_day(day, TODAY, tag) == without


def test_a_far_day_has_its_year() -> None:
    """Before the same day comes round again, in either direction."""
    for far in (NEAR + timedelta(days=1), -NEAR - timedelta(days=1)):
        assert str((TODAY + far).year) in near_day(TODAY + far, TODAY, "en-GB")
    assert "2027" not in near_day(TODAY + NEAR, TODAY, "en-GB", weekday=True)


def test_regions_are_called_as_the_page_speaks() -> None:
    """Countries by their name; a region of books.toml as it is written there."""
    assert region_name("GB", "en-US") == "United Kingdom"
    assert region_name("GB", "de") == "Vereinigtes Königreich"
    assert region_name("Scandinavia", "de") == "Scandinavia"


def test_a_language_is_called_as_its_speakers_do() -> None:
    """So that whoever looks for theirs finds it."""
    assert [language_name(tag) for tag in ("de", "en-GB", "fr", "xx")] == ["Deutsch", "English", "Français", "Xx"]
