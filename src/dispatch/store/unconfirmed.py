"""Who never confirmed what they were brought in for."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.model.subscriber import SubscriptionState
from dispatch.store.tables import newsletter, schedule, subscriber, subscription, suppression


@dataclass(frozen=True, slots=True)
class UnconfirmedPlace:
    """A subscription that nobody has confirmed, with whose it is."""

    subscriber_id: int
    address: str
    address_hash: str
    language: str
    source: str
    newsletter: str
    schedule: str


def unconfirmed_places(
    connection: Connection, newsletters: Collection[str], after: int, people: int
) -> list[UnconfirmedPlace]:
    """The places of the next so many subscribers after this id that may be mailed at all, person by person."""
    unconfirmed = sa.and_(
        subscription.c.state == SubscriptionState.UNCONFIRMED,
        subscription.c.newsletter_id.in_(sa.select(newsletter.c.id).where(newsletter.c.slug.in_(sorted(newsletters)))),
    )
    suppressed = sa.select(suppression.c.reason).where(suppression.c.address_hash == subscriber.c.address_hash)
    whose = (
        sa.select(subscription.c.subscriber_id)
        .join(subscriber, subscriber.c.id == subscription.c.subscriber_id)
        .where(unconfirmed, subscription.c.subscriber_id > after)
        .where(subscriber.c.address.is_not(None), ~suppressed.exists())
        .distinct()
        .order_by(subscription.c.subscriber_id)
        .limit(people)
    )
    rows = connection.execute(
        sa.select(
            subscriber.c.id.label("subscriber_id"),
            subscriber.c.address,
            subscriber.c.address_hash,
            subscriber.c.language,
            subscriber.c.source,
            newsletter.c.slug.label("newsletter"),
            schedule.c.slug.label("schedule"),
        )
        .join(subscription, subscription.c.subscriber_id == subscriber.c.id)
        .join(newsletter, newsletter.c.id == subscription.c.newsletter_id)
        .join(schedule, schedule.c.id == subscription.c.schedule_id)
        .where(unconfirmed, subscriber.c.id.in_(whose))
        .order_by(subscriber.c.id, newsletter.c.slug)
    ).mappings()
    return [UnconfirmedPlace(**row) for row in rows]
