"""How often a newsletter comes, in words."""

import pytest

from dispatch.composing.cadence import cadence
from dispatch.model.schedule import parse_schedule


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fri 07:00", "Fridays"),
        ("mon,thu 07:00", "Mondays and Thursdays"),
        ("mon,wed,fri 07:00", "Mondays, Wednesdays and Fridays"),
        ("daily 07:00", "every day"),
        ("0 7 * * *", "every day"),
        ("0 7 * * 5", "Fridays"),
        ("weekdays 18:30", "every weekday"),
        ("weekends 09:00", "Saturdays and Sundays"),
        ("1st mon 09:00", "the first Monday of the month"),
        ("1st,3rd mon 09:00", "the first and third Monday of the month"),
        ("1st,last fri 17:00", "the first and last Friday of the month"),
        ("monthly 07:00", "the 1st of the month"),
        ("2nd,13th 07:00", "the 2nd and 13th of the month"),
        ("last day 07:00", "the last day of the month"),
        ("on publish", "whenever we publish"),
        ("0 7 1 1,7 *", ""),
        ("0 7 13 * fri", ""),
        ("0 7 */2 * *", ""),
    ],
    ids=str,
)
def test_a_schedule_in_words(text: str, words: str) -> None:
    """Short words where there are some, and none where the schedule would take a paragraph."""
    assert cadence(parse_schedule(text), "en-US") == words


def test_english_words_stay_out_of_other_languages() -> None:
    """A German footer does without."""
    assert cadence(parse_schedule("fri 07:00"), "de") == ""
