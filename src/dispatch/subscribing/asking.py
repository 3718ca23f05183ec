"""Asking people once whether they want what an import brought them in for: those who never confirmed it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatch.config.settings import Settings
from dispatch.model.request import IMPORT, Choice, NewRequest, RequestKind
from dispatch.store.database import Connection, Database
from dispatch.store.requests import insert_request, was_asked
from dispatch.store.unconfirmed import UnconfirmedPlace, unconfirmed_places
from dispatch.subscribing.newsletters import newsletter_named

BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """How many people are asked, and how many were before, whatever they answered."""

    people: int
    before: int


async def ask_unconfirmed(
    database: Database, settings: Settings, now: datetime, *, newsletter: str | None = None, dry_run: bool = False
) -> Asked:
    """Ask everybody who is unconfirmed and was never asked: one mail a person, whatever it was they did not confirm.

    Nobody is asked twice, however often this is called. Raises NotFoundError for a newsletter that is not configured.
    """
    wanted = list(settings.newsletters) if newsletter is None else [newsletter_named(settings, newsletter)[0]]
    asked, before, after = 0, 0, 0
    while True:
        people, known, after = await database.run(_ask_some, wanted, after, now, dry_run=dry_run)
        asked, before = asked + people, before + known
        if not after:
            return Asked(asked, before)


def _ask_some(
    connection: Connection, newsletters: Sequence[str], after: int, now: datetime, *, dry_run: bool
) -> tuple[int, int, int]:
    """Ask the next BATCH of subscribers; how many were, how many had been, and where to go on (0 at the end)."""
    places = unconfirmed_places(connection, newsletters, after, BATCH)
    people: dict[int, list[UnconfirmedPlace]] = {}
    for place in places:
        people.setdefault(place.subscriber_id, []).append(place)
    known = was_asked(connection, {place.address_hash for place in places}, IMPORT)
    new = [theirs for theirs in people.values() if theirs[0].address_hash not in known]
    for theirs in [] if dry_run else new:
        insert_request(connection, _request(theirs), now)
    return len(new), len(people) - len(new), max(people, default=0)


def _request(places: Sequence[UnconfirmedPlace]) -> NewRequest:
    person = places[0]
    return NewRequest(
        kind=RequestKind.JOIN,
        address=person.address,
        address_hash=person.address_hash,
        choices=tuple(Choice(place.newsletter, place.schedule) for place in places),
        language=person.language,
        via=IMPORT,
        page=person.source,
    )
