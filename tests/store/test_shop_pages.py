"""Shop pages: asked once a day, accused only by 404 and 410."""

from datetime import UTC, datetime, timedelta

import pytest

from dispatch.store.database import Database
from dispatch.store.shop_pages import (
    MissingPage,
    missing_pages,
    note_pages,
    pages_to_ask,
    record_answer,
    take_page,
)

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
TIDE, STONE = "https://shop.example/tide", "https://shop.example/stone"


def test_pages_are_noted_renamed_and_forgotten(database: Database) -> None:
    """As books.toml has them today."""
    database.transact(note_pages, {TIDE: "tide at Shop", STONE: "stone at Shop"})
    database.transact(record_answer, TIDE, 404, NOW)
    database.transact(note_pages, {TIDE: "tide at Bookshop"})
    assert database.transact(pages_to_ask, NOW) == [TIDE]
    assert database.transact(missing_pages) == [MissingPage(TIDE, "tide at Bookshop", 404, NOW)]
    database.transact(note_pages, {})
    assert database.transact(missing_pages) == []


def test_a_page_is_asked_once_a_day_however_many_ask(database: Database) -> None:
    """Those that waited longest first."""
    database.transact(note_pages, {TIDE: "", STONE: ""})
    assert database.transact(take_page, TIDE, NOW - DAY, NOW)
    assert not database.transact(take_page, TIDE, NOW - DAY, NOW)
    assert database.transact(pages_to_ask, NOW - DAY) == [STONE]
    assert database.transact(take_page, STONE, NOW - DAY, NOW + timedelta(hours=1))
    later = NOW + DAY + timedelta(hours=2)
    assert database.transact(pages_to_ask, later - DAY) == [TIDE, STONE]
    assert not database.transact(take_page, "https://nobody.example/", NOW, NOW)


@pytest.mark.parametrize("status", [0, 401, 403, 405, 429, 500, 503])
def test_other_answers_accuse_nobody_and_clear_nobody(database: Database, status: int) -> None:
    """A shop that turns a program away says nothing about its page."""
    database.transact(note_pages, {TIDE: "", STONE: ""})
    database.transact(record_answer, TIDE, 410, NOW)
    for url in (TIDE, STONE):
        database.transact(record_answer, url, status, NOW + DAY)
    assert [(page.url, page.status, page.since) for page in database.transact(missing_pages)] == [(TIDE, 410, NOW)]


def test_a_page_that_is_back_is_not_missing_any_more(database: Database) -> None:
    """And one that stays away keeps the day since when."""
    database.transact(note_pages, {TIDE: "", STONE: ""})
    for at in (NOW, NOW + DAY):
        database.transact(record_answer, TIDE, 404, at)
        database.transact(record_answer, STONE, 404, at)
    database.transact(record_answer, STONE, 200, NOW + 2 * DAY)
    assert [(page.url, page.since) for page in database.transact(missing_pages)] == [(TIDE, NOW)]
