"""In doubt: the final dot may have left and no reply was read (RFC 1047), and what was decided about it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dispatch.model.delivery import DeliveryState
from dispatch.model.issue import IssueState

# The reason of deliveries that end with `hold`. They may have arrived, so their posts are never handed back.
NOT_SENT_AGAIN = "in doubt, not sent again"


class Decision(StrEnum):
    """What an operator can decide about deliveries in doubt."""

    RESEND = "resend"  # once more, with the same Message-ID: nobody misses it, some may have it twice
    HOLD = "hold"  # never again: nobody has it twice, some may miss it


@dataclass(frozen=True, slots=True)
class InDoubt:
    """One time when a delivery was in doubt: whose, when and why, what was decided and what came of it."""

    delivery_id: int
    issue_id: int
    address: str  # "(erased)" where it is forgotten
    at: datetime
    why: str  # "" where nothing was recorded
    decided: str  # "sent again, …" or "not sent again, …"; "" while undecided
    then: str  # how the tries after it ended (an Outcome: accepted, refused, in doubt again); "" if they did not
    then_at: datetime | None
    then_reply: str
    state: str  # of the delivery now
    reason: str
    state_at: datetime  # when it ended, or of its next try
    issue_state: str

    @property
    def is_undecided(self) -> bool:
        """Whether somebody has to decide."""
        return not self.decided and not self.then and self.state == DeliveryState.IN_DOUBT


@dataclass(frozen=True, slots=True)
class Resolved:
    """Whose deliveries a decision concerns, and of whom it was asked in vain: address → state of their delivery."""

    decision: Decision
    addresses: tuple[str, ...]
    left_alone: dict[str, str]


def choices(issue_state: str) -> str:
    """What can be decided about deliveries in doubt of an issue in this state, as `issues resolve` takes it."""
    return Decision.HOLD.value if issue_state == IssueState.CANCELLED else "resend|hold"
