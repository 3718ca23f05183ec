"""What became of a delivery, in words: what `explain` and `issues show` say, with times in the zone they ask for."""

from datetime import datetime
from zoneinfo import ZoneInfo

from dispatch.model.delivery import CANCELLED, EXPIRED, DeliveryState, Outcome
from dispatch.model.doubt import NOT_SENT_AGAIN, InDoubt, choices
from dispatch.model.issue import IssueState
from dispatch.model.report import Ended, Retried

_OWN_REASONS = {"eai-unsupported": "the relay does not offer SMTPUTF8, which this address needs"}


def when(moment: datetime | None, zone: str) -> str:
    """A moment as people write it."""
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M %Z") if moment else "an unknown time"


def because(reason: str) -> str:
    """Why a delivery ended unaccepted, or was never made."""
    return {
        "left": "they left",
        "paused": "they had paused",
        "suppressed": "the address is suppressed",
        "answered": "it was answered meanwhile",
        CANCELLED: "the issue was cancelled",
        EXPIRED: "its time was over",
        "nothing left": "none of its posts was left for them",
        "missed": "an earlier mail with these posts could not be sent and was not repeated",
    }.get(reason, reason or "nothing was recorded")


def said(reply: str) -> str:
    """The relay's last reply, or what happened instead of one: " The relay said: 451 4.7.1 later."; "" for neither."""
    if not reply:
        return ""
    who = "The relay said" if reply[:3].isdigit() else "What happened"
    return f" {who}: {_OWN_REASONS.get(reply, reply).rstrip('.')}."


def refused(at: datetime | None, reason: str, reply: str, zone: str) -> str:
    """How a delivery ended that nobody will try again."""
    if reason == EXPIRED:
        return f"given up at {when(at, zone)}, because its time was over.{said(reply)}"
    # What we refused ourselves has its reason in place of a reply.
    return f"refused at {when(at, zone)}.{said(reply or reason)}"


def doubt(one: InDoubt, zone: str) -> str:
    """One of the times in doubt: when, why, and what was done: "in doubt at … (…): sent again, …; accepted at …"."""
    why = f" ({one.why})" if one.why else ""
    if one.is_undecided:
        decides = f"`dispatch issues resolve {one.issue_id} {choices(one.issue_state)}` decides"
        return f"in doubt since {when(one.at, zone)}{why}: held until {decides}"
    # The next time in doubt has words of its own.
    done = one.decided if one.then == Outcome.IN_DOUBT else done_about(one, zone)
    return f"in doubt at {when(one.at, zone)}{why}: {done}"


def done_about(one: InDoubt, zone: str) -> str:
    """What was done about a delivery in doubt and what came of it, "" while it is undecided."""
    if one.is_undecided:
        return ""
    if one.then:
        return f"{one.decided or 'sent again'}; {_then(one, zone)}"
    match DeliveryState(one.state):
        case DeliveryState.ACCEPTED:
            return f"its reply was read after all: accepted at {when(one.state_at, zone)}"
        case DeliveryState.SUPPRESSED if one.reason == NOT_SENT_AGAIN:
            return one.decided
        case DeliveryState.SUPPRESSED | DeliveryState.REFUSED:
            return f"not sent again, because {because(one.reason)}"
        case _ if one.issue_state == IssueState.PAUSED:
            return f"waits until the issue is resumed, to be {one.decided}"
        case DeliveryState.DEFERRED:
            return f"waits to be {one.decided}; next try at {when(one.state_at, zone)}"
        case _:
            return f"waits to be {one.decided}"


def retried(one: Retried, zone: str) -> str:
    """What a delivery waits for that was tried in vain."""
    tries = "once" if one.attempts == 1 else f"{one.attempts} times"
    return f"tried {tries}, next try at {when(one.next_try_at, zone)}.{said(one.reply)}"


def ended(one: Ended, zone: str) -> str:
    """How a delivery ended that was not accepted."""
    if one.state == DeliveryState.REFUSED:
        return refused(one.at, one.reason, one.reply, zone)
    return not_sent(one.reason)


def not_sent(reason: str) -> str:
    """Why a delivery ended without anybody refusing it."""
    if reason == NOT_SENT_AGAIN:
        return "it was in doubt and is not sent again, as an operator decided."
    return f"not sent, because {because(reason)}."


def _then(one: InDoubt, zone: str) -> str:
    at = when(one.then_at, zone)
    match Outcome(one.then):
        case Outcome.ACCEPTED:
            return f"accepted at {at}"
        case Outcome.IN_DOUBT:
            return f"in doubt again at {at}"
        case _:
            return f"refused at {at}: {one.then_reply}"
