"""What commands and pages tell about issues: facts, not yet words."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.model.delivery import Tally
from dispatch.model.doubt import InDoubt
from dispatch.model.issue import Issue


@dataclass(frozen=True, slots=True)
class IssueSummary:
    """An issue with its arithmetic; `later` deliveries wait for a retry, the earliest at `next_try_at`."""

    issue: Issue
    subject: str
    tally: Tally
    later: int = 0
    next_try_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """A delivery that ended without being accepted."""

    address: str
    state: str
    reason: str
    reply: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Retried:
    """A delivery that was tried in vain and is tried again at `next_try_at`."""

    address: str
    attempts: int
    reply: str
    next_try_at: datetime


@dataclass(frozen=True, slots=True)
class IssueDetail:
    """Everything about one issue: what was in it, and by name who is not simply "accepted"."""

    summary: IssueSummary
    posts: tuple[str, ...]
    in_doubt: tuple[InDoubt, ...]
    retried: tuple[Retried, ...]
    ended: tuple[Ended, ...]


@dataclass(frozen=True, slots=True)
class ReceivedIssue:
    """One issue as one subscription saw it; `state` is None where it has no delivery."""

    issue: Issue
    subject: str
    state: str | None
    reason: str
    reply: str
    attempts: int
    at: datetime | None
    passed_over: str  # why its posts were passed over, "" if they were not
    seen_seq: int
    in_doubt: tuple[InDoubt, ...]  # every time it was, in order
