"""What relays have taught us is there again in the next run."""

from datetime import UTC, datetime, timedelta

from dispatch.model.relay import LearnedPace, RelayMemory
from dispatch.store.database import Database
from dispatch.store.relays import recall_relay, relay_memories, remember_relay

NOW = datetime(2026, 11, 27, 14, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
PACE = LearnedPace(4.25, NOW - HOUR, NOW, "421 4.7.28 unusual rate")


def test_a_new_relay_has_taught_us_nothing(database: Database) -> None:
    """Nothing is stored of it either."""
    assert database.transact(recall_relay, "main") == RelayMemory("main")
    assert database.transact(relay_memories) == []


def test_what_was_learned_comes_back_as_it_was(database: Database) -> None:
    """Pace, moments and words, each relay by its name."""
    memory = RelayMemory("main", PACE, lost_at=NOW, stepwise_since=NOW - HOUR)
    assert database.transact(remember_relay, memory) == memory
    database.transact(remember_relay, RelayMemory("backup"))
    assert database.transact(recall_relay, "main") == memory
    assert database.transact(relay_memories) == [RelayMemory("backup"), memory]


def test_a_pace_that_is_forgotten_is_forgotten_here_too(database: Database) -> None:
    """With everything that was said about it."""
    database.transact(remember_relay, RelayMemory("main", PACE))
    database.transact(remember_relay, RelayMemory("main"))
    assert database.transact(recall_relay, "main") == RelayMemory("main")


def test_losses_count_for_all_senders_together(database: Database) -> None:
    """Whoever writes last takes nothing back that another has seen, and hears of it."""
    database.transact(remember_relay, RelayMemory("main", None, lost_at=NOW, stepwise_since=NOW))
    known = database.transact(remember_relay, RelayMemory("main", PACE, lost_at=NOW - HOUR, stepwise_since=None))
    assert known == RelayMemory("main", PACE, lost_at=NOW, stepwise_since=NOW)
    assert database.transact(recall_relay, "main") == known
