"""The archive: issues that went out, for the pages where anybody can read them. Nothing here writes.

An issue's own posts are those of (floor, through_seq], where the floor is what its schedule had reached before it: rows
of `issue_post` below that are for readers who had seen less, and stand in the issues before.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.model.issue import LIVE_STATES, IssueState, NumberedPost
from dispatch.store.issues import issue_posts
from dispatch.store.tables import issue, issue_post, newsletter, post, schedule

# Cancelled, an issue is no part of the archive any more, though some may have it.
WENT_OUT = (IssueState.SENDING, IssueState.SENT, IssueState.PAUSED)


@dataclass(frozen=True, slots=True)
class SentIssue:
    """An issue that went out. `floor_seq` is what its schedule had reached before it; times are UTC."""

    id: int
    newsletter: str
    schedule: str
    slot: str
    number: int
    due_at: datetime
    floor_seq: int
    through_seq: int


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The numbers of the issues that went out before and after one, None where there is none."""

    before: int | None = None
    after: int | None = None


# What a page depends on: its id, the hash of its contents, its picture's file, replies, when it was withdrawn.
PostMark = tuple[int, str, str, int | None, datetime | None]


def sent_issues(
    connection: Connection, newsletter_slug: str, schedule_slug: str, *, count: int, offset: int = 0
) -> list[SentIssue]:
    """The issues of a schedule that went out, newest first; none for names that are not there."""
    query = _SENT.where(newsletter.c.slug == newsletter_slug, schedule.c.slug == schedule_slug)
    rows = connection.execute(query.order_by(issue.c.number.desc()).limit(count).offset(offset))
    return [SentIssue(*row) for row in rows]


def sent_issue(connection: Connection, newsletter_slug: str, schedule_slug: str, number: int) -> SentIssue | None:
    """One issue that went out; None where there is no such issue, or it did not go."""
    named = (newsletter.c.slug == newsletter_slug, schedule.c.slug == schedule_slug, issue.c.number == number)
    row = connection.execute(_SENT.where(*named)).one_or_none()
    return None if row is None else SentIssue(*row)


def last_issue(connection: Connection, newsletter_slug: str, schedule_slug: str) -> SentIssue | None:
    """The newest issue of a schedule that went out; None where none has yet."""
    return next(iter(sent_issues(connection, newsletter_slug, schedule_slug, count=1)), None)


def sent_counts(connection: Connection, newsletter_slug: str) -> dict[str, int]:
    """How many issues of each schedule of a newsletter went out; schedules without any are left out."""
    query = (
        sa.select(schedule.c.slug, sa.func.count().label("issues"))
        .select_from(_PLACED)
        .where(newsletter.c.slug == newsletter_slug, *_IS_SENT)
        .group_by(schedule.c.slug, schedule.c.id)
        .order_by(schedule.c.id)
    )
    return {row.slug: row.issues for row in connection.execute(query)}


def neighbours(connection: Connection, sent: SentIssue) -> Neighbours:
    """What went out before and after an issue on the same schedule."""
    numbers = (
        sa.select(issue.c.number)
        .select_from(_PLACED)
        .where(newsletter.c.slug == sent.newsletter, schedule.c.slug == sent.schedule, *_IS_SENT)
    )
    before = numbers.where(issue.c.number < sent.number).order_by(issue.c.number.desc()).limit(1)
    after = numbers.where(issue.c.number > sent.number).order_by(issue.c.number).limit(1)
    return Neighbours(connection.scalars(before).first(), connection.scalars(after).first())


def posts_of(connection: Connection, sent: SentIssue) -> list[NumberedPost]:
    """An issue's own posts as they are now, without those withdrawn, in order of their numbers."""
    return [numbered for numbered in issue_posts(connection, sent.id) if numbered.seq > sent.floor_seq]


def post_marks(connection: Connection, sent: Collection[SentIssue]) -> dict[int, tuple[PostMark, ...]]:
    """By issue, what its page depends on: equal marks, equal page. Far cheaper than reading the posts themselves."""
    floors = {each.id: each.floor_seq for each in sent}
    query = (
        sa.select(
            issue_post.c.issue_id,
            issue_post.c.seq,
            post.c.id,
            post.c.content_hash,
            post.c.picture,
            post.c.replies,
            post.c.withdrawn_at,
        )
        .join(post, post.c.id == issue_post.c.post_id)
        .where(issue_post.c.issue_id.in_(floors))
        .order_by(issue_post.c.issue_id, issue_post.c.seq)
    )
    marks: dict[int, tuple[PostMark, ...]] = dict.fromkeys(floors, ())
    for row in connection.execute(query):
        if row.seq > floors[row.issue_id]:
            mark = (row.id, row.content_hash, (row.picture or {}).get("file", ""), row.replies, row.withdrawn_at)
            marks[row.issue_id] += (mark,)
    return marks


def kept_since(connection: Connection, newsletter_slug: str) -> datetime | None:
    """When a newsletter's first schedule was made, which never changes; None where it is not stored."""
    query = sa.select(sa.func.min(schedule.c.created_at)).select_from(schedule)
    query = query.join(newsletter, newsletter.c.id == schedule.c.newsletter_id)
    since: datetime | None = connection.scalars(query.where(newsletter.c.slug == newsletter_slug)).one()
    return since


_PLACED = issue.join(schedule, schedule.c.id == issue.c.schedule_id).join(
    newsletter, newsletter.c.id == issue.c.newsletter_id
)
_IS_SENT = (issue.c.number.is_not(None), issue.c.state.in_(WENT_OUT))


def _reached_before() -> sa.ColumnElement[int]:
    """What a schedule had reached before an issue: the issue before it, whether that has left already or not."""
    earlier = issue.alias("earlier")
    reached = (
        sa.select(earlier.c.through_seq)
        .where(earlier.c.schedule_id == issue.c.schedule_id, earlier.c.id < issue.c.id)
        .where(earlier.c.state.in_(LIVE_STATES))
        .order_by(earlier.c.id.desc())
        .limit(1)
    )
    return sa.func.coalesce(reached.correlate(issue).scalar_subquery(), schedule.c.base_seq)


_SENT = (
    sa.select(
        issue.c.id,
        newsletter.c.slug,
        schedule.c.slug,
        issue.c.slot,
        issue.c.number,
        issue.c.due_at,
        _reached_before(),
        issue.c.through_seq,
    )
    .select_from(_PLACED)
    .where(*_IS_SENT)
)
