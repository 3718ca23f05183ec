"""The header fields of our messages: which there are, in which order, and where the blanks in them are."""

import hashlib
import html
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from email.utils import parseaddr
from enum import StrEnum
from functools import lru_cache

from dispatch.config.settings import Newsletter, Settings
from dispatch.errors import ConfigurationError
from dispatch.model.address import MAX_LOCAL_OCTETS, EmailAddress, parse_address
from dispatch.model.blanks import PAGES, Blank
from dispatch.model.tokens import TOKEN_LENGTH
from dispatch.transport.header_text import bare, identified, mailbox, tokens, unstructured
from dispatch.transport.quoted_printable import encode_value

# Messages that go to somebody who gets the newsletter, and those that ask whether somebody wants it.
SUBSCRIBED_MESSAGES = frozenset({"welcome"})
QUESTIONS = frozenset({"confirm", "move"})
_TOKEN = "~" * TOKEN_LENGTH  # stands for one while a field is laid out
MAX_SENDER_ID = 15  # Gmail's limit for the last part of Feedback-ID


@dataclass(frozen=True, slots=True)
class FixedHeaders:
    """What a message says to every recipient of a rendering; without `list_id` there are no List-* fields.

    `pages` is the address that links with tokens begin with, `returns` the mailbox that bounces come back to.
    """

    sender_name: str
    sender: EmailAddress
    pages: str
    returns: EmailAddress
    reply_to: EmailAddress | None = None
    list_name: str = ""
    list_id: str = ""  # label.namespace, RFC 2919
    archive: str = ""  # where past issues can be read
    feedback_id: str = ""  # four parts, no person in them
    language: str = ""
    declines: bool = False  # List-Unsubscribe leads to "I did not ask for this"


class Place(StrEnum):
    """Where a blank stands, which decides how its value is written."""

    HTML = "html"
    TEXT = "text"
    TO = "to"
    DATE = "date"
    TOKEN = "token"  # noqa: S105 anywhere: in links of a body, in List-Unsubscribe, in Message-ID


@dataclass(frozen=True, slots=True)
class Hole:
    """A place in a message that is written anew for each recipient."""

    place: Place
    blank: Blank

    def fill(self, values: Mapping[Blank, str]) -> bytes:
        """The bytes that stand here; raises KeyError for a blank without a value, ValueError for no token."""
        return _WRITERS[self.place](values[self.blank])


Segment = bytes | Hole


def headers_for(settings: Settings, newsletter_slug: str, schedule: str, slot: str) -> FixedHeaders:
    """The header of a newsletter's issue for one slot of one schedule.

    Nothing in it depends on a stored row, so that the preview of an issue that is not composed yet has the same hash.
    Raises KeyError for a newsletter that is not configured, ConfigurationError as return_mailbox does.
    """
    newsletter = settings.newsletters[newsletter_slug]
    name, sender = sender_of(newsletter)
    issue_key = f"{schedule}-{re.sub('[^0-9]', '', slot)}"
    return FixedHeaders(
        sender_name=name,
        sender=sender,
        pages=settings.web.public_url.rstrip("/"),
        returns=return_mailbox(settings, sender),
        reply_to=parse_address(newsletter.reply_to) if newsletter.reply_to else None,
        list_name=newsletter.name,
        list_id=list_id_of(settings, newsletter_slug),
        archive=archive_url(settings, newsletter_slug),
        feedback_id=f"{issue_key}:{newsletter_slug}:digest:{_sender_id(sender.domain)}",
        language=settings.site.language.replace("_", "-"),
    )


def headers_of_message(settings: Settings, newsletter_slug: str, name: str) -> FixedHeaders:
    """The header of a message that is no issue, from the newsletter in whose name it goes.

    The greeting can be unsubscribed from as an issue can; a question can be declined; others have no List-* fields at
    all: they answer something their reader has just done. Raises as `headers_for` does.
    """
    headers = headers_for(settings, newsletter_slug, name, "")
    if name in SUBSCRIBED_MESSAGES:
        return replace(headers, feedback_id=headers.feedback_id.replace(":digest:", ":service:"))
    return replace(headers, list_id="", declines=name in QUESTIONS)


def list_id_of(settings: Settings, newsletter_slug: str) -> str:
    """A newsletter's List-Id: a name below a domain of ours that is meant never to change."""
    newsletter = settings.newsletters[newsletter_slug]
    return newsletter.list_id or f"{newsletter_slug}.{sender_of(newsletter)[1].domain}"


def archive_url(settings: Settings, newsletter_slug: str) -> str:
    """Where anybody can read a newsletter's past issues, "" where it shows none."""
    shown = settings.newsletters[newsletter_slug].archive
    return f"{settings.web.public_url.rstrip('/')}/issues/{newsletter_slug}" if shown else ""


def sender_of(newsletter: Newsletter) -> tuple[str, EmailAddress]:
    """The display name and address a newsletter comes from."""
    name, address = parseaddr(newsletter.sender)
    return name or newsletter.name, parse_address(address)


def return_mailbox(settings: Settings, sender: EmailAddress) -> EmailAddress:
    """Where bounces and unsubscribe mails come back to; raises ConfigurationError if its name is too long."""
    mailbox = parse_address(settings.outcomes.mailbox) if settings.outcomes.mailbox else None
    if mailbox is None:
        return EmailAddress("bounces", sender.domain)
    room = MAX_LOCAL_OCTETS - len("+b-") - TOKEN_LENGTH
    if len(mailbox.local.encode()) > room:
        raise ConfigurationError(
            [f"outcomes.mailbox: the part before the @ has at most {room} characters, because a token follows it"]
        )
    return mailbox


def page_link(pages: str, blank: Blank) -> str:
    """What the link of a blank begins with; its token follows."""
    return f"{pages}/{PAGES[blank]}/"


def header_segments(headers: FixedHeaders, subject: str) -> Iterator[Segment]:
    """Every field but those of MIME, in order; each segment ends a line."""
    yield mailbox("From", headers.sender_name, str(headers.sender))
    yield Hole(Place.TO, Blank.TO)
    if headers.reply_to:
        yield mailbox("Reply-To", "", str(headers.reply_to))
    yield unstructured("Subject", subject)
    yield Hole(Place.DATE, Blank.DATE)
    yield from _with_token(tokens("Message-ID", f"<{_TOKEN}@{bare(headers.sender.domain)}>"), Blank.MESSAGE_ID)
    if headers.list_id:
        yield from _list_segments(headers)
    elif headers.declines:
        yield from _one_click(headers, Blank.DECLINE)
    yield b"Auto-Submitted: auto-generated\r\n"  # RFC 3834
    if headers.language:
        yield tokens("Content-Language", bare(headers.language))


def _list_segments(headers: FixedHeaders) -> Iterator[Segment]:
    yield identified("List-Id", headers.list_name, bare(headers.list_id))
    address = f"{bare(headers.returns.local)}+u-{_TOKEN}@{bare(headers.returns.domain)}"
    yield from _one_click(headers, Blank.UNSUBSCRIBE, f"<mailto:{address}>")
    owner = bare(str(headers.reply_to or headers.sender))
    yield tokens("List-Owner", f"<mailto:{owner}>")
    yield tokens("List-Help", f"<mailto:{owner}?subject=help>")
    if headers.archive:
        yield tokens("List-Archive", f"<{bare(headers.archive)}>")
    yield b"List-Post: NO\r\n"  # RFC 2369 §3.4: nobody writes to everybody
    if headers.feedback_id:
        yield tokens("Feedback-ID", bare(headers.feedback_id))
    yield b"Precedence: bulk\r\n"
    yield b"X-Auto-Response-Suppress: OOF, AutoReply\r\n"


def _one_click(headers: FixedHeaders, blank: Blank, *others: str) -> Iterator[Segment]:
    """RFC 8058: one https address (before other ways), and the fixed answer that makes it one click."""
    ways = (f"<{bare(page_link(headers.pages, blank))}{_TOKEN}>", *others)
    yield from _with_token(tokens("List-Unsubscribe", *(f"{way}," for way in ways[:-1]), ways[-1]), blank)
    yield b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


def _sender_id(domain: str) -> str:
    """A word of 5 to 15 letters that stays the same as long as the From domain does."""
    letters = re.sub("[^a-z0-9]", "", domain)[:MAX_SENDER_ID]
    return letters if len(letters) >= 5 else "s" + hashlib.sha256(domain.encode()).hexdigest()[: MAX_SENDER_ID - 1]


def _with_token(field: bytes, blank: Blank) -> Iterator[Segment]:
    """A field that was laid out, and folded, around a token of the usual length."""
    before, *others = field.split(_TOKEN.encode())
    yield before
    for piece in others:
        yield Hole(Place.TOKEN, blank)
        yield piece


def _write_to(recipient: str) -> bytes:
    name, _, address = recipient.rpartition(" <")
    return mailbox("To", name, address)


def _write_token(token: str) -> bytes:
    # Ours always are. Anything else could end the field or the link that it stands in.
    if not (token.isalnum() and token.isascii() and len(token) <= TOKEN_LENGTH):
        raise ValueError("a token is 1 to 44 letters and digits")
    return token.encode()


@lru_cache(maxsize=4)  # thousands of messages leave within a second
def _write_date(value: str) -> bytes:
    return tokens("Date", value.replace("\r", " ").replace("\n", " "))


_WRITERS: dict[Place, Callable[[str], bytes]] = {
    Place.HTML: lambda value: encode_value(html.escape(value)),
    Place.TEXT: encode_value,
    Place.TO: _write_to,
    Place.DATE: _write_date,
    Place.TOKEN: _write_token,
}
