"""Who is owed an issue, as the parts that the statements of the fan-out are made of.

behind  an active subscription of the issue's schedule with seen_seq < through_seq
owed    behind, with no delivery of this issue yet
"""

from typing import Any

import sqlalchemy as sa

from dispatch.model.delivery import DeliveryKind
from dispatch.model.subscriber import SubscriptionState
from dispatch.store.tables import delivery, issue, issue_audience, subscriber, subscription, suppression

# What kind of subscriber somebody is, and the same as `issue_audience` has it.
KEY = (
    subscription.c.seen_seq,
    subscriber.c.region,
    subscriber.c.language,
    subscriber.c.cohort,
    subscription.c.books,
    subscription.c.sections_off,
    subscriber.c.larger_type,
)
AUDIENCE = (
    issue_audience.c.from_seq,
    issue_audience.c.region,
    issue_audience.c.language,
    issue_audience.c.cohort,
    issue_audience.c.books,
    issue_audience.c.sections_off,
    issue_audience.c.larger_type,
)
_ONE_AN_ISSUE = sa.text("delivery.kind IN ('digest', 'letter')")


def key_matches() -> list[sa.ColumnElement[bool]]:
    """Somebody is of the kind that a row of `issue_audience` is about."""
    return [theirs == own for theirs, own in zip(AUDIENCE, KEY, strict=True)]


def suppressed() -> sa.ColumnElement[bool]:
    """Nothing may be sent to a subscriber's mailbox."""
    return sa.select(suppression.c.reason).where(suppression.c.address_hash == subscriber.c.address_hash).exists()


def served() -> tuple[sa.ColumnElement[bool], ...]:
    """Who gets issues at all. Pauses that are over have been ended before (store/pauses.py)."""
    return (
        subscription.c.state == sa.literal(SubscriptionState.ACTIVE.value, literal_execute=True),
        subscription.c.paused_until.is_(None),
        subscriber.c.erased_at.is_(None),
        ~suppressed(),
    )


def owed_query(issue_id: int, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """These columns of everybody who is owed an issue."""
    return _behind_query(issue_id, subscription.c.schedule_id, *columns).where(~has_delivery(issue_id))


def behind_query(issue_id: int, low: int, high: int, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """These columns of everybody from subscription low to high who has not seen an issue, in that order."""
    # Within a range of ids the key is the quickest way. A sum cannot be looked up in ix_subscription_schedule_state, by
    # which SQLite would go through the whole schedule for each range.
    query = _behind_query(issue_id, subscription.c.schedule_id + 0, *columns)
    return query.where(subscription.c.id.between(low, high)).order_by(subscription.c.id)


def _behind_query(issue_id: int, schedule_id: sa.ColumnElement[int], *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    return (
        sa.select(*columns)
        .select_from(subscription)
        .join(issue, sa.and_(issue.c.id == issue_id, issue.c.schedule_id == schedule_id))
        .join(subscriber, subscriber.c.id == subscription.c.subscriber_id)
        .where(subscription.c.seen_seq < issue.c.through_seq, *served())
    )


def has_delivery(issue_id: int) -> sa.ColumnElement[bool]:
    """The subscription has a delivery of this issue, whatever became of it."""
    return digests(issue_id, delivery.c.id).where(delivery.c.subscription_id == subscription.c.id).exists()


def digests(issue_id: int, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """These columns of the deliveries that the fan-out of an issue has made."""
    # By uq_delivery_issue_subscription, whose condition stands here word for word: by ix_delivery_subscription_id
    # SQLite would look at everything that each subscriber ever got.
    return sa.select(*columns).where(
        delivery.c.issue_id == issue_id, _ONE_AN_ISSUE, delivery.c.kind == DeliveryKind.DIGEST
    )
