"""Subscriptions: who gets which newsletter, on which schedule, and how far they have been served.

`seen_seq` is the whole memory of what somebody was sent: joining sets it, fan-out moves it, and here it only ever moves
forward, leaving a `passed_over` row for what it moved past.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.errors import NotFoundError
from dispatch.model.delivery import DeliveryState
from dispatch.model.subscriber import Consent, Standing, Subscription, SubscriptionState
from dispatch.store.conflicts import insert_if_absent
from dispatch.store.fan_out import hand_back
from dispatch.store.newsletters import join_at
from dispatch.store.suppressions import suppression_reasons
from dispatch.store.tables import delivery, newsletter, passed_over, schedule, subscriber, subscription
from dispatch.store.wanted import LEFT

AWAY = "away"  # why posts were passed over: they came out while this person had left or could not be mailed


@dataclass(frozen=True, slots=True)
class Rhythms:
    """A newsletter as the store knows it: its id, and its schedules' ids by name."""

    newsletter_id: int
    schedules: dict[str, int]


@dataclass(frozen=True, slots=True)
class NewSubscription:
    """A subscription about to be stored."""

    subscriber_id: int
    newsletter_id: int
    schedule_id: int
    state: SubscriptionState
    consent: Consent


def rhythms_of(connection: Connection, slug: str) -> Rhythms:
    """The ids of a newsletter and its schedules; raises NotFoundError for a newsletter that was never stored."""
    query = (
        sa.select(newsletter.c.id, schedule.c.slug, schedule.c.id)
        .join(schedule, schedule.c.newsletter_id == newsletter.c.id)
        .where(newsletter.c.slug == slug)
    )
    rows = connection.execute(query).all()
    if not rows:
        raise NotFoundError(f'the database does not know the newsletter "{slug}" yet: `dispatch check` says why')
    return Rhythms(rows[0][0], {name: schedule_id for _, name, schedule_id in rows})


def standings(connection: Connection, newsletter_id: int, digests: Collection[str]) -> dict[str, Standing]:
    """What stands about each of these address hashes in one newsletter, in two statements however many there are."""
    here = sa.and_(subscription.c.subscriber_id == subscriber.c.id, subscription.c.newsletter_id == newsletter_id)
    query = (
        sa.select(subscriber.c.address_hash, subscriber.c.id, subscription.c.id, subscription.c.state)
        .outerjoin(subscription, here)
        .where(subscriber.c.address_hash.in_(digests))
    )
    suppressed = suppression_reasons(connection, digests)
    found = {digest: Standing(suppressed=reason) for digest, reason in suppressed.items()}
    for digest, person, place, state in connection.execute(query):
        state = SubscriptionState(state) if state else None
        found[str(digest)] = Standing(person, place, state, suppressed.get(str(digest)))
    return found


def insert_subscriptions(connection: Connection, rows: Sequence[NewSubscription], now: datetime) -> int:
    """Store these subscriptions, each starting where its schedule stands; returns how many were not there yet."""
    if not rows:
        return 0
    starts = {schedule_id: join_at(connection, schedule_id) for schedule_id in {row.schedule_id for row in rows}}
    statement = insert_if_absent(connection, subscription).returning(subscription.c.id)
    values = [_as_row(row, starts[row.schedule_id], now) for row in rows]
    return len(connection.scalars(statement, values).all())


def leave(connection: Connection, subscription_ids: Collection[int], now: datetime) -> int:
    """End these subscriptions; returns how many were not ended already. Waiting mail is held back at its own mark.

    A pause stays written down, so that whoever takes their leaving back has it again.
    """
    statement = (
        sa.update(subscription)
        .where(subscription.c.id.in_(subscription_ids), subscription.c.state != SubscriptionState.LEFT)
        .values(state=SubscriptionState.LEFT, left_at=now)
        .returning(subscription.c.id)
    )
    return len(connection.scalars(statement).all())


def take_back_leaving(connection: Connection, subscription_id: int) -> None:
    """Make a subscription that was left what it was before, so that its next issue has what came out since.

    What waited for it and was held back because it was left is owed again too.
    """
    left_at = sa.select(subscription.c.left_at).where(subscription.c.id == subscription_id).scalar_subquery()
    held_back = sa.select(delivery.c.id).where(
        delivery.c.subscription_id == subscription_id,
        delivery.c.state == DeliveryState.SUPPRESSED,
        delivery.c.reason == LEFT,
        delivery.c.ended_at >= left_at,
    )
    hand_back(connection, connection.scalars(held_back).all())
    statement = sa.update(subscription).where(subscription.c.id == subscription_id)
    connection.execute(statement.values(state=SubscriptionState.ACTIVE, left_at=None))


def return_to(connection: Connection, subscription_id: int, schedule_id: int, consent: Consent, now: datetime) -> None:
    """Make a subscription active that was left or never confirmed, as if its subscriber joined now.

    What was published in between is passed over, not caught up with.
    """
    pass_over_absence(connection, subscription_id, schedule_id, now)
    connection.execute(
        sa.update(subscription)
        .where(subscription.c.id == subscription_id)
        .values(
            state=SubscriptionState.ACTIVE,
            schedule_id=schedule_id,
            paused_until=None,
            joined_at=now,
            left_at=None,
            consent_at=consent.at,
            consent_source=consent.source,
        )
    )


def pass_over_absence(connection: Connection, subscription_id: int, schedule_id: int, now: datetime) -> None:
    """Move a subscription to where its schedule stands, past what came out while no mail could go to it."""
    query = sa.select(subscription.c.seen_seq).where(subscription.c.id == subscription_id).with_for_update()
    seen: int = connection.scalars(query).one()
    reached = join_at(connection, schedule_id)
    if reached <= seen:
        return
    gap = {"from_seq": seen, "through_seq": reached, "reason": AWAY, "created_at": now}
    connection.execute(sa.insert(passed_over).values(subscription_id=subscription_id, **gap))
    connection.execute(sa.update(subscription).where(subscription.c.id == subscription_id).values(seen_seq=reached))


def pass_over_all_absences(connection: Connection, subscriber_id: int, now: datetime) -> None:
    """Do so for everything that somebody gets: mail can go to their mailbox again, not all that they missed."""
    for place in subscriptions_of(connection, subscriber_id):
        if place.state is SubscriptionState.ACTIVE:
            schedules = rhythms_of(connection, place.newsletter).schedules
            pass_over_absence(connection, place.id, schedules[place.schedule], now)


def change_subscription(connection: Connection, subscription_id: int, values: Mapping[str, Any]) -> None:
    """Set columns of one subscription: schedule_id, books, sections_off, paused_until. What was seen stays as it is."""
    if "sections_off" in values:
        values = {**values, "sections_off": "\n".join(sorted(values["sections_off"]))}
    if values:
        connection.execute(sa.update(subscription).where(subscription.c.id == subscription_id).values(**values))


def lock_subscriptions(connection: Connection, subscriber_id: int) -> None:
    """Hold still what somebody subscribes to until this transaction ends: of two changes at once one comes second."""
    # Before their own row, and in order of the ids, as everywhere: fan-out holds these and then looks at their owner.
    query = sa.select(subscription.c.id).where(subscription.c.subscriber_id == subscriber_id)
    connection.execute(query.order_by(subscription.c.id).with_for_update())


def subscriptions_of(connection: Connection, subscriber_id: int) -> list[Subscription]:
    """Every subscription of one subscriber, those that ended too."""
    query = _SUBSCRIPTIONS.where(subscription.c.subscriber_id == subscriber_id).order_by(newsletter.c.slug)
    return [_subscription(row) for row in connection.execute(query).mappings()]


def _subscription(row: sa.RowMapping) -> Subscription:
    sections_off = tuple(filter(None, row["sections_off"].split("\n")))
    return Subscription(**(dict(row) | {"state": SubscriptionState(row["state"]), "sections_off": sections_off}))


def _as_row(row: NewSubscription, start: int, now: datetime) -> dict[str, object]:
    return {
        "subscriber_id": row.subscriber_id,
        "newsletter_id": row.newsletter_id,
        "schedule_id": row.schedule_id,
        "state": row.state,
        "start_seq": start,
        "seen_seq": start,
        "joined_at": now,
        "left_at": now if row.state is SubscriptionState.LEFT else None,
        "consent_at": row.consent.at,
        "consent_source": row.consent.source,
    }


_SUBSCRIPTIONS = (
    sa.select(
        subscription.c.id,
        subscription.c.subscriber_id,
        newsletter.c.slug.label("newsletter"),
        schedule.c.slug.label("schedule"),
        subscription.c.state,
        subscription.c.seen_seq,
        subscription.c.paused_until,
        subscription.c.books,
        subscription.c.joined_at,
        subscription.c.left_at,
        subscription.c.consent_at,
        subscription.c.consent_source,
        subscription.c.sections_off,
    )
    .join(newsletter, newsletter.c.id == subscription.c.newsletter_id)
    .join(schedule, schedule.c.id == subscription.c.schedule_id)
)
