"""Put books into an issue.

    what the issue is, and what its schedule has shown of late
    for each cohort and region that has no choice yet: draw, and remember
    for each kind of subscriber: the blocks of what was drawn

A choice is made once; asked again, the same books come out, whatever books.toml says by then.
"""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from dispatch.config.settings import Settings
from dispatch.errors import BooksError
from dispatch.model.book import Book, Catalogue, PromoBlock
from dispatch.model.issue import AudienceKey
from dispatch.model.post import Picture, Problem
from dispatch.promoting.blocks import promo_block
from dispatch.promoting.covers import copy_cover
from dispatch.promoting.reading import read_catalogue
from dispatch.promoting.rules import Occasion, choose, in_order, named_regions, rests_since, shown_region
from dispatch.store.database import Connection, Database
from dispatch.store.promos import (
    CohortRegion,
    IssueOccasion,
    audience_places,
    issue_occasion,
    keep_promo_choices,
    promo_choices,
    resting_books,
)


@dataclass(frozen=True, slots=True)
class Promos:
    """The blocks of each kind of subscriber that was asked for, and what was wrong on the way."""

    blocks: dict[AudienceKey, tuple[PromoBlock, ...]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


async def place_promos(database: Database, settings: Settings, now: datetime, issue_id: int) -> tuple[Problem, ...]:
    """Choose the books of everybody an issue goes to, once; says what is wrong with books.toml, if anything is.

    A books.toml that cannot be read costs the issue its books, never the issue.
    """
    catalogue, problems = _catalogue(settings)
    if catalogue:
        await database.run(_choose_for_audience, settings, catalogue, issue_id, now)
    return problems


async def promos_for(
    database: Database,
    settings: Settings,
    now: datetime,
    issue_id: int,
    keys: Collection[AudienceKey],
    *,
    media: Path,
) -> Promos:
    """The blocks of these kinds of subscribers in a stored issue; what was not chosen yet is chosen now, and kept.

    `media` is the folder that covers are copied to.
    """
    catalogue, problems = _catalogue(settings)
    if not catalogue:
        return Promos(dict.fromkeys(keys, ()), problems)
    found, chosen = await database.run(_choose_for_keys, settings, catalogue, issue_id, keys, now)
    return await _promos(settings, catalogue, found, chosen, keys, media)


async def preview_promos(
    database: Database, settings: Settings, occasion: IssueOccasion, keys: Collection[AudienceKey], *, media: Path
) -> Promos:
    """The blocks that an issue would have which is not stored yet: the same books that it will get; nothing is kept."""
    catalogue, problems = _catalogue(settings)
    if not catalogue:
        return Promos(dict.fromkeys(keys, ()), problems)
    wanted = _places(catalogue, keys)
    chosen = await database.run(_draw, settings, catalogue, occasion, None, wanted)
    return await _promos(settings, catalogue, occasion, chosen, keys, media)


def occasion_of(found: IssueOccasion, settings: Settings) -> Occasion:
    """An issue as the rules see it: its name, its local day, the categories of its posts."""
    zone = ZoneInfo(settings.site.timezone)
    name = f"{found.newsletter}/{found.schedule}/{found.slot}"
    return Occasion(name, found.due_at.astimezone(zone).date(), found.categories)


def _catalogue(settings: Settings) -> tuple[Catalogue | None, tuple[Problem, ...]]:
    if settings.books.file is None or not settings.books.per_issue:
        return None, ()
    try:
        return read_catalogue(settings.books.file), ()
    except BooksError as error:
        remedy = "the issue goes without books; `dispatch books check` says more"
        return None, tuple(Problem("books.toml", problem, remedy) for problem in error.problems)


def _choose_for_audience(
    connection: Connection, settings: Settings, catalogue: Catalogue, issue_id: int, now: datetime
) -> None:
    named = named_regions(catalogue)
    places = audience_places(connection, issue_id)
    wanted = {(place.cohort, shown_region(place.region, place.language, named)) for place in places}
    _choose_missing(connection, settings, catalogue, issue_id, wanted, now)


def _choose_for_keys(
    connection: Connection,
    settings: Settings,
    catalogue: Catalogue,
    issue_id: int,
    keys: Collection[AudienceKey],
    now: datetime,
) -> tuple[IssueOccasion, dict[CohortRegion, frozenset[str]]]:
    found = _choose_missing(connection, settings, catalogue, issue_id, _places(catalogue, keys), now)
    return found, promo_choices(connection, issue_id)


def _choose_missing(
    connection: Connection,
    settings: Settings,
    catalogue: Catalogue,
    issue_id: int,
    wanted: set[CohortRegion],
    now: datetime,
) -> IssueOccasion:
    found = issue_occasion(connection, issue_id)
    missing = wanted - promo_choices(connection, issue_id).keys()
    if missing:
        keep_promo_choices(connection, issue_id, _draw(connection, settings, catalogue, found, issue_id, missing), now)
    return found


def _draw(
    connection: Connection,
    settings: Settings,
    catalogue: Catalogue,
    found: IssueOccasion,
    issue_id: int | None,
    wanted: Iterable[CohortRegion],
) -> dict[CohortRegion, frozenset[str]]:
    occasion = occasion_of(found, settings)
    since = rests_since(found.due_at, settings.books.rest)
    resting = resting_books(connection, found.schedule_id, issue_id, since)
    return {
        (cohort, region): frozenset(
            book.slug
            for book in choose(
                catalogue.books,
                occasion,
                cohort=cohort,
                region=region,
                resting=resting.get(cohort, frozenset()),
                count=settings.books.per_issue,
            )
        )
        for cohort, region in wanted
    }


def _places(catalogue: Catalogue, keys: Iterable[AudienceKey]) -> set[CohortRegion]:
    named = named_regions(catalogue)
    return {(key.cohort, shown_region(key.region, key.language, named)) for key in keys if key.books}


async def _promos(
    settings: Settings,
    catalogue: Catalogue,
    found: IssueOccasion,
    chosen: dict[CohortRegion, frozenset[str]],
    keys: Collection[AudienceKey],
    media: Path,
) -> Promos:
    slugs = frozenset().union(*chosen.values())
    books = {book.slug: book for book in catalogue.books if book.slug in slugs}
    covers, problems = await asyncio.to_thread(_covers, books.values(), media)
    occasion, named = occasion_of(found, settings), named_regions(catalogue)
    blocks: dict[AudienceKey, tuple[PromoBlock, ...]] = {}
    for key in keys:
        region = shown_region(key.region, key.language, named)
        mine = [books[slug] for slug in chosen.get((key.cohort, region), ()) if key.books and slug in books]
        blocks[key] = tuple(
            promo_block(
                book,
                catalogue,
                region=region,
                language=key.language or settings.site.language,
                day=occasion.day,
                cover=covers[book.slug],
            )
            for book in in_order(mine, occasion, key.cohort)
        )
    return Promos(blocks, problems)


def _covers(books: Iterable[Book], media: Path) -> tuple[dict[str, Picture | None], tuple[Problem, ...]]:
    copied = {book.slug: copy_cover(book, media) for book in books}
    problems = tuple(problem for _, problem in copied.values() if problem)
    return {slug: picture for slug, (picture, _) in copied.items()}, problems
