"""What an operator sees of the books: which may be shown today, which rest, and how one looks to a reader."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from dispatch.config.settings import Settings
from dispatch.errors import BooksError, NotFoundError
from dispatch.model.address import COHORTS
from dispatch.model.affiliates import without_tags
from dispatch.model.book import Book, Catalogue, Promo, PromoBlock
from dispatch.model.region import region_of
from dispatch.promoting.blocks import Setting, kind_of, promo_block
from dispatch.promoting.covers import copy_cover
from dispatch.promoting.reading import missing_covers, read_catalogue
from dispatch.promoting.rules import Occasion, Past, named_regions, rests_since, shown_region, why_not
from dispatch.promoting.shops import MAX_SHOPS
from dispatch.rendering.look import look_from
from dispatch.rendering.templates import TemplateFolder
from dispatch.store.database import Connection, Database
from dispatch.store.promos import resting_books
from dispatch.store.subscriptions import rhythms_of

MOST_WORDS = 45  # of a blurb


@dataclass(frozen=True, slots=True)
class Standing:
    """A promo today. `why_not` is "" where it may be shown; `resting` is schedule → share of cohorts it rests for."""

    promo: Promo
    kind: str
    title: str
    why_not: str
    resting: dict[str, float]


def configured_catalogue(settings: Settings) -> Catalogue:
    """The books of the configuration; raises BooksError for faults, NotFoundError where no file is named."""
    return read_catalogue(books_file(settings))


async def standings(database: Database, settings: Settings, now: datetime, region: str) -> list[Standing]:
    """Every promo: may it be shown to readers of this region today, and for how many does it rest."""
    catalogue = configured_catalogue(settings)
    occasion = _today(settings, now)
    shown_in = shown_region(region_named(catalogue, region), "", named_regions(catalogue))
    resting = await database.run(_resting, settings, now)
    return [
        Standing(
            promo,
            kind_of(promo),
            title_of(promo, catalogue),
            why_not(promo, occasion, shown_in, Past()),
            {schedule: share for (slug, schedule), share in resting.items() if slug == promo.slug},
        )
        for promo in catalogue.promos
    ]


def title_of(promo: Promo, catalogue: Catalogue) -> str:
    """What a promo is called in a list: "The Salt Almanac, by Marguerite Oyelaran"."""
    if isinstance(promo, Book):
        return f"{promo.title}, by {promo.author}"
    return f"“{promo.text}”" if kind_of(promo) == "praise" else f"{getattr(promo, 'title', catalogue.press.name)}"


def promo_named(catalogue: Catalogue, slug: str) -> Promo:
    """A promo by its name; raises NotFoundError with the names there are."""
    for promo in catalogue.promos:
        if promo.slug == slug:
            return promo
    known = ", ".join(each.slug for each in catalogue.promos) or "none"
    raise NotFoundError(f'there is no book or notice "{slug}"; there are: {known}')


def block_today(
    settings: Settings, templates: TemplateFolder, slug: str, region: str, language: str, now: datetime
) -> PromoBlock:
    """One promo as readers of this region see it today, but for its cover; raises NotFoundError."""
    catalogue = configured_catalogue(settings)
    promo = promo_named(catalogue, slug)
    shown_in = shown_region(region_named(catalogue, region), language, named_regions(catalogue))
    spoken = language or settings.site.language
    day = _today(settings, now).day
    return promo_block(promo, Setting(catalogue, shown_in, spoken, templates.words(spoken), day))


def books_problems(settings: Settings) -> list[str]:
    """A line for everything wrong with books.toml and its covers; none if all is well."""
    file = books_file(settings)
    try:
        catalogue = read_catalogue(file)
    except BooksError as error:
        return error.problems
    panel = look_from(settings.look.model_dump()).light.panel
    with TemporaryDirectory() as folder:
        tried = [copy_cover(book, Path(folder), panel)[1] for book in catalogue.books if Path(book.cover).is_file()]
    return [*missing_covers(file), *(f"{file}: {problem.where}: {problem.what}" for problem in tried if problem)]


def advice(catalogue: Catalogue) -> list[str]:
    """What is not wrong and could be better: blurbs that nobody reads to their end, tags that are left out of mail."""
    lines = [
        f"books.{book.slug}.blurb: it has {len(book.blurb.split())} words; {MOST_WORDS} are read to the end"
        for book in catalogue.books
        if len(book.blurb.split()) > MOST_WORDS
    ]
    links = {"press.shop": catalogue.press.shop} | {f"shops.{slug}.link": s.link for slug, s in catalogue.shops.items()}
    lines += [f"{key}: its affiliate tag is left out of mail" for key, url in links.items() if without_tags(url) != url]
    for region, names in {**catalogue.regions, "elsewhere": catalogue.elsewhere}.items():
        if len(names) > MAX_SHOPS:
            lines.append(
                f"regions.{region}: it has {len(names)} shops; a book shows the first {MAX_SHOPS} that have it"
            )
    return lines


def books_file(settings: Settings) -> Path:
    """The file of books; raises NotFoundError where the configuration names none."""
    if settings.books.file is None:
        raise NotFoundError('no books are configured: add [books] file = "books.toml" to the configuration')
    return settings.books.file


def region_named(catalogue: Catalogue, text: str) -> str:
    """The region somebody means, "" for none; raises NotFoundError for what is no region."""
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
