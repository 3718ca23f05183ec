"""Which column of a file is which: header names as many programs write them."""

import re
import unicodedata
from collections.abc import Sequence

from dispatch.errors import ImportFileError
from dispatch.subscribing.rules import Wanted

_NAMES = {
    "email": "email e-mail emailaddress mail mailaddress emailid subscriberemail useremail",
    "name": "name fullname displayname subscribername yourname",
    "first": "firstname first givenname forename fname vorname",
    "last": "lastname last surname familyname lname nachname",
    "region": "region country countrycode cc land",
    "schedule": "schedule frequency rhythm",
    "language": "language locale lang",
    "zone": "zone timezone tz",
    "consent": "consentdate consentat consent confirmedat confirmed confirmtime confirmationdate optintime optindate"
    " created createdat datecreated creationdate subscribedat subscribedon signupdate dateadded joined joinedat",
    "source": "source consentsource signupsource optinsource",
    "status": "status subscriptionstatus",
}
COLUMNS = {re.sub(r"\W", "", spelling): column for column, names in _NAMES.items() for spelling in names.split()}

STATUSES = {
    "": None,
    **dict.fromkeys(("subscribed", "active", "confirmed", "enabled", "yes"), Wanted.SUBSCRIBED),
    **dict.fromkeys(("unconfirmed", "pending"), Wanted.UNCONFIRMED),
    **dict.fromkeys(("unsubscribed", "left", "optout", "optedout", "removed", "disabled"), Wanted.UNSUBSCRIBED),
    **dict.fromkeys(("suppressed", "blocklisted"), Wanted.SUPPRESSED),
    **dict.fromkeys(("bounced", "cleaned", "hardbounced", "undeliverable"), Wanted.BOUNCED),
    **dict.fromkeys(("complained", "complaint", "spam"), Wanted.COMPLAINED),
}


def find_columns(header: Sequence[str], name: str) -> dict[str, int]:
    """The position of each column we know, the first of its kind; raises ImportFileError without one of addresses."""
    found: dict[str, int] = {}
    for position, title in enumerate(header):
        column = COLUMNS.get(plain(title))
        if column and column not in found:
            found[column] = position
    if "email" not in found:
        raise ImportFileError(f"{name}: {_without_email(header)}")
    return found


def plain(title: str) -> str:
    """A title or word without case, spaces and punctuation."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", title)).casefold()


def _without_email(header: Sequence[str]) -> str:
    titles = [title.strip("\0\ufeff \t") for title in header]
    if any("@" in title for title in titles):
        return "the first line holds an address: it has to name the columns, one of them email"
    shown = ", ".join(title[:30] for title in titles[:12] if title and title.isprintable())
    return f"no column is called email; the first line names {shown or 'nothing'}"
