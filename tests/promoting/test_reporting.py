"""What was shown to how many: accepted messages only, by book, shops, issue, topic."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from dispatch.config.settings import Settings
from dispatch.model.address import COHORTS
from dispatch.model.book import PromoDecision
from dispatch.promoting.promote import place_promos
from dispatch.promoting.reporting import NO_TOPIC, ReportRow, by_book, by_issue, by_shops, by_topic, impressions
from dispatch.store.database import Database
from dispatch.store.promo_decisions import decide_promo
from dispatch.store.subscriptions import rhythms_of
from tests.promoting.making import (
    BOOKS_TOML,
    FRIDAY,
    fan_out_issue,
    settings_with_books,
    store_issue,
    store_readers,
    write_books,
)
from tests.subscribing.making import store_newsletters

NOTICE = '\n[notices.reading]\ntitle = "A reading"\ntext = "On Friday."\nurl = "https://fulmar.example/reading"\n'


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    """Two issues: one showed Tide Tables to everybody in two regions, the other the notice to half of them."""
    made = settings_with_books(write_books(tmp_path, BOOKS_TOML + NOTICE))
    store_newsletters(database, made)
    store_readers(database, regions=["GB", "US"])
    weekly = database.transact(rhythms_of, "review").schedules["weekly"]
    for number, slug in enumerate(("tide-tables", "reading")):
        slot = f"{FRIDAY + timedelta(weeks=number):%Y-%m-%dT07:00}"
        database.transact(decide_promo, weekly, slot, slug, PromoDecision.PIN, FRIDAY)
        issue_id = store_issue(database, number, categories=["Sea"])
        asyncio.run(place_promos(database, made, FRIDAY, issue_id))
        fan_out_issue(database, issue_id, cohorts=range(COHORTS) if number == 0 else range(8))
    return made


def test_impressions_are_counted_every_way(database: Database, settings: Settings) -> None:
    """Whatever they are counted by, they are as many; clicks are not counted yet, and not said to be none."""
    found = asyncio.run(impressions(database, None, None, None))
    assert by_book(found) == [ReportRow("tide-tables", 32, 1), ReportRow("reading", 16, 1)]
    assert by_shops(found) == [
        ReportRow("amazon-uk, waterstones, blackwells", 16, 1),
        ReportRow("press, amazon-us, bookshop-us, barnes-noble", 16, 1),
    ]
    assert by_issue(found) == [
        ReportRow("review weekly 2026-11-27T07:00", 32, 1),
        ReportRow("review weekly 2026-12-04T07:00", 16, 1),
    ]
    assert by_topic(found) == [ReportRow("sea", 32, 1), ReportRow(NO_TOPIC, 16, 1)]
    assert {row.clicks for row in by_book(found)} == {None}


def test_a_report_stays_what_it_was_when_books_toml_changes(database: Database, settings: Settings) -> None:
    """Shops and topics were written down when they were chosen."""
    before = asyncio.run(impressions(database, None, None, None))
    assert settings.books.file is not None
    settings.books.file.write_text('[press]\nname = "P"\n')
    assert asyncio.run(impressions(database, None, None, None)) == before


def test_a_report_can_be_of_some_days_or_one_newsletter(database: Database, settings: Settings) -> None:
    """By the slots of the issues."""
    second = FRIDAY + timedelta(days=3)
    assert [row.name for row in by_book(asyncio.run(impressions(database, None, second, None)))] == ["reading"]
    assert [row.name for row in by_book(asyncio.run(impressions(database, "review", None, second)))] == ["tide-tables"]
    assert asyncio.run(impressions(database, "another", None, None)) == []


@pytest.mark.parametrize("state", ["queued", "refused", "in_doubt", "deferred", "suppressed"])
def test_only_accepted_messages_are_impressions(database: Database, tmp_path: Path, state: str) -> None:
    """What may have arrived is not claimed to have."""
    made = settings_with_books(write_books(tmp_path))
    store_newsletters(database, made)
    store_readers(database)
    issue_id = store_issue(database, 0)
    asyncio.run(place_promos(database, made, FRIDAY, issue_id))
    fan_out_issue(database, issue_id, state=state)
    assert asyncio.run(impressions(database, None, None, None)) == []
