"""A newsletter's issues, and what is rendered of them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dispatch.model.post import Post


class IssueState(StrEnum):
    """The life of an issue.

    composed → sending ⇄ paused → sent; composed | held | sending | paused → cancelled.
    `held`, `skipped` and `empty` are slots that were looked at and made no mail.
    """

    COMPOSED = "composed"  # posts chosen; variants and fan-out may be under way
    SENDING = "sending"  # everybody it goes to has a delivery
    SENT = "sent"  # no delivery is waiting any more
    PAUSED = "paused"  # by an operator or by the brake; `reason` says which
    CANCELLED = "cancelled"
    HELD = "held"  # an operator has to decide (when_empty = "hold")
    SKIPPED = "skipped"  # too late, or fewer than min_posts: its posts wait for the next one
    EMPTY = "empty"  # nothing new


LIVE_STATES = (IssueState.COMPOSED, IssueState.SENDING, IssueState.SENT, IssueState.PAUSED)


@dataclass(frozen=True, slots=True)
class Issue:
    """A newsletter's number for one slot of one schedule. Times are UTC."""

    id: int
    newsletter: str
    schedule: str
    slot: str  # "2026-11-27T07:00", local wall clock; of "on publish": "post:<seq>"
    due_at: datetime
    number: int | None  # None for slots that made no mail
    through_seq: int
    state: IssueState
    reason: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NumberedPost:
    """A post as one newsletter numbers it."""

    seq: int
    post: Post


@dataclass(frozen=True, slots=True)
class AudienceKey:
    """What makes two subscribers of one issue see different bytes."""

    from_seq: int
    region: str = ""  # "" where unknown
    language: str = ""
    cohort: int = 0
    books: bool = True
    sections_off: str = ""  # labels of the sections that are left out, sorted, one a line
    larger_type: bool = False


@dataclass(frozen=True, slots=True)
class Rendering:
    """A variant as text with blanks in it (model/blanks.py): what preview shows and the sender fills."""

    subject: str
    preheader: str
    html: str
    text: str
    notes: tuple[str, ...] = ()  # what auto-fit shortened, what was missing; for the operator
