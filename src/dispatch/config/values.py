"""The kinds of value the configuration has; each says in words what may be written for it.

The words (`Allowed`) stand in error messages and in docs/configuration.md. A validator that knows more than that raises
`because("…")`; its reason is added to the error.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, Strict, ValidationInfo
from pydantic_core import PydanticCustomError

from dispatch.config.durations import DURATION_FORM, RATE_FORM, Rate, parse_duration, parse_rate
from dispatch.config.secrets import REFERENCE_FORM, SecretReference, is_reference
from dispatch.errors import AddressError, ScheduleError
from dispatch.model.address import parse_address
from dispatch.model.schedule import FORMS, parse_schedule

REASON = "reason"
SUBJECT_WORDS = ("lead", "number", "date", "site", "newsletter")


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may be written for a value; of a `private` one, what was found is never repeated."""

    form: str
    private: bool = False
    words: Callable[[], Iterable[str]] | None = None  # the values themselves, to guess what was meant


def because(reason: str) -> PydanticCustomError:
    """A validator's refusal with a reason beyond the allowed form, without the value in it."""
    return PydanticCustomError(REASON, "{why}", {"why": reason})


def _duration(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else _already(value, timedelta, DURATION_FORM)


def _rate(value: object) -> object:
    return parse_rate(value) if isinstance(value, str) else _already(value, Rate, RATE_FORM)


def _backlog(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    return _duration(value)


def _already(value: object, wanted: type, form: str) -> object:
    if isinstance(value, wanted):
        return value
    raise ValueError(f"expected {form}")


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("expected a time zone of the IANA database") from error
    return value


def _address(value: str) -> str:
    try:
        return str(parse_address(value))
    except AddressError as error:
        raise because(str(error)) from error


def _mailbox(value: str) -> str:
    _one_line(value)
    # parseaddr reads "Harbour, Ltd <a@b.example>" as two mailboxes and gives the first; that is refused as an address.
    _address(parseaddr(value)[1] or value)
    return value


def _one_line(value: str) -> str:
    # These values reach mail headers, where a line break would begin another header.
    if any(ord(character) < 32 or ord(character) == 127 or character in "\u0085\u2028\u2029" for character in value):
        raise because("it has a line break or another control character in it")
    return value


def _subject(value: str) -> str:
    unknown = [word for word in re.findall(r"\{([^{}]*)\}", value) if word not in SUBJECT_WORDS]
    if unknown:
        raise because(f"{{{unknown[0]}}} is none of these")
    return _one_line(value)


def _schedule(value: str) -> str:
    try:
        parse_schedule(value)
    except ScheduleError as error:
        reason = str(error).removeprefix(f'"{value}" is not a schedule: ').removesuffix(f". Write {FORMS}.")
        raise because(reason) from error
    return value


def _secret(value: object, info: ValidationInfo) -> object:
    if isinstance(value, SecretReference):
        return value
    if not isinstance(value, str) or not is_reference(value):
        raise ValueError(f"expected {REFERENCE_FORM}")
    return SecretReference(value, _base(info))


def _path(value: Path, info: ValidationInfo) -> Path:
    return (_base(info) / value.expanduser()).resolve()


def _base(info: ValidationInfo) -> Path:
    base: Path = (info.context or {}).get("base", Path())
    return base


def _database_url(value: str, info: ValidationInfo) -> str:
    if value.startswith("file:") and is_reference(value):
        return f"file:{_path(Path(value.removeprefix('file:')), info)}"
    if not is_reference(value) and not re.match(r"postgres(ql)?(\+psycopg)?://", value):
        raise ValueError("expected a PostgreSQL database")
    return value


def _public_url(value: str) -> str:
    host = urlsplit(value).hostname or ""
    if value.startswith("http://") and host != "localhost" and not _is_loopback(host):
        raise because("http reaches loopback addresses only: readers need https")
    return value.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _network(value: str) -> str:
    ipaddress.ip_network(value, strict=False)
    return value


DOMAIN = r"^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*$"
HOST_PORT = r"^(\[[0-9A-Fa-f:.]+\]|[^\s:/@\[\]]+):\d{1,5}$"

Whole = Annotated[int, Strict()]
Switch = Annotated[bool, Strict(), Allowed("true or false")]
Slug = Annotated[
    str,
    Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$"),
    Allowed("a name of at most 40 small letters, digits and hyphens"),
]
Line = Annotated[str, AfterValidator(_one_line), Allowed("text on one line")]
Title = Annotated[str, Field(min_length=1), AfterValidator(_one_line), Allowed("text on one line, not empty")]
PostalAddress = Annotated[str, Field(min_length=10), Allowed("an address of at least 10 characters")]
ScheduleText = Annotated[str, AfterValidator(_schedule), Allowed(FORMS)]
Language = Annotated[
    str, Field(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$"), Allowed('a language like "en" or "en-US"')
]
Subject = Annotated[
    str,
    Field(min_length=1),
    AfterValidator(_subject),
    Allowed("text on one line with any of " + " ".join(f"{{{word}}}" for word in SUBJECT_WORDS)),
]
ListId = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9]+([.-][A-Za-z0-9]+)*$"),
    Allowed('a name like "review.lamplight.example", without angle brackets'),
]
Duration = Annotated[timedelta, BeforeValidator(_duration), Allowed(DURATION_FORM)]
Interval = Annotated[Duration, Field(ge=timedelta(seconds=1)), Allowed(f"{DURATION_FORM}, of a second or more")]
RateLimit = Annotated[Rate, BeforeValidator(_rate), Allowed(RATE_FORM)]
Backlog = Annotated[int | timedelta, BeforeValidator(_backlog), Allowed(f"a number of posts, or {DURATION_FORM}")]
Zone = Annotated[
    str,
    AfterValidator(_zone),
    Allowed('a time zone of the IANA database like "Europe/London"', words=available_timezones),
]
Address = Annotated[str, AfterValidator(_address), Allowed('an address like "name@example.com"')]
Mailbox = Annotated[
    str, AfterValidator(_mailbox), Allowed('a sender like "Name <name@example.com>", or an address alone')
]
Secret = Annotated[
    SecretReference,
    BeforeValidator(_secret),
    Allowed(f"{REFERENCE_FORM}; secrets are never written into the configuration", private=True),
]
FilePath = Annotated[Path, AfterValidator(_path), Allowed("a path, relative to the folder of this file")]
HttpUrl = Annotated[
    str, Field(pattern=r"^https?://[^\s/?#]+[^\s]*$"), Allowed("an address that begins with https:// or http://")
]
PublicUrl = Annotated[
    str,
    Field(pattern=r"^https?://[^\s/?#]+(/[^\s?#]*)?$"),
    AfterValidator(_public_url),
    Allowed("an address that begins with https:// (http:// on a loopback address only)"),
]
DatabaseUrl = Annotated[
    str,
    AfterValidator(_database_url),
    Allowed('"postgresql://…", "env:NAME" or "file:PATH" (a SQLite file goes under path)', private=True),
]
Host = Annotated[
    str,
    Field(pattern=r"^([^\s:/@\[\]]+|[0-9A-Fa-f:.]+)$"),
    Allowed('a host name like "smtp.example.com" (the port has its own key)'),
]
Domain = Annotated[str, Field(pattern=DOMAIN), Allowed('a domain like "example.com"')]
Selector = Annotated[str, Field(pattern=DOMAIN), Allowed("a name of letters, digits, hyphens and dots")]
Port = Annotated[int, Strict(), Field(ge=1, le=65535)]
Listen = Annotated[str, Field(pattern=HOST_PORT), Allowed('an address and port like "127.0.0.1:8480"')]
Network = Annotated[str, AfterValidator(_network), Allowed('an address or network like "10.0.0.0/8"')]
