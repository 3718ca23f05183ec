"""Posts in the store, on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from dispatch.model.post import CleanEntry, PostState
from dispatch.store import tables
from dispatch.store.database import Connection, Database
from dispatch.store.posts import (
    CHUNK,
    NewPost,
    add_keys,
    archive_held,
    count_since,
    due_for_release,
    held_counts,
    insert_post,
    known_keys,
    mark_released,
    newest_posts,
    posts_after,
    posts_by_ids,
    release_held,
    stored_posts,
    touch_posts,
    update_post,
    withdraw_posts,
)
from dispatch.store.sources import lock_source

NOW = datetime(2026, 3, 6, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def entry(title: str = "Lamps", **fields: Any) -> CleanEntry:
    """A cleaned entry."""
    sensible: dict[str, Any] = {
        "title": title, "url": "https://lamplight.example/lamps", "author": "Ines Ward", "body": "<p>Lit.</p>",
        "published_at": None, "updated_at": None, "categories": ("Craft",), "words": 1, "replies": 2, "replies_url": "",
        "language": "en", "image_url": None, "image_alt": "", "image_credit": "", "keys": (f"guid:{title}",),
    }  # fmt: skip
    return CleanEntry(**sensible | fields)


def add(
    connection: Connection,
    /,
    title: str = "Lamps",
    *,
    state: PostState = PostState.SETTLING,
    age: timedelta = DAY,
    release_at: datetime | None = None,
    source: str = "site",
    **fields: Any,
) -> int:
    """Store a new post of some age."""
    new = NewPost(entry(title, **fields), state, NOW - age, release_at or NOW - age, "hash")
    return insert_post(connection, source, new, NOW)


def test_a_post_comes_back_as_it_was_stored(database: Database) -> None:
    """Times in UTC, categories in order, no picture yet."""
    post_id = database.transact(add, categories=("Sea", "Craft"))
    [post] = database.transact(posts_by_ids, [post_id, 999]).values()
    assert (post.id, post.source, post.title, post.author) == (post_id, "site", "Lamps", "Ines Ward")
    assert (post.categories, post.words, post.replies, post.language) == (("Sea", "Craft"), 1, 2, "en")
    assert (post.published_at, post.state, post.withdrawn) == (NOW - DAY, PostState.SETTLING, False)
    assert post.picture is None


def test_any_number_of_ids_can_be_asked_for(database: Database) -> None:
    """More than a database takes in one list."""
    post_id = database.transact(add)
    assert list(database.transact(posts_by_ids, range(post_id, post_id + 3 * CHUNK))) == [post_id]


def test_the_newest_posts_are_shown_whatever_their_state(database: Database) -> None:
    """For the sample preview: archived ones too, withdrawn ones and other sources' never."""

    def fill(connection: Connection) -> None:
        for days, state in enumerate(PostState):
            add(connection, state.value, state=state, age=days * DAY)
        gone = add(connection, "gone", age=timedelta(0))
        withdraw_posts(connection, [gone], NOW)
        add(connection, "other", source="other", age=timedelta(0))

    database.transact(fill)
    assert [post.title for post in database.transact(newest_posts, ["site"], 3)] == ["settling", "held", "released"]
    assert len(database.transact(newest_posts, ["site", "other"], 9)) == 5


def test_what_has_settled_is_due_oldest_first_and_once(database: Database) -> None:
    """Not before its time, not withdrawn, not held, not released already."""

    def fill(connection: Connection) -> None:
        add(connection, "second", age=DAY)
        add(connection, "first", age=2 * DAY)
        add(connection, "later", release_at=NOW + timedelta(seconds=1))
        add(connection, "held", state=PostState.HELD)
        withdraw_posts(connection, [add(connection, "gone")], NOW)

    database.transact(fill)
    due = database.transact(due_for_release, ["site", "other"], NOW)
    assert [post.title for post in due] == ["first", "second"]
    database.transact(mark_released, [post.id for post in due])
    assert database.transact(due_for_release, ["site"], NOW) == []


def test_held_posts_are_let_go_but_scheduled_ones_still_wait(database: Database) -> None:
    """Their date is the author's decision, not the guard's."""

    def fill(connection: Connection) -> None:
        add(connection, "past", state=PostState.HELD)
        add(connection, "future", state=PostState.HELD, release_at=NOW + DAY)
        add(connection, "other", state=PostState.HELD, source="other")

    database.transact(fill)
    assert database.transact(held_counts) == {"site": 2, "other": 1}
    assert database.transact(release_held, "site", NOW) == 2
    assert [post.title for post in database.transact(due_for_release, ["site"], NOW)] == ["past"]
    assert database.transact(archive_held, "other") == 1
    assert database.transact(held_counts) == {}


def test_an_identity_belongs_to_the_post_that_had_it_first(database: Database) -> None:
    """And is known in its own source only."""

    def fill(connection: Connection) -> tuple[int, int]:
        first = add(connection, "a", keys=("guid:1", "url:/a"))
        second = add(connection, "b", keys=("guid:2", "url:/a"))
        add_keys(connection, "site", {"guid:1": second, "guid:3": second})
        return first, second

    first, second = database.transact(fill)
    found = database.transact(known_keys, "site", ["guid:1", "guid:2", "guid:3", "url:/a", "url:/b"])
    assert found == {"guid:1": first, "url:/a": first, "guid:2": second, "guid:3": second}
    assert database.transact(known_keys, "other", ["guid:1"]) == {}


def test_an_edition_changes_the_words_and_not_the_state(database: Database) -> None:
    """The time of release only while it waits."""

    def edit(connection: Connection, state: PostState) -> None:
        post_id = add(connection, state.value, state=state)
        stored = stored_posts(connection, [post_id])[post_id]
        update_post(connection, stored, entry("New"), published_at=NOW, release_at=NOW + DAY, content_hash="other")

    for state in (PostState.SETTLING, PostState.RELEASED):
        database.transact(edit, state)
    with database.engine.connect() as connection:
        rows = connection.execute(sa.select(tables.post).order_by(tables.post.c.id)).all()
    assert [(row.title, row.state, row.published_at) for row in rows] == [
        ("New", "settling", NOW), ("New", "released", NOW)
    ]  # fmt: skip
    assert [row.release_at for row in rows] == [NOW + DAY, NOW - DAY]


def test_a_post_that_is_seen_again_is_back(database: Database) -> None:
    """With its new number of replies, or the old one where none is said."""

    def fill(connection: Connection) -> list[int]:
        ids = [add(connection, "a"), add(connection, "b")]
        withdraw_posts(connection, ids, NOW)
        touch_posts(connection, {ids[0]: 9, ids[1]: None}, NOW + DAY)
        return ids

    found = database.transact(posts_by_ids, database.transact(fill))
    assert [(post.replies, post.withdrawn) for post in found.values()] == [(9, False), (2, False)]


def test_what_was_published_when_can_be_asked(database: Database) -> None:
    """For the storm guard, and for what may have been withdrawn."""

    def fill(connection: Connection) -> list[int]:
        return [add(connection, str(days), age=days * DAY) for days in (1, 5, 40)]

    one, five, forty = database.transact(fill)
    assert database.transact(count_since, "site", NOW - 30 * DAY, NOW) == 2
    assert set(database.transact(posts_after, "site", NOW - 5 * DAY)) == {one}
    assert set(database.transact(posts_after, "site", None)) == {one, five, forty}


def test_a_post_without_a_picture_has_none_in_sql_too(database: Database) -> None:
    """JSON's null would not be found by IS NULL."""
    database.transact(add)
    with database.engine.connect() as connection:
        count = connection.execute(
            sa.select(sa.func.count()).select_from(tables.post).where(tables.post.c.picture.is_(sa.null()))
        )
        assert count.scalar_one() == 1


def test_a_source_is_locked_by_its_row(database: Database) -> None:
    """Locking makes the row where there is none."""
    assert database.transact(lock_source, "site").first_good_at is None
    assert database.transact(lock_source, "site").name == "site"
