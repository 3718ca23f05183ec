"""The next issue's promos before it goes: the same as it will have, with reasons, and an editor's word."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from dispatch.config.settings import Settings
from dispatch.errors import NotFoundError
from dispatch.model.address import COHORTS
from dispatch.model.book import PromoDecision
from dispatch.model.issue import NumberedPost
from dispatch.model.post import Post
from dispatch.promoting.looking_ahead import IssueAhead, PromoAhead, decide, promos_ahead
from dispatch.promoting.promote import occasion_ahead, place_promos
from dispatch.store.database import Database
from dispatch.store.promo_tables import promo_decision, promo_placement
from dispatch.store.promos import promo_choices
from dispatch.store.tables import promo_choice
from tests.promoting.making import (
    BOOKS_TOML,
    FRIDAY,
    fan_out_issue,
    settings_with_books,
    store_issue,
    store_readers,
    write_books,
)
from tests.subscribing.making import rows, store_newsletters

MORE = """
[notices.reading]
title = "A reading"
text  = "Una Marr reads on Friday."
url   = "https://fulmar.example/reading"
topics = ["Sea"]
"""
# Over every one of them a book is chosen for everybody in time.
PRAISED = BOOKS_TOML.replace(
    'name = "Fulmar Press"', 'name = "Fulmar Press"\npraise = [{ text = "Good.", by = "Ana", at_most = 1 }]'
)


@dataclass(frozen=True)
class Slot:
    """A slot as composing has it."""

    key: str
    due_at: datetime


@dataclass(frozen=True)
class Upcoming:
    """An issue ahead as composing has it."""

    newsletter: str
    schedule: str
    slot: Slot | None
    issue_id: int | None
    posts: tuple[NumberedPost, ...]


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    """The Gannet with five books, a notice and praise, in a database that knows its newsletter."""
    made = settings_with_books(write_books(tmp_path, PRAISED + MORE))
    store_newsletters(database, made)
    store_readers(database)
    return made


def coming(number: int = 0, categories: tuple[str, ...] = ("sea",), issue_id: int | None = None) -> Upcoming:
    """The `number`-th weekly issue, with one post."""
    due_at = FRIDAY + timedelta(weeks=number)
    post = Post(1, "site", "High water", "https://gannet.example/1", "", "", due_at, categories=categories)
    return Upcoming("review", "weekly", Slot(f"{due_at:%Y-%m-%dT07:00}", due_at), issue_id, (NumberedPost(1, post),))


def ahead(database: Database, settings: Settings, upcoming: Upcoming, region: str = "") -> IssueAhead:
    """What readers of a region will be shown."""
    return asyncio.run(promos_ahead(database, settings, upcoming, FRIDAY, region))


def say(database: Database, settings: Settings, upcoming: Upcoming, slug: str, word: PromoDecision | None) -> None:
    """An editor's word about the coming issue."""
    occasion = asyncio.run(occasion_ahead(database, upcoming, FRIDAY))
    asyncio.run(decide(database, settings, occasion, slug, word, FRIDAY))


def named(found: IssueAhead) -> dict[str, PromoAhead]:
    """The promos of an issue ahead by name."""
    return {promo.slug: promo for promo in found.promos}


def test_every_promo_has_its_reason(database: Database, settings: Settings) -> None:
    """Who is shown says why, who is not says why not; nothing is stored for having looked."""
    found = ahead(database, settings, coming())
    promos = named(found)
    assert set(promos) == {
        "tide-tables",
        "stone-letters",
        "long-shore",
        "harbour-only",
        "house-book",
        "reading",
        "praise:ana",
    }
    assert sum(promo.cohorts for promo in found.promos) == COHORTS == len(found.by_cohort)
    assert promos["tide-tables"].reason == "goes with “High water” (sea); drawn with weight 6"
    assert promos["reading"].topics == ("Sea",)
    assert promos["harbour-only"].reason == "it is sold in GB alone"
    assert rows(database, promo_choice) == rows(database, promo_decision) == []
    assert named(ahead(database, settings, coming(), "GB"))["harbour-only"].reason != "it is sold in GB alone"


def test_a_preview_is_what_the_issue_will_have(database: Database, settings: Settings) -> None:
    """Cohort by cohort, before it is stored and after."""
    before = ahead(database, settings, coming()).by_cohort
    issue_id = store_issue(database, 0, categories=["sea"])
    asyncio.run(place_promos(database, settings, FRIDAY, issue_id))
    chosen = database.transact(promo_choices, issue_id)
    assert [set(slugs) for slugs in before] == [set(chosen[cohort, ""]) for cohort in range(COHORTS)]
    assert ahead(database, settings, coming(issue_id=issue_id)).by_cohort == before


def test_a_pinned_book_is_shown_to_everybody_and_a_banned_one_to_nobody(database: Database, settings: Settings) -> None:
    """In that issue alone; taken back, the draw decides as before."""
    before = ahead(database, settings, coming()).by_cohort
    say(database, settings, coming(), "stone-letters", PromoDecision.PIN)
    pinned = ahead(database, settings, coming())
    assert set(pinned.by_cohort) == {("stone-letters",)}
    stone = named(pinned)["stone-letters"]
    assert (stone.place, stone.reason) == ("pinned", "pinned by an editor")
    say(database, settings, coming(), "stone-letters", PromoDecision.BAN)
    banned = ahead(database, settings, coming())
    assert named(banned)["stone-letters"].reason == "an editor banned it from this issue"
    assert ("stone-letters",) not in banned.by_cohort
    assert named(ahead(database, settings, coming(1)))["stone-letters"].place == ""
    say(database, settings, coming(), "stone-letters", None)
    assert ahead(database, settings, coming()).by_cohort == before


def test_a_pin_changes_an_issue_that_is_composed_and_not_on_its_way(database: Database, settings: Settings) -> None:
    """Its choices are made anew, with the pin."""
    issue_id = store_issue(database, 0, categories=["sea"])
    asyncio.run(place_promos(database, settings, FRIDAY, issue_id))
    say(database, settings, coming(issue_id=issue_id), "house-book", PromoDecision.PIN)
    asyncio.run(place_promos(database, settings, FRIDAY, issue_id))
    assert set(database.transact(promo_choices, issue_id).values()) == {frozenset({"house-book"})}


def test_notices_and_praise_rest_and_have_caps_like_books(database: Database, settings: Settings) -> None:
    """Over twenty issues that were accepted nobody sees praise twice, nor a notice within its rest."""
    shown: dict[tuple[int, str], list[int]] = {}
    for number in range(20):
        issue_id = store_issue(database, number)
        asyncio.run(place_promos(database, settings, FRIDAY, issue_id))
        for (cohort, _), slugs in database.transact(promo_choices, issue_id).items():
            for slug in slugs:
                shown.setdefault((cohort, slug), []).append(number)
        fan_out_issue(database, issue_id)
    assert {len(numbers) for (_, slug), numbers in shown.items() if slug == "praise:ana"} == {1}
    readings = [numbers for (_, slug), numbers in shown.items() if slug == "reading"]
    assert max(len(numbers) for numbers in readings) > 1
    assert all(later - earlier >= 4 for numbers in readings for earlier, later in pairwise(numbers))


def test_a_refused_issue_costs_no_book_its_turn(database: Database, settings: Settings) -> None:
    """What nobody got does not rest, and is not counted."""
    first = store_issue(database, 0)
    say(database, settings, coming(), "praise:ana", PromoDecision.PIN)
    asyncio.run(place_promos(database, settings, FRIDAY, first))
    assert named(ahead(database, settings, coming(1)))["praise:ana"].reason == "it was shown 1 times already"
    fan_out_issue(database, first, state="refused")
    reason = named(ahead(database, settings, coming(1)))["praise:ana"].reason
    assert reason in ("drawn with weight 1", "others were drawn")


def test_how_a_promo_is_placed_is_kept_with_its_choice(database: Database, settings: Settings) -> None:
    """Shops of the region and matching topics, for the report: books.toml says something else tomorrow."""
    issue_id = store_issue(database, 0, categories=["sea"])
    say(database, settings, coming(), "tide-tables", PromoDecision.PIN)
    asyncio.run(place_promos(database, settings, FRIDAY, issue_id))
    [placed] = rows(database, promo_placement)
    assert (placed["region"], placed["book"], placed["kind"]) == ("", "tide-tables", "book")
    assert (placed["shops"], placed["topics"]) == (["amazon-us", "amazon-uk"], ["sea"])


def test_what_is_not_there_cannot_be_pinned(database: Database, settings: Settings) -> None:
    """The names there are, or what to wait for."""
    with pytest.raises(NotFoundError, match='there is no book or notice "tide"; there are: tide-tables'):
        say(database, settings, coming(), "tide", PromoDecision.PIN)
    with pytest.raises(NotFoundError, match="no issue is coming yet"):
        say(database, settings, Upcoming("review", "each", None, None, ()), "tide-tables", PromoDecision.PIN)
