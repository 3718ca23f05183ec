"""Choosing on one's own page: which newsletters, how often, with what in them, and what we know of oneself.

One save, one transaction: every wish is judged first (rules.py), and where one cannot be, none is stored. What somebody
has seen is never touched, so no choice skips or repeats a post; a pause passes over, and says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.config.settings import Newsletter, Settings
from dispatch.model.service import ServiceMail
from dispatch.model.subscriber import Consent, ConsentAct, Subscriber, Subscription, SubscriptionState
from dispatch.model.tokens import Purpose, TokenKeys
from dispatch.store.consents import insert_consent
from dispatch.store.database import Connection, Database
from dispatch.store.service_mail import last_variant, mails_since, want_mail
from dispatch.store.subscribers import change_subscriber
from dispatch.store.subscriptions import (
    NewSubscription,
    insert_subscriptions,
    return_to,
    rhythms_of,
    subscriptions_of,
)
from dispatch.subscribing.choices import Choices, Reader, choices_of, read_reader
from dispatch.subscribing.leaving import NextMail, Page, bring_back, end_place
from dispatch.subscribing.preferences import store_steps
from dispatch.subscribing.rules import PlaceWish, Refusal, Step, granted, pause_of_weeks
from dispatch.subscribing.wishes import person_columns

NOT_AT_ALL = ""  # as a schedule: this newsletter is not wanted
AGAIN_EVERY = timedelta(hours=1)
# What a changed column is called in the form.
_FIELDS = {"schedule": "schedule", "books": "books", "sections_off": "sections", "paused_until": "pause"}


@dataclass(frozen=True, slots=True)
class ChosenPlace:
    """What the form says of one newsletter; None where it says nothing.

    `schedule` may be NOT_AT_ALL. `sections` are those that are on. `pause` is "" to leave it as it is, "none", a number
    of weeks, or a date.
    """

    schedule: str | None = None
    books: bool | None = None
    sections: frozenset[str] | None = None
    pause: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the form says: newsletters by slug, and what somebody says of themselves (None where nothing is said)."""

    places: Mapping[str, ChosenPlace] = field(default_factory=dict)
    name: str | None = None
    region: str | None = None
    language: str | None = None
    zone: str | None = None
    larger_type: bool | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """A wish that cannot be: its field ("zone", "pause.review"), and what is wrong with it in a word."""

    field: str
    why: str


@dataclass(frozen=True, slots=True)
class Saved:
    """What a save came to: the page as it is now, what changed ("zone", "schedule.review"), or why nothing did."""

    choices: Choices
    changed: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


class AgainAnswer(StrEnum):
    """What becomes of the wish to get the last issue once more."""

    COMES = "comes"
    TOO_SOON = "too_soon"  # it was sent within the hour
    NONE_YET = "none_yet"  # no issue went to this reader


@dataclass(frozen=True, slots=True)
class _Save:
    """What one save is made with."""

    settings: Settings
    chosen: Chosen
    now: datetime
    network: str


async def choose(
    database: Database,
    settings: Settings,
    keys: TokenKeys,
    now: datetime,
    token: str,
    next_mail: NextMail,
    chosen: Chosen,
    *,
    network: str = "",
) -> Saved | None:
    """Save what somebody chose, all of it or, where a wish cannot be, nothing. None for a link that is not genuine."""
    subscription_id = keys.verify(Purpose.PREFERENCES, token)
    if subscription_id is None:
        return None
    save = _Save(settings, chosen, now, network)
    reader, changed, faults = await database.run(_choose, subscription_id, save)
    page = choices_of(settings, now, reader, next_mail)
    return Saved(page, tuple(changed), tuple(faults)) if page else None


async def send_again(database: Database, keys: TokenKeys, now: datetime, token: str) -> AgainAnswer | None:
    """Have the last issue sent once more, at most once an hour. None for a link that is not genuine."""
    subscription_id = keys.verify(Purpose.PREFERENCES, token)
    return None if subscription_id is None else await database.run(_send_again, subscription_id, now)


def _send_again(connection: Connection, subscription_id: int, now: datetime) -> AgainAnswer | None:
    reader = read_reader(connection, subscription_id, locked=True)
    if reader is None:
        return None
    mine = next(place for place in reader.places.values() if place.id == subscription_id)
    gets_mail = mine.state is SubscriptionState.ACTIVE and not reader.suppressed
    if not gets_mail or last_variant(connection, subscription_id) is None:
        return AgainAnswer.NONE_YET
    if mails_since(connection, ServiceMail.AGAIN, subscription_id, now - AGAIN_EVERY):
        return AgainAnswer.TOO_SOON
    want_mail(connection, ServiceMail.AGAIN, subscription_id, now)
    return AgainAnswer.COMES


def _choose(connection: Connection, subscription_id: int, save: _Save) -> tuple[Reader | None, list[str], list[Fault]]:
    reader = read_reader(connection, subscription_id, locked=True)
    if reader is None:
        return None, [], []
    person, faults = _person_of(save, reader.person)
    zone = ZoneInfo(person.get("zone", reader.person.zone) or save.settings.site.timezone)
    wished = {
        slug: PlaceWish(
            schedule=place.schedule or None,
            books=place.books,
            sections_off=_sections_off(save.settings.newsletters[slug], place.sections),
            pause_until=_pause_of(place.pause, zone, save.now),
        )
        for slug, place in save.chosen.places.items()
        if slug in save.settings.newsletters
    }
    steps: dict[str, list[Step]] = {}
    for slug, wish in wished.items():
        if wish.schedule is not None and wish.schedule not in save.settings.newsletters[slug].schedules:
            faults.append(Fault(f"schedule.{slug}", "schedule"))
        elif slug in reader.places:
            decision = granted(reader.places[slug], wish, zone, save.now)
            if isinstance(decision, Refusal):
                faults.append(Fault(f"pause.{slug}", decision.why))
            else:
                steps[slug] = decision
    if faults:
        return reader, [], faults
    changed = _save_person(connection, reader, person, save)
    for slug, wish in wished.items():
        changed += _save_place(connection, reader, slug, wish, steps.get(slug, []), save)
    return read_reader(connection, subscription_id), changed, []


def _person_of(save: _Save, person: Subscriber) -> tuple[dict[str, Any], list[Fault]]:
    """The columns of the subscriber that change, and what cannot be."""
    values: dict[str, Any] = {"larger_type": save.chosen.larger_type}
    faults: list[Fault] = []
    for column, read in person_columns(save.settings).items():
        text: str | None = getattr(save.chosen, column)
        values[column] = None if text is None else read(text)
        if text is not None and values[column] is None:
            faults.append(Fault(column, column))
    differs = {name: value for name, value in values.items() if value is not None and value != getattr(person, name)}
    return differs, faults


def _save_person(connection: Connection, reader: Reader, person: dict[str, Any], save: _Save) -> list[str]:
    if person:
        change_subscriber(connection, reader.person.id, person)
        # That something was changed, not what a person is called: this row outlives the change.
        _write_down(connection, reader.subscription_id, ConsentAct.CHANGED, ", ".join(person), save)
    return list(person)


def _save_place(
    connection: Connection, reader: Reader, slug: str, wish: PlaceWish, steps: list[Step], save: _Save
) -> list[str]:
    place = reader.places.get(slug)
    unwanted = save.chosen.places[slug].schedule == NOT_AT_ALL
    if place is not None and place.state is SubscriptionState.ACTIVE:
        if unwanted:
            ended = end_place(connection, place, save.now, Page.PREFERENCES, save.network)
            return [f"left.{slug}"] if ended else []
        return _take_steps(connection, place, steps, save)
    if unwanted or wish.schedule is None:
        return []
    if place is None:
        _join(connection, reader.person, slug, wish.schedule, save)
    elif place.state is SubscriptionState.UNCONFIRMED:
        schedule_id = rhythms_of(connection, slug).schedules[wish.schedule]
        return_to(connection, place.id, schedule_id, Consent(save.now, Page.PREFERENCES), save.now)
        _write_down(connection, place.id, ConsentAct.CONFIRMED, _agreed(save.settings, slug, wish.schedule), save)
    else:
        bring_back(connection, place, save.now, Page.PREFERENCES, save.network, wish.schedule)
        _take_steps(connection, place, [step for step in steps if step.column == "schedule"], save)
    return [f"joined.{slug}"]


def _take_steps(connection: Connection, place: Subscription, steps: list[Step], save: _Save) -> list[str]:
    taken = [step for step in steps if step.differs]
    if taken:
        store_steps(connection, place, taken)
        _write_down(connection, place.id, ConsentAct.CHANGED, "; ".join(step.sentence for step in taken), save)
    return [f"{_FIELDS[step.column]}.{place.newsletter}" for step in taken]


def _join(connection: Connection, person: Subscriber, slug: str, schedule: str, save: _Save) -> None:
    rhythms = rhythms_of(connection, slug)
    consent = Consent(save.now, Page.PREFERENCES)
    new = NewSubscription(
        person.id, rhythms.newsletter_id, rhythms.schedules[schedule], SubscriptionState.ACTIVE, consent
    )
    insert_subscriptions(connection, [new], save.now)
    joined = next(place for place in subscriptions_of(connection, person.id) if place.newsletter == slug)
    _write_down(connection, joined.id, ConsentAct.CONFIRMED, _agreed(save.settings, slug, schedule), save)


def _agreed(settings: Settings, slug: str, schedule: str) -> str:
    return f"{settings.newsletters[slug].name}: {schedule}"


def _write_down(connection: Connection, subscription_id: int, act: ConsentAct, wording: str, save: _Save) -> None:
    insert_consent(
        connection, [subscription_id], act, save.now, wording=wording, page=Page.PREFERENCES, network=save.network
    )


def _sections_off(shape: Newsletter, taken: frozenset[str] | None) -> tuple[str, ...] | None:
    return None if taken is None else tuple(label for label in shape.sections if label not in taken)


def _pause_of(pause: str, zone: ZoneInfo, now: datetime) -> str | None:
    """A pause as `rules.pause` takes it; None for no change."""
    if pause.isdecimal() and len(pause) <= len("52"):
        return pause_of_weeks(int(pause), zone, now)
    return pause or None
