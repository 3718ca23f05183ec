"""Form tokens: which of them open a form, and which do not."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dispatch.model.tokens import TokenKeys
from dispatch.web.forms import SHORTEST, FormFault, FormTokens

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TOKENS = FormTokens(TokenKeys((b"new" * 8, b"old" * 8)))
SUBJECT = "0" * 43 + "1"


def _age(token: str, age: timedelta, **other: timedelta) -> FormFault | None:
    return TOKENS.fault(token, "leave", SUBJECT, NOW + age, **other)


def test_a_token_opens_its_form_for_a_day() -> None:
    """From the moment on, where no person has to be told from a program."""
    token = TOKENS.mint("leave", SUBJECT, NOW)
    assert _age(token, timedelta(0)) is None
    assert _age(token, timedelta(hours=24)) is None
    assert _age(token, timedelta(hours=24, seconds=1)) is FormFault.STALE


def test_a_public_form_is_not_taken_in_less_than_two_seconds() -> None:
    """Nor one that comes back before it was made."""
    token = TOKENS.mint("leave", SUBJECT, NOW)
    assert _age(token, timedelta(seconds=1.9), shortest=SHORTEST) is FormFault.HASTY
    assert _age(token, timedelta(seconds=2), shortest=SHORTEST) is None
    assert _age(token, timedelta(seconds=-60), shortest=SHORTEST) is FormFault.HASTY


def test_a_token_is_for_one_form_of_one_page() -> None:
    """Not for another purpose, nor for somebody else."""
    token = TOKENS.mint("leave", SUBJECT, NOW)
    assert TOKENS.fault(token, "choose", SUBJECT, NOW) is FormFault.MISSING
    assert TOKENS.fault(token, "leave", "2" * 44, NOW) is FormFault.MISSING
    assert TOKENS.fault(token, "leav", "e" + SUBJECT, NOW) is FormFault.MISSING


def test_a_page_that_was_open_while_keys_were_changed_still_works() -> None:
    """As long as the old key is configured."""
    old = FormTokens(TokenKeys((b"old" * 8,))).mint("leave", SUBJECT, NOW)
    gone = FormTokens(TokenKeys((b"lost" * 8,))).mint("leave", SUBJECT, NOW)
    assert _age(old, timedelta(0)) is None
    assert _age(gone, timedelta(0)) is FormFault.MISSING


@given(st.integers(0, 41), st.integers(1, 15))
def test_no_digit_of_a_token_can_be_another(place: int, other: int) -> None:
    """Neither of its time nor of its signature."""
    token = TOKENS.mint("leave", SUBJECT, NOW)
    forged = token[:place] + f"{int(token[place], 16) ^ other:x}" + token[place + 1 :]
    assert _age(forged, timedelta(0)) is FormFault.MISSING


@given(st.text(max_size=60))
def test_whatever_else_comes_is_no_token(text: str) -> None:
    """And nothing breaks."""
    assert _age(text, timedelta(0)) is FormFault.MISSING
