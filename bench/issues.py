"""An issue ready to be sent: composed, planned and fanned out by dispatch itself, before any clock runs."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.magazine import NEWSLETTER, SOURCE, Relay, entries, open_magazine, write_configuration
from bench.messages import rendering_of, wire_message
from bench.readers import join
from dispatch.composing.compose import compose_due
from dispatch.composing.release import release_posts
from dispatch.composing.variants import undecided_kinds
from dispatch.config.settings import Settings
from dispatch.delivering.fan_out import fan_out
from dispatch.model.issue import AudienceKey, Rendering
from dispatch.model.post import PostState
from dispatch.store.database import Connection, Database
from dispatch.store.newsletters import ensure_newsletters
from dispatch.store.posts import NewPost, insert_post
from dispatch.store.variants import insert_audience, insert_variant


@dataclass(frozen=True, slots=True)
class PreparedIssue:
    """A folder with a configuration and a database in which `messages` deliveries wait; `message` is one of them."""

    folder: Path
    messages: int
    message: bytes

    def copy_to(self, folder: Path, relay: Relay) -> Path:
        """A fresh copy to be sent once; returns its configuration."""
        shutil.copytree(self.folder, folder)
        return write_configuration(folder, relay)


def prepare_issue(folder: Path, *, size: int, messages: int) -> PreparedIssue:
    """Make an issue whose messages have `size` bytes, and a delivery for each of `messages` readers."""
    folder.mkdir(parents=True)
    now = datetime.now(UTC)
    settings, database = open_magazine(write_configuration(folder, Relay()))
    rendering = rendering_of(settings, size, now)
    begin_newsletter(database, settings, posts=3, readers=messages, now=now)
    issue_id = compose(database, settings, now)
    asyncio.run(fan_out(database, now, issue_id, store_for_everybody(database, rendering)))
    database.close()
    return PreparedIssue(folder, messages, wire_message(settings, rendering, now))


def begin_newsletter(database: Database, settings: Settings, *, posts: int, readers: int, now: datetime) -> None:
    """Store the newsletter with so many readers, and so many posts that were released and that nobody has had yet."""
    slugs = {slug: list(newsletter.schedules) for slug, newsletter in settings.newsletters.items()}
    database.transact(ensure_newsletters, slugs, now - timedelta(days=1))
    database.transact(join, readers, now)
    database.transact(_settle, posts, now)
    asyncio.run(release_posts(database, settings, now))


def compose(database: Database, settings: Settings, now: datetime) -> int:
    """Compose the newsletter's issue; returns its id."""
    report = asyncio.run(compose_due(database, settings, now, newsletter=NEWSLETTER))
    return report.composed[0].issue_id


def store_for_everybody(database: Database, rendering: Rendering) -> Callable[[int], Awaitable[None]]:
    """What gives every kind of subscriber of an issue this rendering, as fan_out wants to be told."""

    def keep(connection: Connection, issue_id: int, keys: list[AudienceKey]) -> None:
        variant_id = insert_variant(connection, issue_id, rendering, "bench", post_ids=[], books=[])
        insert_audience(connection, issue_id, dict.fromkeys(keys, variant_id))

    async def decide(issue_id: int) -> None:
        await database.run(keep, issue_id, await undecided_kinds(database, issue_id))

    return decide


def _settle(connection: Connection, count: int, now: datetime) -> None:
    """Store so many posts as if they had been collected and had settled."""
    for entry in entries(count, now):
        published = entry.published_at or now
        insert_post(connection, SOURCE, NewPost(entry, PostState.SETTLING, published, now, entry.title), now)
