"""Dates as feeds write them."""

from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime


def parse_date(text: str, zone: tzinfo = UTC) -> datetime | None:
    """An ISO 8601 or RFC 5322 date as UTC, or None where it is neither; without a zone it is read in `zone`."""
    text = text.strip()
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            return as_utc(read(text), zone)
        except (ValueError, TypeError, OverflowError):
            continue
    return None


def as_utc(moment: datetime, zone: tzinfo = UTC) -> datetime:
    """The moment in UTC; a naive one is read in `zone`. Raises OverflowError at the edges of the calendar."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
