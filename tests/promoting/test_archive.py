"""The books on an issue's page: those that it had, as somebody without a region sees them."""

import asyncio
from pathlib import Path

from dispatch.config.settings import Settings
from dispatch.model.book import PromoBlock
from dispatch.promoting.archive import promos_of_issue, state_of_books
from dispatch.promoting.promote import Shelf
from dispatch.rendering.templates import open_templates
from dispatch.store.database import Database
from dispatch.store.promos import keep_promo_choices
from tests.promoting.making import BOOKS_TOML, FRIDAY, settings_with_books, store_issue, write_books
from tests.subscribing.making import store_newsletters
from tests.web.shelves import everything_in


def _settings(folder: Path, text: str = BOOKS_TOML) -> Settings:
    return settings_with_books(write_books(folder, text))


def _issue(database: Database, settings: Settings, *chosen: tuple[int, str, str]) -> int:
    """An issue for which books were chosen: cohort, region, book."""
    store_newsletters(database, settings)
    issue_id = store_issue(database, 0)
    choices = {(cohort, region): [book] if book else [] for cohort, region, book in chosen}
    database.transact(keep_promo_choices, issue_id, choices, FRIDAY)
    return issue_id


def _blocks(database: Database, settings: Settings, issue_id: int, folder: Path) -> tuple[PromoBlock, ...]:
    shelf = Shelf(folder / "media", open_templates())
    return asyncio.run(promos_of_issue(database, settings, issue_id, shelf=shelf))


def test_the_page_has_the_books_of_the_first_cohort_with_the_shops_of_nowhere(
    database: Database, tmp_path: Path
) -> None:
    """Those that books.toml gives `elsewhere`, and the cover's copy."""
    settings = _settings(tmp_path)
    issue_id = _issue(database, settings, (3, "", "stone-letters"), (0, "GB", "long-shore"), (0, "", "tide-tables"))
    [block] = _blocks(database, settings, issue_id, tmp_path)
    assert (block.slug, [shop.name for shop in block.shops]) == ("tide-tables", ["Amazon US", "Amazon UK"])
    assert block.cover is not None


def test_where_nobody_was_without_a_region_it_is_a_book_of_some_region(database: Database, tmp_path: Path) -> None:
    """Still with the shops of nowhere; not one that is sold in that region alone."""
    settings = _settings(tmp_path)
    issue_id = _issue(database, settings, (1, "GB", "long-shore"))
    [block] = _blocks(database, settings, issue_id, tmp_path)
    assert (block.slug, [shop.name for shop in block.shops]) == ("long-shore", ["Amazon US", "Amazon UK"])


def test_what_is_sold_in_one_region_alone_is_not_shown_to_the_world(database: Database, tmp_path: Path) -> None:
    """Nor is a book that has left books.toml since, nor anything where it cannot be read."""
    settings = _settings(tmp_path)
    regional = _issue(database, settings, (0, "GB", "harbour-only"))
    assert _blocks(database, settings, regional, tmp_path) == ()
    database.transact(keep_promo_choices, regional, {(0, ""): ["gone"]}, FRIDAY)
    assert _blocks(database, settings, regional, tmp_path) == ()
    (tmp_path / "books.toml").write_text("not toml")
    assert _blocks(database, settings, regional, tmp_path) == ()


def test_an_issue_without_books_has_none_and_none_is_drawn(database: Database, tmp_path: Path) -> None:
    """To look is not to choose: no row is written."""
    settings = _settings(tmp_path)
    issue_id = _issue(database, settings)
    before = everything_in(database)
    assert _blocks(database, settings, issue_id, tmp_path) == ()
    assert everything_in(database) == before


def test_the_state_of_the_books_changes_with_their_file(tmp_path: Path) -> None:
    """So that a page made before is made anew; without a file there is nothing to change."""
    settings = _settings(tmp_path)
    before = state_of_books(settings)
    (tmp_path / "books.toml").write_text(BOOKS_TOML + "\n")
    assert state_of_books(settings) != before
    (tmp_path / "books.toml").unlink()
    assert state_of_books(settings) == (0, 0)
