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


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """What the sender needs of one claimed delivery."""

    id: int
    kind: DeliveryKind
    issue_id: int
    variant_id: int
    subscription_id: int
    subscriber_id: int
    address: str
    name: str
    attempts: int
    queued_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Tally:
    """The arithmetic of an issue: audience = accepted + refused + suppressed + in_doubt + waiting."""

    audience: int = 0
    accepted: int = 0
    refused: int = 0
    suppressed: int = 0
    in_doubt: int = 0
    waiting: int = 0
