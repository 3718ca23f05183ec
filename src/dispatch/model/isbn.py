"""ISBNs: ten or thirteen digits with one that checks the others (ISO 2108)."""

import re


def parse_isbn(text: str) -> str:
    """The ISBN-13 that an ISBN-10 or ISBN-13 stands for, without hyphens; raises ValueError with what is wrong."""
    digits = re.sub(r"[\s\-\u2010-\u2015]", "", text).upper().removeprefix("ISBN").removeprefix(":")
    if re.fullmatch(r"\d{9}[\dX]", digits):
        return _from_ten(digits)
    if not re.fullmatch(r"\d{13}", digits):
        raise ValueError("it has to have 13 digits, or 10 of which the last may be an X")
    if not digits.startswith(("978", "979")):
        raise ValueError("it has to begin with 978 or 979")
    if digits[-1] != _check_thirteen(digits[:12]):
        raise ValueError(f"a digit is wrong: after {digits[:12]} the last has to be {_check_thirteen(digits[:12])}")
    return digits


def isbn_ten(isbn: str) -> str | None:
    """The ISBN-10 of an ISBN-13; those that begin with 979 have none."""
    return isbn[3:12] + _check_ten(isbn[3:12]) if isbn.startswith("978") else None


def _from_ten(digits: str) -> str:
    if digits[-1] != _check_ten(digits[:9]):
        raise ValueError(f"a digit is wrong: after {digits[:9]} the last has to be {_check_ten(digits[:9])}")
    body = f"978{digits[:9]}"
    return body + _check_thirteen(body)


def _check_thirteen(body: str) -> str:
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return str(-total % 10)


def _check_ten(body: str) -> str:
    rest = -sum(int(digit) * (10 - place) for place, digit in enumerate(body)) % 11
    return "X" if rest == 10 else str(rest)
