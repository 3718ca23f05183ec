"""Lengths of time and rates, as people write them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.config.durations import Rate, format_duration, format_rate, parse_duration, parse_rate


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), (" 36 h ", 129_600), ("28d", 2_419_200), ("2w", 1_209_600), ("0s", 0)],
)
def test_a_length_of_time_is_a_number_and_a_letter(text: str, seconds: int) -> None:
    """Seconds, minutes, hours, days, weeks."""
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "15", "m", "1.5h", "-1d", "15 minutes", "1h30m", "9" * 30 + "w"])
def test_what_is_not_a_length_of_time_says_what_one_looks_like(text: str) -> None:
    """Also one that is longer than any calendar."""
    with pytest.raises(ValueError, match='a length of time like "90s"'):
        parse_duration(text)


@pytest.mark.parametrize("text", ["", "600", "600/fortnight", "0/day", "5 a day", "-5/day"])
def test_what_is_not_a_rate_says_what_one_looks_like(text: str) -> None:
    """None at all is not a rate: a relay that may not send is no relay."""
    with pytest.raises(ValueError, match='a rate like "600/minute"'):
        parse_rate(text)


def test_a_rate_is_a_number_in_a_period() -> None:
    """So many a second is what pace works with."""
    assert parse_rate("600/minute") == Rate(600, timedelta(minutes=1))
    assert parse_rate("600/minute").per_second == 10


@given(st.integers(0, 10**9))
def test_a_length_of_time_is_written_as_it_is_read(seconds: int) -> None:
    """For every whole number of seconds."""
    assert parse_duration(format_duration(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@given(st.integers(1, 10**6), st.sampled_from(["second", "minute", "hour", "day", "week"]))
def test_a_rate_is_written_as_it_is_read(count: int, period: str) -> None:
    """In the period it was given in."""
    assert format_rate(parse_rate(f"{count}/{period}")) == f"{count}/{period}"
