"""Newsletters, their schedules, and the numbers of their posts."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.errors import NotFoundError
from dispatch.model.delivery import DeliveryState
from dispatch.model.issue import LIVE_STATES, IssueState
from dispatch.store.conflicts import insert_if_absent
from dispatch.store.tables import attempt, delivery, issue, issue_post, newsletter, newsletter_post, post, schedule


@dataclass(frozen=True, slots=True)
class StoredNewsletter:
    """A newsletter's counters."""

    id: int
    last_seq: int  # of its newest post


@dataclass(frozen=True, slots=True)
class StoredSchedule:
    """A schedule: it starts after `base_seq`, at `created_at`."""

    id: int
    slug: str
    base_seq: int
    last_number: int  # of its newest issue
    created_at: datetime


def ensure_newsletters(connection: Connection, configured: Mapping[str, Collection[str]], now: datetime) -> None:
    """Make the rows of newsletters (slug → slugs of its schedules) that are not there yet.

    A new schedule starts where its newsletter is now: nothing that was released before is new to it.
    """
    for slug, schedules in configured.items():
        connection.execute(insert_if_absent(connection, newsletter).values(slug=slug))
        found = lock_newsletter(connection, slug)
        for name in schedules:
            row = {"newsletter_id": found.id, "slug": name, "base_seq": found.last_seq, "created_at": now}
            connection.execute(insert_if_absent(connection, schedule).values(row))


def lock_newsletter(connection: Connection, slug: str) -> StoredNewsletter:
    """A newsletter's counters, held still until this transaction ends; raises NotFoundError."""
    # FOR NO KEY UPDATE: nobody else composes or numbers, but subscriptions may still refer to the row.
    return _newsletter(connection, slug, _COUNTERS.with_for_update(key_share=True))


def read_newsletter(connection: Connection, slug: str) -> StoredNewsletter:
    """A newsletter's counters as they are; raises NotFoundError."""
    return _newsletter(connection, slug, _COUNTERS)


def schedule_of(connection: Connection, newsletter_id: int, slug: str) -> StoredSchedule:
    """A schedule by its name; raises NotFoundError."""
    query = sa.select(
        schedule.c.id, schedule.c.slug, schedule.c.base_seq, schedule.c.last_number, schedule.c.created_at
    )
    row = connection.execute(query.where(schedule.c.newsletter_id == newsletter_id, schedule.c.slug == slug)).first()
    if row is None:
        raise NotFoundError(f'the database does not know the schedule "{slug}": it is made when dispatch opens it')
    return StoredSchedule(row.id, row.slug, row.base_seq, row.last_number, row.created_at)


def join_at(connection: Connection, schedule_id: int) -> int:
    """The seq that a schedule has reached: everything up to it was in an issue, or was there before the schedule.

    Who joins starts here. An issue that was cancelled reached nothing: its posts are for the next one.
    """
    reached = sa.select(sa.func.max(issue.c.through_seq)).where(
        issue.c.schedule_id == schedule_id, issue.c.state != IssueState.CANCELLED
    )
    query = sa.select(sa.func.coalesce(reached.scalar_subquery(), schedule.c.base_seq))
    seq: int = connection.scalars(query.where(schedule.c.id == schedule_id)).one()
    return seq


def number_posts(connection: Connection, newsletter_id: int, post_ids: Iterable[int], now: datetime) -> int:
    """Give posts the next numbers of a newsletter, in this order; returns how many had none yet.

    The counter's row stays locked until the transaction ends, so numbers become visible in their order.
    """
    wanted = list(post_ids)
    numbered = sa.select(newsletter_post.c.post_id).where(
        newsletter_post.c.newsletter_id == newsletter_id, newsletter_post.c.post_id.in_(wanted)
    )
    known = set(connection.scalars(numbered))
    fresh = [post_id for post_id in wanted if post_id not in known]
    for post_id in fresh:
        seq = _next_seq(connection, newsletter_id)
        row = {"newsletter_id": newsletter_id, "seq": seq, "post_id": post_id, "released_at": now}
        connection.execute(sa.insert(newsletter_post).values(row))
    return len(fresh)


def renumber_returned_posts(connection: Connection, newsletter_id: int, now: datetime) -> int:
    """Give a new number to each post that issues went past while it was withdrawn, is back, and that nobody got.

    Returns how many. A post that an issue did carry keeps its number: some have had it.
    """
    returned = (
        sa.select(newsletter_post.c.seq)
        .join(post, post.c.id == newsletter_post.c.post_id)
        .where(
            newsletter_post.c.newsletter_id == newsletter_id,
            newsletter_post.c.left_out_at.is_not(None),
            post.c.withdrawn_at.is_(None),
            ~_carried(),
        )
        .order_by(post.c.published_at, newsletter_post.c.seq)
    )
    old_numbers = connection.scalars(returned).all()
    for old in old_numbers:
        seq = _next_seq(connection, newsletter_id)
        connection.execute(
            sa.update(newsletter_post)
            .where(newsletter_post.c.newsletter_id == newsletter_id, newsletter_post.c.seq == old)
            .values(seq=seq, released_at=now, left_out_at=None)
        )
    return len(old_numbers)


def mark_left_out(connection: Connection, newsletter_id: int, after: int, through: int, now: datetime) -> None:
    """Remember which posts of (after, through] are withdrawn at this moment, so that an issue goes past them."""
    withdrawn = sa.select(post.c.id).where(post.c.id == newsletter_post.c.post_id, post.c.withdrawn_at.is_not(None))
    connection.execute(
        sa.update(newsletter_post)
        .where(
            newsletter_post.c.newsletter_id == newsletter_id,
            newsletter_post.c.seq > after,
            newsletter_post.c.seq <= through,
            newsletter_post.c.left_out_at.is_(None),
            withdrawn.exists(),
        )
        .values(left_out_at=now)
    )


_COUNTERS = sa.select(newsletter.c.id, newsletter.c.last_seq)


def _newsletter(connection: Connection, slug: str, query: sa.Select[tuple[int, int]]) -> StoredNewsletter:
    row = connection.execute(query.where(newsletter.c.slug == slug)).first()
    if row is None:
        known = ", ".join(connection.scalars(sa.select(newsletter.c.slug).order_by(newsletter.c.slug))) or "none"
        raise NotFoundError(f'there is no newsletter "{slug}" in the database; there are: {known}')
    return StoredNewsletter(row.id, row.last_seq)


def _next_seq(connection: Connection, newsletter_id: int) -> int:
    seq: int = connection.scalars(
        sa.update(newsletter)
        .where(newsletter.c.id == newsletter_id)
        .values(last_seq=newsletter.c.last_seq + 1)
        .returning(newsletter.c.last_seq)
    ).one()
    return seq


def _carried() -> sa.ColumnElement[bool]:
    """Whether an issue carries the post: a live one, or a cancelled one of which some mail may have arrived."""
    doubted = sa.select(attempt.c.id).where(
        attempt.c.delivery_id == delivery.c.id, attempt.c.outcome == DeliveryState.IN_DOUBT
    )
    left = sa.select(delivery.c.id).where(
        delivery.c.issue_id == issue.c.id,
        sa.or_(
            delivery.c.state.in_([DeliveryState.SENDING, DeliveryState.ACCEPTED, DeliveryState.IN_DOUBT]),
            doubted.exists(),
        ),
    )
    return (
        sa.select(issue_post.c.post_id)
        .join(issue, issue.c.id == issue_post.c.issue_id)
        .where(
            issue_post.c.post_id == newsletter_post.c.post_id,
            issue.c.newsletter_id == newsletter_post.c.newsletter_id,
            sa.or_(issue.c.state.in_(LIVE_STATES), left.exists()),
        )
        .exists()
    )
