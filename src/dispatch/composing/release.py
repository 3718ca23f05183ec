"""Release: settled posts get their numbers in every newsletter that takes them."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.composing.rules import is_left_out, release_order
from dispatch.config.settings import Settings
from dispatch.store.database import Connection, Database
from dispatch.store.newsletters import lock_newsletter, number_posts, renumber_returned_posts
from dispatch.store.posts import due_for_release, mark_released


@dataclass(frozen=True, slots=True)
class ReleaseReport:
    """How many posts were released, and newsletter → how many of them it numbered."""

    released: int
    numbered: dict[str, int]


async def release_posts(database: Database, settings: Settings, now: datetime) -> ReleaseReport:
    """Release every post that has settled, in one transaction; a post held by the storm guard stays where it is."""
    return await database.run(release_settled, settings, now)


def release_settled(connection: Connection, settings: Settings, now: datetime) -> ReleaseReport:
    """The same, in a transaction that the caller has begun."""
    # The locks come first: of two processes the second finds the posts of the first released.
    ids = {slug: lock_newsletter(connection, slug).id for slug in sorted(settings.newsletters)}
    sources = sorted({source for newsletter in settings.newsletters.values() for source in newsletter.sources})
    due = release_order(due_for_release(connection, sources, now))
    numbered: dict[str, int] = {}
    for slug, newsletter_id in ids.items():
        newsletter = settings.newsletters[slug]
        wanted = [
            post.id for post in due if post.source in newsletter.sources and not is_left_out(post, newsletter.skip)
        ]
        returned = renumber_returned_posts(connection, newsletter_id, now)
        numbered[slug] = returned + number_posts(connection, newsletter_id, wanted, now)
    mark_released(connection, [post.id for post in due])
    return ReleaseReport(len(due), numbered)
