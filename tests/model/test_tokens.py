"""Signed tokens: one spelling, one purpose, every key that is configured."""

import pytest

from dispatch.model.tokens import TOKEN_LENGTH, Purpose, TokenKeys

KEYS = TokenKeys((b"n" * 32, b"o" * 32))
OLD = TokenKeys((b"o" * 32,))


def test_a_token_says_whom_it_is_about_to_who_has_the_key() -> None:
    """Also in capitals, which some relays make of it, and after a newer key was put in front."""
    token = OLD.sign(Purpose.BOUNCE, 281_474_976_710_655)
    assert len(token) == TOKEN_LENGTH
    assert token.isalnum()
    assert KEYS.verify(Purpose.BOUNCE, token) == KEYS.verify(Purpose.BOUNCE, token.upper()) == 281_474_976_710_655
    assert TokenKeys((b"n" * 32,)).verify(Purpose.BOUNCE, token) is None


@pytest.mark.parametrize("purpose", Purpose)
def test_a_token_works_for_nothing_else(purpose: Purpose) -> None:
    """Of all purposes only its own."""
    token = KEYS.sign(purpose, 7)
    assert [other for other in Purpose if KEYS.verify(other, token) == 7] == [purpose]


@pytest.mark.parametrize("place", range(TOKEN_LENGTH))
def test_a_changed_digit_is_another_token(place: int) -> None:
    """Whichever of them it is."""
    token = KEYS.sign(Purpose.UNSUBSCRIBE, 7)
    changed = token[:place] + ("1" if token[place] != "1" else "2") + token[place + 1 :]
    assert KEYS.verify(Purpose.UNSUBSCRIBE, changed) is None


@pytest.mark.parametrize("token", ["", "0" * TOKEN_LENGTH, "g" * TOKEN_LENGTH, "ü" * TOKEN_LENGTH, "0" * 4_000])
def test_what_is_no_token_is_nobodys(token: str) -> None:
    """Whatever somebody types behind the address of a page."""
    assert KEYS.verify(Purpose.UNSUBSCRIBE, token) is None


def test_a_token_has_one_spelling() -> None:
    """Neither shortened, nor lengthened, nor with spaces in it."""
    token = KEYS.sign(Purpose.UNSUBSCRIBE, 7)
    for other in (token[:-2], token + "00", f"{token[:2]} {token[2:]}", f" {token[1:]}", f"{token[:42]}  "):
        assert KEYS.verify(Purpose.UNSUBSCRIBE, other) is None
