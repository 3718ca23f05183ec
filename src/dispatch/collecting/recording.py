"""Recording a visit: which entries are new posts, which are edited, which are gone; one transaction a source."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from dispatch.collecting.copies import with_copies_of
from dispatch.collecting.rules import (
    HISTORY,
    Known,
    Match,
    first_state,
    is_backlog,
    match_entries,
    newest_first,
    release_time,
    storm_guard,
    withdrawn_posts,
)
from dispatch.model.post import CleanEntry, PostState, Problem
from dispatch.store import posts as store
from dispatch.store.database import Connection
from dispatch.store.sources import SourceMemory, Visited, lock_source, record_visit


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry that a source lists: cleaned, or only known by its keys where it was refused."""

    keys: tuple[str, ...]
    entry: CleanEntry | None
    archive: bool = False  # collected for sharing alone


@dataclass(frozen=True, slots=True)
class Terms:
    """What the configuration says about a source's posts."""

    settle: timedelta
    backlog: int | timedelta


@dataclass(slots=True)
class Counts:
    """What became of a source's entries."""

    new: int = 0
    changed: int = 0
    withdrawn: int = 0
    restored: int = 0
    held: int = 0
    archived: int = 0
    problems: list[Problem] = field(default_factory=list)


def record_listing(
    connection: Connection,
    name: str,
    listed: Sequence[Listed],
    terms: Terms,
    visited: Visited,
    now: datetime,
    *,
    complete: bool,
    whole: bool,
) -> Counts:
    """Store what a source lists, and that it was visited.

    `complete`: everything it lists was understood, so that what is missing is missing; `whole`: it lists all it has.
    """
    memory = lock_source(connection, name)
    counts = Counts()
    known = store.known_keys(connection, name, (key for item in listed for key in item.keys))
    matches = match_entries([item.keys for item in listed], known)
    stored = store.stored_posts(connection, {match.post_id for match in matches if match.post_id is not None})
    ids = _store_known(connection, listed, matches, stored, terms, counts)
    ids |= _store_new(connection, memory, listed, matches, terms, counts, now)
    _remember_sightings(connection, memory, listed, matches, ids, stored, counts, now)
    counts.problems += _doubles(name, listed, matches)
    if complete:
        _withdraw_missing(connection, name, listed, ids, counts, now, whole=whole)
    record_visit(connection, name, visited, now)
    return counts


def content_hash(entry: CleanEntry) -> str:
    """A hash of everything a reader sees but the number of replies, which alone makes no edition."""
    seen: list[object] = [
        entry.title,
        entry.url,
        entry.author,
        entry.body,
        entry.categories,
        entry.replies_url,
        entry.language,
    ]
    seen += [entry.image_url, entry.image_alt, entry.image_credit]
    dates = [moment.isoformat() if moment else "" for moment in (entry.published_at, entry.updated_at)]
    return hashlib.sha256(json.dumps([*seen, *dates]).encode()).hexdigest()


def _store_known(
    connection: Connection,
    listed: Sequence[Listed],
    matches: Sequence[Match],
    stored: dict[int, store.StoredPost],
    terms: Terms,
    counts: Counts,
) -> dict[int, int]:
    """Edit the posts that are known; gives place → post id."""
    ids = {place: match.post_id for place, match in enumerate(matches) if match.post_id is not None}
    for place, post_id in ids.items():
        entry, post = listed[place].entry, stored[post_id]
        if entry is None:
            continue
        digest = content_hash(entry)
        if digest == post.content_hash:
            continue
        published_at = entry.published_at or post.published_at
        store.update_post(
            connection,
            post,
            replace(entry, body=with_copies_of(entry.body, post.body)),
            published_at=published_at,
            release_at=release_time(entry.published_at, post.first_seen_at, terms.settle),
            content_hash=digest,
        )
        counts.changed += 1
    return ids


def _store_new(
    connection: Connection,
    memory: SourceMemory,
    listed: Sequence[Listed],
    matches: Sequence[Match],
    terms: Terms,
    counts: Counts,
    now: datetime,
) -> dict[int, int]:
    """Insert the posts that are new, in the state the rules give them; gives place → post id."""
    fresh = [place for place, match in enumerate(matches) if match.is_new and listed[place].entry is not None]
    backlog = _backlog(memory, listed, fresh, terms, now)
    candidates = [place for place in fresh if place not in backlog]
    held = _storm(connection, memory, len(candidates), counts, now)
    ids = {}
    for place in fresh:
        entry = listed[place].entry
        if entry is None:
            continue
        state = first_state(backlog=place in backlog, held=held)
        new = store.NewPost(
            entry=entry,
            state=state,
            published_at=entry.published_at or now,
            release_at=None if state is PostState.ARCHIVED else release_time(entry.published_at, now, terms.settle),
            content_hash=content_hash(entry),
        )
        ids[place] = store.insert_post(connection, memory.name, new, now)
        _count(counts, state)
    return ids


def _backlog(
    memory: SourceMemory, listed: Sequence[Listed], fresh: Sequence[int], terms: Terms, now: datetime
) -> set[int]:
    """The places of new entries that are old: the archive's, and at the first good visit what was there already."""
    dates = [entry.published_at if (entry := listed[place].entry) else None for place in fresh]
    old = {place for place in fresh if listed[place].archive}
    if memory.first_good_at is None:
        for rank, index in enumerate(newest_first(dates)):
            if is_backlog(rank, dates[index], terms.backlog, now):
                old.add(fresh[index])
    return old


def _storm(connection: Connection, memory: SourceMemory, new: int, counts: Counts, now: datetime) -> bool:
    if memory.last_good_at is None:
        return False
    recent = store.count_since(connection, memory.name, now - HISTORY, now)
    storm = storm_guard(memory.name, new, recent, now - memory.last_good_at)
    if storm.holds:
        counts.problems.append(Problem(memory.name, storm.sentence))
    return storm.holds


def _count(counts: Counts, state: PostState) -> None:
    match state:
        case PostState.ARCHIVED:
            counts.archived += 1
        case PostState.HELD:
            counts.held += 1
        case _:
            counts.new += 1


def _remember_sightings(
    connection: Connection,
    memory: SourceMemory,
    listed: Sequence[Listed],
    matches: Sequence[Match],
    ids: dict[int, int],
    stored: dict[int, store.StoredPost],
    counts: Counts,
    now: datetime,
) -> None:
    """Note under which identities each post was seen, that it is there (again), and its replies."""
    for place, match in enumerate(matches):
        if match.same_as is not None and match.same_as in ids:
            ids[place] = ids[match.same_as]
    store.add_keys(connection, memory.name, {key: ids[place] for place in ids for key in reversed(listed[place].keys)})
    replies = {
        ids[place]: entry.replies if (entry := listed[place].entry) else None for place in sorted(ids, reverse=True)
    }
    store.touch_posts(connection, replies, now)
    counts.restored += sum(stored[post_id].withdrawn for post_id in set(ids.values()) if post_id in stored)


def _doubles(name: str, listed: Sequence[Listed], matches: Sequence[Match]) -> list[Problem]:
    """Entries that say something else under the id of another one: only the first of them can be told apart again."""
    problems = []
    for item, match in zip(listed, matches, strict=True):
        other = listed[match.same_as].entry if match.same_as is not None else None
        if item.entry is None or other is None or item.entry.body == other.body:
            continue
        what = f"was left out: it has the same id and address as “{other.title}”"
        where = f"{name}: “{item.entry.title}”"
        problems.append(Problem(where, what, "give it an id of its own", about=item.entry.url))
    return problems


def _withdraw_missing(
    connection: Connection,
    name: str,
    listed: Sequence[Listed],
    ids: dict[int, int],
    counts: Counts,
    now: datetime,
    *,
    whole: bool,
) -> None:
    window = [ids[place] for place in range(len(listed)) if place in ids and not listed[place].archive]
    if not window:
        return
    dates = {post.id: post.published_at for post in store.stored_posts(connection, window).values()}
    there = [Known(post_id, dates[post_id]) for post_id in dict.fromkeys(window)]
    others = store.posts_after(connection, name, None if whole else there[-1].published_at)
    present = set(ids.values())
    missing = [Known(post_id, date) for post_id, date in others.items() if post_id not in present]
    gone, too_many = withdrawn_posts(there, missing, whole=whole)
    store.withdraw_posts(connection, gone, now)
    counts.withdrawn += len(gone)
    if too_many:
        counts.problems.append(
            Problem(name, f"{len(missing)} posts are missing at once: this looks like a fault, and they are kept")
        )
