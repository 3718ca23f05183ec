"""The end of a pause: what came out meanwhile is passed over, not caught up with."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.model.issue import IssueState
from dispatch.store.tables import issue, passed_over, subscription

PAUSED = "paused"
BATCH = 5_000


def return_from_pause(connection: Connection, now: datetime) -> int:
    """End the pauses that are over, at most BATCH of them; returns how many, so ask again until it is none.

    seen_seq moves to the newest issue that came out during the pause. What is in no issue yet is not lost.
    """
    over = sa.select(subscription.c.id).where(subscription.c.paused_until <= now).order_by(subscription.c.id)
    ids = connection.scalars(over.limit(BATCH).with_for_update()).all()
    if not ids:
        return 0
    connection.execute(_pass_over(ids, now))
    passed = (
        sa.select(sa.func.max(passed_over.c.through_seq))
        .where(
            passed_over.c.subscription_id == subscription.c.id,
            passed_over.c.from_seq == subscription.c.seen_seq,
            passed_over.c.reason == PAUSED,
        )
        .scalar_subquery()
    )
    connection.execute(
        sa.update(subscription)
        .where(subscription.c.id.in_(ids))
        .values(seen_seq=sa.func.coalesce(passed, subscription.c.seen_seq), paused_until=None)
    )
    return len(ids)


def _pass_over(ids: Sequence[int], now: datetime) -> sa.Insert:
    newest = (
        sa.select(issue.c.id)
        .where(
            issue.c.schedule_id == subscription.c.schedule_id,
            issue.c.state != IssueState.CANCELLED,
            issue.c.due_at <= subscription.c.paused_until,
        )
        .order_by(issue.c.through_seq.desc(), issue.c.id.desc())
        .limit(1)
        .correlate(subscription)
        .scalar_subquery()
    )
    values = {
        "subscription_id": subscription.c.id,
        "issue_id": issue.c.id,
        "from_seq": subscription.c.seen_seq,
        "through_seq": issue.c.through_seq,
        "reason": sa.literal(PAUSED),
        "created_at": sa.literal(now, passed_over.c.created_at.type),
    }
    during = (
        sa.select(*values.values())
        .select_from(subscription)
        .join(issue, issue.c.id == newest)
        .where(subscription.c.id.in_(ids), subscription.c.seen_seq < issue.c.through_seq)
    )
    return sa.insert(passed_over).from_select(list(values), during)
