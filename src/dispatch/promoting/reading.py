"""books.toml: read, checked as a whole, and made into a catalogue."""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dispatch.config.books import (
    ELSEWHERE,
    BooksFile,
    BookTable,
    HouseSaid,
    NoticeTable,
    PressTable,
    ShopTable,
    read_books_file,
)
from dispatch.config.document import Document, read_document
from dispatch.config.faults import Fault
from dispatch.config.wording import found, meant
from dispatch.model.affiliates import without_tags
from dispatch.model.book import Book, Catalogue, HousePraise, Notice, Pitch, Praise, Press, Shop
from dispatch.model.region import country_codes, region_of
from dispatch.promoting.shops import PRESS, known_shops

# Where nobody said which shops: the two that most readers of English can use.
DEFAULT_ELSEWHERE = ("amazon-us", "amazon-uk")

Table = dict[str, Any]


def read_catalogue(path: Path) -> Catalogue:
    """Read books.toml; raises BooksError with a line `file:line: key: …` for everything wrong in it."""
    return _catalogue(read_books_file(path, crosscheck), path.parent)


def _catalogue(file: BooksFile, folder: Path) -> Catalogue:
    regions = {name: tuple(shops) for name, shops in file.regions.items() if name != ELSEWHERE}
    return Catalogue(
        press=_press(file.press),
        books=tuple(_book(slug, table, folder) for slug, table in file.books.items()),
        regions=regions,
        elsewhere=tuple(file.regions.get(ELSEWHERE) or _default_elsewhere(file)),
        notices=tuple(_notice(slug, table) for slug, table in file.notices.items()),
        shops={slug: _shop(slug, table) for slug, table in file.shops.items()},
        check_pages=file.check_pages,
    )


def missing_covers(path: Path) -> list[str]:
    """A line `file:line: key: …` for each cover that is not there. Without its cover a book is shown all the same."""
    document = read_document(path)
    covers = ((slug, _table(table).get("cover")) for slug, table in _table(document.data.get("books")).items())
    return [
        document.sentence(
            ("books", slug, "cover"), f"found {found(cover)}, and there is no such file beside books.toml"
        )
        for slug, cover in covers
        if isinstance(cover, str) and cover and not (document.folder / cover).is_file()
    ]


def _default_elsewhere(file: BooksFile) -> tuple[str, ...]:
    return (PRESS, *DEFAULT_ELSEWHERE) if file.press.shop else DEFAULT_ELSEWHERE


def _book(slug: str, table: BookTable, folder: Path) -> Book:
    pitch = table.pitch
    return Book(
        slug=slug,
        title=table.title,
        author=table.author,
        isbn=dict(table.isbn),
        asin=dict(table.asin),
        format=table.format,
        blurb=table.blurb,
        praise=tuple(Praise(each.text, each.by) for each in table.praise),
        cover=str((folder / table.cover).resolve()) if table.cover else "",
        topics=tuple(table.topics),
        not_with=tuple(table.not_with),
        weight=table.weight,
        pitch=Pitch(pitch.text, pitch.starts, pitch.until) if pitch else None,
        published=table.published,
        only=tuple(table.only),
        starts=table.starts,
        until=table.until,
        at_most=table.at_most,
        shops=tuple(table.shops),
    )


def _press(table: PressTable) -> Press:
    shop = table.shop or ""
    home = urlsplit(shop)
    # A link of the house's own with somebody's tag on it is a mistake of copying.
    url = without_tags(table.url or "") or (f"{home.scheme}://{home.netloc}/" if shop else "")
    return Press(table.name, shop, _house_praise(table.praise), url)


def _house_praise(said: list[HouseSaid]) -> tuple[HousePraise, ...]:
    """Each with a name of its own, made of who said it, so that it rests like a book also when their order changes."""
    named: dict[str, HousePraise] = {}
    for each in said:
        name = re.sub(r"[^a-z0-9]+", "-", each.by.casefold()).strip("-") or "somebody"
        same = sum(known == name or known.startswith(f"{name}/") for known in named)
        name = f"{name}/{same + 1}" if same else name
        named[name] = HousePraise(
            slug=f"praise:{name}",
            text=each.text,
            by=each.by,
            weight=each.weight,
            starts=each.starts,
            until=each.until,
            at_most=each.at_most,
        )
    return tuple(named.values())


def _shop(slug: str, table: ShopTable) -> Shop:
    known = known_shops().get(slug)
    shop = Shop(slug, table.name or "", table.link or "", table.region, table.preposition)
    if known:
        shop = replace(known, name=table.name or known.name, link=table.link or known.link)
    if not table.affiliate:
        return shop
    return replace(shop, tag=table.affiliate.tag, tag_regions=tuple(table.affiliate.regions))


def _notice(slug: str, table: NoticeTable) -> Notice:
    return Notice(
        slug=slug,
        title=table.title,
        text=table.text,
        url=without_tags(table.url),
        button=table.button,
        topics=tuple(table.topics),
        not_with=tuple(table.not_with),
        weight=table.weight,
        only=tuple(table.only),
        starts=table.starts,
        until=table.until,
        at_most=table.at_most,
    )


def crosscheck(document: Document) -> Iterator[Fault]:
    """What is wrong between the values of a books.toml: names that nothing bears, dates that run backwards."""
    regions = _table(document.data.get("regions"))
    known = country_codes() | set(regions) - {ELSEWHERE}
    for name in regions:
        if name != ELSEWHERE and region_of(name) not in (None, name):
            yield Fault(("regions", name), f'found "{name}"; allowed: {region_of(name)}, as ISO 3166 writes it')
    for path, names in _named_shops(document):
        yield from _shop_faults(path, names, document)
    for slug, table in _table(document.data.get("shops")).items():
        yield from _own_shop_faults(slug, _table(table), known)
    for kind in ("books", "notices"):
        for slug, table in _table(document.data.get(kind)).items():
            yield from _region_faults((kind, slug), _table(table), known)
            yield from _date_faults((kind, slug), _table(table))
    for slug in _table(document.data.get("notices")):
        if slug in _table(document.data.get("books")):
            yield Fault(("notices", slug), "found the name of a book; allowed: a name of its own")


def _named_shops(document: Document) -> Iterator[tuple[tuple[str, ...], object]]:
    for name, shops in _table(document.data.get("regions")).items():
        yield ("regions", name), shops
    for slug, table in _table(document.data.get("books")).items():
        yield ("books", slug, "shops"), _table(table).get("shops")


def _shop_faults(path: tuple[str, ...], names: object, document: Document) -> Iterator[Fault]:
    known = [*known_shops(), *(slug for slug in _table(document.data.get("shops")) if slug not in known_shops())]
    has_press_shop = bool(_table(document.data.get("press")).get("shop"))
    for number, name in enumerate(names if isinstance(names, list) else []):
        if name == PRESS and not has_press_shop:
            yield Fault((*path, number), 'found "press", and press.shop does not say where its shop is')
        elif isinstance(name, str) and name != PRESS and name not in known:
            shops = ", ".join((PRESS, *known))
            yield Fault((*path, number), f"found {found(name)}; allowed: {shops}{meant(name, known)}")


def _own_shop_faults(slug: str, table: Table, known: Collection[str]) -> Iterator[Fault]:
    path = ("shops", slug)
    shop, affiliate = known_shops().get(slug), _table(table.get("affiliate"))
    if slug == PRESS:
        yield Fault(path, "found the house's own shop; allowed: its address under press.shop")
    elif shop is None:
        for key in ("name", "link"):
            if key not in table:
                yield Fault((*path, key), "found nothing, and a shop that dispatch does not know needs it")
    if affiliate and slug != PRESS and not (shop and shop.tagged_link):
        tagged = ", ".join(each.slug for each in known_shops().values() if each.tagged_link)
        yield Fault(
            (*path, "affiliate"),
            f"found a tag for a shop whose tagged links would lead through a redirect; allowed for: {tagged}",
        )
    named = affiliate.get("regions")
    places = [(("affiliate", "regions", number), name) for number, name in enumerate(named or [])]
    for rest, name in [*(places if isinstance(named, list) else []), (("region",), table.get("region"))]:
        if isinstance(name, str) and name and name not in known and (name != ELSEWHERE or rest == ("region",)):
            yield Fault((*path, *rest), _unknown_region(name, known))


def _unknown_region(name: str, known: Collection[str]) -> str:
    code = region_of(name)
    guess = f'; did you mean "{code}"?' if code else meant(name, known)
    return f"found {found(name)}; allowed: a country as ISO 3166 writes it (US, GB, …) or a name from [regions]{guess}"


def _region_faults(path: tuple[str, ...], table: Table, known: Collection[str]) -> Iterator[Fault]:
    only = table.get("only")
    named: list[tuple[tuple[str | int, ...], object]] = [
        *((("only", number), name) for number, name in enumerate(only if isinstance(only, list) else [])),
        *(((key, name), name) for key in ("isbn", "asin") for name in _table(table.get(key))),
    ]
    for rest, name in named:
        if isinstance(name, str) and name not in known:
            yield Fault((*path, *rest), _unknown_region(name, known))


def _date_faults(path: tuple[str, ...], table: Table) -> Iterator[Fault]:
    pitch = _table(table.get("pitch"))
    for rest, start, end in (
        (("pitch", "until"), pitch.get("from"), pitch.get("until")),
        (("until",), table.get("from"), table.get("until")),
    ):
        if isinstance(start, date) and isinstance(end, date) and end < start:
            yield Fault((*path, *rest), f"found {end}, which is before it begins ({start})")


def _table(value: object) -> Table:
    return value if isinstance(value, dict) else {}
