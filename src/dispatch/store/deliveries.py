"""Deliveries: claimed by a sender, licensed one by one, and what became of them written down.

    queued, deferred ─claim→ claimed ─license→ sending ─record→ accepted | refused | deferred | queued | in doubt

What is no longer wanted (the reader left or paused, the address is suppressed, the issue was cancelled) is asked at the
claim and again in the statement that licenses the final dot. Whose a claim is, and for how long: store/leases.py.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.model.delivery import (
    CANCELLED,
    EXPIRED,
    ClaimedDelivery,
    DeliveryKind,
    DeliveryState,
    Outcome,
    Verdict,
)
from dispatch.model.issue import IssueState, Rendering
from dispatch.model.subscriber import SubscriptionState
from dispatch.store.fan_out import hand_back
from dispatch.store.leases import CLAIMED, FREE, HELD, lease_clock, lease_end, put_back
from dispatch.store.tables import (
    Utc,
    attempt,
    delivery,
    issue,
    newsletter,
    schedule,
    subscriber,
    subscription,
    suppression,
    variant,
)

# A full disk, a locked file, a lost server: the transaction did not happen (or nobody knows), and may later.
TRANSIENT_ERRORS = (sa.exc.OperationalError, sa.exc.InterfaceError)

# Literal states: with bound ones PostgreSQL does not use the partial indexes.
_DUE = sa.text("delivery.state IN ('queued', 'deferred')")
_UNSENT = sa.text("delivery.state IN ('queued', 'deferred', 'claimed', 'in_doubt')")


def claim(
    connection: Connection,
    owner: str,
    *,
    limit: int,
    now: datetime,
    real_now: datetime,
    without_domains: Collection[str] = (),
) -> list[ClaimedDelivery]:
    """Take up to `limit` due deliveries of issues being sent, the most urgent first; each goes to one owner only.

    Due ones that are past their time or no longer wanted end here and are not returned.
    """
    due = _due_ids(now, without_domains).limit(limit).with_for_update(skip_locked=True, of=delivery)
    ids = connection.scalars(
        sa.update(delivery)
        # Asked again outside: PostgreSQL otherwise gives a row to two owners (docs/decisions/0002).
        .where(delivery.c.id.in_(due), _DUE)
        .values(state=DeliveryState.CLAIMED, owner=owner, lease_until=lease_end(connection, real_now))
        .returning(delivery.c.id)
    ).all()
    _end_expired(connection, ids, now)
    _end_unwanted(connection, ids, now)
    return _claimed(connection, ids)


def commit_round(
    connection: Connection,
    owner: str,
    relay: str,
    verdicts: Sequence[Verdict],
    asked: Collection[int],
    now: datetime,
    real_now: datetime,
) -> set[int]:
    """Write down what is known and license what is asked, in one transaction; returns the licensed ids."""
    record(connection, owner, relay, verdicts)
    return license_dots(connection, owner, asked, now, real_now)


def license_dots(
    connection: Connection, owner: str, ids: Collection[int], now: datetime, real_now: datetime
) -> set[int]:
    """Mark as `sending` those that are still ours, still wanted, and whose issue is still being sent; returns them.

    What is not licensed has left our hands: it is suppressed, or back in the queue, or somebody else's.
    """
    if not ids:
        return set()
    licensed = connection.scalars(
        sa.update(delivery)
        .where(
            delivery.c.id.in_(ids),
            CLAIMED,
            delivery.c.owner == owner,
            delivery.c.lease_until > lease_clock(connection, real_now),
            _is_being_sent(),
            _unwanted(now) == "",
        )
        .values(state=DeliveryState.SENDING)
        .returning(delivery.c.id)
    ).all()
    refused = set(ids).difference(licensed)
    if refused:
        _end_unwanted(connection, refused, now, owner)
        put_back(connection, delivery.c.id.in_(refused), delivery.c.owner == owner)
    return set(licensed)


def record(connection: Connection, owner: str, relay: str, verdicts: Sequence[Verdict]) -> None:
    """Write down what tries came to; attempt rows only for what was not simply accepted at the first try."""
    accepted = [verdict for verdict in verdicts if verdict.state is DeliveryState.ACCEPTED]
    others = [verdict for verdict in verdicts if verdict.state is not DeliveryState.ACCEPTED]
    ours = sa.and_(delivery.c.owner == owner, HELD)
    # A lease can run out while a reply is on its way. What arrived must not be sent again, whoever has the row now.
    _write(connection, relay, accepted, sa.or_(ours, _UNSENT))
    _write(connection, relay, others, ours)
    rows = [
        {
            "delivery_id": verdict.delivery_id,
            "at": verdict.at,
            "outcome": verdict.outcome,
            "reply": verdict.reply or verdict.reason,
            "done": verdict.done,
        }
        for verdict in verdicts
        if verdict.outcome
    ]
    if rows:
        connection.execute(sa.insert(attempt), rows)
    _hand_back(connection, [verdict.delivery_id for verdict in others if verdict.reason == EXPIRED])


def finish_issues(connection: Connection, now: datetime) -> list[int]:
    """Move issues from sending to sent where nothing waits and nothing is undecided; returns them.

    What came back to the queue of an issue after it was cancelled ends here.
    """
    _end_cancelled(connection, now)
    undecided = sa.text("delivery.state IN ('queued', 'claimed', 'sending', 'deferred', 'in_doubt')")
    open_deliveries = sa.select(delivery.c.id).where(delivery.c.issue_id == issue.c.id, undecided).exists()
    return list(
        connection.scalars(
            sa.update(issue)
            .where(issue.c.state == IssueState.SENDING, ~open_deliveries)
            .values(state=IssueState.SENT, finished_at=now)
            .returning(issue.c.id)
        )
    )


def brake_issue(connection: Connection, issue_id: int, reason: str) -> bool:
    """Pause an issue that is being sent; says whether it was."""
    statement = sa.update(issue).where(issue.c.id == issue_id, issue.c.state == IssueState.SENDING)
    paused = statement.values(state=IssueState.PAUSED, reason=reason).returning(issue.c.id)
    return connection.scalars(paused).first() is not None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is left to do: due now, held by senders, and later (the earliest at `next_at`)."""

    due: int
    held: int
    later: int
    next_at: datetime | None


def waiting(connection: Connection, now: datetime) -> Waiting:
    """Count what waits in issues that are being sent."""
    of_live_issues = sa.select(issue.c.id).where(issue.c.state == IssueState.SENDING)
    later = sa.select(sa.func.count(), sa.func.min(delivery.c.due_at)).where(
        _DUE, delivery.c.due_at > now, delivery.c.issue_id.in_(of_live_issues)
    )
    due = sa.select(sa.func.count()).where(_DUE, delivery.c.due_at <= now, delivery.c.issue_id.in_(of_live_issues))
    held = sa.select(sa.func.count()).select_from(delivery).where(HELD)
    count, next_at = connection.execute(later).one()
    return Waiting(connection.scalars(due).one(), connection.scalars(held).one(), count, next_at)


@dataclass(frozen=True, slots=True)
class VariantToSend:
    """A rendering, and the issue it is of."""

    rendering: Rendering
    newsletter: str
    schedule: str
    slot: str


def variant_to_send(connection: Connection, variant_id: int) -> VariantToSend:
    """A variant with what its header is made of."""
    row = connection.execute(
        sa.select(variant, newsletter.c.slug.label("newsletter"), schedule.c.slug.label("schedule"), issue.c.slot)
        .join(issue, issue.c.id == variant.c.issue_id)
        .join(newsletter, newsletter.c.id == issue.c.newsletter_id)
        .join(schedule, schedule.c.id == issue.c.schedule_id)
        .where(variant.c.id == variant_id)
    ).one()
    rendering = Rendering(row.subject, row.preheader, row.html, row.text)
    return VariantToSend(rendering, row.newsletter, row.schedule, row.slot)


def _due_ids(now: datetime, without_domains: Collection[str]) -> sa.Select[tuple[int]]:
    query = (
        sa.select(delivery.c.id)
        .join(issue, issue.c.id == delivery.c.issue_id)
        .where(_DUE, delivery.c.due_at <= now, issue.c.state == IssueState.SENDING)
        .order_by(delivery.c.priority, delivery.c.due_at, delivery.c.id)
    )
    if without_domains:
        query = query.join(subscriber, subscriber.c.id == delivery.c.subscriber_id).where(
            subscriber.c.domain.not_in(sorted(without_domains))
        )
    return query


def _claimed(connection: Connection, ids: Collection[int]) -> list[ClaimedDelivery]:
    rows = connection.execute(
        sa.select(
            delivery.c.id,
            delivery.c.kind,
            delivery.c.issue_id,
            delivery.c.variant_id,
            delivery.c.subscription_id,
            delivery.c.subscriber_id,
            subscriber.c.address,
            subscriber.c.name,
            delivery.c.attempts,
            delivery.c.expires_at,
        )
        .join(subscriber, subscriber.c.id == delivery.c.subscriber_id)
        .where(delivery.c.id.in_(ids), CLAIMED)
        .order_by(delivery.c.priority, delivery.c.due_at, delivery.c.id)
    ).mappings()
    return [ClaimedDelivery(**{**row, "kind": DeliveryKind(row["kind"])}) for row in rows]


def _unwanted(now: datetime) -> sa.ScalarSelect[str]:
    """Why a delivery must not leave any more, "" where it may."""
    suppressed = sa.select(suppression.c.reason).where(suppression.c.address_hash == subscriber.c.address_hash).exists()
    reason = sa.case(
        (issue.c.state == IssueState.CANCELLED, CANCELLED),
        (subscription.c.state != SubscriptionState.ACTIVE, "left"),
        (subscriber.c.address.is_(None), "left"),
        (subscription.c.paused_until > now, "paused"),
        (suppressed, "suppressed"),
        else_="",
    )
    return (
        sa.select(reason)
        .where(
            issue.c.id == delivery.c.issue_id,
            subscription.c.id == delivery.c.subscription_id,
            subscriber.c.id == delivery.c.subscriber_id,
        )
        .correlate(delivery)
        .scalar_subquery()
    )


def _is_being_sent() -> sa.ColumnElement[bool]:
    return sa.select(issue.c.id).where(issue.c.id == delivery.c.issue_id, issue.c.state == IssueState.SENDING).exists()


def _end_expired(connection: Connection, ids: Collection[int], now: datetime) -> None:
    ended = connection.scalars(
        sa.update(delivery)
        .where(delivery.c.id.in_(ids), delivery.c.expires_at <= now)
        .values(state=DeliveryState.REFUSED, reason=EXPIRED, ended_at=now, **FREE)
        .returning(delivery.c.id)
    ).all()
    _hand_back(connection, ended)


def _end_unwanted(connection: Connection, ids: Collection[int], now: datetime, owner: str | None = None) -> None:
    ours = sa.true() if owner is None else delivery.c.owner == owner
    ended = connection.execute(
        sa.update(delivery)
        .where(delivery.c.id.in_(ids), CLAIMED, ours, _unwanted(now) != "")
        .values(state=DeliveryState.SUPPRESSED, reason=_unwanted(now), ended_at=now, **FREE)
        .returning(delivery.c.id, delivery.c.reason)
    )
    _hand_back(connection, [delivery_id for delivery_id, reason in ended if reason == CANCELLED])


def _end_cancelled(connection: Connection, now: datetime) -> None:
    cancelled = sa.select(issue.c.id).where(issue.c.state == IssueState.CANCELLED)
    ended = connection.scalars(
        sa.update(delivery)
        .where(_DUE, delivery.c.issue_id.in_(cancelled))
        .values(state=DeliveryState.SUPPRESSED, reason=CANCELLED, ended_at=now, **FREE)
        .returning(delivery.c.id)
    ).all()
    _hand_back(connection, ended)


def _hand_back(connection: Connection, ids: Collection[int]) -> None:
    """Hand back what cannot have arrived; what was ever in doubt may have, and stays theirs."""
    if not ids:
        return
    doubted = sa.select(attempt.c.delivery_id).where(
        attempt.c.delivery_id.in_(ids), attempt.c.outcome == Outcome.IN_DOUBT
    )
    hand_back(connection, sorted(set(ids).difference(connection.scalars(doubted))))


def _write(connection: Connection, relay: str, verdicts: Sequence[Verdict], where: sa.ColumnElement[bool]) -> None:
    if not verdicts:
        return
    statement = (
        sa.update(delivery)
        .where(delivery.c.id == sa.bindparam("its_id"), where)
        .values(
            relay=relay,
            due_at=sa.func.coalesce(sa.bindparam("its_due_at", type_=Utc()), delivery.c.due_at),
            **FREE,
        )
    )
    rows = [
        {
            "its_id": verdict.delivery_id,
            "state": verdict.state,
            "reason": verdict.reason,
            "reply": verdict.reply,
            "its_due_at": verdict.due_at,
            "attempts": verdict.attempts,
            "ended_at": verdict.at if verdict.has_ended else None,
        }
        for verdict in verdicts
    ]
    connection.execute(statement, rows)
