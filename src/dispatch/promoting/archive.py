"""The books of an issue that went out, for its page: what was chosen for it, as a reader without a region sees it.

Nothing is drawn and nothing is kept: an issue shows the books that it had, those that have left books.toml since are
gone, and those sold in some regions alone are not shown to the whole world.
"""

import asyncio
from zoneinfo import ZoneInfo

from dispatch.config.settings import Settings
from dispatch.errors import BooksError
from dispatch.model.book import Book, Catalogue, Promo, PromoBlock
from dispatch.promoting.blocks import Setting, promo_block
from dispatch.promoting.covers import copy_cover
from dispatch.promoting.promote import Shelf
from dispatch.promoting.reading import read_catalogue
from dispatch.promoting.rules import Occasion, in_order
from dispatch.rendering.look import look_from
from dispatch.store.database import Connection, Database
from dispatch.store.promo_decisions import decisions_about
from dispatch.store.promos import CohortRegion, issue_occasion, promo_choices

ANYWHERE = ""


async def promos_of_issue(
    database: Database, settings: Settings, issue_id: int, *, shelf: Shelf
) -> tuple[PromoBlock, ...]:
    """The blocks on the page of a stored issue; none where books.toml cannot be read, for no page waits for it."""
    catalogue = _catalogue(settings)
    if catalogue is None:
        return ()
    occasion, chosen = await database.read(_chosen, settings, issue_id)
    if not chosen:
        return ()
    return await asyncio.to_thread(_blocks, settings, catalogue, occasion, chosen, shelf)


def state_of_books(settings: Settings) -> tuple[int, int]:
    """When books.toml was changed (ns) and its size: as long as they stay, so does what it says."""
    try:
        status = settings.books.file.stat() if settings.books.file else None
    except OSError:
        status = None
    return (status.st_mtime_ns, status.st_size) if status else (0, 0)


def _catalogue(settings: Settings) -> Catalogue | None:
    if settings.books.file is None or not settings.books.per_issue:
        return None
    try:
        return read_catalogue(settings.books.file)
    except BooksError:
        return None


def _chosen(
    connection: Connection, settings: Settings, issue_id: int
) -> tuple[Occasion, dict[CohortRegion, frozenset[str]]]:
    found = issue_occasion(connection, issue_id)
    decided = decisions_about(connection, found.schedule_id, found.slot)
    occasion = Occasion(
        name=f"{found.newsletter}/{found.schedule}/{found.slot}",
        day=found.due_at.astimezone(ZoneInfo(settings.site.timezone)).date(),
        posts=found.posts,
        pinned=decided.pinned,
        banned=decided.banned,
    )
    return occasion, promo_choices(connection, issue_id)


def _blocks(
    settings: Settings,
    catalogue: Catalogue,
    occasion: Occasion,
    chosen: dict[CohortRegion, frozenset[str]],
    shelf: Shelf,
) -> tuple[PromoBlock, ...]:
    # Of all cohorts the first, and of its regions the one that is none, if there is a choice for it.
    place = min(chosen, key=lambda each: (each[0], each[1] != ANYWHERE, each[1]))
    promos = [promo for promo in catalogue.promos if promo.slug in chosen[place] and not promo.only]
    language = settings.site.language
    setting = Setting(catalogue, ANYWHERE, language, shelf.templates.words(language), occasion.day)
    panel = look_from(settings.look.model_dump()).light.panel
    ordered = in_order(promos, occasion, place[0])
    return tuple(_block(promo, setting, shelf, panel) for promo in ordered)


def _block(promo: Promo, setting: Setting, shelf: Shelf, panel: str) -> PromoBlock:
    cover, _ = copy_cover(promo, shelf.media, panel) if isinstance(promo, Book) else (None, None)
    return promo_block(promo, setting, cover)
