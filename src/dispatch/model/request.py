"""What somebody asked for in the name of an address, which counts once its owner says so from their inbox."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# Without an answer the address is forgotten after so long; the confirmation mail says so.
KEPT = timedelta(days=7)
IMPORT = "import"  # how it was asked: by an operator, of those whom an import brought in


class RequestKind(StrEnum):
    """What was asked for."""

    JOIN = "join"  # newsletters
    MOVE = "move"  # that a subscriber's mail goes to this address from now on


class RequestState(StrEnum):
    """asked → mailed → confirmed | declined | expired; asked → dropped."""

    ASKED = "asked"
    MAILED = "mailed"  # the question is in their inbox, or on its way
    CONFIRMED = "confirmed"
    DECLINED = "declined"  # "I did not ask for this"
    EXPIRED = "expired"
    DROPPED = "dropped"  # nothing was mailed; `reason` says why


@dataclass(frozen=True, slots=True)
class Choice:
    """A newsletter, and the schedule of it that somebody wants."""

    newsletter: str
    schedule: str


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A request about to be stored. `wording` is what was agreed to, `network` the keyed hash of an address block."""

    kind: RequestKind
    address: str
    address_hash: str
    choices: tuple[Choice, ...] = ()
    subscriber_id: int | None = None
    language: str = ""
    via: str = "page"
    page: str = ""
    wording: str = ""
    network: str = ""


@dataclass(frozen=True, slots=True)
class PastRequests:
    """What was mailed to one address before because somebody asked, as far as it is remembered."""

    last_mailed_at: datetime | None = None  # of those that were not confirmed
    unanswered: int = 0  # mailed since the last one that was confirmed
    declined_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A stored request; `address` is None once it is over."""

    id: int
    kind: RequestKind
    address: str | None
    address_hash: str
    choices: tuple[Choice, ...]
    subscriber_id: int | None
    language: str
    via: str
    page: str
    wording: str
    network: str
    state: RequestState
    asked_at: datetime
    mailed_at: datetime | None
    ended_at: datetime | None
    reason: str = ""  # why nothing was asked
