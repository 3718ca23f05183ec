"""Deliveries in doubt that wait for an operator: send them again, or let them end.

    in_doubt ─resend→ queued, with its Message-ID      in_doubt ─hold→ suppressed, its posts not handed back

What was decided stands in the attempt that left the doubt. docs/decisions/0004 says what "in doubt" is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.errors import NotFoundError, NothingToDoError, StoreError
from dispatch.model.delivery import DeliveryState, Outcome
from dispatch.model.doubt import NOT_SENT_AGAIN, Decision, Resolved
from dispatch.model.issue import IssueState
from dispatch.store.deliveries import finish_issues
from dispatch.store.issues import read_issue
from dispatch.store.tables import Utc, attempt, delivery, issue, subscriber

# A decision comes when somebody looks, perhaps after the weekend: what is sent again has so long from then on.
TIME_TO_SEND = timedelta(days=1)
BATCH = 5_000


def undecided(connection: Connection, issue_id: int, decision: Decision, asked: Mapping[str, str]) -> Resolved:
    """Whom a decision about an issue would concern; nothing is changed.

    `asked` names mailboxes, keyed hash → address as it was typed; empty, it means everybody. Raises NotFoundError for
    an issue or a mailbox that is not there, NothingToDoError where nothing is in doubt, StoreError where the issue is
    cancelled and cannot be sent again.
    """
    return _look(connection, issue_id, decision, asked).resolved


def resolve(
    connection: Connection, issue_id: int, decision: Decision, asked: Mapping[str, str], now: datetime
) -> Resolved:
    """Decide about what is in doubt, and finish the issue if nothing is left; raises what `undecided` raises."""
    found = _look(connection, issue_id, decision, asked)
    for start in range(0, len(found.ids), BATCH):
        ids = found.ids[start : start + BATCH]
        _write_down(connection, ids, decision, now)
        if decision is Decision.RESEND:
            _send_again(connection, ids, now)
        else:
            _end(connection, ids, now)
    finish_issues(connection, now)
    return found.resolved


@dataclass(frozen=True, slots=True)
class _Found:
    ids: Sequence[int]
    resolved: Resolved


def _look(connection: Connection, issue_id: int, decision: Decision, asked: Mapping[str, str]) -> _Found:
    _check_issue(connection, issue_id, decision)
    which = subscriber.c.address_hash.in_(asked) if asked else delivery.c.state == DeliveryState.IN_DOUBT
    rows = connection.execute(
        sa.select(
            delivery.c.id,
            delivery.c.state,
            sa.func.coalesce(subscriber.c.address, "(erased)").label("address"),
            subscriber.c.address_hash,
        )
        .outerjoin(subscriber, subscriber.c.id == delivery.c.subscriber_id)
        .where(delivery.c.issue_id == issue_id, which)
        .order_by(delivery.c.id)
        .with_for_update(of=delivery)
    ).all()
    unknown = [address for digest, address in asked.items() if digest not in {row.address_hash for row in rows}]
    if unknown:
        raise NotFoundError(
            f"issue {issue_id} has no delivery to {', '.join(unknown)}: `dispatch issues show {issue_id}` names "
            "everybody who is in doubt; nothing was changed"
        )
    in_doubt = [row for row in rows if row.state == DeliveryState.IN_DOUBT]
    others = {asked[row.address_hash]: row.state for row in rows if row.state != DeliveryState.IN_DOUBT}
    if not in_doubt:
        told = "".join(f": {address} is {state}" for address, state in others.items())
        raise NothingToDoError(f"nothing of issue {issue_id} is in doubt{told}")
    return _Found([row.id for row in in_doubt], Resolved(decision, tuple(row.address for row in in_doubt), others))


def _check_issue(connection: Connection, issue_id: int, decision: Decision) -> None:
    # Cancelling waits for this transaction, and this one for cancelling: nothing is queued behind its back.
    connection.execute(sa.select(issue.c.state).where(issue.c.id == issue_id).with_for_update(read=True))
    state = read_issue(connection, issue_id).state
    if decision is Decision.RESEND and state is IssueState.CANCELLED:
        raise StoreError(
            f"issue {issue_id} is cancelled, so nothing of it is sent again: "
            f"`dispatch issues resolve {issue_id} hold` ends what is in doubt"
        )


def _write_down(connection: Connection, ids: Sequence[int], decision: Decision, now: datetime) -> None:
    """Note the decision in each delivery's last attempt that left it in doubt."""
    when = f"as an operator decided at {now:%Y-%m-%d %H:%M} UTC"
    told = {
        Decision.RESEND: f"sent again, with the same Message-ID, {when}",
        Decision.HOLD: f"not sent again, {when}",
    }
    last = (
        sa.select(sa.func.max(attempt.c.id))
        .where(attempt.c.delivery_id.in_(ids), attempt.c.outcome == Outcome.IN_DOUBT)
        .group_by(attempt.c.delivery_id)
    )
    connection.execute(sa.update(attempt).where(attempt.c.id.in_(last)).values(done=told[decision]))


def _send_again(connection: Connection, ids: Sequence[int], now: datetime) -> None:
    least = sa.literal(now + TIME_TO_SEND, Utc())
    expires_at = sa.case((delivery.c.expires_at < least, least), else_=delivery.c.expires_at)
    # Due as the issue is, which is now. It keeps its tries, so that the next doubt about it is an operator's again.
    due_at = sa.select(issue.c.due_at).where(issue.c.id == delivery.c.issue_id).scalar_subquery()
    connection.execute(
        sa.update(delivery)
        .where(delivery.c.id.in_(ids))
        .values(state=DeliveryState.QUEUED, due_at=due_at, expires_at=expires_at)
    )


def _end(connection: Connection, ids: Sequence[int], now: datetime) -> None:
    connection.execute(
        sa.update(delivery)
        .where(delivery.c.id.in_(ids))
        .values(state=DeliveryState.SUPPRESSED, reason=NOT_SENT_AGAIN, ended_at=now)
    )
