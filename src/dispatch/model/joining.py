"""Joining as the pages see it: what is on offer, what was asked for, and what the question to confirm is about."""

from dataclasses import dataclass
from enum import StrEnum

from dispatch.model.request import Choice, RequestKind, RequestState


@dataclass(frozen=True, slots=True)
class OfferedRhythm:
    """One schedule of a newsletter, and how often it comes in words ("Fridays", "" where no short words fit)."""

    schedule: str
    cadence: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A newsletter that one can join."""

    newsletter: str
    name: str
    rhythms: tuple[OfferedRhythm, ...]
    default_schedule: str


@dataclass(frozen=True, slots=True)
class JoinAsked:
    """What a form or a program asked for. `network` is the keyed hash of the address block that it came from.

    `wording` is the sentence that was agreed to, as it was shown; `page` is where the form stood.
    """

    address: str
    choices: tuple[tuple[str, str], ...]  # newsletter and schedule; "" for its own default
    language: str = ""
    via: str = "page"
    page: str = ""
    wording: str = ""
    network: str = ""


class JoinAnswer(StrEnum):
    """What is said to whoever asked: the same for addresses that are known, unknown and suppressed."""

    ASKED = "asked"
    TOO_MANY = "too many"  # from this address block, or altogether, within the hour
    BAD_ADDRESS = "bad address"
    NO_SUCH_NEWSLETTER = "no such newsletter"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A request as its question's page shows it. `address` is masked; "" once it is forgotten.

    `in_use` says of a move that was confirmed that the address has a subscriber of its own, so that nothing changed.
    `subscription_id` is one of those that a confirmed request is about.
    """

    kind: RequestKind
    state: RequestState
    address: str
    choices: tuple[Choice, ...]
    language: str = ""
    in_use: bool = False
    subscription_id: int | None = None
