"""A delivery: one message owed to one address, and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DeliveryState(StrEnum):
    """The states of the ledger (DESIGN: queued → claimed → sending → accepted | refused | deferred | in doubt)."""

    QUEUED = "queued"  # due at `due_at`
    CLAIMED = "claimed"  # a sender has taken it; nothing has left
    SENDING = "sending"  # the final dot is licensed and may have left
    DEFERRED = "deferred"  # a 4xx reply or a lost connection; due again at `due_at`
    ACCEPTED = "accepted"  # the relay took it (250); not "delivered"
    REFUSED = "refused"  # 5xx of the recipient, or given up
    SUPPRESSED = "suppressed"  # left, paused, cancelled, on the suppression list: `reason` says which
    IN_DOUBT = "in_doubt"  # the dot may have left and no reply was read


WAITING_STATES = (DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.SENDING, DeliveryState.DEFERRED)


# Reasons of deliveries that end unaccepted through nobody's refusal: their posts are handed back.
EXPIRED = "expired"
CANCELLED = "cancelled"


class DeliveryKind(StrEnum):
    """What a delivery carries; it decides priority, retry and what happens in doubt."""

    DIGEST = "digest"
    LETTER = "letter"
    TEST = "test"
    SHARE = "share"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Reply:
    """An SMTP reply: code, enhanced status code ("" if none) and text with addresses taken out."""

    code: int
    enhanced: str = ""
    text: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.code), self.enhanced, self.text) if part)


class Stage(StrEnum):
    """How far a try had come in the SMTP conversation."""

    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"  # up to the final dot
    DOT = "dot"  # the final dot and its reply


class Outcome(StrEnum):
    """What one try came to."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"  # 4xx about this recipient or message
    REFUSED = "refused"  # 5xx of the recipient
    TURNED_AWAY = "turned_away"  # 5xx of the relay (policy, log-in, system): says nothing about the recipient
    BUSY = "busy"  # 4xx of the relay: 421 anywhere, or before a recipient was named
    LOST = "lost"  # the connection went before the final dot: nothing can have arrived
    IN_DOUBT = "in_doubt"  # the dot may have left and no reply was read
    UNLICENSED = "unlicensed"  # no dot was written: the ledger did not license it


@dataclass(frozen=True, slots=True)
class Try:
    """One try as the relay answered it. `reason` is ours, for what was decided before asking the relay."""

    outcome: Outcome
    stage: Stage
    reply: Reply | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a try means for its delivery: the state it goes to, and what is written down."""

    delivery_id: int
    state: DeliveryState
    at: datetime
    due_at: datetime | None  # of the next try; None: as it was, which is at once
    attempts: int
    reply: str = ""
    reason: str = ""
    outcome: str = ""  # of the attempt row; "" for none
    done: str = ""  # in doubt: what was done about it

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will be tried."""
        return self.state in (DeliveryState.ACCEPTED, DeliveryState.REFUSED)


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """What the sender needs of one claimed delivery. It carries a variant of an issue, or a message that is none.

    Service mail has no issue; what asks somebody who is no subscriber yet has a request and neither of the others.
    """

    id: int
    kind: DeliveryKind
    issue_id: int | None
    variant_id: int | None
    message_id: int | None
    subscription_id: int | None
    request_id: int | None
    address: str
    name: str
    attempts: int
    expires_at: datetime | None
    is_held: bool = False  # in doubt it waits for an operator: its newsletter's `in_doubt` is "hold"


@dataclass(frozen=True, slots=True)
class Tally:
    """The arithmetic of an issue: audience = accepted + refused + suppressed + in_doubt + waiting."""

    audience: int = 0
    accepted: int = 0
    refused: int = 0
    suppressed: int = 0
    in_doubt: int = 0
    waiting: int = 0
