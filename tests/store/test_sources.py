"""What is remembered of a source between two fetches, on both databases."""

from datetime import UTC, datetime, timedelta

from dispatch.store.database import Connection, Database
from dispatch.store.sources import (
    SourceMemory,
    Visited,
    lock_source,
    record_failure,
    record_visit,
    source_memories,
)

NOW = datetime(2026, 3, 6, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
VISITED = Visited(
    etag='"v1"',
    last_modified="yesterday",
    next_fetch_at=NOW + HOUR,
    site_url="https://lamplight.example/",
    address="https://lamplight.example/feed",
    hosts=("lamplight.example", "old.example"),
    archive_page=3,
)


def visit(connection: Connection, now: datetime = NOW, visited: Visited = VISITED) -> None:
    """A good fetch of the source "site"."""
    lock_source(connection, "site")
    record_visit(connection, "site", visited, now)


def fail(connection: Connection, address: str = VISITED.address, *, gone: bool = False) -> None:
    """A fetch that failed, two hours later."""
    record_failure(connection, "site", "no", NOW + 3 * HOUR, NOW + 2 * HOUR, address=address, gone=gone)


def memory(database: Database) -> SourceMemory:
    """What is remembered of "site"."""
    return database.transact(source_memories, ["site"])["site"]


def test_a_source_that_was_never_tried_is_empty(database: Database) -> None:
    """And asking makes no row."""
    assert memory(database) == SourceMemory("site")


def test_a_good_fetch_is_remembered_whole(database: Database) -> None:
    """Validators, times, hosts, how far the archive is."""
    database.transact(visit)
    assert memory(database) == SourceMemory(
        "site", '"v1"', "yesterday", NOW + HOUR, NOW, NOW, 0, "", False, "https://lamplight.example/",
        VISITED.address, VISITED.hosts, 3,
    )  # fmt: skip


def test_the_first_good_fetch_stays_the_first(database: Database) -> None:
    """What was there then is backlog for ever."""
    database.transact(visit)
    database.transact(visit, NOW + HOUR)
    assert (memory(database).first_good_at, memory(database).last_good_at) == (NOW, NOW + HOUR)


def test_failures_are_counted_until_one_goes_well(database: Database) -> None:
    """The last reason is kept, and what was known of the source."""
    database.transact(visit)
    database.transact(fail)
    database.transact(fail)
    failed = memory(database)
    assert (failed.failures, failed.problem, failed.next_fetch_at) == (2, "no", NOW + 3 * HOUR)
    assert (failed.last_good_at, failed.etag) == (NOW, '"v1"')
    database.transact(visit, NOW + 4 * HOUR)
    assert (memory(database).failures, memory(database).problem) == (0, "")


def test_a_first_fetch_may_fail(database: Database) -> None:
    """Nothing was there before."""
    database.transact(fail, gone=True)
    assert (memory(database).failures, memory(database).gone, memory(database).first_good_at) == (1, True, None)


def test_another_address_gets_none_of_the_formers_validators(database: Database) -> None:
    """But the hosts that were its own stay its own."""
    database.transact(visit)
    database.transact(fail, "https://new.example/feed")
    moved = memory(database)
    assert (moved.etag, moved.last_modified, moved.address) == ("", "", "https://new.example/feed")
    assert moved.hosts == VISITED.hosts
