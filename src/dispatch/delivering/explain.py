"""Why somebody did or did not get an issue, in words."""

from dispatch.delivering.service_words import mail_in_words, request_in_words
from dispatch.delivering.words import because, doubt, not_sent, refused, said, when
from dispatch.errors import NotFoundError
from dispatch.model.delivery import DeliveryState
from dispatch.model.issue import IssueState
from dispatch.model.report import ReceivedIssue
from dispatch.model.subscriber import Subscription, SubscriptionState
from dispatch.store.database import Connection, Database
from dispatch.store.issues import read_issue
from dispatch.store.overview import received_issues
from dispatch.store.requests import requests_for
from dispatch.store.service_mail import sent_mails
from dispatch.store.subscribers import find_subscriber
from dispatch.store.subscriptions import subscriptions_of
from dispatch.store.suppressions import suppression_reasons


async def explain_address(database: Database, digest: str, issue_id: int | None, zone: str) -> list[str]:
    """What became of the mail of one mailbox (by its keyed hash): of one issue, or of the newest ones.

    Raises NotFoundError where nothing at all is known, or there is no such issue.
    """
    return await database.run(_explain, digest, issue_id, zone)


def _explain(connection: Connection, digest: str, issue_id: int | None, zone: str) -> list[str]:
    subscriber = find_subscriber(connection, digest)
    reason = suppression_reasons(connection, [digest]).get(digest)
    lines = [f"The address is suppressed ({reason}): nothing is sent to it."] if reason else []
    if issue_id is None:
        lines += [request_in_words(request, zone) for request in requests_for(connection, digest)]
        lines += [mail_in_words(sent, zone) for sent in sent_mails(connection, digest)]
    if subscriber is None:
        if not lines:
            raise NotFoundError("nobody by that address is known here: `dispatch subscribers show` says what is")
        return lines
    wanted = read_issue(connection, issue_id) if issue_id is not None else None
    subscriptions = subscriptions_of(connection, subscriber.id)
    for subscription in subscriptions:
        lines.append(_standing(subscription, zone))
        lines += [
            f"  {explain_issue(received, zone)}" for received in received_issues(connection, subscription.id, issue_id)
        ]
    if wanted and wanted.newsletter not in {subscription.newsletter for subscription in subscriptions}:
        lines.append(f"Issue {wanted.id} is one of {wanted.newsletter}, to which they are not subscribed.")
    return lines


def _standing(subscription: Subscription, zone: str) -> str:
    if subscription.state is SubscriptionState.LEFT:
        standing = f"left at {when(subscription.left_at, zone)}"
    elif subscription.state is SubscriptionState.UNCONFIRMED:
        standing = "has not confirmed yet, so nothing is sent"
    elif subscription.paused_until:
        standing = f"paused until {when(subscription.paused_until, zone)}"
    else:
        standing = "active"
    since = when(subscription.joined_at, zone)
    return f"{subscription.newsletter}, {subscription.schedule}: {standing}, since {since}."


def explain_issue(received: ReceivedIssue, zone: str) -> str:
    """One sentence or two about one issue and one subscription; times in `zone`."""
    return f"{_title(received)}: {_fate(received, zone)}{_why_then(received)}{_doubts(received, zone)}"


def _title(received: ReceivedIssue) -> str:
    issue = received.issue
    number = f"no. {issue.number}" if issue.number is not None else "no number"
    subject = f" “{received.subject}”" if received.subject else ""
    return f"issue {issue.id} ({issue.newsletter} {number}, {issue.schedule} of {issue.slot}){subject}"


def _fate(received: ReceivedIssue, zone: str) -> str:
    if received.state is None:
        return _without_delivery(received)
    at = when(received.at, zone)
    # What left it in doubt is told with the doubt.
    reply = "" if received.reply in {one.why for one in received.in_doubt} else said(received.reply)
    match DeliveryState(received.state):
        case DeliveryState.ACCEPTED:
            tries = f" after {received.attempts} tries" if received.attempts > 1 else ""
            return f"the relay accepted it at {at}{tries}."
        case DeliveryState.REFUSED:
            return refused(received.at, received.reason, received.reply, zone)
        case DeliveryState.SUPPRESSED:
            return not_sent(received.reason)
        case DeliveryState.IN_DOUBT:
            return "nobody can know whether it arrived, and nobody has decided yet."
        case _ if received.issue.state == IssueState.PAUSED:
            return f"waits, because the issue is paused: {received.issue.reason}."
        case DeliveryState.DEFERRED:
            tries = "once" if received.attempts == 1 else f"{received.attempts} times"
            return f"not yet: tried {tries}, next try at {at}.{reply}"
        case _:
            return f"waits to be sent (due {at}).{reply}"


def _why_then(received: ReceivedIssue) -> str:
    """Why it came when it did, where that was decided: posts that waited for the morning after a full day."""
    reason = received.issue.reason if received.issue.state in (IssueState.SENDING, IssueState.SENT) else ""
    return f" {reason[0].upper()}{reason[1:]}." if reason else ""


def _without_delivery(received: ReceivedIssue) -> str:
    issue = received.issue
    if received.passed_over:
        return f"got nothing, because {because(received.passed_over)}."
    if issue.state in (IssueState.EMPTY, IssueState.SKIPPED, IssueState.HELD):
        return f"went to nobody: {issue.reason or issue.state}."
    if issue.state == IssueState.COMPOSED:
        return "is being prepared."
    if received.seen_seq >= issue.through_seq:
        return "got nothing: joined afterwards, or had all its posts already."
    return "got nothing: at that moment the subscription was not active, was paused, or the address was suppressed."


def _doubts(received: ReceivedIssue, zone: str) -> str:
    """Each time it was in doubt, and what that means for the reader."""
    if not received.in_doubt:
        return ""
    sentences = [doubt(one, zone) for one in received.in_doubt]
    told = "".join(f" {sentence[0].upper()}{sentence[1:]}." for sentence in sentences)
    match received.state:
        case DeliveryState.ACCEPTED:
            return f"{told} They may have it more than once, with the same Message-ID."
        case DeliveryState.SUPPRESSED | DeliveryState.REFUSED:
            return f"{told} They may have it, or not."
        case _:
            return told
