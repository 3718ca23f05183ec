"""Why somebody did or did not get an issue, in words."""

from datetime import datetime
from zoneinfo import ZoneInfo

from dispatch.errors import NotFoundError
from dispatch.model.delivery import DeliveryState
from dispatch.model.issue import IssueState
from dispatch.model.report import ReceivedIssue
from dispatch.model.subscriber import Subscription, SubscriptionState
from dispatch.store.database import Connection, Database
from dispatch.store.overview import received_issues
from dispatch.store.subscribers import find_subscriber
from dispatch.store.subscriptions import subscriptions_of
from dispatch.store.suppressions import suppression_reasons


async def explain_address(database: Database, digest: str, issue_id: int | None, zone: str) -> list[str]:
    """What became of the mail of one mailbox (by its keyed hash): of one issue, or of the newest ones.

    Raises NotFoundError where nothing at all is known.
    """
    return await database.run(_explain, digest, issue_id, zone)


def _explain(connection: Connection, digest: str, issue_id: int | None, zone: str) -> list[str]:
    subscriber = find_subscriber(connection, digest)
    reason = suppression_reasons(connection, [digest]).get(digest)
    lines = [f"The address is suppressed ({reason}): nothing is sent to it."] if reason else []
    if subscriber is None:
        if not lines:
            raise NotFoundError("nobody by that address is known here: `dispatch subscribers show` says what is")
        return lines
    for subscription in subscriptions_of(connection, subscriber.id):
        lines.append(_standing(subscription, zone))
        lines += [
            f"  {explain_issue(received, zone)}" for received in received_issues(connection, subscription.id, issue_id)
        ]
    return lines


def _standing(subscription: Subscription, zone: str) -> str:
    if subscription.state is SubscriptionState.LEFT:
        standing = f"left at {_when(subscription.left_at, zone)}"
    elif subscription.state is SubscriptionState.UNCONFIRMED:
        standing = "has not confirmed yet, so nothing is sent"
    elif subscription.paused_until:
        standing = f"paused until {_when(subscription.paused_until, zone)}"
    else:
        standing = "active"
    since = _when(subscription.joined_at, zone)
    return f"{subscription.newsletter}, {subscription.schedule}: {standing}, since {since}."


def explain_issue(received: ReceivedIssue, zone: str) -> str:
    """One sentence or two about one issue and one subscription; times in `zone`."""
    return f"{_title(received)}: {_fate(received, zone)}{_doubt(received)}"


def _title(received: ReceivedIssue) -> str:
    issue = received.issue
    number = f"no. {issue.number}" if issue.number is not None else "no number"
    subject = f" “{received.subject}”" if received.subject else ""
    return f"issue {issue.id} ({issue.newsletter} {number}, {issue.schedule} of {issue.slot}){subject}"


def _fate(received: ReceivedIssue, zone: str) -> str:
    if received.state is None:
        return _without_delivery(received)
    at = _when(received.at, zone)
    reply = f" The last reply was: {received.reply}." if received.reply else ""
    match DeliveryState(received.state):
        case DeliveryState.ACCEPTED:
            tries = f" after {received.attempts} tries" if received.attempts > 1 else ""
            return f"the relay accepted it at {at}{tries}."
        case DeliveryState.REFUSED:
            return f"refused at {at}: {received.reason or 'the receiving side would not take it'}.{reply}"
        case DeliveryState.SUPPRESSED:
            return f"not sent, because {_because(received.reason)}."
        case DeliveryState.DEFERRED:
            return f"not yet: tried {received.attempts} times, next try at {at}.{reply}"
        case DeliveryState.IN_DOUBT:
            return "in doubt: the connection was lost after the last byte, and no reply was read."
        case DeliveryState.QUEUED if received.issue.state == IssueState.PAUSED:
            return f"waits, because the issue is paused: {received.issue.reason}."
        case _:
            return f"waits to be sent (due {at})."


def _without_delivery(received: ReceivedIssue) -> str:
    issue = received.issue
    if received.passed_over:
        return f"got nothing, because {_because(received.passed_over)}."
    if issue.state in (IssueState.EMPTY, IssueState.SKIPPED, IssueState.HELD):
        return f"went to nobody: {issue.reason or issue.state}."
    if issue.state == IssueState.COMPOSED:
        return "is being prepared."
    if received.seen_seq >= issue.through_seq:
        return "got nothing: joined afterwards, or had all its posts already."
    return "got nothing: at that moment the subscription was not active, was paused, or the address was suppressed."


def _because(reason: str) -> str:
    return {
        "left": "they left",
        "paused": "they had paused",
        "suppressed": "the address is suppressed",
        "cancelled": "the issue was cancelled",
        "nothing left": "none of its posts was left for them",
        "missed": "an earlier mail with these posts could not be sent and was not repeated",
    }.get(reason, reason or "nothing was recorded")


def _doubt(received: ReceivedIssue) -> str:
    if not received.was_in_doubt or received.state == DeliveryState.IN_DOUBT:
        return ""
    return " It had been in doubt before, so they may have it twice (with the same Message-ID)."


def _when(moment: datetime | None, zone: str) -> str:
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M %Z") if moment else "an unknown time"
