"""Forms: reading what was posted, and the token that shows that a form came from a page of ours.

A form token needs no cookie. It is the second in which its page was made and an HMAC over what it is for, whom it is
about and that second, with the newest of `web.token_keys`; programs that fetch and post links do not have one.
"""

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from http import HTTPStatus

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from dispatch.model.tokens import TokenKeys

Form = dict[str, list[str]]

# The hidden field of every form of ours.
TOKEN_FIELD = "form_token"  # noqa: S105 - the name of a field
# A field that people do not see; programs that fill in whatever there is fill it in.
HONEYPOT_FIELD = "website"
LONGEST = timedelta(hours=24)
# Nobody reads a page and types an address in less.
SHORTEST = timedelta(seconds=2)
MOST_FIELDS = 100

_WHAT = b"dispatch form\0"
_SECONDS_BYTES = 5
_MAC_BYTES = 16


class FormFault(Enum):
    """Why a form is shown once more instead of being acted on."""

    MISSING = "missing"  # no token, or none of ours for this form
    STALE = "stale"  # the page has been open for more than a day
    HASTY = "hasty"  # quicker than a person


@dataclass(frozen=True, slots=True)
class FormTokens:
    """Makes and judges form tokens."""

    keys: TokenKeys

    def mint(self, purpose: str, subject: str, now: datetime) -> str:
        """A token for the form `purpose` of the page about `subject` (the token of its path, "" where it has none)."""
        seconds = int(now.timestamp()).to_bytes(_SECONDS_BYTES, "big")
        return (seconds + _mac(self.keys.keys[0], purpose, subject, seconds)).hex()

    def fault(
        self, token: str, purpose: str, subject: str, now: datetime, *, shortest: timedelta = timedelta(0)
    ) -> FormFault | None:
        """What is wrong with a token that came back, None for nothing; a form for anybody has a `shortest`."""
        try:
            raw = bytes.fromhex(token)
        except ValueError:
            raw = b""
        seconds, mac = raw[:_SECONDS_BYTES], raw[_SECONDS_BYTES:]
        genuine = False
        for key in self.keys.keys:
            genuine |= hmac.compare_digest(_mac(key, purpose, subject, seconds), mac)
        if not genuine:
            return FormFault.MISSING
        age = now - datetime.fromtimestamp(int.from_bytes(seconds, "big"), UTC)
        if age > LONGEST:
            return FormFault.STALE
        return FormFault.HASTY if age < shortest else None


async def read_form(request: Request) -> Form:
    """The fields of a posted form (urlencoded or multipart), each with its values; {} for a body that is no form.

    Files are passed over. A body that is too large never comes here (web/guard.py); raises HTTPException 400 for a
    multipart body that is broken, or that names a character set in which it is no text.
    """
    try:
        async with request.form(max_files=MOST_FIELDS, max_fields=MOST_FIELDS) as form:
            texts = [(name, value) for name, value in form.multi_items() if not isinstance(value, UploadFile)]
        for name, value in texts:
            f"{name}{value}".encode()  # UTF-7 and its like can say half of a character
    except UnicodeError as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST) from error
    fields: Form = {}
    for name, value in texts:
        fields.setdefault(name, []).append(value)
    return fields


def first(form: Form, name: str) -> str:
    """The first value of a field without blanks around it, "" where there is none."""
    return next(iter(form.get(name, [])), "").strip()


def is_one_click(form: Form) -> bool:
    """Whether a mail program posted it for its reader (RFC 8058 §3.2)."""
    return first(form, "List-Unsubscribe").lower() == "one-click"


def _mac(key: bytes, purpose: str, subject: str, seconds: bytes) -> bytes:
    said = b"\0".join((_WHAT + purpose.encode(), subject.encode(), seconds))
    return hmac.digest(key, said, "sha256")[:_MAC_BYTES]
