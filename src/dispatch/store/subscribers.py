"""Subscribers: people with an address. What they subscribe to is in subscriptions.py."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.model.address import cohort_of
from dispatch.model.delivery import DeliveryState
from dispatch.model.subscriber import NewSubscriber, Subscriber, SubscriptionState
from dispatch.store.conflicts import insert_if_absent
from dispatch.store.tables import delivery, issue, newsletter, schedule, subscriber, subscription, suppression

EXPORT_PAGE = 5000


@dataclass(frozen=True, slots=True)
class PastDelivery:
    """One message that was owed to somebody, as `subscribers show` tells of it."""

    id: int
    kind: str
    newsletter: str
    schedule: str
    number: int | None
    state: DeliveryState
    reason: str
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ListedSubscription:
    """A subscription with its subscriber: one row of a list or an export. `suppressed` is "" or the reason."""

    id: int
    address: str
    name: str
    region: str
    language: str
    zone: str
    newsletter: str
    schedule: str
    state: SubscriptionState
    suppressed: str
    consent_at: datetime | None
    consent_source: str


def insert_subscribers(connection: Connection, people: Sequence[NewSubscriber], now: datetime) -> dict[str, int]:
    """Store these people and return id by address hash, also of those who were there already."""
    if not people:
        return {}
    statement = insert_if_absent(connection, subscriber).returning(subscriber.c.address_hash, subscriber.c.id)
    rows = [
        asdict(person)
        | {
            "domain": person.address.rpartition("@")[2],
            "cohort": cohort_of(person.address_hash),
            "created_at": now,
        }
        for person in people
    ]
    ids: dict[str, int] = dict(connection.execute(statement, rows).all())
    missing = [person.address_hash for person in people if person.address_hash not in ids]
    return ids | (_ids_of(connection, missing) if missing else {})


def find_subscriber(connection: Connection, digest: str) -> Subscriber | None:
    """The subscriber with this address hash."""
    row = connection.execute(_SUBSCRIBERS.where(subscriber.c.address_hash == digest)).mappings().one_or_none()
    return Subscriber(**row) if row else None


def owner_of(connection: Connection, subscription_id: int) -> Subscriber | None:
    """Whose subscription this is; None where there is no such, or its owner was erased."""
    query = _SUBSCRIBERS.join(subscription, subscription.c.subscriber_id == subscriber.c.id)
    found = query.where(subscription.c.id == subscription_id, subscriber.c.address.is_not(None))
    row = connection.execute(found).mappings().one_or_none()
    return Subscriber(**row) if row else None


def is_suppressed(connection: Connection, subscriber_id: int) -> bool:
    """Whether a subscriber's mailbox is never to be mailed."""
    mailbox = sa.select(suppression.c.reason).join(subscriber, subscriber.c.address_hash == suppression.c.address_hash)
    return connection.execute(mailbox.where(subscriber.c.id == subscriber_id)).first() is not None


def change_subscriber(connection: Connection, subscriber_id: int, values: Mapping[str, Any]) -> None:
    """Set columns of one subscriber: name, region, language, zone or larger_type."""
    if values:
        connection.execute(sa.update(subscriber).where(subscriber.c.id == subscriber_id).values(**values))


def recent_deliveries(connection: Connection, subscriber_id: int, limit: int = 10) -> list[PastDelivery]:
    """What was last owed to a subscriber, newest first."""
    query = (
        sa.select(
            delivery.c.id,
            delivery.c.kind,
            sa.func.coalesce(newsletter.c.slug, "").label("newsletter"),
            sa.func.coalesce(schedule.c.slug, "").label("schedule"),
            issue.c.number,
            delivery.c.state,
            delivery.c.reason,
            delivery.c.created_at,
            delivery.c.ended_at,
        )
        .select_from(delivery)
        .join(subscription, subscription.c.id == delivery.c.subscription_id)
        .outerjoin(issue, issue.c.id == delivery.c.issue_id)
        .outerjoin(newsletter, newsletter.c.id == issue.c.newsletter_id)
        .outerjoin(schedule, schedule.c.id == issue.c.schedule_id)
        .where(subscription.c.subscriber_id == subscriber_id)
        .order_by(delivery.c.id.desc())
        .limit(limit)
    )
    rows = connection.execute(query).mappings()
    return [PastDelivery(**(dict(row) | {"state": DeliveryState(row["state"])})) for row in rows]


def list_subscriptions(
    connection: Connection,
    *,
    newsletter_slug: str | None = None,
    states: Sequence[SubscriptionState] = (SubscriptionState.ACTIVE,),
    suppressed: bool = False,
    find: str = "",
    after: int = 0,
    limit: int = EXPORT_PAGE,
) -> list[ListedSubscription]:
    """A page of subscriptions in the order of their ids, from the one after `after`.

    `suppressed` takes in those whose mailbox is suppressed; `find` is part of an address or name.
    """
    query = _LISTED.where(subscription.c.id > after, subscription.c.state.in_([state.value for state in states]))
    if newsletter_slug is not None:
        query = query.where(newsletter.c.slug == newsletter_slug)
    if not suppressed:
        query = query.where(suppression.c.reason.is_(None))
    if find:
        query = query.where(
            sa.or_(
                subscriber.c.address.icontains(find, autoescape=True),
                subscriber.c.name.icontains(find, autoescape=True),
            )
        )
    rows = connection.execute(query.limit(limit)).mappings()
    return [ListedSubscription(**(dict(row) | {"state": SubscriptionState(row["state"])})) for row in rows]


def _ids_of(connection: Connection, digests: Sequence[str]) -> dict[str, int]:
    query = sa.select(subscriber.c.address_hash, subscriber.c.id).where(subscriber.c.address_hash.in_(digests))
    return {str(digest): found for digest, found in connection.execute(query)}


_SUBSCRIBERS = sa.select(
    subscriber.c.id,
    subscriber.c.address,
    subscriber.c.name,
    subscriber.c.region,
    subscriber.c.language,
    subscriber.c.zone,
    subscriber.c.cohort,
    subscriber.c.created_at,
    subscriber.c.source,
    subscriber.c.larger_type,
)

_LISTED = (
    sa.select(
        subscription.c.id,
        subscriber.c.address,
        subscriber.c.name,
        subscriber.c.region,
        subscriber.c.language,
        subscriber.c.zone,
        newsletter.c.slug.label("newsletter"),
        schedule.c.slug.label("schedule"),
        subscription.c.state,
        sa.func.coalesce(suppression.c.reason, "").label("suppressed"),
        subscription.c.consent_at,
        subscription.c.consent_source,
    )
    .select_from(subscription)
    .join(subscriber, subscriber.c.id == subscription.c.subscriber_id)
    .join(newsletter, newsletter.c.id == subscription.c.newsletter_id)
    .join(schedule, schedule.c.id == subscription.c.schedule_id)
    .outerjoin(suppression, suppression.c.address_hash == subscriber.c.address_hash)
    .where(subscriber.c.address.is_not(None))
    .order_by(subscription.c.id)
)
