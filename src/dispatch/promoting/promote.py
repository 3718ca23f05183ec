"""Put promos into an issue: books, notices, praise of the press.

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
from dispatch.model.book import Book, Catalogue, Promo, PromoBlock, TopicalPost
from dispatch.model.issue import AudienceKey, NumberedPost
from dispatch.model.post import Picture, Problem
from dispatch.promoting.blocks import Setting, promo_block
from dispatch.promoting.choosing import Choices, choose_for_audience, choose_missing, look_ahead, places_of
from dispatch.promoting.covers import copy_cover
from dispatch.promoting.reading import read_catalogue
from dispatch.promoting.rules import Occasion, in_order, named_regions, shown_region, why
from dispatch.rendering.languages import page_language
from dispatch.rendering.look import look_from
from dispatch.rendering.templates import TemplateFolder
from dispatch.store.database import Database
from dispatch.store.promos import IssueOccasion
from dispatch.store.subscriptions import rhythms_of


@dataclass(frozen=True, slots=True)
class Promos:
    """The blocks of each kind of subscriber that was asked for, and what was wrong on the way.

    `reasons` has a line for each promo that anybody is shown: for how many cohorts, and why it is there.
    """

    blocks: dict[AudienceKey, tuple[PromoBlock, ...]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shelf:
    """What blocks are made with: the folder that covers are copied to, and the templates, which have the words."""

    media: Path
    templates: TemplateFolder


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
    shelf: Shelf,
) -> Promos:
    """The blocks of these kinds of subscribers in a stored issue; what was not chosen yet is chosen now, and kept."""
    catalogue, problems = _catalogue(settings)
    if not catalogue:
        return Promos(dict.fromkeys(keys, ()), problems)
    wanted = places_of(catalogue, keys)
    occasion, chosen = await database.run(choose_missing, settings, catalogue, issue_id, wanted, now)
    return await asyncio.to_thread(_promos, settings, catalogue, occasion, chosen, keys, shelf)


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
        posts=tuple(TopicalPost(numbered.post.title, numbered.post.categories) for numbered in upcoming.posts),
    )


async def preview_promos(
    database: Database, settings: Settings, occasion: IssueOccasion, keys: Collection[AudienceKey], *, shelf: Shelf
) -> Promos:
    """The blocks that the next issue has, or will have: the same books as it will get. Nothing is kept."""
    catalogue, problems = _catalogue(settings)
    if not catalogue:
        return Promos(dict.fromkeys(keys, ()), problems)
    ahead, chosen = await database.run(look_ahead, settings, catalogue, occasion, places_of(catalogue, keys))
    return await asyncio.to_thread(_promos, settings, catalogue, ahead.occasion, chosen, keys, shelf)


def _catalogue(settings: Settings) -> tuple[Catalogue | None, tuple[Problem, ...]]:
    if settings.books.file is None or not settings.books.per_issue:
        return None, ()
    try:
        return read_catalogue(settings.books.file), ()
    except BooksError as error:
        remedy = "the issue goes without books; `dispatch books check` says more"
        return None, tuple(Problem("books.toml", problem, remedy) for problem in error.problems)


def _promos(
    settings: Settings,
    catalogue: Catalogue,
    occasion: Occasion,
    chosen: Choices,
    keys: Collection[AudienceKey],
    shelf: Shelf,
) -> Promos:
    slugs = frozenset[str]().union(*chosen.values())
    promos = {promo.slug: promo for promo in catalogue.promos if promo.slug in slugs}
    panel = look_from(settings.look.model_dump()).light.panel
    covers, problems = _covers(promos.values(), shelf.media, panel)
    named = named_regions(catalogue)
    known = shelf.templates.languages()
    spoken = {key.language: page_language(key.language, settings.site.language, known) for key in keys}
    words = {language: shelf.templates.words(language) for language in set(spoken.values())}
    blocks: dict[AudienceKey, tuple[PromoBlock, ...]] = {}
    for key in keys:
        region = shown_region(key.region, key.language, named)
        language = spoken[key.language]
        setting = Setting(catalogue, region, language, words[language], occasion.day)
        mine = [promos[slug] for slug in chosen.get((key.cohort, region), ()) if key.books and slug in promos]
        blocks[key] = tuple(
            promo_block(promo, setting, covers.get(promo.slug)) for promo in in_order(mine, occasion, key.cohort)
        )
    return Promos(blocks, problems, _reasons(promos.values(), occasion, chosen))


def _reasons(promos: Iterable[Promo], occasion: Occasion, chosen: Choices) -> tuple[str, ...]:
    asked = {cohort for cohort, _ in chosen}
    lines = []
    for promo in promos:
        cohorts = {cohort for (cohort, _), slugs in chosen.items() if promo.slug in slugs}
        whom = f", for {len(cohorts)} of {len(asked)} cohorts" if len(asked) > 1 else ""
        lines.append(f"{promo.slug}{whom}: {why(promo, occasion)}")
    return tuple(lines)


def _covers(promos: Iterable[Promo], media: Path, panel: str) -> tuple[dict[str, Picture | None], tuple[Problem, ...]]:
    copied = {promo.slug: copy_cover(promo, media, panel) for promo in promos if isinstance(promo, Book)}
    problems = tuple(problem for _, problem in copied.values() if problem)
    return {slug: picture for slug, (picture, _) in copied.items()}, problems
