"""Posts: what collecting stores, what releasing takes, what pages show."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from dispatch.model.post import CleanEntry, Picture, Post, PostState
from dispatch.store.conflicts import insert_if_absent
from dispatch.store.tables import post, post_key

CHUNK = 500  # values in one IN (…); databases have limits


@dataclass(frozen=True, slots=True)
class StoredPost:
    """What deciding about a known post needs of it."""

    id: int
    state: PostState
    published_at: datetime
    first_seen_at: datetime
    content_hash: str
    withdrawn: bool
    picture_url: str
    picture: dict[str, Any] | None
    body: str


@dataclass(frozen=True, slots=True)
class NewPost:
    """A post to be stored for the first time."""

    entry: CleanEntry
    state: PostState
    published_at: datetime
    release_at: datetime | None
    content_hash: str


def posts_by_ids(connection: Connection, ids: Iterable[int]) -> dict[int, Post]:
    """The posts with these ids, withdrawn ones included; ids that are not there are left out."""
    rows = _in_chunks(connection, lambda part: sa.select(post).where(post.c.id.in_(part)), ids)
    return {row.id: _post(row) for row in rows}


def newest_posts(connection: Connection, sources: Collection[str], limit: int) -> list[Post]:
    """The newest posts of these sources in any state, withdrawn ones left out, newest first."""
    rows = connection.execute(
        sa.select(post)
        .where(post.c.source.in_(sources), post.c.withdrawn_at.is_(None))
        .order_by(post.c.published_at.desc(), post.c.id.desc())
        .limit(limit)
    )
    return [_post(row) for row in rows]


def due_for_release(connection: Connection, sources: Collection[str], now: datetime) -> list[Post]:
    """The settled posts of these sources that nobody has released yet, oldest first."""
    rows = connection.execute(
        sa.select(post)
        .where(
            post.c.source.in_(sources),
            post.c.state == PostState.SETTLING.value,
            post.c.release_at <= now,
            post.c.withdrawn_at.is_(None),
        )
        .order_by(post.c.published_at, post.c.id)
    )
    return [_post(row) for row in rows]


def mark_released(connection: Connection, post_ids: Iterable[int]) -> None:
    """Note that these posts have their numbers."""
    for part in _chunks(post_ids):
        connection.execute(sa.update(post).where(post.c.id.in_(part)).values(state=PostState.RELEASED.value))


def release_held(connection: Connection, source: str, now: datetime) -> int:
    """Let go what the storm guard holds of a source (scheduled ones still wait for their date); gives the number."""
    held = sa.and_(post.c.source == source, post.c.state == PostState.HELD.value)
    due = sa.case((post.c.release_at > now, post.c.release_at), else_=sa.bindparam("now", now, post.c.release_at.type))
    rows = connection.execute(
        sa.update(post).where(held).values(state=PostState.SETTLING.value, release_at=due).returning(post.c.id)
    )
    return len(rows.all())


def archive_held(connection: Connection, source: str) -> int:
    """Keep what the storm guard holds of a source out of mail for ever; gives the number."""
    rows = connection.execute(
        sa.update(post)
        .where(post.c.source == source, post.c.state == PostState.HELD.value)
        .values(state=PostState.ARCHIVED.value, release_at=None)
        .returning(post.c.id)
    )
    return len(rows.all())


def held_counts(connection: Connection) -> dict[str, int]:
    """How many posts the storm guard holds, by source; sources without any are left out."""
    rows = connection.execute(
        sa.select(post.c.source, sa.func.count().label("held"))
        .where(post.c.state == PostState.HELD.value)
        .group_by(post.c.source)
    )
    return {row.source: row.held for row in rows}


def known_keys(connection: Connection, source: str, keys: Iterable[str]) -> dict[str, int]:
    """Which of these identities belong to which post of the source."""
    rows = _in_chunks(
        connection,
        lambda part: sa.select(post_key.c.key, post_key.c.post_id).where(
            post_key.c.source == source, post_key.c.key.in_(part)
        ),
        dict.fromkeys(keys),
    )
    return {row.key: row.post_id for row in rows}


def stored_posts(connection: Connection, ids: Iterable[int]) -> dict[int, StoredPost]:
    """What is stored of these posts, as far as collecting asks."""
    rows = _in_chunks(connection, lambda part: sa.select(post).where(post.c.id.in_(part)), ids)
    return {row.id: _stored(row) for row in rows}


def posts_after(connection: Connection, source: str, published_after: datetime | None) -> dict[int, datetime]:
    """The source's posts that are not withdrawn and dated after a moment (None: all), with their dates."""
    query = sa.select(post.c.id, post.c.published_at).where(post.c.source == source, post.c.withdrawn_at.is_(None))
    if published_after is not None:
        query = query.where(post.c.published_at > published_after)
    return {row.id: row.published_at for row in connection.execute(query)}


def count_since(connection: Connection, source: str, since: datetime, until: datetime) -> int:
    """How many posts the source published in a time, as far as we know."""
    count = connection.execute(
        sa.select(sa.func.count())
        .select_from(post)
        .where(post.c.source == source, post.c.published_at > since, post.c.published_at <= until)
    )
    return int(count.scalar_one())


def insert_post(connection: Connection, source: str, new: NewPost, now: datetime) -> int:
    """Store a new post with all its identities; gives its id."""
    values = _content(new.entry) | {
        "source": source,
        "published_at": new.published_at,
        "first_seen_at": now,
        "last_seen_at": now,
        "state": new.state.value,
        "release_at": new.release_at,
        "content_hash": new.content_hash,
        "picture": _pending_picture(new.entry),
    }
    post_id: int = connection.execute(sa.insert(post).values(values).returning(post.c.id)).scalar_one()
    add_keys(connection, source, dict.fromkeys(new.entry.keys, post_id))
    return post_id


def update_post(
    connection: Connection,
    stored: StoredPost,
    entry: CleanEntry,
    *,
    published_at: datetime,
    release_at: datetime | None,
    content_hash: str,
) -> None:
    """Store what an edited post says now; its state stays, and so does the copy of a picture that is still the same."""
    values = _content(entry) | {"published_at": published_at, "content_hash": content_hash}
    values["picture"] = _pending_picture(entry)
    if stored.picture and (entry.image_url or "") == stored.picture_url:
        values["picture"] = stored.picture | {"alt": entry.image_alt, "credit": entry.image_credit}
    if stored.state in (PostState.SETTLING, PostState.HELD):
        values["release_at"] = release_at
    connection.execute(sa.update(post).where(post.c.id == stored.id).values(values))


def touch_posts(connection: Connection, replies: Mapping[int, int | None], now: datetime) -> None:
    """Note that posts are still listed, whatever became of their withdrawal, and how many replies they have now."""
    for part in _chunks(replies):
        connection.execute(sa.update(post).where(post.c.id.in_(part)).values(last_seen_at=now, withdrawn_at=None))
    for post_id, count in replies.items():
        if count is not None:
            connection.execute(sa.update(post).where(post.c.id == post_id).values(replies=count))


def withdraw_posts(connection: Connection, ids: Iterable[int], now: datetime) -> None:
    """Note that the source has taken these posts back."""
    for part in _chunks(ids):
        connection.execute(sa.update(post).where(post.c.id.in_(part)).values(withdrawn_at=now))


def add_keys(connection: Connection, source: str, keys: Mapping[str, int]) -> None:
    """Remember identities; one that already belongs to a post stays with it."""
    rows = [{"source": source, "key": key, "post_id": post_id} for key, post_id in keys.items()]
    for part in _chunks(rows):
        connection.execute(insert_if_absent(connection, post_key).values(part))


def _content(entry: CleanEntry) -> dict[str, Any]:
    return {
        "title": entry.title,
        "url": entry.url,
        "author": entry.author,
        "body": entry.body,
        "updated_at": entry.updated_at,
        "categories": list(entry.categories),
        "words": entry.words,
        "replies": entry.replies,
        "replies_url": entry.replies_url,
        "language": entry.language,
        "picture_url": entry.image_url or "",
    }


def _pending_picture(entry: CleanEntry) -> Any:
    """What is known of a picture before it is copied; SQL's NULL, not JSON's, where there is none."""
    if not entry.image_url:
        return sa.null()
    return {"file": "", "width": 0, "height": 0, "alt": entry.image_alt, "credit": entry.image_credit}


def _post(row: Row[Any]) -> Post:
    return Post(
        id=row.id,
        source=row.source,
        title=row.title,
        url=row.url,
        author=row.author,
        body=row.body,
        published_at=row.published_at,
        categories=tuple(row.categories),
        words=row.words,
        replies=row.replies,
        replies_url=row.replies_url,
        language=row.language,
        picture=Picture(**row.picture) if row.picture and row.picture.get("file") else None,
        state=PostState(row.state),
        withdrawn=row.withdrawn_at is not None,
        updated_at=row.updated_at,
    )


def _stored(row: Row[Any]) -> StoredPost:
    return StoredPost(
        id=row.id,
        state=PostState(row.state),
        published_at=row.published_at,
        first_seen_at=row.first_seen_at,
        content_hash=row.content_hash,
        withdrawn=row.withdrawn_at is not None,
        picture_url=row.picture_url,
        picture=row.picture,
        body=row.body,
    )


def _in_chunks(connection: Connection, query: Any, values: Iterable[Any]) -> Iterator[Row[Any]]:
    for part in _chunks(values):
        yield from connection.execute(query(part))


def _chunks(values: Iterable[Any]) -> Iterator[Sequence[Any]]:
    rest = iter(values)
    while part := list(islice(rest, CHUNK)):
        yield part
