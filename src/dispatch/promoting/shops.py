"""Shops: data in shops.toml, and the link each of them has for a book."""

import tomllib
from functools import cache
from importlib.resources import files
from urllib.parse import quote

from dispatch.model.book import Book, Catalogue, Press, Shop, ShopLink
from dispatch.model.isbn import isbn_ten

PRESS = "press"
MAX_SHOPS = 4


@cache
def known_shops() -> dict[str, Shop]:
    """Every shop that is the same for all houses, by name."""
    tables = tomllib.loads(files("dispatch.promoting").joinpath("shops.toml").read_text("utf-8"))
    return {slug: Shop(slug=slug, **table) for slug, table in tables.items()}


def shop_named(slug: str, press: Press) -> Shop | None:
    """A shop by its name in books.toml; "press" is the house's own, if it has one."""
    if slug != PRESS:
        return known_shops().get(slug)
    return Shop(PRESS, press.name, press.shop) if press.shop else None


def shops_for(book: Book, catalogue: Catalogue, region: str) -> tuple[tuple[Shop, ShopLink], ...]:
    """The shops to show a reader of this region, in their order, with their links; at most four."""
    names = book.shops or catalogue.regions.get(region) or catalogue.elsewhere
    shops = [shop for name in names if (shop := shop_named(name, catalogue.press))]
    linked = ((shop, link_of(shop, book, region)) for shop in shops)
    return tuple((shop, ShopLink(shop.name, url)) for shop, url in linked if url)[:MAX_SHOPS]


def link_of(shop: Shop, book: Book, region: str) -> str:
    """A shop's page of a book, "" where there is none: no edition for its region, or no number that it goes by."""
    if not shop.region:
        isbn = edition(book.isbn, region) or next(iter(book.isbn.values()), "")
        return shop.link.format(slug=quote(book.slug), isbn=isbn)
    isbn = edition(book.isbn, shop.region)
    asin = edition(book.asin, shop.region) or (isbn_ten(isbn) if isbn else "") or ""
    number = asin if "{asin}" in shop.link else isbn
    return shop.link.format(isbn=isbn, asin=asin) if number else ""


def edition(numbers: dict[str, str], region: str) -> str:
    """The number of a region's edition, else of the one that is for all others, else ""."""
    return numbers.get(region) or numbers.get("", "")
