"""Everything that is known about one address."""

from dataclasses import dataclass

from dispatch.model.subscriber import Subscriber, Subscription, SuppressionReason
from dispatch.store.database import Connection, Database
from dispatch.store.subscribers import PastDelivery, find_subscriber, recent_deliveries
from dispatch.store.subscriptions import subscriptions_of
from dispatch.store.suppressions import suppression_reasons
from dispatch.subscribing.wishes import Who


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known: of somebody who was erased or never was here, at most that their address is suppressed."""

    subscriber: Subscriber | None
    suppressed: SuppressionReason | None
    subscriptions: tuple[Subscription, ...] = ()
    deliveries: tuple[PastDelivery, ...] = ()


async def profile(database: Database, who: Who) -> Profile:
    """Look one address up; raises AddressError for what is none."""
    return await database.run(_profile, who.digest)


def _profile(connection: Connection, digest: str) -> Profile:
    subscriber = find_subscriber(connection, digest)
    suppressed = suppression_reasons(connection, [digest]).get(digest)
    if subscriber is None:
        return Profile(None, suppressed)
    return Profile(
        subscriber,
        suppressed,
        tuple(subscriptions_of(connection, subscriber.id)),
        tuple(recent_deliveries(connection, subscriber.id)),
    )
