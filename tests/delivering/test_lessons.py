"""What a relay teaches in one run is known in the next."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from dispatch.config.settings import Relay
from dispatch.delivering.lessons import Lessons, Pipelining
from dispatch.delivering.pace_rules import learned_in_words
from dispatch.model.delivery import Outcome, Reply, Stage, Try
from dispatch.model.relay import LearnedPace, RelayMemory
from dispatch.store import tables
from dispatch.store.database import Database
from dispatch.store.relays import recall_relay

NOW = datetime(2026, 11, 27, 14, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
RELAY = Relay(host="relay.example")
ACCEPTED = Try(Outcome.ACCEPTED, Stage.DOT, Reply(250))
TOO_FAST = Try(Outcome.BUSY, Stage.MAIL, Reply(421, "4.7.28", "unusual rate"))


def recalled(database: Database, now: float, real_now: datetime) -> Lessons:
    lessons = Lessons("main", RELAY)
    asyncio.run(lessons.recall(database, asyncio.Event(), now, real_now))
    return lessons


def taught(lessons: Lessons, now: float) -> None:
    """Four messages a second are taken, then it is too fast."""
    for number in range(100):
        lessons.paces.heard("tide.example", ACCEPTED, now + number / 4)
    for _ in range(6):
        lessons.paces.heard("tide.example", TOO_FAST, now + 25)


def test_a_pace_is_known_in_the_next_run(database: Database) -> None:
    """Until it has not been heard of for a day."""
    first = recalled(database, 100.0, NOW)
    assert first.paces.is_free
    taught(first, 100.0)
    asyncio.run(first.save(database, 125.0, NOW))
    second = recalled(database, 7.0, NOW + 23 * HOUR)
    assert second.paces.relay.per_second == pytest.approx(2.8)
    assert not second.paces.is_free
    second.paces.take("tide.example", 7.0)
    assert second.paces.wait("ledge.example", 7.0) > 0.2
    assert recalled(database, 7.0, NOW + 25 * HOUR).paces.is_free


def test_only_what_is_new_is_written(database: Database) -> None:
    """A run in which nothing was learned leaves no trace, and one that learned something writes it once."""
    lessons = recalled(database, 100.0, NOW)
    lessons.paces.heard("tide.example", ACCEPTED, 100.0)
    asyncio.run(lessons.save(database, 100.0, NOW))
    assert database.transact(recall_relay, "main") == RelayMemory("main")
    taught(lessons, 100.0)
    asyncio.run(lessons.save(database, 125.0, NOW))
    with database.engine.begin() as connection:
        connection.execute(sa.delete(tables.relay))
    asyncio.run(lessons.save(database, 126.0, NOW))
    assert database.transact(recall_relay, "main") == RelayMemory("main")


def test_what_cannot_be_written_now_is_written_later(database: Database) -> None:
    """A store in trouble is no reason to stop sending, nor to forget."""
    lessons = recalled(database, 100.0, NOW)
    lessons.pipelining.lost_in_doubt(NOW)
    with database.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE relay RENAME TO away"))
    if database.is_sqlite:  # PostgreSQL calls a missing table a mistake, and no passing trouble
        asyncio.run(lessons.save(database, 100.0, NOW))
    with database.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE away RENAME TO relay"))
    asyncio.run(lessons.save(database, 101.0, NOW))
    assert database.transact(recall_relay, "main").lost_at == NOW


def test_two_lost_connections_within_an_hour_end_pipelining_for_a_day(caplog: pytest.LogCaptureFixture) -> None:
    """And it says so, once."""
    trust = Pipelining("main")
    with caplog.at_level(logging.WARNING):
        trust.lost_in_doubt(NOW)
        assert trust.may_pipeline(NOW)
        trust.lost_in_doubt(NOW + HOUR)
        assert not trust.may_pipeline(NOW + HOUR)
        trust.lost_in_doubt(NOW + 1.5 * HOUR)
    assert caplog.text.count("between dot and reply") == 1
    assert "relay main" in caplog.text
    assert not trust.may_pipeline(NOW + 24 * HOUR)
    assert trust.may_pipeline(NOW + 25 * HOUR)


def test_two_lost_connections_long_apart_are_chance() -> None:
    """An hour and a minute."""
    trust = Pipelining("main")
    trust.lost_in_doubt(NOW)
    trust.lost_in_doubt(NOW + HOUR + timedelta(minutes=1))
    assert trust.may_pipeline(NOW + 2 * HOUR)


def test_a_loss_is_remembered_from_run_to_run(database: Database) -> None:
    """The first in one run, the second in the next; and what another sender has seen counts."""
    other, first = recalled(database, 1.0, NOW), recalled(database, 1.0, NOW)
    first.pipelining.lost_in_doubt(NOW)
    asyncio.run(first.save(database, 1.0, NOW))
    second = recalled(database, 1.0, NOW)
    assert second.pipelining.may_pipeline(NOW)
    second.pipelining.lost_in_doubt(NOW + HOUR / 2)
    asyncio.run(second.save(database, 1.0, NOW))
    assert not recalled(database, 1.0, NOW).pipelining.may_pipeline(NOW + HOUR)
    other.pipelining.lost_in_doubt(NOW + HOUR / 4)
    asyncio.run(other.save(database, 1.0, NOW))
    assert not other.pipelining.may_pipeline(NOW + HOUR)


def test_what_was_learned_is_said_in_words() -> None:
    """A sentence for each thing that still holds, in the site's own time."""
    pace = LearnedPace(4.0, NOW, NOW + HOUR, "421 4.7.28 unusual rate")
    memory = RelayMemory("main", pace, lost_at=NOW, stepwise_since=NOW)
    paced, stepwise = learned_in_words(memory, NOW + 2 * HOUR, "America/New_York")
    assert paced == (
        "relay main: sends at most 240 a minute since 2026-11-27 09:05 EST, because it answered 421 4.7.28 unusual rate"
    )
    assert stepwise == (
        "relay main: sends one message after the other over each connection since 2026-11-27 09:05 EST, "
        "because two connections were lost between dot and reply within an hour"
    )
    assert learned_in_words(memory, NOW + 26 * HOUR, "UTC") == []
    assert learned_in_words(RelayMemory("main"), NOW, "UTC") == []
