"""Fan-out: from an issue and its schedule's subscriptions to deliveries, and back again where a delivery fails.

    owed     an active subscription with seen_seq < through_seq, no delivery of this issue yet
    fan out  insert delivery(from_seq = seen_seq, through_seq), then seen_seq = through_seq, in one transaction
    hand back  a delivery that ended unaccepted: seen_seq = from_seq, if nothing came after it

Rows of `subscription` are locked in order of their id everywhere, so that no two transactions wait for each other.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.errors import StoreError
from dispatch.model.delivery import DeliveryKind, DeliveryState
from dispatch.model.issue import AudienceKey, IssueState
from dispatch.model.subscriber import SubscriptionState
from dispatch.store.conflicts import insert_if_absent
from dispatch.store.issues import read_issue
from dispatch.store.tables import (
    attempt,
    delivery,
    issue,
    issue_audience,
    passed_over,
    subscriber,
    subscription,
    suppression,
)

DIGEST_PRIORITY = 5
NOTHING_LEFT = "nothing left"
MISSED = "missed"
BATCH = 5_000


def subscription_bounds(connection: Connection, issue_id: int) -> tuple[int, int] | None:
    """The smallest and the largest id of the subscriptions on an issue's schedule; None if it has none."""
    low, high = connection.execute(
        sa.select(sa.func.min(subscription.c.id), sa.func.max(subscription.c.id)).where(
            subscription.c.schedule_id == _schedule_of(issue_id)
        )
    ).one()
    return None if low is None else (low, high)


def fan_out_range(connection: Connection, issue_id: int, low: int, high: int, now: datetime) -> int:
    """Make the deliveries of an issue for subscriptions low … high whose variant is known; returns how many moved on.

    Does nothing unless the issue is `composed`. May be repeated, and run by several processes at once.
    """
    # Cancelling waits for this transaction, and this one for cancelling: no delivery is made behind its back.
    held = sa.select(issue.c.through_seq).where(issue.c.id == issue_id, issue.c.state == IssueState.COMPOSED)
    through = connection.scalars(held.with_for_update(read=True)).first()
    if through is None:
        return 0
    here = subscription.c.id.between(low, high)
    connection.execute(_insert_deliveries(connection, issue_id, here, now))
    left_out = sa.select(issue_audience.c.from_seq).where(
        issue_audience.c.issue_id == issue_id, issue_audience.c.variant_id.is_(None)
    )
    if connection.execute(left_out.limit(1)).first() is not None:
        connection.execute(_insert_passed_over(connection, issue_id, here, now))
    made = sa.select(delivery.c.id).where(
        delivery.c.subscription_id == subscription.c.id,
        delivery.c.issue_id == issue_id,
        delivery.c.kind == DeliveryKind.DIGEST,
        delivery.c.from_seq == subscription.c.seen_seq,
        # What was handed back belongs to the next issue: moving on here again would lose it.
        delivery.c.handed_back == "",
    )
    passed = sa.select(passed_over.c.id).where(
        passed_over.c.subscription_id == subscription.c.id,
        passed_over.c.issue_id == issue_id,
        passed_over.c.from_seq == subscription.c.seen_seq,
    )
    return connection.execute(
        sa.update(subscription)
        .where(here, subscription.c.seen_seq < through, sa.or_(made.exists(), passed.exists()))
        .values(seen_seq=through)
    ).rowcount


def keys_without_variant(connection: Connection, issue_id: int) -> list[AudienceKey]:
    """The kinds of subscriber that are owed an issue for which nobody has decided yet what they see."""
    query = _undecided_query(issue_id, *_KEY).distinct().order_by(*_KEY)
    return [AudienceKey(*row) for row in connection.execute(query)]


def lacks_variants(connection: Connection, issue_id: int) -> bool:
    """Whether there is any such kind of subscriber; where there is one, much quicker than finding all."""
    return connection.execute(_undecided_query(issue_id, subscription.c.id).limit(1)).first() is not None


def finish_fan_out(connection: Connection, issue_id: int) -> bool:
    """Move an issue from composed to sending if nobody is owed it any more; returns whether its fan-out is over."""
    state = connection.scalars(sa.select(issue.c.state).where(issue.c.id == issue_id).with_for_update()).one()
    if state != IssueState.COMPOSED:
        return True
    if connection.execute(_owed_query(issue_id, subscription.c.id).limit(1)).first() is not None:
        return False
    connection.execute(sa.update(issue).where(issue.c.id == issue_id).values(state=IssueState.SENDING))
    return True


def audience_by_key(connection: Connection, schedule_id: int, through_seq: int) -> dict[AudienceKey, int]:
    """How many of each kind of subscriber an issue of this schedule up to `through_seq` would go to."""
    query = (
        sa.select(*_KEY, sa.func.count())
        .select_from(subscription)
        .join(subscriber, subscriber.c.id == subscription.c.subscriber_id)
        .where(subscription.c.schedule_id == schedule_id, subscription.c.seen_seq < through_seq, *_served())
        .group_by(*_KEY)
    )
    return {AudienceKey(*key): count for *key, count in connection.execute(query)}


def excluded_by_reason(connection: Connection, schedule_id: int, through_seq: int) -> dict[str, int]:
    """How many subscriptions of a schedule an issue up to `through_seq` would not go to, reason → count."""
    reason = sa.case(
        (subscription.c.state != SubscriptionState.ACTIVE, subscription.c.state),
        (subscriber.c.erased_at.is_not(None), "erased"),
        (_suppressed(), "suppressed"),
        (subscription.c.paused_until.is_not(None), "paused"),
        (subscription.c.seen_seq >= through_seq, NOTHING_LEFT),
        else_="",
    ).label("reason")
    found = (
        sa.select(reason)
        .select_from(subscription)
        .join(subscriber, subscriber.c.id == subscription.c.subscriber_id)
        .where(subscription.c.schedule_id == schedule_id)
        .subquery()
    )
    query = sa.select(found.c.reason, sa.func.count()).where(found.c.reason != "").group_by(found.c.reason)
    return dict(sorted(connection.execute(query).all()))


def hand_back(connection: Connection, delivery_ids: Collection[int]) -> list[int]:
    """Give the posts of deliveries that ended unaccepted (refused or suppressed) back to their subscriptions.

    Call it in the transaction that ends them. Where later posts went out meanwhile they cannot be given back: those are
    written down as missed, and the ids of these deliveries are returned.
    """
    missed: list[int] = []
    for issue_id, ids in _ended_by_issue(connection, list(delivery_ids)) if delivery_ids else ():
        for start in range(0, len(ids), BATCH):
            missed += _hand_back(connection, issue_id, ids[start : start + BATCH])
    return missed


def cancel_issue(connection: Connection, issue_id: int, reason: str, now: datetime) -> int:
    """Stop an issue for good; returns how many deliveries that had not left were suppressed, their posts handed back.

    Raises NotFoundError, or StoreError for an issue that is over already.
    """
    states = (IssueState.COMPOSED, IssueState.HELD, IssueState.SENDING, IssueState.PAUSED)
    stopped = connection.scalars(
        sa.update(issue)
        .where(issue.c.id == issue_id, issue.c.state.in_(states))
        .values(state=IssueState.CANCELLED, reason=reason, finished_at=now)
        .returning(issue.c.id)
    ).first()
    if stopped is None:
        raise StoreError(f"issue {issue_id} is {read_issue(connection, issue_id).state}: there is nothing to cancel")
    waiting = (DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.DEFERRED)
    ids = connection.scalars(
        sa.update(delivery)
        .where(delivery.c.issue_id == issue_id, delivery.c.state.in_(waiting))
        .values(state=DeliveryState.SUPPRESSED, reason="cancelled", ended_at=now, owner=None, lease_until=None)
        .returning(delivery.c.id)
    ).all()
    hand_back(connection, ids)
    return len(ids)


def _ended_by_issue(connection: Connection, delivery_ids: list[int]) -> list[tuple[int, list[int]]]:
    """Issue → those of these deliveries that can be handed back; what went out last is undone first."""
    found: dict[tuple[int, int], list[int]] = {}
    doubted = sa.select(attempt.c.id).where(
        attempt.c.delivery_id == delivery.c.id, attempt.c.outcome == DeliveryState.IN_DOUBT
    )
    for start in range(0, len(delivery_ids), BATCH):
        ended = sa.select(delivery.c.id, delivery.c.issue_id, delivery.c.through_seq).where(
            delivery.c.id.in_(delivery_ids[start : start + BATCH]),
            delivery.c.kind == DeliveryKind.DIGEST,
            delivery.c.state.in_([DeliveryState.REFUSED, DeliveryState.SUPPRESSED]),
            delivery.c.handed_back == "",
            # What was ever in doubt may have arrived: its posts are not owed again.
            ~doubted.exists(),
        )
        for delivery_id, issue_id, through_seq in connection.execute(ended):
            found.setdefault((through_seq, issue_id), []).append(delivery_id)
    return [(issue_id, ids) for (_, issue_id), ids in sorted(found.items(), reverse=True)]


def _hand_back(connection: Connection, issue_id: int, ids: list[int]) -> list[int]:
    whose = sa.select(delivery.c.subscription_id).where(delivery.c.id.in_(ids))
    own = sa.select(subscription.c.id).where(subscription.c.id.in_(whose))
    connection.execute(own.order_by(subscription.c.id).with_for_update())
    is_newest = own.where(
        subscription.c.id == delivery.c.subscription_id, subscription.c.seen_seq == delivery.c.through_seq
    )
    ended = connection.execute(
        sa.update(delivery)
        .where(delivery.c.id.in_(ids), delivery.c.handed_back == "")
        .values(handed_back=sa.case((is_newest.exists(), "returned"), else_="missed"))
        .returning(delivery.c.id, delivery.c.subscription_id, delivery.c.handed_back)
    ).all()
    from_seq = sa.select(delivery.c.from_seq).where(
        delivery.c.subscription_id == subscription.c.id,
        delivery.c.issue_id == issue_id,
        delivery.c.kind == DeliveryKind.DIGEST,
    )
    returned = [row.subscription_id for row in ended if row.handed_back == "returned"]
    connection.execute(
        sa.update(subscription).where(subscription.c.id.in_(returned)).values(seen_seq=from_seq.scalar_subquery())
    )
    missed = [row.id for row in ended if row.handed_back == "missed"]
    if missed:
        connection.execute(_insert_missed(missed))
    return missed


def _insert_missed(delivery_ids: list[int]) -> sa.Insert:
    values = {
        "subscription_id": delivery.c.subscription_id,
        "issue_id": delivery.c.issue_id,
        "from_seq": delivery.c.from_seq,
        "through_seq": delivery.c.through_seq,
        "reason": sa.literal(MISSED),
        "created_at": sa.func.coalesce(delivery.c.ended_at, delivery.c.created_at),
    }
    return sa.insert(passed_over).from_select(
        list(values), sa.select(*values.values()).where(delivery.c.id.in_(delivery_ids))
    )


def _schedule_of(issue_id: int) -> sa.ScalarSelect[int]:
    return sa.select(issue.c.schedule_id).where(issue.c.id == issue_id).scalar_subquery()


def _suppressed() -> sa.ColumnElement[bool]:
    return sa.select(suppression.c.reason).where(suppression.c.address_hash == subscriber.c.address_hash).exists()


def _served() -> tuple[sa.ColumnElement[bool], ...]:
    """Who gets issues at all. Pauses that are over have been ended before (store/pauses.py)."""
    return (
        subscription.c.state == sa.literal(SubscriptionState.ACTIVE.value, literal_execute=True),
        subscription.c.paused_until.is_(None),
        subscriber.c.erased_at.is_(None),
        ~_suppressed(),
    )


_KEY = (
    subscription.c.seen_seq,
    subscriber.c.region,
    subscriber.c.language,
    subscriber.c.cohort,
    subscription.c.books,
)


def _key_matches() -> list[sa.ColumnElement[bool]]:
    audience = (
        issue_audience.c.from_seq,
        issue_audience.c.region,
        issue_audience.c.language,
        issue_audience.c.cohort,
        issue_audience.c.books,
    )
    return [theirs == own for theirs, own in zip(audience, _KEY, strict=True)]


def _owed_query(issue_id: int, *columns: sa.ColumnElement[Any], by_range: bool = False) -> sa.Select[Any]:
    # Within a range of ids the key is the quickest way. A sum cannot be looked up in ix_subscription_schedule_state, by
    # which SQLite would go through the whole schedule for each range.
    its_schedule = subscription.c.schedule_id + 0 if by_range else subscription.c.schedule_id
    has_one = sa.select(delivery.c.id).where(
        delivery.c.issue_id == issue_id,
        delivery.c.subscription_id == subscription.c.id,
        delivery.c.kind == DeliveryKind.DIGEST,
    )
    return (
        sa.select(*columns)
        .select_from(subscription)
        .join(issue, sa.and_(issue.c.id == issue_id, issue.c.schedule_id == its_schedule))
        .join(subscriber, subscriber.c.id == subscription.c.subscriber_id)
        .where(subscription.c.seen_seq < issue.c.through_seq, *_served(), ~has_one.exists())
    )


def _undecided_query(issue_id: int, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    known = sa.and_(issue_audience.c.issue_id == issue_id, *_key_matches())
    return _owed_query(issue_id, *columns).outerjoin(issue_audience, known).where(issue_audience.c.issue_id.is_(None))


def _insert_deliveries(connection: Connection, issue_id: int, here: sa.ColumnElement[bool], now: datetime) -> sa.Insert:
    values = {
        "kind": sa.literal(DeliveryKind.DIGEST.value),
        "issue_id": issue.c.id,
        "subscription_id": subscription.c.id,
        "subscriber_id": subscriber.c.id,
        "variant_id": issue_audience.c.variant_id,
        "from_seq": subscription.c.seen_seq,
        "through_seq": issue.c.through_seq,
        "state": sa.literal(DeliveryState.QUEUED.value),
        "priority": sa.literal(DIGEST_PRIORITY),
        "due_at": issue.c.due_at,
        "expires_at": issue.c.expires_at,
        "created_at": sa.literal(now, delivery.c.created_at.type),
    }
    owed = _with_audience(issue_id, here, values.values(), issue_audience.c.variant_id.is_not(None))
    return insert_if_absent(connection, delivery).from_select(list(values), owed)


def _insert_passed_over(
    connection: Connection, issue_id: int, here: sa.ColumnElement[bool], now: datetime
) -> sa.Insert:
    values = {
        "subscription_id": subscription.c.id,
        "issue_id": issue.c.id,
        "from_seq": subscription.c.seen_seq,
        "through_seq": issue.c.through_seq,
        "reason": sa.literal(NOTHING_LEFT),
        "created_at": sa.literal(now, passed_over.c.created_at.type),
    }
    owed = _with_audience(issue_id, here, values.values(), issue_audience.c.variant_id.is_(None))
    return insert_if_absent(connection, passed_over).from_select(list(values), owed)


def _with_audience(
    issue_id: int, here: sa.ColumnElement[bool], columns: Iterable[sa.ColumnElement[Any]], which: sa.ColumnElement[bool]
) -> sa.Select[Any]:
    known = sa.and_(issue_audience.c.issue_id == issue.c.id, *_key_matches())
    return (
        _owed_query(issue_id, *columns, by_range=True)
        .join(issue_audience, known)
        .where(here, which)
        .order_by(subscription.c.id)
        .with_for_update(of=subscription)
    )
