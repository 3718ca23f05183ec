"""Put books into an issue.

    what the issue is, and what its schedule has shown of late
    for each cohort and region that has no choice yet: draw, and remember
    for each kind of subscriber: the blocks of what was drawn

A choice is made once; asked again, the same books come out, whatever books.toml says by then. A books.toml that cannot
be read costs an issue its books, never the issue.
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from dispatch.config.settings import Settings
from dispatch.errors import BooksError
from dispatch.model.book import Book, Catalogue, PromoBlock
from dispatch.model.issue import AudienceKey, NumberedPost
from dispatch.model.post import Picture, Problem
from dispatch.promoting.blocks import promo_block
from dispatch.promoting.choosing import (
    Choices,
    choose_for_audience,
    choose_missing,
    look_ahead,
    occasion_of,
    places_of,
)
from dispatch.promoting.covers import copy_cover
from dispatch.promoting.reading import read_catalogue
from dispatch.promoting.rules import in_order, named_regions, shown_region
from dispatch.store.database import Database
from dispatch.store.promos import IssueOccasion
from dispatch.store.subscriptions import rhythms_of


@dataclass(frozen=True, slots=True)
class Promos:
    """The blocks of each kind of subscriber that was asked for, and what was wrong on the way."""

    blocks: dict[AudienceKey, tuple[PromoBlock, ...]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


class ComingSlot(Protocol):
    """A slot, as composing knows it: its name (a local date and time) and its instant."""

    @property
    def key(self) -> str: ...

    @property
    def due_at(self) -> datetime: ...


class ComingIssue(Protocol):
    """The next issue, as composing knows it, stored or not."""

    @property
    def newsletter(self) -> str: ...

    @property
    def schedule(self) -> str: ...

    @property
    def slot(self) -> ComingSlot | None: ...

    @property
    def issue_id(self) -> int | None: ...

    @property
    def posts(self) -> Sequence[NumberedPost]: ...


async def place_promos(database: Database, settings: Settings, now: datetime, issue_id: int) -> tuple[Problem, ...]:
    """Choose the books of everybody an issue goes to; says what is wrong with books.toml, if anything is."""
    catalogue, problems = _catalogue(settings)
    if catalogue:
        await database.run(choose_for_audience, settings, catalogue, issue_id, now)
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
    wanted = places_of(catalogue, keys)
    found, chosen = await database.run(choose_missing, settings, catalogue, issue_id, wanted, now)
    return await _promos(settings, catalogue, found, chosen, keys, media)


async def occasion_ahead(database: Database, upcoming: ComingIssue, now: datetime) -> IssueOccasion:
    """The next issue as the choice of books sees it; raises NotFoundError."""
    schedules = (await database.run(rhythms_of, upcoming.newsletter)).schedules
    slot = upcoming.slot
    return IssueOccasion(
        id=upcoming.issue_id,
        newsletter=upcoming.newsletter,
        schedule_id=schedules[upcoming.schedule],
        schedule=upcoming.schedule,
        slot=slot.key if slot else "",
        due_at=slot.due_at if slot else now,
        categories=tuple(dict.fromkeys(name for numbered in upcoming.posts for name in numbered.post.categories)),
    )


async def preview_promos(
    database: Database, settings: Settings, occasion: IssueOccasion, keys: Collection[AudienceKey], *, media: Path
) -> Promos:
    """The blocks that the next issue has, or will have: the same books as it will get. Nothing is kept."""
    catalogue, problems = _catalogue(settings)
    if not catalogue:
        return Promos(dict.fromkeys(keys, ()), problems)
    chosen = await database.run(look_ahead, settings, catalogue, occasion, places_of(catalogue, keys))
    return await _promos(settings, catalogue, occasion, chosen, keys, media)


def _catalogue(settings: Settings) -> tuple[Catalogue | None, tuple[Problem, ...]]:
    if settings.books.file is None or not settings.books.per_issue:
        return None, ()
    try:
        return read_catalogue(settings.books.file), ()
    except BooksError as error:
        remedy = "the issue goes without books; `dispatch books check` says more"
        return None, tuple(Problem("books.toml", problem, remedy) for problem in error.problems)


async def _promos(
    settings: Settings,
    catalogue: Catalogue,
    found: IssueOccasion,
    chosen: Choices,
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
