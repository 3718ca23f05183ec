"""Which newsletters have a slot to decide about: asked before composing, so that their sources get a fresh look."""

from datetime import datetime

from dispatch.composing.desk import desk_for, open_slot
from dispatch.config.settings import Settings
from dispatch.store.database import Connection, Database
from dispatch.store.issues import posts_after
from dispatch.store.newsletters import join_at, read_newsletter


async def newsletters_due(database: Database, settings: Settings, now: datetime) -> list[str]:
    """The newsletters of which some schedule has a slot open at this moment; nothing is stored."""
    return await database.run(_newsletters_due, settings, now)


def _newsletters_due(connection: Connection, settings: Settings, now: datetime) -> list[str]:
    return [
        slug
        for slug, newsletter in settings.newsletters.items()
        if any(_has_open_slot(connection, settings, slug, name, now) for name in newsletter.schedules)
    ]


def _has_open_slot(connection: Connection, settings: Settings, slug: str, schedule: str, now: datetime) -> bool:
    desk = desk_for(connection, settings, slug, schedule, read_newsletter(connection, slug), now)
    posts = posts_after(connection, desk.stored.id, join_at(connection, desk.schedule.id))
    return open_slot(connection, desk, posts) is not None
