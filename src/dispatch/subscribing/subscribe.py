"""Who gets a newsletter, one person at a time: add and remove. What a file may say of many is in importing.py."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.config.settings import Settings
from dispatch.errors import DispatchError, NotFoundError, NothingToDoError
from dispatch.model.address import masked, parse_address
from dispatch.model.subscriber import (
    Consent,
    NewSubscriber,
    Standing,
    Subscriber,
    Subscription,
    SubscriptionState,
)
from dispatch.store.database import Connection, Database
from dispatch.store.subscribers import change_subscriber, find_subscriber, insert_subscribers
from dispatch.store.subscriptions import (
    NewSubscription,
    insert_subscriptions,
    leave,
    return_to,
    rhythms_of,
    standings,
    subscriptions_of,
)
from dispatch.store.suppressions import lift_suppression
from dispatch.subscribing.newsletters import newsletter_named, schedule_named
from dispatch.subscribing.rules import Admission, Refusal, admission
from dispatch.subscribing.wishes import Who, Wishes, person_of

BY_OPERATOR = "operator"  # where somebody said yes, as long as nobody says better


@dataclass(frozen=True, slots=True)
class _Joining:
    """One person about to be subscribed. `again` and `force` are what the operator says about their consent."""

    who: Who
    person: dict[str, str]
    newsletter: str
    schedule: str
    consent: Consent
    again: bool
    force: bool


async def add(
    database: Database,
    settings: Settings,
    now: datetime,
    who: Who,
    wishes: Wishes | None = None,
    *,
    newsletter: str | None = None,
    source: str = BY_OPERATOR,
    again: bool = False,
    force: bool = False,
) -> str:
    """Subscribe one person who asked for it, and say what was done in a sentence.

    `again` states that somebody who left, never confirmed, was suppressed or was erased has asked anew; after a bounce
    or a complaint `force` is needed too. Raises NothingToDoError if they are there, DispatchError if refused.
    """
    wishes = wishes or Wishes()
    slug, shape = newsletter_named(settings, newsletter)
    joining = _Joining(
        who=who,
        person=person_of(settings, wishes),
        newsletter=slug,
        schedule=schedule_named(slug, shape, wishes.schedule or shape.default_schedule),
        consent=Consent(now, source),
        again=again,
        force=force,
    )
    return await database.run(_add, joining, now)


async def remove(
    database: Database, settings: Settings, now: datetime, who: Who, *, newsletter: str | None = None
) -> str:
    """End one subscription; what waits to be sent to it is not sent. Raises NothingToDoError if it has ended."""
    slug, _ = newsletter_named(settings, newsletter)
    if not await database.run(_remove, who, slug, now):
        raise NothingToDoError(f"{who} left {slug} before")
    return f"{who} gets {slug} no more"


def known_subscriber(connection: Connection, who: Who) -> Subscriber:
    """The subscriber with this address; raises NotFoundError."""
    subscriber = find_subscriber(connection, who.digest)
    if subscriber is None:
        raise NotFoundError(f"{who} is not a subscriber: `dispatch subscribers add` makes them one")
    return subscriber


def known_subscription(connection: Connection, subscriber: Subscriber, slug: str) -> Subscription:
    """A subscriber's place in a newsletter, also one that has ended; raises NotFoundError."""
    for subscription in subscriptions_of(connection, subscriber.id):
        if subscription.newsletter == slug:
            return subscription
    raise NotFoundError(f"{masked(subscriber.address)} does not get {slug}: `dispatch subscribers add` subscribes them")


def _add(connection: Connection, joining: _Joining, now: datetime) -> str:
    who, slug, digest = joining.who, joining.newsletter, joining.who.digest
    rhythms = rhythms_of(connection, slug)
    standing = standings(connection, rhythms.newsletter_id, [digest]).get(digest, Standing())
    because = joining.consent.source if joining.consent.source != BY_OPERATOR else ""
    decision = admission(standing, again=joining.again, force=joining.force, because=because)
    if isinstance(decision, Refusal):
        raise DispatchError(f"{who} was not added: {decision.sentence}")
    if decision is Admission.ALREADY:
        raise NothingToDoError(f"{who} gets {slug} already: `dispatch subscribers set` changes how")
    lift_suppression(connection, digest)
    subscriber_id = standing.subscriber_id or _new_subscriber(connection, joining, now)
    if joining.person:
        change_subscriber(connection, subscriber_id, joining.person)
    schedule_id = rhythms.schedules[joining.schedule]
    if standing.subscription_id is not None:
        return_to(connection, standing.subscription_id, schedule_id, joining.consent, now)
        return f"{who} gets {slug} again ({joining.schedule})"
    place = NewSubscription(
        subscriber_id, rhythms.newsletter_id, schedule_id, SubscriptionState.ACTIVE, joining.consent
    )
    insert_subscriptions(connection, [place], now)
    return f"{who} gets {slug} ({joining.schedule})"


def _new_subscriber(connection: Connection, joining: _Joining, now: datetime) -> int:
    address, digest = str(parse_address(joining.who.address)), joining.who.digest
    return insert_subscribers(connection, [NewSubscriber(address, digest, source=joining.consent.source)], now)[digest]


def _remove(connection: Connection, who: Who, slug: str, now: datetime) -> int:
    return leave(connection, [known_subscription(connection, known_subscriber(connection, who), slug).id], now)
