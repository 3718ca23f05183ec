"""What is done about a request: whether its address is asked at all, and what follows from a yes.

The brakes are for whoever is written to without having asked: one question a day, three without an answer, and none for
a season after a no. They count per mailbox, whoever asks and from wherever.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from dispatch.model.request import Choice, PastRequests
from dispatch.model.subscriber import FOR_GOOD, Standing, SubscriptionState, SuppressionReason

AT_MOST_EVERY = timedelta(days=1)
MOST_UNANSWERED = 3
A_SEASON = timedelta(days=90)  # what counts at all: nobody is shut out for longer by others who typed their address


class Answer(StrEnum):
    """What becomes of a request."""

    ASK = "ask"  # mail the question
    TELL = "tell"  # mail that they get it already
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Answered:
    """The decision, what is still to be confirmed, and why nothing is asked."""

    answer: Answer
    choices: tuple[Choice, ...] = ()
    reason: str = ""


def answer_to_join(
    choices: tuple[Choice, ...], standings: Mapping[str, Standing], past: PastRequests, now: datetime
) -> Answered:
    """Decide about somebody's wish to join; `standings` has what stands about the mailbox by newsletter."""
    suppressed = next((standing.suppressed for standing in standings.values() if standing.suppressed), None)
    if suppressed in FOR_GOOD:
        return Answered(Answer.DROP, reason=f"this address is suppressed ({suppressed})")
    braked = brake(past, now)
    if braked:
        return Answered(Answer.DROP, reason=braked)
    wanted = tuple(choice for choice in choices if not _gets_it(standings[choice.newsletter], suppressed))
    return Answered(Answer.ASK, wanted) if wanted else Answered(Answer.TELL, choices)


def answer_to_move(suppressed: SuppressionReason | None, past: PastRequests, now: datetime) -> Answered:
    """Decide about a subscriber's wish to get their mail at this address."""
    if suppressed in FOR_GOOD:
        return Answered(Answer.DROP, reason=f"this address is suppressed ({suppressed})")
    braked = brake(past, now)
    return Answered(Answer.DROP, reason=braked) if braked else Answered(Answer.ASK)


def brake(past: PastRequests, now: datetime) -> str:
    """Why this address is not written to now because somebody asked, "" where it may be."""
    if past.declined_at is not None and now < past.declined_at + A_SEASON:
        return "its owner said that they did not ask for this"
    if past.last_mailed_at is not None and now < past.last_mailed_at + AT_MOST_EVERY:
        return "it was written to within a day"
    if past.unanswered >= MOST_UNANSWERED:
        return f"it was asked {MOST_UNANSWERED} times without an answer"
    return ""


def _gets_it(standing: Standing, suppressed: SuppressionReason | None) -> bool:
    return standing.state is SubscriptionState.ACTIVE and suppressed is None
