"""People who asked for a newsletter."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SubscriptionState(StrEnum):
    """Where a subscription stands; only `active` ones get issues."""

    UNCONFIRMED = "unconfirmed"
    ACTIVE = "active"
    LEFT = "left"


class ConsentAct(StrEnum):
    """What somebody did about a subscription, as the proof of it says."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    LEFT = "left"
    RETURNED = "returned"
    CHANGED = "changed"
    MOVED = "moved"  # to another address
    LIFTED = "lifted"  # an operator took back that no mail goes there; `wording` says why


class SuppressionReason(StrEnum):
    """Why an address is never to be mailed."""

    BOUNCED = "bounced"
    COMPLAINED = "complained"
    ERASED = "erased"
    OPERATOR = "operator"


# Weakest first. A stronger reason replaces a weaker one, never the other way round: an erased complaint stays one.
SUPPRESSION_STRENGTH = (
    SuppressionReason.ERASED,
    SuppressionReason.BOUNCED,
    SuppressionReason.OPERATOR,  # above those that their owner's own yes ends
    SuppressionReason.COMPLAINED,
)

# Only an operator takes these back: their owner, or somebody for them, has said so to somebody else than us.
FOR_GOOD = (SuppressionReason.COMPLAINED, SuppressionReason.OPERATOR)


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A person with an address. `cohort` is fixed for life and decides which books they are shown."""

    id: int
    address: str
    name: str
    region: str
    language: str
    zone: str
    cohort: int
    created_at: datetime
    source: str = ""
    larger_type: bool = False


@dataclass(frozen=True, slots=True)
class NewSubscriber:
    """A person about to be stored: their address, the keyed hash of its mailbox, and what is known of them."""

    address: str
    address_hash: str
    name: str = ""
    region: str = ""
    language: str = ""
    zone: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Consent:
    """When somebody agreed to be mailed, and where; both may be unknown."""

    at: datetime | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscriber's place in one newsletter. `seen_seq` is how far they have been served.

    `sections_off` are the labels of the sections that they leave out, sorted.
    """

    id: int
    subscriber_id: int
    newsletter: str
    schedule: str
    state: SubscriptionState
    seen_seq: int
    paused_until: datetime | None
    books: bool
    joined_at: datetime
    left_at: datetime | None
    consent_at: datetime | None
    consent_source: str
    sections_off: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands about one mailbox and one newsletter before anything is changed."""

    subscriber_id: int | None = None
    subscription_id: int | None = None
    state: SubscriptionState | None = None
    suppressed: SuppressionReason | None = None
