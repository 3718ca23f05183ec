"""How somebody gets a newsletter: its schedule, a pause, sections, books, and what is known of them.

What an operator sets is here; what a reader chooses on their page, choosing.py, is granted and stored the same way.
"""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.config.settings import Newsletter, Settings
from dispatch.errors import DispatchError, NotFoundError, NothingToDoError
from dispatch.model.subscriber import Subscription, SubscriptionState
from dispatch.store.database import Connection, Database
from dispatch.store.subscribers import change_subscriber
from dispatch.store.subscriptions import change_subscription, rhythms_of
from dispatch.subscribing.newsletters import newsletter_named, schedule_named
from dispatch.subscribing.rules import PlaceWish, Refusal, Step, granted
from dispatch.subscribing.subscribe import known_subscriber, known_subscription
from dispatch.subscribing.wishes import Who, Wishes, person_of


@dataclass(frozen=True, slots=True)
class _Change:
    """What is to be changed: columns of the subscriber, and wishes about one newsletter ("" where there are none)."""

    who: Who
    person: dict[str, Any]
    newsletter: str
    wish: PlaceWish
    site_zone: str


async def change(
    database: Database, settings: Settings, now: datetime, who: Who, wishes: Wishes, *, newsletter: str | None = None
) -> list[str]:
    """Set what somebody wants, and say each change in a sentence. Switching the schedule skips and repeats no post.

    A pause is passed over: mail begins again with what is published after it. Raises NotFoundError for whoever does not
    subscribe, NothingToDoError where nothing is to be changed, DispatchError for a value that cannot be.
    """
    person, slug = person_of(settings, wishes), ""
    wish = PlaceWish(wishes.schedule, wishes.books, wishes.sections_off, wishes.pause_until)
    if wish != PlaceWish():
        slug, shape = newsletter_named(settings, newsletter)
        _check(slug, shape, wish)
    if not person and not slug:
        raise NothingToDoError("nothing to change was named: `dispatch subscribers set --help` says what can be")
    return await database.run(_change, _Change(who, person, slug, wish, settings.site.timezone), now)


def store_steps(connection: Connection, subscription: Subscription, steps: list[Step]) -> None:
    """Store what was granted about one subscription."""
    values: dict[str, Any] = {step.column: step.value for step in steps if step.differs}
    if "schedule" in values:
        values["schedule_id"] = rhythms_of(connection, subscription.newsletter).schedules[values.pop("schedule")]
    change_subscription(connection, subscription.id, values)


def _check(slug: str, shape: Newsletter, wish: PlaceWish) -> None:
    if wish.schedule is not None:
        schedule_named(slug, shape, wish.schedule)
    for label in wish.sections_off or ():
        if label not in shape.sections:
            known = ", ".join(shape.sections) or "none"
            raise NotFoundError(f'{slug} has no section "{label}"; it has: {known}')


def _change(connection: Connection, change: _Change, now: datetime) -> list[str]:
    subscriber = known_subscriber(connection, change.who)
    change_subscriber(connection, subscriber.id, change.person)
    said = [f"{column.replace('_', ' ')}: {_in_words(value)}" for column, value in change.person.items()]
    if change.newsletter:
        subscription = known_subscription(connection, subscriber, change.newsletter)
        zone = ZoneInfo(change.person.get("zone") or subscriber.zone or change.site_zone)
        said += _change_subscription(connection, subscription, change.wish, zone, now)
    return said


def _in_words(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value or "none")


def _change_subscription(
    connection: Connection, subscription: Subscription, wish: PlaceWish, zone: tzinfo, now: datetime
) -> list[str]:
    if subscription.state is SubscriptionState.LEFT:
        slug = subscription.newsletter
        raise DispatchError(f"this person left {slug}; if they asked for it anew: `dispatch subscribers add --again`")
    steps = granted(subscription, wish, zone, now)
    if isinstance(steps, Refusal):
        raise DispatchError(steps.sentence)
    store_steps(connection, subscription, steps)
    return [step.sentence for step in steps]
