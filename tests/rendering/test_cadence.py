"""How often a newsletter comes, in words."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from dispatch.model.schedule import parse_schedule
from dispatch.rendering.cadence import cadence, with_cadence
from dispatch.rendering.templates import open_templates
from tests.rendering.make import make_page, rendered, shipped


def spoken(schedule: str, language: str, words: SimpleNamespace | None = None) -> str:
    """How often a schedule comes, in our words."""
    return cadence(parse_schedule(schedule), words or shipped().words(language), language)


@pytest.mark.parametrize(
    ("text", "english", "german"),
    [
        ("fri 07:00", "Fridays", "jeden Freitag"),
        ("mon,thu 07:00", "Mondays and Thursdays", "jeden Montag und Donnerstag"),
        ("mon,wed,fri 07:00", "Mondays, Wednesdays and Fridays", "jeden Montag, Mittwoch und Freitag"),
        ("daily 07:00", "every day", "jeden Tag"),
        ("0 7 * * *", "every day", "jeden Tag"),
        ("0 7 * * 5", "Fridays", "jeden Freitag"),
        ("weekdays 18:30", "every weekday", "von Montag bis Freitag"),
        ("weekends 09:00", "Saturdays and Sundays", "jeden Samstag und Sonntag"),
        ("1st mon 09:00", "the first Monday of the month", "am ersten Montag des Monats"),
        ("1st,3rd mon 09:00", "the first and third Monday of the month", "am ersten und dritten Montag des Monats"),
        ("1st,last fri 17:00", "the first and last Friday of the month", "am ersten und letzten Freitag des Monats"),
        ("monthly 07:00", "the 1st of the month", "am 1. des Monats"),
        ("2nd,13th 07:00", "the 2nd and 13th of the month", "am 2. und 13. des Monats"),
        ("3rd,22nd,31st 07:00", "the 3rd, 22nd and 31st of the month", "am 3., 22. und 31. des Monats"),
        ("last day 07:00", "the last day of the month", "am letzten Tag des Monats"),
        ("on publish", "whenever we publish", "immer, wenn etwas erscheint"),
        ("0 7 1 1,7 *", "", ""),
        ("0 7 13 * fri", "", ""),
        ("0 7 */2 * *", "", ""),
    ],
    ids=str,
)
def test_a_schedule_in_words(text: str, english: str, german: str) -> None:
    """Short words where there are some, and none where the schedule would take a paragraph."""
    assert (spoken(text, "en-GB"), spoken(text, "de")) == (english, german)


def test_a_row_of_days_is_written_as_its_country_writes_it() -> None:
    """An American puts a comma before the last."""
    assert spoken("mon,wed,fri 07:00", "en-US") == "Mondays, Wednesdays, and Fridays"


def test_a_language_without_words_of_its_own_gets_whole_english_sentences() -> None:
    """Not English ones with a French weekday in them."""
    assert spoken("fri 07:00", "fr") == "Fridays"


def test_weekdays_may_have_words_of_their_own(tmp_path: Path) -> None:
    """Where a language has no rule for all of them; the others are Babel's."""
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "fr.toml").write_text(
        'language = "fr"\ncadence_day = { sun = "tous les dimanches", other = "le {day}" }\n',
        encoding="utf-8",
    )
    words = open_templates(tmp_path).words("fr")
    assert spoken("sun 07:00", "fr", words) == "tous les dimanches"
    assert spoken("mon,thu 07:00", "fr", words) == "le lundi et le jeudi"


def test_a_mail_says_how_often_it_comes_in_its_own_language() -> None:
    """In both parts; words that are given go before those of the rhythm."""
    page = make_page(language="de", cadence="", rhythm=parse_schedule("1st mon 09:00"))
    assert with_cadence(page, shipped()).cadence == "am ersten Montag des Monats"
    assert with_cadence(make_page(rhythm=page.rhythm), shipped()).cadence == "Fridays"
    mail = rendered(language="de", cadence="", rhythm=parse_schedule("fri 07:00"))
    assert "(jeden Freitag)" in mail.html
    assert "(jeden Freitag)" in mail.text
