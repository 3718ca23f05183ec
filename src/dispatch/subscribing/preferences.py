"""How somebody gets a newsletter: its schedule, a pause, books, and what is known of them."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.config.settings import Settings
from dispatch.errors import DispatchError, NothingToDoError
from dispatch.model.subscriber import Subscription, SubscriptionState
from dispatch.store.database import Connection, Database
from dispatch.store.subscribers import change_subscriber
from dispatch.store.subscriptions import change_subscription, rhythms_of
from dispatch.subscribing.newsletters import newsletter_named, schedule_named
from dispatch.subscribing.rules import Refusal, pause
from dispatch.subscribing.subscribe import known_subscriber, known_subscription
from dispatch.subscribing.wishes import Who, Wishes, person_of


@dataclass(frozen=True, slots=True)
class _Change:
    """What is to be changed: columns of the subscriber, and wishes about one newsletter ("" where there are none)."""

    who: Who
    person: dict[str, str]
    newsletter: str
    wishes: Wishes
    site_zone: str


async def change(
    database: Database, settings: Settings, now: datetime, who: Who, wishes: Wishes, *, newsletter: str | None = None
) -> list[str]:
    """Set what somebody wants, and say each change in a sentence. Switching the schedule skips and repeats no post.

    A pause is passed over: mail begins again with what is published after it. Raises NotFoundError for whoever does not
    subscribe, NothingToDoError where nothing is to be changed, DispatchError for a value that cannot be.
    """
    person, slug = person_of(settings, wishes), ""
    if (wishes.schedule, wishes.books, wishes.pause_until) != (None, None, None):
        slug, shape = newsletter_named(settings, newsletter)
        if wishes.schedule is not None:
            schedule_named(slug, shape, wishes.schedule)
    if not person and not slug:
        raise NothingToDoError("nothing to change was named: `dispatch subscribers set --help` says what can be")
    return await database.run(_change, _Change(who, person, slug, wishes, settings.site.timezone), now)


def _change(connection: Connection, change: _Change, now: datetime) -> list[str]:
    subscriber = known_subscriber(connection, change.who)
    said = []
    if change.person:
        change_subscriber(connection, subscriber.id, change.person)
        said += [f"{column}: {value or 'none'}" for column, value in change.person.items()]
    if change.newsletter:
        subscription = known_subscription(connection, subscriber, change.newsletter)
        zone = ZoneInfo(change.person.get("zone") or subscriber.zone or change.site_zone)
        said += _change_subscription(connection, subscription, change.wishes, zone, now)
    return said


def _change_subscription(
    connection: Connection, subscription: Subscription, wishes: Wishes, zone: tzinfo, now: datetime
) -> list[str]:
    slug = subscription.newsletter
    if subscription.state is SubscriptionState.LEFT:
        raise DispatchError(f"this person left {slug}; if they asked for it anew: `dispatch subscribers add --again`")
    values: dict[str, Any] = {}
    said = []
    if wishes.schedule is not None:
        values["schedule_id"] = rhythms_of(connection, slug).schedules[wishes.schedule]
        said.append(f"schedule: {wishes.schedule}")
    if wishes.books is not None:
        values["books"] = wishes.books
        said.append(f"books: {'on' if wishes.books else 'off'}")
    if wishes.pause_until is not None:
        decision = pause(wishes.pause_until, subscription.paused_until, zone, now)
        if isinstance(decision, Refusal):
            raise DispatchError(decision.sentence)
        values["paused_until"] = decision.until
        said.append(decision.sentence)
    change_subscription(connection, subscription.id, values)
    return said
