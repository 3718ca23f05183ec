"""What stands in the cells of a file of subscribers, read with care and written so that no spreadsheet runs it."""

import re
import unicodedata
from datetime import UTC, datetime

MAX_NAME_CHARACTERS = 120

# A spreadsheet takes a cell that begins like this for a formula, also behind spaces and quotes, also full-width.
_FORMULA = re.compile(r"[\s'\"]*[=+\-@\t\r＝＋－＠]")
_DATES = (
    (re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})\b"), (1, 2, 3)),
    (re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})\b"), (3, 2, 1)),
    # Day and month can be told apart only where one of them is past twelve.
    (re.compile(r"(1[3-9]|2\d|3[01])/(\d{1,2})/(\d{4})\b"), (3, 2, 1)),
    (re.compile(r"(\d{1,2})/(1[3-9]|2\d|3[01])/(\d{4})\b"), (3, 1, 2)),
)
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})((?:[-_][A-Za-z0-9]{2,8})*)")


def guarded(text: str) -> str:
    """A cell as it is exported: what a spreadsheet would run begins with an apostrophe."""
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """A cell as it was before `guarded`."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text


def person_name(text: str) -> str:
    """A name on one line, without control characters and marks that turn the direction of what follows."""
    if not text.isprintable():
        text = "".join(map(_printable, text))
    return " ".join(text.split())[:MAX_NAME_CHARACTERS].rstrip()


def _printable(character: str) -> str:
    # The two joiners belong to the spelling of Persian and Indian names.
    if character.isprintable() or character in "\u200c\u200d":
        return character
    return "" if unicodedata.category(character) in ("Cf", "Cs", "Co", "Cn") else " "


def language_tag(text: str) -> str | None:
    """A language as BCP 47 writes it ("en_us" → "en-US"), "" for nothing, None for anything else."""
    text = text.strip()
    match = _LANGUAGE.fullmatch(text.partition(".")[0])
    if not match:
        return None if text else ""
    parts = re.split("[-_]", match[2])[1:]
    return "-".join([match[1].lower(), *(part.upper() if len(part) == 2 else part.title() for part in parts)])


def moment_of(text: str) -> datetime | None:
    """A date or time, UTC where it names no zone; None where it cannot be told for sure."""
    text = text.strip()
    try:
        moment = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        return _written_date(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _written_date(text: str) -> datetime | None:
    for pattern, (year, month, day) in _DATES:
        match = pattern.match(text)
        if match:
            try:
                return datetime(int(match[year]), int(match[month]), int(match[day]), tzinfo=UTC)
            except ValueError:
                return None
    return None
