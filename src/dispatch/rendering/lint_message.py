"""Checks of a message as the relay gets it: its two parts, its lines, and the way out in its header."""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr
from typing import cast

LONGEST_LINE = 998  # RFC 5322 §2.1.1, without CRLF
COMMON_LINE = 78
_WAYS_OUT = re.compile(r"<https://[^>]+>,\s*<mailto:[^>]+>")
_ALWAYS = ("From", "To", "Subject", "Date", "Message-ID")


def lint_message(raw: bytes, *, is_list: bool = True) -> list[str]:
    """Everything that is wrong with a finished message, a sentence each; `is_list` where readers can leave it."""
    message = message_from_bytes(raw, policy=default)
    found = [*_parts(message), *_lines(raw), *_fields(message)]
    return [*found, *(_list_fields(message) if is_list else ())]


def _parts(message: EmailMessage) -> Iterator[str]:
    kinds = [part.get_content_type() for part in cast("list[EmailMessage]", list(message.walk()))]
    if kinds != ["multipart/alternative", "text/plain", "text/html"]:
        yield f"The message has to be a text part and an HTML part, in this order; it is {', '.join(kinds)}."
    for part in message.walk():
        encoding = str(part.get("Content-Transfer-Encoding", "")).lower()
        if not part.is_multipart() and encoding != "quoted-printable":
            kind = part.get_content_subtype()
            yield f"The {kind} part is {encoding or 'not encoded'}; quoted-printable travels best."


def _lines(raw: bytes) -> Iterator[str]:
    lines = raw.split(b"\r\n")
    if any(b"\n" in line for line in lines):
        yield "A line of the message does not end with CR LF."
    longest = max(map(len, lines))
    if longest > LONGEST_LINE:
        yield f"A line of the message has {longest} octets; relays refuse more than {LONGEST_LINE}."
    # A field may hold an address that cannot be folded; a body can always be.
    longest = max(map(len, raw.partition(b"\r\n\r\n")[2].split(b"\r\n")))
    if COMMON_LINE < longest <= LONGEST_LINE:
        yield f"A line of the message has {longest} octets; {COMMON_LINE} are what every program expects."


def _fields(message: EmailMessage) -> Iterator[str]:
    for name in _ALWAYS:
        if message.get(name) is None:
            yield f"The header has no {name}."
    _, sender = parseaddr(str(message.get("From", "")))
    domain = sender.rpartition("@")[2].lower()
    identifier = str(message.get("Message-ID", "")).strip("<> ").rpartition("@")[2].lower()
    if identifier and domain and not _same_site(identifier, domain):
        yield f"The Message-ID is of {identifier}, the sender of {domain}; filters expect one domain."


def _list_fields(message: EmailMessage) -> Iterator[str]:
    if not message.get("List-Id"):
        yield "The header has no List-Id: readers cannot sort the newsletter into a folder."
    if not _WAYS_OUT.fullmatch(str(message.get("List-Unsubscribe", "")).strip()):
        yield "List-Unsubscribe has to name an https address first and a mailto address second (RFC 2369, RFC 8058)."
    if message.get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click":
        yield "The header has no List-Unsubscribe-Post: List-Unsubscribe=One-Click, which Gmail and Yahoo require."


def _same_site(one: str, other: str) -> bool:
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")
