"""What an operator sees of the books: which may be shown today, which rest, and how one looks to a reader."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from dispatch.config.settings import Settings
from dispatch.errors import BooksError, NotFoundError
from dispatch.model.address import COHORTS
from dispatch.model.book import Book, Catalogue, PromoBlock
from dispatch.model.region import region_of
from dispatch.promoting.blocks import promo_block
from dispatch.promoting.covers import copy_cover
from dispatch.promoting.reading import missing_covers, read_catalogue
from dispatch.promoting.rules import Occasion, named_regions, rests_since, shown_region, why_not
from dispatch.store.database import Connection, Database
from dispatch.store.promos import resting_books
from dispatch.store.subscriptions import rhythms_of


@dataclass(frozen=True, slots=True)
class BookStanding:
    """A book today. `why_not` is "" where it may be shown; `resting` is schedule → share of cohorts it rests for."""

    book: Book
    why_not: str
    resting: dict[str, float]


def configured_catalogue(settings: Settings) -> Catalogue:
    """The books of the configuration; raises BooksError for faults, NotFoundError where no file is named."""
    return read_catalogue(_file(settings))


async def book_standings(database: Database, settings: Settings, now: datetime, region: str) -> list[BookStanding]:
    """Every book: may it be shown to readers of this region today, and for how many does it rest."""
    catalogue = configured_catalogue(settings)
    occasion = _today(settings, now)
    shown_in = shown_region(_region(catalogue, region), "", named_regions(catalogue))
    resting = await database.run(_resting, settings, now)
    return [
        BookStanding(
            book,
            why_not(book, occasion, shown_in),
            {schedule: share for (slug, schedule), share in resting.items() if slug == book.slug},
        )
        for book in catalogue.books
    ]


def book_block(settings: Settings, slug: str, region: str, language: str, now: datetime) -> PromoBlock:
    """One book as readers of this region see it today, but for its cover; raises NotFoundError."""
    catalogue = configured_catalogue(settings)
    book = next((each for each in catalogue.books if each.slug == slug), None)
    if book is None:
        known = ", ".join(each.slug for each in catalogue.books) or "none"
        raise NotFoundError(f'there is no book "{slug}"; there are: {known}')
    shown_in = shown_region(_region(catalogue, region), language, named_regions(catalogue))
    day = _today(settings, now).day
    spoken = language or settings.site.language
    return promo_block(book, catalogue, region=shown_in, language=spoken, day=day, cover=None)


def books_problems(settings: Settings) -> list[str]:
    """A line for everything wrong with books.toml and its covers; none if all is well."""
    file = _file(settings)
    try:
        catalogue = read_catalogue(file)
    except BooksError as error:
        return error.problems
    with TemporaryDirectory() as folder:
        tried = [copy_cover(book, Path(folder))[1] for book in catalogue.books if Path(book.cover).is_file()]
    return [*missing_covers(file), *(f"{file}: {problem.where}: {problem.what}" for problem in tried if problem)]


def _file(settings: Settings) -> Path:
    if settings.books.file is None:
        raise NotFoundError('no books are configured: add [books] file = "books.toml" to the configuration')
    return settings.books.file


def _region(catalogue: Catalogue, text: str) -> str:
    region = region_of(text, catalogue.regions)
    if region is None:
        raise NotFoundError(f'"{text}" is not a region: it is a country like GB, or one that books.toml names')
    return region


def _today(settings: Settings, now: datetime) -> Occasion:
    return Occasion("", now.astimezone(ZoneInfo(settings.site.timezone)).date())


def _resting(connection: Connection, settings: Settings, now: datetime) -> dict[tuple[str, str], float]:
    since = rests_since(now, settings.books.rest)
    counts: dict[tuple[str, str], int] = {}
    for newsletter in settings.newsletters:
        for schedule, schedule_id in rhythms_of(connection, newsletter).schedules.items():
            for books in resting_books(connection, schedule_id, None, since).values():
                for slug in books:
                    place = (slug, f"{newsletter} {schedule}")
                    counts[place] = counts.get(place, 0) + 1
    return {place: count / COHORTS for place, count in counts.items()}
