"""Books in issues: chosen once, kept, rested, and never the reason that an issue does not go."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dispatch.config.settings import Settings
from dispatch.model.address import COHORTS
from dispatch.model.book import PromoBlock
from dispatch.model.issue import AudienceKey, NumberedPost
from dispatch.model.post import Post
from dispatch.promoting.promote import Promos, Shelf, occasion_ahead, place_promos, preview_promos, promos_for
from dispatch.rendering.templates import open_templates
from dispatch.store.database import Database
from dispatch.store.promos import promo_choices
from dispatch.store.tables import promo_choice
from tests.promoting.making import (
    BOOKS_TOML,
    FRIDAY,
    settings_with_books,
    store_issue,
    store_readers,
    write_books,
)
from tests.subscribing.making import make_settings, rows, store_newsletters

ALL_COHORTS = [AudienceKey(0, cohort=cohort) for cohort in range(COHORTS)]


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    """The Gannet with five books, in a database that knows its newsletter."""
    made = settings_with_books(write_books(tmp_path))
    store_newsletters(database, made)
    return made


def blocks(database: Database, settings: Settings, issue_id: int, keys: list[AudienceKey], media: Path) -> Promos:
    """The promos of these keys."""
    return asyncio.run(promos_for(database, settings, FRIDAY, issue_id, keys, shelf=Shelf(media, open_templates())))


def place(database: Database, settings: Settings, issue_id: int) -> None:
    """Choose for the whole audience; nothing may be wrong with the books."""
    assert asyncio.run(place_promos(database, settings, FRIDAY, issue_id)) == ()


def test_everybody_an_issue_goes_to_is_chosen_for_once(database: Database, settings: Settings) -> None:
    """One row a cohort and region that makes a difference; choosing again changes nothing."""
    store_readers(database, regions=["GB", "US", "FR", ""])
    issue_id = store_issue(database, 0)
    place(database, settings, issue_id)
    first = rows(database, promo_choice)
    assert len(first) == COHORTS * 3
    assert {row["region"] for row in first} == {"GB", "US", ""}
    place(database, settings, issue_id)
    assert rows(database, promo_choice) == first


def test_nobody_is_shown_a_book_twice_within_its_rest(database: Database, settings: Settings) -> None:
    """Over half a year of weekly issues, for each cohort, whatever region its people are in."""
    store_readers(database, regions=["GB", "US"])
    shown: dict[tuple[int, str], int] = {}
    for number in range(26):
        issue_id = store_issue(database, number)
        place(database, settings, issue_id)
        chosen = database.transact(promo_choices, issue_id)
        for cohort in range(COHORTS):
            for slug in chosen[cohort, "GB"] | chosen[cohort, "US"]:
                assert number - shown.get((cohort, slug), -99) >= 4
                shown[cohort, slug] = number
    assert {slug for _, slug in shown} == {"tide-tables", "stone-letters", "long-shore", "harbour-only", "house-book"}


def test_a_rest_is_counted_for_each_schedule_alone(database: Database, settings: Settings) -> None:
    """A daily issue would use up the books of the weekly one."""
    single = BOOKS_TOML[: BOOKS_TOML.index("[books.stone-letters]")]
    assert settings.books.file is not None
    settings.books.file.write_text(single)
    for schedule in ("weekly", "daily"):
        store_readers(database, schedule_slug=schedule)
    first, second = store_issue(database, 0), store_issue(database, 1)
    daily = store_issue(database, 1, schedule_slug="daily")
    for issue_id in (first, second, daily):
        place(database, settings, issue_id)
    assert set(database.transact(promo_choices, first).values()) == {frozenset({"tide-tables"})}
    assert set(database.transact(promo_choices, second).values()) == {frozenset()}
    assert set(database.transact(promo_choices, daily).values()) == {frozenset({"tide-tables"})}


def test_a_choice_is_kept_whatever_books_toml_says_later(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    """Also where nothing could be chosen; and a book that is gone from the file is just not shown."""
    issue_id = store_issue(database, 0)
    before = blocks(database, settings, issue_id, ALL_COHORTS, tmp_path)
    heavier = BOOKS_TOML.replace('author = "Pavel Orme"', 'author = "Pavel Orme"\nweight = 100')
    write_books(tmp_path, heavier)
    assert blocks(database, settings, issue_id, ALL_COHORTS, tmp_path).blocks == before.blocks
    write_books(tmp_path, BOOKS_TOML.replace("[books.house-book]", "[books.renamed-book]"))
    after = blocks(database, settings, issue_id, ALL_COHORTS, tmp_path)
    assert {block.slug for chosen in after.blocks.values() for block in chosen} <= {
        "tide-tables",
        "stone-letters",
        "long-shore",
    }


def test_an_issue_with_no_book_for_somebody_stays_so(database: Database, settings: Settings, tmp_path: Path) -> None:
    """What was looked at and found empty is not filled later: the preview has been seen."""
    assert settings.books.file is not None
    settings.books.file.write_text('[press]\nname = "P"\n')
    issue_id = store_issue(database, 0)
    assert set(blocks(database, settings, issue_id, ALL_COHORTS, tmp_path).blocks.values()) == {()}
    write_books(tmp_path)
    assert set(blocks(database, settings, issue_id, ALL_COHORTS, tmp_path).blocks.values()) == {()}


def test_a_block_is_ready_for_the_template(database: Database, settings: Settings, tmp_path: Path) -> None:
    """Nothing is left to decide: shops of the region, the sentence, the pitch of the day, the cover's size."""
    found: dict[str, PromoBlock] = {}
    for number in range(3):
        issue_id = store_issue(database, number, categories=["sea"])
        keys = [AudienceKey(0, region="GB", cohort=cohort) for cohort in range(COHORTS)]
        for chosen in blocks(database, settings, issue_id, keys, tmp_path / "media").blocks.values():
            found |= {block.slug: block for block in chosen}
    tide = found["tide-tables"]
    assert (tide.label, tide.title, tide.author, tide.format) == (
        "From Fulmar Press",
        "Tide Tables",
        "Una Marr",
        "Paperback, 96 pages",
    )
    assert [shop.name for shop in tide.shops] == ["Amazon UK", "Waterstones", "Blackwell's"]
    assert tide.url == tide.shops[0].url == "https://www.amazon.co.uk/dp/0000000140"
    assert tide.sentence == "Order from Amazon UK, Waterstones, Blackwell's or wherever books are sold."
    assert tide.praise is not None
    assert tide.cover is not None
    assert (tide.cover.width, tide.cover.height, tide.cover.alt) == (304, 456, "Cover of Tide Tables, by Una Marr")
    assert (tmp_path / "media" / tide.cover.file).is_file()
    shore = found["long-shore"]
    assert (shore.verb, shore.pitch, shore.cover) == ("Pre-order", "For anybody with boots.", None)
    assert shore.elsewhere == "…or pre-order it wherever books are sold."


def test_who_wants_no_books_gets_none(database: Database, settings: Settings, tmp_path: Path) -> None:
    """And no choice is stored for them."""
    issue_id = store_issue(database, 0)
    key = AudienceKey(0, cohort=1, books=False)
    assert blocks(database, settings, issue_id, [key], tmp_path).blocks == {key: ()}
    assert rows(database, promo_choice) == []


def test_an_issue_may_have_two_blocks(database: Database, tmp_path: Path) -> None:
    """In the order of the draw, the same each time they are asked for."""
    settings = settings_with_books(write_books(tmp_path), per_issue=2)
    store_newsletters(database, settings)
    issue_id = store_issue(database, 0)
    first = blocks(database, settings, issue_id, ALL_COHORTS, tmp_path).blocks
    assert {len({block.slug for block in chosen}) for chosen in first.values()} == {2}
    assert blocks(database, settings, issue_id, ALL_COHORTS, tmp_path).blocks == first


def test_a_broken_books_toml_costs_the_books_and_not_the_issue(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    """It is reported, with file and line."""
    assert settings.books.file is not None
    settings.books.file.write_text(BOOKS_TOML.replace("9780000000217", "9780000000218"))
    issue_id = store_issue(database, 0)
    (problem,) = asyncio.run(place_promos(database, settings, FRIDAY, issue_id))
    assert "books.stone-letters.isbn" in problem.what
    found = blocks(database, settings, issue_id, ALL_COHORTS, tmp_path)
    assert set(found.blocks.values()) == {()}
    assert found.problems == (problem,)


def test_a_broken_cover_costs_the_cover_and_not_the_book(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    """And is named."""
    (tmp_path / "covers" / "tide.png").write_bytes(b"not a picture")
    issue_id = store_issue(database, 0, categories=["sea"])
    found = blocks(database, settings, issue_id, ALL_COHORTS, tmp_path)
    tides = [block for chosen in found.blocks.values() for block in chosen if block.slug == "tide-tables"]
    assert {block.cover for block in tides} == {None}
    assert [problem.about for problem in found.problems] == ["tide-tables"]


@pytest.mark.parametrize("books", [{}, {"file": "books.toml", "per_issue": 0}], ids=["no file", "none an issue"])
def test_without_books_there_are_no_blocks(database: Database, tmp_path: Path, books: dict[str, Any]) -> None:
    """And no file is looked for."""
    settings = make_settings(books=books)
    store_newsletters(database, settings)
    issue_id = store_issue(database, 0)
    assert blocks(database, settings, issue_id, ALL_COHORTS, tmp_path) == Promos(dict.fromkeys(ALL_COHORTS, ()))


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


def test_a_preview_shows_the_books_that_the_issue_will_have(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    """Before it is stored, when it is, and nothing is kept for having looked."""
    store_readers(database)
    place(database, settings, store_issue(database, 0))
    kept = rows(database, promo_choice)
    due_at = FRIDAY + timedelta(weeks=1)
    posts = (NumberedPost(2, Post(1, "site", "P", "https://gannet.example/1", "", "", due_at, categories=("sea",))),)
    ahead = Upcoming("review", "weekly", Slot(f"{due_at:%Y-%m-%dT07:00}", due_at), None, posts)

    def preview(upcoming: Upcoming) -> dict[AudienceKey, tuple[PromoBlock, ...]]:
        occasion = asyncio.run(occasion_ahead(database, upcoming, FRIDAY))
        return asyncio.run(
            preview_promos(database, settings, occasion, ALL_COHORTS, shelf=Shelf(tmp_path, open_templates()))
        ).blocks

    previewed = preview(ahead)
    assert rows(database, promo_choice) == kept
    issue_id = store_issue(database, 1, categories=["sea"])
    place(database, settings, issue_id)
    assert blocks(database, settings, issue_id, ALL_COHORTS, tmp_path).blocks == previewed
    assert preview(Upcoming("review", "weekly", ahead.slot, issue_id, posts)) == previewed
    assert any(previewed.values())
