"""A received message as the inbox page shows it: whatever is in it, showing it never fails."""

import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default
from html import escape
from html.parser import HTMLParser
from typing import cast

from dispatch.rendering.lenses import Scheme, in_head, in_scheme
from dispatch.web.filling import Html

PREHEADER_LENGTH = 140
# What mail pads its preheader with, so that nothing of the body shows in the list of messages.
PADDING = re.compile("[\u00ad\u034f\u2007\u200b-\u200d\u2060\ufeff\u00a0]+")
LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]]")
HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A message as it arrived: `number` counts from 1, the envelope beside the bytes."""

    number: int
    at: datetime
    sender: str
    recipient: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class ReadMessage:
    """What is in a message, decoded; "" for whatever it does not have. Nothing in it is escaped yet."""

    sender: str
    subject: str
    preheader: str
    html: str
    text: str
    headers: tuple[tuple[str, str], ...]
    source: str


def read_message(raw: bytes) -> ReadMessage:
    """The parts of a message that the page shows."""
    message = message_from_bytes(raw, policy=default)
    html, text = _part(message, "html"), _part(message, "plain")
    headers = tuple((name, str(value)) for name, value in message.items())
    return ReadMessage(
        sender=_sender(message),
        subject=str(message.get("Subject", "")),
        preheader=_preheader(html) or text.strip()[:PREHEADER_LENGTH],
        html=html,
        text=text,
        headers=headers,
        source=raw.decode("utf-8", "replace"),
    )


def for_a_frame(html: str, scheme: Scheme) -> str:
    """The message as a reader with that colour scheme sees it, its links opening beside the inbox."""
    return in_head(in_scheme(html, scheme), '<base target="_blank">')


def with_links(text: str) -> Html:
    """Plain text as HTML, with its web addresses as links."""
    parts, end = [], 0
    for match in LINK.finditer(text):
        address = escape(match[0])
        link = f'<a href="{address}" target="_blank" rel="noreferrer">{address}</a>'
        parts += [escape(text[end : match.start()]), link]
        end = match.end()
    return Html("".join([*parts, escape(text[end:])]))


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    if part is None:
        return ""
    payload = cast("bytes", part.get_payload(decode=True) or b"")
    try:
        return payload.decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:  # a charset that does not exist
        return payload.decode("utf-8", "replace")


def _sender(message: EmailMessage) -> str:
    header = message.get("From")
    addresses: tuple[Address, ...] = getattr(header, "addresses", ())
    return next((address.display_name or address.addr_spec for address in addresses), str(header or "unknown"))


def _preheader(html: str) -> str:
    finder = _HiddenText()
    finder.feed(html)
    return " ".join(PADDING.sub(" ", "".join(finder.found)).split())[:PREHEADER_LENGTH]


class _HiddenText(HTMLParser):
    """Collects the text of the first hidden element of the body, which is what lists of messages show."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._depth = 0
        self._done = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID or self._done:
            return
        if self._depth or HIDDEN.search(dict(attrs).get("style") or ""):
            self._depth += 1

    def handle_endtag(self, tag: str) -> None:
        if self._depth and tag not in VOID:
            self._depth -= 1
            self._done = not self._depth

    def handle_data(self, data: str) -> None:
        if self._depth:
            self.found.append(data)
