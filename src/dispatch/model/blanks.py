"""The blanks of a message: the few places that differ from one recipient to the next.

A blank stands in templates as a marker that premailer, lxml and quoted-printable leave alone: in a link
`https://blank.invalid/NAME` (a reserved name, RFC 2606), in text `~NAME~`. Only these names exist, so a marker that
is left over, or one nobody knows, is found by looking for the two forms.
"""

import re
from enum import StrEnum


class Blank(StrEnum):
    """One blank. The comment says what fills it."""

    ADDRESS = "ADDRESS"  # the recipient's address, text
    UNSUBSCRIBE = "UNSUBSCRIBE"  # the subscription's token; its marker stands for the whole https link
    PREFERENCES = "PREFERENCES"  # the same for its preferences
    CONFIRM = "CONFIRM"  # the same for saying yes to a request
    DECLINE = "DECLINE"  # and for saying no
    REPORT = "REPORT"  # a share's token: whoever typed this address is nobody its owner knows
    TO = "TO"  # To header's mailbox
    MESSAGE_ID = "MESSAGE_ID"  # the delivery's token, the same at every try
    DATE = "DATE"  # RFC 5322 date of the try


# The page that a token's link leads to, under web.public_url.
PAGES = {
    Blank.UNSUBSCRIBE: "unsubscribe",
    Blank.PREFERENCES: "preferences",
    Blank.CONFIRM: "confirm",
    Blank.DECLINE: "decline",
    Blank.REPORT: "share/report",
}

LINK_HOST = "https://blank.invalid/"
TEXT_MARKER = re.compile(r"https://blank\.invalid/([A-Z_]+)|~([A-Z_]{2,})~")


def link(blank: Blank) -> str:
    """The marker of a blank that stands where a URL stands."""
    return LINK_HOST + blank.value


def text(blank: Blank) -> str:
    """The marker of a blank that stands in running text or in a header."""
    return f"~{blank.value}~"
