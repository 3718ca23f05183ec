"""Shops: data in shops.toml, what books.toml adds to it, and the link each of them has for a book."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from urllib.parse import quote

from dispatch.model.affiliates import without_tags
from dispatch.model.book import Book, Catalogue, Shop
from dispatch.model.isbn import isbn_ten

PRESS = "press"
MAX_SHOPS = 4
ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Sold:
    """A shop that has a book, the page where it does, and whether the link earns a commission."""

    shop: Shop
    url: str
    is_tagged: bool = False


@cache
def known_shops() -> dict[str, Shop]:
    """Every shop that is the same for all houses, by name."""
    tables = tomllib.loads(files("dispatch.promoting").joinpath("shops.toml").read_text("utf-8"))
    return {slug: Shop(slug=slug, **table) for slug, table in tables.items()}


def shop_named(slug: str, catalogue: Catalogue) -> Shop | None:
    """A shop by its name in books.toml; "press" is the house's own, if it has one."""
    if slug == PRESS:
        press = catalogue.press
        return Shop(PRESS, press.name, press.shop) if press.shop else None
    return catalogue.shops.get(slug) or known_shops().get(slug)


def every_shop(catalogue: Catalogue) -> list[Shop]:
    """Every shop that books.toml can name, the house's own first."""
    names: Iterable[str] = dict.fromkeys((PRESS, *known_shops(), *catalogue.shops))
    return [shop for name in names if (shop := shop_named(name, catalogue))]


def shops_for(book: Book, catalogue: Catalogue, region: str) -> tuple[Sold, ...]:
    """The shops to show a reader of this region, in their order, with their links; at most four."""
    names = book.shops or catalogue.regions.get(region) or catalogue.elsewhere
    shops = [shop for name in names if (shop := shop_named(name, catalogue))]
    sold = (sold_by(shop, book, region) for shop in shops)
    return tuple(each for each in sold if each.url)[:MAX_SHOPS]


def sold_by(shop: Shop, book: Book, region: str) -> Sold:
    """A shop's page of a book, "" where there is none: no edition for its region, or no number that it goes by.

    No link carries an affiliate's tag but that of books.toml, in the regions that it allows.
    """
    if not shop.region:
        isbn = edition(book.isbn, region) or next(iter(book.isbn.values()), "")
        return Sold(shop, without_tags(shop.link.format(slug=quote(book.slug), isbn=isbn)))
    isbn = edition(book.isbn, shop.region)
    asin = edition(book.asin, shop.region) or (isbn_ten(isbn) if isbn else "") or ""
    if not (asin if "{asin}" in shop.link else isbn):
        return Sold(shop, "")
    if shop.tag and (region or ELSEWHERE) in shop.tag_regions:
        return Sold(shop, shop.tagged_link.format(isbn=isbn, asin=asin, tag=quote(shop.tag)), is_tagged=True)
    return Sold(shop, without_tags(shop.link.format(isbn=isbn, asin=asin, slug=quote(book.slug))))


def edition(numbers: dict[str, str], region: str) -> str:
    """The number of a region's edition, else of the one that is for all others, else ""."""
    return numbers.get(region) or numbers.get("", "")
