"""ISBNs: a wrong digit is found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.model.isbn import isbn_ten, parse_isbn


@pytest.mark.parametrize(
    ("text", "isbn"),
    [
        ("9780000000071", "9780000000071"),
        ("978-0-00-000007-1", "9780000000071"),
        ("ISBN 978 0 00 000007 1", "9780000000071"),
        ("0000000078", "9780000000071"),
        ("0-8044-2957-X", "9780804429573"),
        ("0‑8044‑2957‑x", "9780804429573"),
    ],
)
def test_an_isbn_is_read_however_it_is_written(text: str, isbn: str) -> None:
    """With or without hyphens, of ten digits or thirteen."""
    assert parse_isbn(text) == isbn


@given(st.integers(min_value=0, max_value=10**9 - 1))
def test_ten_and_thirteen_digits_name_the_same_book(number: int) -> None:
    """There and back."""
    ten = isbn_ten(f"978{number:09}0")
    assert ten is not None
    assert isbn_ten(parse_isbn(ten)) == ten


@given(st.integers(0, 10**9 - 1), st.integers(0, 12), st.integers(1, 9))
def test_no_single_wrong_digit_gets_through(number: int, place: int, change: int) -> None:
    """That is what the check digit is for."""
    isbn = parse_isbn(isbn_ten(f"978{number:09}0") or "")
    wrong = isbn[:place] + str((int(isbn[place]) + change) % 10) + isbn[place + 1 :]
    with pytest.raises(ValueError, match=r"a digit is wrong|has to begin with"):
        parse_isbn(wrong)


def test_an_isbn_of_979_has_no_ten_digits() -> None:
    """Its first three digits are the only ones that tell it apart."""
    assert isbn_ten("9791000000008") is None
