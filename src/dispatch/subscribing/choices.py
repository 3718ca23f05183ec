"""What a reader's own page shows: everything they get, may get, and said of themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from dispatch.config.settings import Settings
from dispatch.model.address import masked
from dispatch.model.subscriber import Subscriber, Subscription, SubscriptionState
from dispatch.model.tokens import Purpose, TokenKeys
from dispatch.store.database import Connection, Database
from dispatch.store.subscribers import is_suppressed, owner_of
from dispatch.store.subscriptions import lock_subscriptions, subscriptions_of
from dispatch.subscribing.leaving import NextMail, OfferedSchedule, mail_from, offered
from dispatch.subscribing.newsletters import region_names
from dispatch.subscribing.rules import Return, return_of


@dataclass(frozen=True, slots=True)
class PlaceChoices:
    """One newsletter as its reader may have it. `next_at` is the next mail's moment, None where there is no telling.

    `sections` are all labels, each with whether the reader takes it; `state` is None for who never asked for it. `undo`
    says that who left it and comes back now misses nothing.
    """

    newsletter: str
    state: SubscriptionState | None
    schedule: str
    schedules: tuple[OfferedSchedule, ...]
    sections: tuple[tuple[str, bool], ...]
    books: bool
    paused_until: datetime | None
    left_at: datetime | None
    next_at: datetime | None
    undo: bool


@dataclass(frozen=True, slots=True)
class Choices:
    """Everything the page shows. `newsletter` is the one whose mail led here, `address` is masked.

    `regions` are those of books.toml; () where no book is ever shown. `zone` is "" for who has the site's.
    """

    newsletter: str
    address: str
    name: str
    region: str
    language: str
    zone: str
    larger_type: bool
    suppressed: bool
    places: tuple[PlaceChoices, ...]
    regions: tuple[str, ...]
    has_books: bool


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose page it is, with everything they subscribe to by newsletter."""

    person: Subscriber
    subscription_id: int
    places: Mapping[str, Subscription]
    suppressed: bool


async def choices(
    database: Database, settings: Settings, keys: TokenKeys, now: datetime, token: str, next_mail: NextMail
) -> Choices | None:
    """What a preferences link shows; nothing is changed. None for a link that is not genuine."""
    subscription_id = keys.verify(Purpose.PREFERENCES, token)
    reader = None if subscription_id is None else await database.read(read_reader, subscription_id)
    return choices_of(settings, now, reader, next_mail)


def read_reader(connection: Connection, subscription_id: int, *, locked: bool = False) -> Reader | None:
    """Whose subscription this is; None for an erased person's. `locked` holds them still until the transaction ends."""
    person = owner_of(connection, subscription_id)
    if person is not None and locked:
        lock_subscriptions(connection, person.id)
        person = owner_of(connection, subscription_id)  # somebody may have changed them while we waited
    if person is None:
        return None
    places = {place.newsletter: place for place in subscriptions_of(connection, person.id)}
    return Reader(person, subscription_id, places, is_suppressed(connection, person.id))


def choices_of(settings: Settings, now: datetime, reader: Reader | None, next_mail: NextMail) -> Choices | None:
    """The page of a reader as they stand."""
    if reader is None:
        return None
    person = reader.person
    mine = next(slug for slug, place in reader.places.items() if place.id == reader.subscription_id)
    regions = tuple(region_names(settings))
    return Choices(
        newsletter=mine if mine in settings.newsletters else next(iter(settings.newsletters)),
        address=masked(person.address),
        name=person.name,
        region=person.region,
        language=person.language,
        zone=person.zone,
        larger_type=person.larger_type,
        suppressed=reader.suppressed,
        places=tuple(
            _shown_place(settings, slug, reader.places.get(slug), person.zone, now, next_mail)
            for slug in settings.newsletters
        ),
        regions=regions,
        has_books=settings.books.file is not None and settings.books.per_issue > 0,
    )


def _shown_place(
    settings: Settings, slug: str, place: Subscription | None, zone: str, now: datetime, next_mail: NextMail
) -> PlaceChoices:
    shape, zone = settings.newsletters[slug], zone or settings.site.timezone
    after = mail_from(place, now) if place else now
    schedules = tuple(offered(slug, shape, name, zone, after, next_mail) for name in shape.schedules)
    has = place is not None and place.state is SubscriptionState.ACTIVE
    schedule = place.schedule if place else shape.default_schedule
    off = place.sections_off if place else ()
    paused = place.paused_until if place and place.paused_until and place.paused_until > now else None
    return PlaceChoices(
        newsletter=slug,
        state=place.state if place else None,
        schedule=schedule,
        schedules=schedules,
        sections=tuple((label, label not in off) for label in shape.sections),
        books=place.books if place else True,
        paused_until=paused,
        left_at=place.left_at if place else None,
        undo=place is not None and return_of(place.state, place.left_at, now) is Return.UNDO,
        next_at=next((one.next_at for one in schedules if one.slug == schedule), None) if has else None,
    )
