"""Pins and bans: for one slot, until it is on its way."""

import pytest
import sqlalchemy as sa

from dispatch.errors import StoreError
from dispatch.model.book import PromoDecision
from dispatch.store.database import Database
from dispatch.store.promo_decisions import Decisions, decide_promo, decisions_about
from dispatch.store.promo_tables import promo_placement
from dispatch.store.promos import Placement, keep_placements, keep_promo_choices
from dispatch.store.subscriptions import rhythms_of
from dispatch.store.tables import delivery, issue_audience, promo_choice, variant
from tests.promoting.making import FRIDAY, fan_out_issue, store_issue, store_readers
from tests.subscribing.making import make_settings, rows, store_newsletters

SLOT = "2026-11-27T07:00"


@pytest.fixture
def weekly(database: Database) -> int:
    """The weekly schedule of a database that knows the newsletter."""
    store_newsletters(database, make_settings())
    return database.transact(rhythms_of, "review").schedules["weekly"]


def test_the_last_word_about_a_promo_holds(database: Database, weekly: int) -> None:
    """For its slot alone, and it can be taken back."""
    for decision in (PromoDecision.PIN, PromoDecision.BAN):
        database.transact(decide_promo, weekly, SLOT, "tide", decision, FRIDAY)
    database.transact(decide_promo, weekly, SLOT, "stone", PromoDecision.PIN, FRIDAY)
    assert database.transact(decisions_about, weekly, SLOT) == Decisions(frozenset({"stone"}), frozenset({"tide"}))
    assert database.transact(decisions_about, weekly, "2026-12-04T07:00") == Decisions()
    database.transact(decide_promo, weekly, SLOT, "tide", None, FRIDAY)
    assert database.transact(decisions_about, weekly, SLOT).banned == frozenset()


def test_a_composed_issue_is_drawn_anew(database: Database, weekly: int) -> None:
    """What was chosen and rendered for it is forgotten, and whoever needs it next makes it with the pin."""
    store_readers(database)
    issue_id, other = store_issue(database, 0), store_issue(database, 1)
    for each in (issue_id, other):
        database.transact(keep_promo_choices, each, {(0, ""): {"stone"}}, FRIDAY)
        database.transact(keep_placements, each, [Placement("", "stone", "book", ("press",), ())])
        fan_out_issue(database, each, cohorts=[])
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE issue SET state = 'composed'"))
    database.transact(decide_promo, weekly, SLOT, "tide", PromoDecision.PIN, FRIDAY)
    for table in (promo_choice, promo_placement, issue_audience, variant):
        assert {row["issue_id"] for row in rows(database, table)} == {other}


def test_an_issue_on_its_way_keeps_its_books(database: Database, weekly: int) -> None:
    """The editor is told; nothing is changed."""
    store_readers(database)
    issue_id = store_issue(database, 0)
    database.transact(keep_promo_choices, issue_id, {(0, ""): {"stone"}}, FRIDAY)
    fan_out_issue(database, issue_id)
    with pytest.raises(StoreError, match="its books can no longer be changed"):
        database.transact(decide_promo, weekly, SLOT, "tide", PromoDecision.PIN, FRIDAY)
    assert len(rows(database, delivery)) == 16
    assert rows(database, promo_choice)
    assert database.transact(decisions_about, weekly, SLOT) == Decisions()
