"""books.toml: read, checked as a whole, and made into a catalogue."""

from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from dispatch.config.books import ELSEWHERE, BooksFile, BookTable, NoticeTable, Said, read_books_file
from dispatch.config.document import Document, read_document
from dispatch.config.faults import Fault
from dispatch.config.wording import found, meant
from dispatch.model.book import Book, Catalogue, Notice, Pitch, Praise, Press
from dispatch.model.region import country_codes, region_of
from dispatch.promoting.shops import PRESS, known_shops

# Where nobody said which shops: the two that most readers of English can use.
DEFAULT_ELSEWHERE = ("amazon-us", "amazon-uk")

Table = dict[str, Any]


def read_catalogue(path: Path) -> Catalogue:
    """Read books.toml; raises BooksError with a line `file:line: key: …` for everything wrong in it."""
    file = read_books_file(path, _crosscheck)
    regions = {name: tuple(shops) for name, shops in file.regions.items() if name != ELSEWHERE}
    return Catalogue(
        press=Press(file.press.name, file.press.shop or "", _praise(file.press.praise)),
        books=tuple(_book(slug, table, path.parent) for slug, table in file.books.items()),
        regions=regions,
        elsewhere=tuple(file.regions.get(ELSEWHERE) or _default_elsewhere(file)),
        notices=tuple(_notice(slug, table) for slug, table in file.notices.items()),
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
        praise=_praise(table.praise),
        cover=str((folder / table.cover).resolve()) if table.cover else "",
        topics=tuple(table.topics),
        not_with=tuple(table.not_with),
        weight=table.weight,
        pitch=Pitch(pitch.text, pitch.starts, pitch.until) if pitch else None,
        published=table.published,
        only=tuple(table.only),
        until=table.until,
        shops=tuple(table.shops),
    )


def _praise(said: list[Said]) -> tuple[Praise, ...]:
    return tuple(Praise(each.text, each.by) for each in said)


def _notice(slug: str, table: NoticeTable) -> Notice:
    return Notice(
        slug=slug,
        title=table.title,
        text=table.text,
        url=table.url,
        weight=table.weight,
        only=tuple(table.only),
        starts=table.starts,
        until=table.until,
    )


def _crosscheck(document: Document) -> Iterator[Fault]:
    regions = _table(document.data.get("regions"))
    known = country_codes() | set(regions) - {ELSEWHERE}
    has_press_shop = bool(_table(document.data.get("press")).get("shop"))
    for name, shops in regions.items():
        if name != ELSEWHERE and region_of(name) not in (None, name):
            yield Fault(("regions", name), f'found "{name}"; allowed: {region_of(name)}, as ISO 3166 writes it')
        yield from _shop_faults(("regions", name), shops, has_press_shop=has_press_shop)
    for kind in ("books", "notices"):
        for slug, table in _table(document.data.get(kind)).items():
            yield from _region_faults((kind, slug), _table(table), known)
            yield from _date_faults((kind, slug), _table(table))
    for slug, table in _table(document.data.get("books")).items():
        yield from _shop_faults(("books", slug, "shops"), _table(table).get("shops"), has_press_shop=has_press_shop)


def _shop_faults(path: tuple[str, ...], names: object, *, has_press_shop: bool) -> Iterator[Fault]:
    for number, name in enumerate(names if isinstance(names, list) else []):
        if name == PRESS and not has_press_shop:
            yield Fault((*path, number), 'found "press", and press.shop does not say where its shop is')
        elif isinstance(name, str) and name != PRESS and name not in known_shops():
            shops = ", ".join((PRESS, *known_shops()))
            yield Fault((*path, number), f"found {found(name)}; allowed: {shops}{meant(name, known_shops())}")


def _region_faults(path: tuple[str, ...], table: Table, known: Collection[str]) -> Iterator[Fault]:
    only = table.get("only")
    named: list[tuple[tuple[str | int, ...], object]] = [
        *((("only", number), name) for number, name in enumerate(only if isinstance(only, list) else [])),
        *(((key, name), name) for key in ("isbn", "asin") for name in _table(table.get(key))),
    ]
    for rest, name in named:
        if isinstance(name, str) and name not in known:
            code = region_of(name)
            guess = f'; did you mean "{code}"?' if code else meant(name, known)
            yield Fault(
                (*path, *rest),
                f"found {found(name)}; allowed: a country as ISO 3166 writes it (US, GB, …)"
                f" or a name from [regions]{guess}",
            )


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
