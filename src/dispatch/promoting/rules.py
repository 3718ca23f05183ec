"""Which books whom: weighted chance that is the same however often it is asked.

Each book that may be shown draws an exponential number from SHA-256 over issue, cohort and book, divided by its weight;
the smallest win (the weighted sampling of Efraimidis and Spirakis). The region takes no part in the draw, so readers of
two regions see the same book wherever both may, and an issue has few variants.
"""

import hashlib
import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dispatch.model.book import Book, Catalogue, Pitch
from dispatch.model.region import region_of, region_of_language

TOPIC_FACTOR = 3  # a book that goes with a post of the issue is drawn as if it weighed so much more
MAX_BLOCKS = 2
# A slot keeps its wall-clock time, so four weeks over a daylight-saving change may be an hour short.
DAYLIGHT_SLACK = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Occasion:
    """What is known of an issue when its books are chosen.

    `name` is newsletter, schedule and slot: what identifies the issue also before it is stored, so that a preview draws
    the same books. `day` is local, `categories` those of its posts.
    """

    name: str
    day: date
    categories: tuple[str, ...] = ()


def choose(
    books: Iterable[Book], occasion: Occasion, *, cohort: int, region: str, resting: Collection[str], count: int
) -> tuple[Book, ...]:
    """The books for one cohort and region, best first: at most `count` (and never more than two), none that rests."""
    candidates = [book for book in books if book.slug not in resting and not why_not(book, occasion, region)]
    return in_order(candidates, occasion, cohort)[: min(count, MAX_BLOCKS)]


def in_order(books: Iterable[Book], occasion: Occasion, cohort: int) -> tuple[Book, ...]:
    """These books as a cohort's draw puts them in this issue, first the one that is shown first."""
    return tuple(sorted(books, key=lambda book: (_draw(occasion, cohort, book), book.slug)))


def why_not(book: Book, occasion: Occasion, region: str) -> str:
    """Why a book may not be shown in this issue to readers of this region, "" if it may."""
    if book.until and occasion.day > book.until:
        return f"it was shown until {book.until}"
    if book.only and region not in book.only:
        return f"it is sold in {', '.join(book.only)} alone"
    unfit = matching(book.not_with, occasion.categories)
    return f"the issue has a post about {unfit[0]}" if unfit else ""


def matching(topics: Iterable[str], categories: Iterable[str]) -> list[str]:
    """Those topics that are categories of posts, whatever their case."""
    present = {category.casefold() for category in categories}
    return [topic for topic in topics if topic.casefold() in present]


def rests_since(due_at: datetime, rest: timedelta) -> datetime:
    """A book rests in an issue due at `due_at` if it was shown in one due after this moment."""
    return due_at - rest + min(DAYLIGHT_SLACK, rest / 2)


def current_pitch(pitch: Pitch | None, day: date) -> str:
    """The sentence that opens a book's block on that day, "" out of its time."""
    if pitch is None or (pitch.starts and day < pitch.starts) or (pitch.ends and day > pitch.ends):
        return ""
    return pitch.text


def is_out(book: Book, day: date) -> bool:
    """Whether a book can be had on that day, or only be ordered in advance."""
    return book.published is None or day >= book.published


def named_regions(catalogue: Catalogue) -> frozenset[str]:
    """The regions that make any difference to what somebody is shown; all others are one."""
    editions = (region for book in catalogue.books for region in (*book.isbn, *book.asin, *book.only) if region)
    return frozenset(catalogue.regions) | frozenset(editions)


def shown_region(region: str, language: str, named: Collection[str]) -> str:
    """The region whose books somebody is shown: their own, else that of their language, "" where neither is named."""
    own = region_of(region, named) or region_of_language(language, named)
    return own if own in named else ""


def _draw(occasion: Occasion, cohort: int, book: Book) -> float:
    digest = hashlib.sha256(f"{occasion.name}\0{cohort}\0{book.slug}".encode()).digest()
    # 53 bits make every float in (0, 1) that can come of it exact, on every machine.
    chance = (int.from_bytes(digest[:8], "big") >> 11) + 1
    factor = TOPIC_FACTOR if matching(book.topics, occasion.categories) else 1
    return -math.log(chance / (2**53 + 1)) / (book.weight * factor)
