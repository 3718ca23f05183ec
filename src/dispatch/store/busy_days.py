"""How much a schedule has mailed lately: what the daily cap of "on publish" is decided by."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.model.issue import LIVE_STATES
from dispatch.store.tables import issue, newsletter_post


def issues_since(connection: Connection, schedule_id: int, since: datetime) -> list[datetime]:
    """When a schedule's issues since then were due, the oldest first; those that made no mail do not count."""
    query = sa.select(issue.c.due_at).where(
        issue.c.schedule_id == schedule_id, issue.c.due_at >= since, issue.c.state.in_(LIVE_STATES)
    )
    return list(connection.scalars(query.order_by(issue.c.due_at)))


def waiting_since(connection: Connection, newsletter_id: int, after: int) -> datetime | None:
    """When the first of a newsletter's posts with numbers above `after` was released; None if there is none."""
    query = sa.select(sa.func.min(newsletter_post.c.released_at)).where(
        newsletter_post.c.newsletter_id == newsletter_id,
        newsletter_post.c.seq > after,
        newsletter_post.c.left_out_at.is_(None),
    )
    since: datetime | None = connection.scalars(query).one()
    return since
