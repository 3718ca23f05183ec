"""The pages that promos lead to, noted for whoever asks whether they are still there."""

import asyncio
from datetime import datetime
from zoneinfo import ZoneInfo

from dispatch.config.settings import Settings
from dispatch.errors import BooksError
from dispatch.model.affiliates import without_tags
from dispatch.model.book import Catalogue
from dispatch.promoting.reading import read_catalogue
from dispatch.promoting.rules import named_regions
from dispatch.promoting.shops import shops_for
from dispatch.store.database import Database
from dispatch.store.shop_pages import MissingPage, missing_pages, note_pages


async def note_shop_pages(database: Database, settings: Settings, now: datetime) -> None:
    """Write down every page that a mail of today could lead to; none where that is not wanted, or books.toml is wrong.

    Whoever fetches (collecting/pages.py) reads them from the store: verbs do not call one another.
    """
    await database.run(note_pages, await asyncio.to_thread(_pages, settings, now))


def pages_of(catalogue: Catalogue, now: datetime, zone: ZoneInfo) -> dict[str, str]:
    """Address → what it is about, of every promo that is not over: its shops in every region, its own page.

    Without affiliate tags: asking whether a page is there is nobody's visit.
    """
    day = now.astimezone(zone).date()
    pages: dict[str, str] = {}
    for book in catalogue.books:
        if book.until is None or day <= book.until:
            for region in sorted({"", *named_regions(catalogue)}):
                for sold in shops_for(book, catalogue, region):
                    pages.setdefault(without_tags(sold.url), f"{book.slug} at {sold.shop.name}")
    for notice in catalogue.notices:
        if notice.until is None or day <= notice.until:
            pages.setdefault(notice.url, f"the notice {notice.slug}")
    if catalogue.press.praise and catalogue.press.url:
        pages.setdefault(catalogue.press.url, catalogue.press.name)
    return pages


async def missing_page_lines(database: Database, settings: Settings) -> list[str]:
    """A warning for each page that is not there any more, as `dispatch status` prints it."""
    zone = ZoneInfo(settings.site.timezone)
    return [missing_in_words(page, zone) for page in await database.read(missing_pages)]


def missing_in_words(page: MissingPage, zone: ZoneInfo) -> str:
    """A warning for the operator: which page is not there, since when, and what to do."""
    since = page.since.astimezone(zone)
    return (
        f"books: the page of {page.about} answers {page.status} since {since:%Y-%m-%d}: {page.url} "
        "(correct its ISBN, or leave the shop out in books.toml)"
    )


def _pages(settings: Settings, now: datetime) -> dict[str, str]:
    if settings.books.file is None or not settings.books.per_issue:
        return {}
    try:
        catalogue = read_catalogue(settings.books.file)
    except BooksError:
        return {}
    return pages_of(catalogue, now, ZoneInfo(settings.site.timezone)) if catalogue.check_pages else {}
