"""Which promo whom: weighted chance that is the same however often it is asked, and every reason against one.

Each promo that may be shown draws an exponential number from SHA-256 over issue, cohort and promo, divided by its
weight; the smallest win (the weighted sampling of Efraimidis and Spirakis). The region takes no part in the draw, so
readers of two regions see the same book wherever both may, and an issue has few variants.
"""

import hashlib
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType

from dispatch.model.book import Book, Catalogue, Pitch, Promo, TopicalPost
from dispatch.model.region import region_of, region_of_language

TOPIC_FACTOR = 3  # a promo that goes with a post of the issue is drawn as if it weighed so much more
MAX_BLOCKS = 2
# A slot keeps its wall-clock time, so four weeks over a daylight-saving change may be an hour short.
DAYLIGHT_SLACK = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Occasion:
    """What is known of an issue when its promos are chosen.

    `name` is newsletter, schedule and slot: what identifies the issue also before it is stored, so that a preview draws
    the same books. `day` is local. `pinned` and `banned` are what an editor decided for this one issue.
    """

    name: str
    day: date
    posts: tuple[TopicalPost, ...] = ()
    pinned: frozenset[str] = frozenset()
    banned: frozenset[str] = frozenset()

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories of its posts, each once."""
        return tuple(dict.fromkeys(name for post in self.posts for name in post.categories))


@dataclass(frozen=True, slots=True)
class Past:
    """What a cohort was shown on a schedule: what still rests, and how often each promo was shown in all."""

    resting: frozenset[str] = frozenset()
    shown: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


def choose(
    promos: Iterable[Promo], occasion: Occasion, *, cohort: int, region: str, past: Past, count: int
) -> tuple[Promo, ...]:
    """The promos for one cohort and region, best first: at most `count` (and never more than two)."""
    candidates = [promo for promo in promos if not why_not(promo, occasion, region, past)]
    return in_order(candidates, occasion, cohort)[: min(count, MAX_BLOCKS)]


def in_order(promos: Iterable[Promo], occasion: Occasion, cohort: int) -> tuple[Promo, ...]:
    """These promos as a cohort's draw puts them in this issue, what is pinned before all."""
    return tuple(
        sorted(
            promos,
            key=lambda promo: (promo.slug not in occasion.pinned, _draw(occasion, cohort, promo), promo.slug),
        )
    )


def why_not(promo: Promo, occasion: Occasion, region: str, past: Past) -> str:
    """Why a promo may not be shown in this issue to readers of this region with this past, "" if it may.

    A pin overrules rest, cap and topics, and neither its dates nor where it is sold.
    """
    if promo.slug in occasion.banned:
        return "an editor banned it from this issue"
    if promo.starts and occasion.day < promo.starts:
        return f"it is shown from {promo.starts}"
    if promo.until and occasion.day > promo.until:
        return f"it was shown until {promo.until}"
    if promo.only and region not in promo.only:
        return f"it is {'sold' if isinstance(promo, Book) else 'shown'} in {', '.join(promo.only)} alone"
    if promo.slug in occasion.pinned:
        return ""
    unfit = matching(promo.not_with, occasion.categories)
    if unfit:
        return f"the issue has a post about {unfit[0]}"
    if promo.at_most is not None and past.shown.get(promo.slug, 0) >= promo.at_most:
        return f"it was shown {promo.at_most} times already"
    return "it rests" if promo.slug in past.resting else ""


def why(promo: Promo, occasion: Occasion) -> str:
    """Why a promo is in this issue, in one line: pinned, drawn for its topics, or drawn by its weight alone."""
    if promo.slug in occasion.pinned:
        return "pinned by an editor"
    fitting = [(topic, _first_about(topic, occasion)) for topic in matching(promo.topics, occasion.categories)]
    drawn = f"drawn with weight {promo.weight * (TOPIC_FACTOR if fitting else 1)}"
    goes_with = " and ".join(f"“{title}” ({topic})" for topic, title in fitting[:2])
    return f"goes with {goes_with}; {drawn}" if fitting else drawn


def matching(topics: Iterable[str], categories: Iterable[str]) -> list[str]:
    """Those topics that are categories of posts, whatever their case."""
    present = {category.casefold() for category in categories}
    return [topic for topic in topics if topic.casefold() in present]


def rests_since(due_at: datetime, rest: timedelta) -> datetime:
    """A promo rests in an issue due at `due_at` if it was shown in one due after this moment."""
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
    editions = (region for book in catalogue.books for region in (*book.isbn, *book.asin) if region)
    shown = (region for promo in catalogue.promos for region in promo.only)
    tagged = (region for shop in catalogue.shops.values() for region in shop.tag_regions if region != "elsewhere")
    return frozenset((*catalogue.regions, *editions, *shown, *tagged))


def shown_region(region: str, language: str, named: Collection[str]) -> str:
    """The region whose books somebody is shown: their own, else that of their language, "" where neither is named."""
    own = region_of(region, named) or region_of_language(language, named)
    return own if own in named else ""


def _first_about(topic: str, occasion: Occasion) -> str:
    return next((post.title for post in occasion.posts if matching([topic], post.categories)), "")


def _draw(occasion: Occasion, cohort: int, promo: Promo) -> float:
    digest = hashlib.sha256(f"{occasion.name}\0{cohort}\0{promo.slug}".encode()).digest()
    # 53 bits make every float in (0, 1) that can come of it exact, on every machine.
    chance = (int.from_bytes(digest[:8], "big") >> 11) + 1
    factor = TOPIC_FACTOR if matching(promo.topics, occasion.categories) else 1
    return -math.log(chance / (2**53 + 1)) / (promo.weight * factor)
