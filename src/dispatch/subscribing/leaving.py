"""Leaving by a link in the mail, writing less often instead, and coming back.

A link that is not genuine gives None and changes nothing; so does one of somebody who was erased. Leaving ends one
subscription and is undone by the same link: within UNDO_FOR as if it had not happened, later as a new beginning.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from dispatch.config.settings import Newsletter, Settings
from dispatch.model.address import masked
from dispatch.model.schedule import Rhythm, parse_schedule
from dispatch.model.service import ServiceMail
from dispatch.model.subscriber import Consent, ConsentAct, Subscriber, Subscription, SubscriptionState
from dispatch.model.tokens import Purpose, TokenKeys
from dispatch.store.consents import insert_consent
from dispatch.store.database import Connection, Database
from dispatch.store.service_mail import mails_since, want_mail
from dispatch.store.subscribers import is_suppressed, owner_of
from dispatch.store.subscriptions import leave as end_subscriptions
from dispatch.store.subscriptions import (
    lock_subscriptions,
    return_to,
    rhythms_of,
    subscriptions_of,
    take_back_leaving,
)
from dispatch.subscribing.preferences import store_steps
from dispatch.subscribing.rules import PlaceWish, Refusal, Return, granted, rarer_schedules, return_of

# When a newsletter's schedule next writes to a reader: (newsletter, schedule, the reader's zone, after) → that moment;
# None for "on publish", which has no clock.
NextMail = Callable[[str, str, str, datetime], datetime | None]

GOODBYES = timedelta(days=1)  # at most one goodbye mail within


class Page(StrEnum):
    """Where something was done, as the proof of it says."""

    ONE_CLICK = "one-click"  # RFC 8058: the mail program's own button
    UNSUBSCRIBE = "unsubscribe"
    PREFERENCES = "preferences"


@dataclass(frozen=True, slots=True)
class OfferedSchedule:
    """A schedule to choose, and when it next writes to this reader, None where only a new post says so."""

    slug: str
    rhythm: Rhythm
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Leaving:
    """What the page about leaving shows. `address` is masked; `schedule` is None where it is configured no more.

    `rarer` are schedules that write less often, `suppressed` says that no mail goes to this address whatever is chosen.
    `undo` says that coming back now is as if they had never left. `preferences` is the token of the page with
    everything else.
    """

    newsletter: str
    address: str
    language: str
    zone: str
    state: SubscriptionState
    left_at: datetime | None
    paused_until: datetime | None
    schedule: OfferedSchedule | None
    rarer: tuple[OfferedSchedule, ...]
    suppressed: bool
    undo: bool
    preferences: str


@dataclass(frozen=True, slots=True)
class _Place:
    """Somebody's subscription, and what stands about their address."""

    person: Subscriber
    subscription: Subscription
    suppressed: bool


async def leaving(
    database: Database, settings: Settings, keys: TokenKeys, now: datetime, token: str, next_mail: NextMail
) -> Leaving | None:
    """What an unsubscribe link is about; nothing is changed."""
    subscription_id = keys.verify(Purpose.UNSUBSCRIBE, token)
    place = None if subscription_id is None else await database.read(_place, subscription_id)
    return _shown(settings, keys, now, place, next_mail)


async def leave(
    database: Database,
    settings: Settings,
    keys: TokenKeys,
    now: datetime,
    token: str,
    next_mail: NextMail,
    *,
    one_click: bool,
    network: str = "",
) -> Leaving | None:
    """End the subscription; having left already is fine.

    Who leaves by the page gets a mail with the way back, at most one a day: it may have been somebody to whom the issue
    was forwarded. `one_click` is the mail program's own button (RFC 8058), which only its owner has.
    """
    subscription_id = keys.verify(Purpose.UNSUBSCRIBE, token)
    page = Page.ONE_CLICK if one_click else Page.UNSUBSCRIBE
    place = None if subscription_id is None else await database.run(_leave, subscription_id, now, page, network)
    return _shown(settings, keys, now, place, next_mail)


async def write_less(
    database: Database,
    settings: Settings,
    keys: TokenKeys,
    now: datetime,
    token: str,
    next_mail: NextMail,
    *,
    schedule: str,
    network: str = "",
) -> Leaving | None:
    """Switch to a schedule that writes less often than theirs; any other is no change."""
    subscription_id = keys.verify(Purpose.UNSUBSCRIBE, token)
    if subscription_id is None:
        return None
    place = await database.run(_write_less, settings, subscription_id, schedule, now, network)
    return _shown(settings, keys, now, place, next_mail)


async def come_back(
    database: Database,
    settings: Settings,
    keys: TokenKeys,
    now: datetime,
    token: str,
    next_mail: NextMail,
    *,
    network: str = "",
) -> Leaving | None:
    """Take leaving back, by the unsubscribe link or that of the preferences; who has not left stays as they are."""
    subscription_id = keys.verify(Purpose.UNSUBSCRIBE, token)
    page = Page.UNSUBSCRIBE
    if subscription_id is None:
        subscription_id, page = keys.verify(Purpose.PREFERENCES, token), Page.PREFERENCES
    place = None if subscription_id is None else await database.run(_come_back, subscription_id, now, page, network)
    return _shown(settings, keys, now, place, next_mail)


def end_place(connection: Connection, subscription: Subscription, now: datetime, page: Page, network: str) -> bool:
    """End one subscription and write it down, with a mail to its owner unless they did it in their mail program.

    Returns whether it had not ended already.
    """
    if not end_subscriptions(connection, [subscription.id], now):
        return False
    insert_consent(connection, [subscription.id], ConsentAct.LEFT, now, page=page, network=network)
    was_active = subscription.state is SubscriptionState.ACTIVE
    goodbyes = mails_since(connection, ServiceMail.GOODBYE, subscription.id, now - GOODBYES)
    if page is not Page.ONE_CLICK and was_active and not goodbyes:
        want_mail(connection, ServiceMail.GOODBYE, subscription.id, now)
    return True


def bring_back(
    connection: Connection, subscription: Subscription, now: datetime, page: Page, network: str, schedule: str = ""
) -> bool:
    """Bring back whoever left one subscription, to this schedule if it is a new beginning; returns whether they had."""
    how = return_of(subscription.state, subscription.left_at, now)
    if how not in (Return.UNDO, Return.ANEW):
        return False
    if how is Return.UNDO:
        take_back_leaving(connection, subscription.id)
    else:
        schedule_id = rhythms_of(connection, subscription.newsletter).schedules[schedule or subscription.schedule]
        return_to(connection, subscription.id, schedule_id, Consent(now, page), now)
        # Long after, the link may be in other hands than its owner's: whoever begins anew is welcomed in their inbox.
        want_mail(connection, ServiceMail.WELCOME, subscription.id, now)
    insert_consent(connection, [subscription.id], ConsentAct.RETURNED, now, page=page, network=network)
    return True


def offered(
    newsletter: str, shape: Newsletter, slug: str, zone: str, after: datetime, next_mail: NextMail
) -> OfferedSchedule:
    """One schedule of a newsletter as pages show it."""
    return OfferedSchedule(slug, parse_schedule(shape.schedules[slug].at), next_mail(newsletter, slug, zone, after))


def mail_from(subscription: Subscription, now: datetime) -> datetime:
    """From when on mail goes to a subscription: now, or the end of its pause."""
    return max(now, subscription.paused_until) if subscription.paused_until else now


def _place(connection: Connection, subscription_id: int) -> _Place | None:
    person = owner_of(connection, subscription_id)
    if person is None:
        return None
    mine = next(one for one in subscriptions_of(connection, person.id) if one.id == subscription_id)
    return _Place(person, mine, is_suppressed(connection, person.id))


def _locked_place(connection: Connection, subscription_id: int) -> _Place | None:
    person = owner_of(connection, subscription_id)
    if person is None:
        return None
    lock_subscriptions(connection, person.id)
    return _place(connection, subscription_id)


def _leave(connection: Connection, subscription_id: int, now: datetime, page: Page, network: str) -> _Place | None:
    place = _locked_place(connection, subscription_id)
    if place is not None:
        end_place(connection, place.subscription, now, page, network)
    return _place(connection, subscription_id)


def _write_less(
    connection: Connection, settings: Settings, subscription_id: int, schedule: str, now: datetime, network: str
) -> _Place | None:
    place = _locked_place(connection, subscription_id)
    if place is None or place.subscription.state is not SubscriptionState.ACTIVE:
        return place
    mine = place.subscription
    if schedule in _rarer(settings.newsletters.get(mine.newsletter), mine.schedule):
        steps = granted(mine, PlaceWish(schedule), UTC, now)
        if not isinstance(steps, Refusal):
            store_steps(connection, mine, steps)
            wording = "; ".join(step.sentence for step in steps)
            act, page = ConsentAct.CHANGED, Page.UNSUBSCRIBE
            insert_consent(connection, [mine.id], act, now, wording=wording, page=page, network=network)
    return _place(connection, subscription_id)


def _come_back(connection: Connection, subscription_id: int, now: datetime, page: Page, network: str) -> _Place | None:
    place = _locked_place(connection, subscription_id)
    if place is not None:
        bring_back(connection, place.subscription, now, page, network)
    return _place(connection, subscription_id)


def _rarer(shape: Newsletter | None, current: str) -> list[str]:
    if shape is None:
        return []
    return rarer_schedules({slug: parse_schedule(schedule.at) for slug, schedule in shape.schedules.items()}, current)


def _shown(
    settings: Settings, keys: TokenKeys, now: datetime, place: _Place | None, next_mail: NextMail
) -> Leaving | None:
    """The page about one subscription; none about a newsletter that is configured no more."""
    if place is None or place.subscription.newsletter not in settings.newsletters:
        return None
    person, mine = place.person, place.subscription
    shape, zone = settings.newsletters[mine.newsletter], person.zone or settings.site.timezone
    after = mail_from(mine, now)
    rarer = _rarer(shape, mine.schedule) if mine.state is SubscriptionState.ACTIVE else []
    known = mine.schedule in shape.schedules
    return Leaving(
        newsletter=mine.newsletter,
        address=masked(person.address),
        language=person.language,
        zone=zone,
        state=mine.state,
        left_at=mine.left_at,
        paused_until=mine.paused_until if mine.paused_until and mine.paused_until > now else None,
        schedule=offered(mine.newsletter, shape, mine.schedule, zone, after, next_mail) if known else None,
        rarer=tuple(offered(mine.newsletter, shape, slug, zone, after, next_mail) for slug in rarer),
        suppressed=place.suppressed,
        undo=return_of(mine.state, mine.left_at, now) is Return.UNDO,
        preferences=keys.sign(Purpose.PREFERENCES, mine.id),
    )
