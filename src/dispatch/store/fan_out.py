"""Fan-out: from an issue and its schedule's subscriptions to deliveries, and back again where a delivery fails.

    owed     an active subscription with seen_seq < through_seq, no delivery of this issue yet
    fan out  insert delivery(from_seq = seen_seq, through_seq), then seen_seq = through_seq, in one transaction
    hand back  a delivery that ended unaccepted: seen_seq = from_seq, if nothing came after it

Rows of `subscription` are locked in order of their id everywhere, so that no two transactions wait for each other.
"""

from collections.abc import Collection, Iterable, Mapping
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
from dispatch.store.owed import (
    AUDIENCE,
    KEY,
    behind_query,
    digests,
    has_delivery,
    key_matches,
    owed_query,
    served,
    suppressed,
)
from dispatch.store.tables import (
    attempt,
    delivery,
    issue,
    issue_audience,
    passed_over,
    subscriber,
    subscription,
)
from dispatch.store.zones import due_at_of, expires_at_of

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


def fan_out_range(
    connection: Connection,
    issue_id: int,
    low: int,
    high: int,
    now: datetime,
    due_times: Mapping[str, datetime] | None = None,
) -> int:
    """Make the deliveries of an issue for subscriptions low … high whose variant is known; returns how many moved on.

    `due_times` has the zones in which the issue is due later than elsewhere (store/zones.py). Does nothing unless the
    issue is `composed`. May be repeated, and run by several processes at once. Every reference it stores is the key of
    a row that the same statement reads, so it is fit for `Database.run_trusted`.
    """
    # Cancelling waits for this transaction, and this one for cancelling: no delivery is made behind its back.
    held = sa.select(issue.c.through_seq).where(issue.c.id == issue_id, issue.c.state == IssueState.COMPOSED)
    through = connection.scalars(held.with_for_update(read=True)).first()
    if through is None:
        return 0
    connection.execute(_insert_deliveries(connection, issue_id, low, high, now, due_times or {}))
    moved = _move_on(connection, through, low, high, _made(issue_id, low, high))
    left_out = sa.select(issue_audience.c.from_seq).where(
        issue_audience.c.issue_id == issue_id, issue_audience.c.variant_id.is_(None)
    )
    if connection.execute(left_out.limit(1)).first() is None:
        return moved
    connection.execute(_insert_passed_over(connection, issue_id, low, high, now))
    return moved + _move_on(connection, through, low, high, _passed(issue_id))


def keys_without_variant(
    connection: Connection, issue_id: int, within: tuple[int, int] | None = None
) -> list[AudienceKey]:
    """The kinds of subscriber that are owed an issue for which nobody has decided yet what they see.

    `within` are the ids of the first and the last subscription to look at, all of them if it is left out.
    """
    owed = owed_query(issue_id, *KEY)
    if within:
        owed = behind_query(issue_id, *within, *KEY).where(~has_delivery(issue_id)).order_by(None)
    # First the kinds, then which of them are known: kinds are few, and to look each subscription's up takes longer.
    kinds = owed.distinct().subquery()
    known = sa.select(issue_audience.c.issue_id).where(
        issue_audience.c.issue_id == issue_id,
        *(theirs == own for theirs, own in zip(AUDIENCE, kinds.c, strict=True)),
    )
    query = sa.select(kinds).where(~known.exists()).order_by(*kinds.c)
    return [AudienceKey(*row) for row in connection.execute(query)]


def has_audience(connection: Connection, issue_id: int) -> bool:
    """Whether it is decided for any kind of subscriber what they see of an issue."""
    decided = sa.select(issue_audience.c.from_seq).where(issue_audience.c.issue_id == issue_id)
    return connection.execute(decided.limit(1)).first() is not None


def lacks_variants(connection: Connection, issue_id: int) -> bool:
    """Whether there is any such kind of subscriber; where there is one, much quicker than finding all."""
    return connection.execute(_undecided_query(issue_id, subscription.c.id).limit(1)).first() is not None


def finish_fan_out(connection: Connection, issue_id: int) -> bool:
    """Move an issue from composed to sending if nobody is owed it any more; returns whether its fan-out is over."""
    state = connection.scalars(sa.select(issue.c.state).where(issue.c.id == issue_id).with_for_update()).one()
    if state != IssueState.COMPOSED:
        return True
    if connection.execute(owed_query(issue_id, subscription.c.id).limit(1)).first() is not None:
        return False
    connection.execute(sa.update(issue).where(issue.c.id == issue_id).values(state=IssueState.SENDING))
    return True


def audience_by_key(connection: Connection, schedule_id: int, through_seq: int) -> dict[AudienceKey, int]:
    """How many of each kind of subscriber an issue of this schedule up to `through_seq` would go to."""
    query = _audience_query(schedule_id, through_seq, *KEY)
    return {AudienceKey(*key): count for *key, count in connection.execute(query)}


def zones_by_key(connection: Connection, schedule_id: int, through_seq: int) -> dict[AudienceKey, dict[str, int]]:
    """Of each kind of these subscribers, how many live in which zone; who has no zone of their own is not counted."""
    found: dict[AudienceKey, dict[str, int]] = {}
    query = _audience_query(schedule_id, through_seq, *KEY, subscriber.c.zone).where(subscriber.c.zone != "")
    for *key, zone, count in connection.execute(query):
        found.setdefault(AudienceKey(*key), {})[zone] = count
    return found


def excluded_by_reason(connection: Connection, schedule_id: int, through_seq: int) -> dict[str, int]:
    """How many subscriptions of a schedule an issue up to `through_seq` would not go to, reason → count."""
    reason = sa.case(
        (subscription.c.state != SubscriptionState.ACTIVE, subscription.c.state),
        (subscriber.c.erased_at.is_not(None), "erased"),
        (suppressed(), "suppressed"),
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
    from_seq = digests(issue_id, delivery.c.from_seq).where(delivery.c.subscription_id == subscription.c.id)
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


def _audience_query(schedule_id: int, through_seq: int, *kind: sa.ColumnElement[Any]) -> sa.Select[Any]:
    return (
        sa.select(*kind, sa.func.count())
        .select_from(subscription)
        .join(subscriber, subscriber.c.id == subscription.c.subscriber_id)
        .where(subscription.c.schedule_id == schedule_id, subscription.c.seen_seq < through_seq, *served())
        .group_by(*kind)
    )


def _schedule_of(issue_id: int) -> sa.ScalarSelect[int]:
    return sa.select(issue.c.schedule_id).where(issue.c.id == issue_id).scalar_subquery()


def _made(issue_id: int, low: int, high: int) -> sa.ColumnElement[bool]:
    """The subscription got a delivery of this issue from where it stands."""
    # As a join, which SQLite walks through once; an EXISTS it would ask for each subscription by itself.
    made = digests(issue_id, delivery.c.subscription_id, delivery.c.from_seq).where(
        delivery.c.subscription_id.between(low, high),
        # What was handed back belongs to the next issue: moving on here again would lose it.
        delivery.c.handed_back == "",
    )
    found = made.subquery("made")
    return sa.and_(found.c.subscription_id == subscription.c.id, found.c.from_seq == subscription.c.seen_seq)


def _passed(issue_id: int) -> sa.ColumnElement[bool]:
    """Nothing of this issue is left for the subscription from where it stands."""
    passed = sa.select(passed_over.c.id).where(
        passed_over.c.subscription_id == subscription.c.id,
        passed_over.c.issue_id == issue_id,
        passed_over.c.from_seq == subscription.c.seen_seq,
    )
    return passed.exists()


def _move_on(connection: Connection, through: int, low: int, high: int, which: sa.ColumnElement[bool]) -> int:
    here = sa.and_(subscription.c.id.between(low, high), subscription.c.seen_seq < through)
    return connection.execute(sa.update(subscription).where(here, which).values(seen_seq=through)).rowcount


def _undecided_query(issue_id: int, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    known = sa.and_(issue_audience.c.issue_id == issue_id, *key_matches())
    return owed_query(issue_id, *columns).outerjoin(issue_audience, known).where(issue_audience.c.issue_id.is_(None))


def _insert_deliveries(
    connection: Connection, issue_id: int, low: int, high: int, now: datetime, due_times: Mapping[str, datetime]
) -> sa.Insert:
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
        "due_at": due_at_of(due_times),
        "expires_at": expires_at_of(due_times),
        "created_at": sa.literal(now, delivery.c.created_at.type),
    }
    # Who has a delivery of this issue already is left out by the unique index. Not here as well: reading the table that
    # it inserts into, SQLite would put every row aside first.
    behind = _with_audience(issue_id, low, high, values.values()).where(issue_audience.c.variant_id.is_not(None))
    return insert_if_absent(connection, delivery).from_select(list(values), behind)


def _insert_passed_over(connection: Connection, issue_id: int, low: int, high: int, now: datetime) -> sa.Insert:
    values = {
        "subscription_id": subscription.c.id,
        "issue_id": issue.c.id,
        "from_seq": subscription.c.seen_seq,
        "through_seq": issue.c.through_seq,
        "reason": sa.literal(NOTHING_LEFT),
        "created_at": sa.literal(now, passed_over.c.created_at.type),
    }
    behind = _with_audience(issue_id, low, high, values.values()).where(issue_audience.c.variant_id.is_(None))
    owed = behind.where(~has_delivery(issue_id))
    return insert_if_absent(connection, passed_over).from_select(list(values), owed)


def _with_audience(issue_id: int, low: int, high: int, columns: Iterable[sa.ColumnElement[Any]]) -> sa.Select[Any]:
    known = sa.and_(issue_audience.c.issue_id == issue.c.id, *key_matches())
    behind = behind_query(issue_id, low, high, *columns).join(issue_audience, known)
    return behind.with_for_update(of=subscription)
