"""What was shown to how many: impressions of promos, by promo, by set of shops, by issue, by topic."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from dispatch.promoting.rules import shown_region
from dispatch.store.database import Connection, Database
from dispatch.store.promo_reports import ShownVariant, placements, shown_variants
from dispatch.store.promos import Placement

NO_TOPIC = "(no topic of the issue)"
NO_SHOPS = "(no shop)"


@dataclass(frozen=True, slots=True)
class Impression:
    """A promo in so many accepted messages of one issue, with one set of shops."""

    issue_id: int
    issue: str  # "review weekly 2026-11-27T07:00"
    book: str
    kind: str
    shops: tuple[str, ...]
    topics: tuple[str, ...]
    accepted: int


@dataclass(frozen=True, slots=True)
class ReportRow:
    """Impressions of one book, set of shops, issue or topic. `clicks` is None as long as clicks are not counted."""

    name: str
    impressions: int
    issues: int
    clicks: int | None = None


async def impressions(
    database: Database, newsletter: str | None, since: datetime | None, until: datetime | None
) -> list[Impression]:
    """Every promo of the issues due in [since, until), as often as a relay has accepted it; by issue."""
    return await database.read(_impressions, newsletter, since, until)


def by_book(found: Iterable[Impression]) -> list[ReportRow]:
    """The most shown promo first."""
    return _rows(found, lambda one: (one.book,))


def by_shops(found: Iterable[Impression]) -> list[ReportRow]:
    """Impressions of books by the shops they were offered at, in their order."""
    books = [one for one in found if one.kind == "book"]
    return _rows(books, lambda one: (", ".join(one.shops) or NO_SHOPS,))


def by_issue(found: Iterable[Impression]) -> list[ReportRow]:
    """Impressions of each issue, the oldest first."""
    found = list(found)
    order = {one.issue: one.issue_id for one in found}
    return sorted(_rows(found, lambda one: (one.issue,)), key=lambda row: order[row.name])


def by_topic(found: Iterable[Impression]) -> list[ReportRow]:
    """Impressions by the topic that brought promo and issue together; one with two topics counts for both."""
    return _rows(found, lambda one: one.topics or (NO_TOPIC,))


GROUPS: dict[str, Callable[[Iterable[Impression]], list[ReportRow]]] = {
    "book": by_book,
    "shops": by_shops,
    "issue": by_issue,
    "topic": by_topic,
}


def _rows(found: Iterable[Impression], names_of: Callable[[Impression], tuple[str, ...]]) -> list[ReportRow]:
    counts: Counter[str] = Counter()
    issues: dict[str, set[int]] = {}
    for one in found:
        for name in names_of(one):
            counts[name] += one.accepted
            issues.setdefault(name, set()).add(one.issue_id)
    return [ReportRow(name, count, len(issues[name])) for name, count in sorted(counts.items(), key=_largest_first)]


def _largest_first(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _impressions(
    connection: Connection, newsletter: str | None, since: datetime | None, until: datetime | None
) -> list[Impression]:
    placed = placements(connection, newsletter, since, until)
    counts: Counter[tuple[int, str, str, Placement]] = Counter()
    for shown in shown_variants(connection, newsletter, since, until):
        for placement in _placed_in(shown, placed.get(shown.issue_id, [])):
            name = f"{shown.newsletter} {shown.schedule} {shown.slot}"
            counts[shown.issue_id, name, placement.book, placement] += shown.accepted
    return [
        Impression(issue_id, name, book, placement.kind, placement.shops, placement.topics, accepted)
        for (issue_id, name, book, placement), accepted in counts.items()
    ]


def _placed_in(shown: ShownVariant, placed: list[Placement]) -> list[Placement]:
    """How each promo of a rendering was placed. A region that the issue tells apart has placements of its own."""
    told_apart = {placement.region for placement in placed}
    region = shown_region(shown.region, shown.language, told_apart)
    here = {placement.book: placement for placement in placed if placement.region == region}
    return [here.get(book) or Placement(region, book, "book", (), ()) for book in shown.books]
