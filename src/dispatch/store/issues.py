"""Issues: one row a slot, and the posts frozen into it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.errors import NotFoundError
from dispatch.model.issue import Issue, IssueState, NumberedPost
from dispatch.store.conflicts import insert_if_absent
from dispatch.store.newsletters import mark_left_out
from dispatch.store.posts import posts_by_ids
from dispatch.store.tables import (
    delivery,
    issue,
    issue_post,
    newsletter,
    newsletter_post,
    post,
    schedule,
    variant,
)


@dataclass(frozen=True, slots=True)
class NewIssue:
    """A slot that was decided about; `through_seq` is what its schedule has reached with it."""

    newsletter_id: int
    schedule_id: int
    slot: str
    due_at: datetime
    after_seq: int
    through_seq: int
    state: IssueState
    reason: str
    expires_at: datetime | None


# Every issue, with the names of its newsletter and schedule; `issue_of` reads its rows.
ISSUES = (
    sa.select(
        issue.c.id,
        newsletter.c.slug.label("newsletter"),
        schedule.c.slug.label("schedule"),
        issue.c.slot,
        issue.c.due_at,
        issue.c.number,
        issue.c.through_seq,
        issue.c.state,
        issue.c.reason,
        issue.c.created_at,
    )
    .join(newsletter, newsletter.c.id == issue.c.newsletter_id)
    .join(schedule, schedule.c.id == issue.c.schedule_id)
)


def issue_of(row: sa.RowMapping) -> Issue:
    """The issue of a row of ISSUES, which may have more columns."""
    values = {field.name: row[field.name] for field in fields(Issue)}
    return Issue(**(values | {"state": IssueState(row["state"])}))


def insert_issue(connection: Connection, new: NewIssue, now: datetime) -> int | None:
    """Store what a slot became; None if the slot was decided about before."""
    statement = insert_if_absent(connection, issue).values(**asdict(new), created_at=now)
    return connection.scalars(statement.returning(issue.c.id)).first()


def number_issue(connection: Connection, issue_id: int, schedule_id: int, first_number: int) -> int:
    """Give an issue its schedule's next number, which is never below `first_number`."""
    following = schedule.c.last_number + 1
    number: int = connection.scalars(
        sa.update(schedule)
        .where(schedule.c.id == schedule_id)
        .values(last_number=sa.case((following < first_number, first_number), else_=following))
        .returning(schedule.c.last_number)
    ).one()
    connection.execute(sa.update(issue).where(issue.c.id == issue_id).values(number=number))
    return number


def freeze_posts(connection: Connection, issue_id: int, now: datetime) -> None:
    """Write down the posts of (after_seq, through_seq] that stand; those withdrawn at this moment are left out."""
    row = connection.execute(sa.select(issue).where(issue.c.id == issue_id)).one()
    _freeze(connection, row.id, row.newsletter_id, row.after_seq, row.through_seq, now)


def reach_back(connection: Connection, issue_id: int, from_seq: int, now: datetime) -> None:
    """Extend an issue's posts down to `from_seq`: somebody has seen less than the rest of its schedule.

    They came from another schedule, or a delivery that failed handed its posts back.
    """
    row = connection.execute(sa.select(issue).where(issue.c.id == issue_id).with_for_update()).one()
    if from_seq >= row.after_seq:
        return
    _freeze(connection, row.id, row.newsletter_id, from_seq, row.after_seq, now)
    connection.execute(sa.update(issue).where(issue.c.id == issue_id).values(after_seq=from_seq))


def drop_withdrawn_posts(connection: Connection, issue_id: int, now: datetime) -> None:
    """Take posts out of an issue that were withdrawn since and that none of its variants shows yet."""
    shown = {
        post_id
        for post_ids in connection.scalars(sa.select(variant.c.post_ids).where(variant.c.issue_id == issue_id))
        for post_id in post_ids
    }
    withdrawn = connection.execute(
        sa.select(issue_post.c.seq, issue_post.c.post_id, issue.c.newsletter_id)
        .join(issue, issue.c.id == issue_post.c.issue_id)
        .join(post, post.c.id == issue_post.c.post_id)
        .where(issue_post.c.issue_id == issue_id, post.c.withdrawn_at.is_not(None))
    )
    for seq, post_id, newsletter_id in withdrawn.all():
        if post_id not in shown:
            connection.execute(sa.delete(issue_post).where(issue_post.c.issue_id == issue_id, issue_post.c.seq == seq))
            mark_left_out(connection, newsletter_id, seq - 1, seq, now)


def issue_posts(connection: Connection, issue_id: int) -> list[NumberedPost]:
    """The posts of an issue as they are now, without those withdrawn, in order of their numbers."""
    query = sa.select(issue_post.c.seq, issue_post.c.post_id).where(issue_post.c.issue_id == issue_id)
    return _standing_posts(connection, connection.execute(query.order_by(issue_post.c.seq)))


def posts_after(connection: Connection, newsletter_id: int, after: int) -> list[NumberedPost]:
    """A newsletter's posts with numbers above `after`, without those withdrawn, in order of their numbers."""
    query = sa.select(newsletter_post.c.seq, newsletter_post.c.post_id).where(
        newsletter_post.c.newsletter_id == newsletter_id,
        newsletter_post.c.seq > after,
        newsletter_post.c.left_out_at.is_(None),
    )
    return _standing_posts(connection, connection.execute(query.order_by(newsletter_post.c.seq)))


def read_issue(connection: Connection, issue_id: int) -> Issue:
    """One issue; raises NotFoundError."""
    row = connection.execute(ISSUES.where(issue.c.id == issue_id)).mappings().first()
    if row is None:
        raise NotFoundError(f"there is no issue {issue_id}: `dispatch issues list` prints those there are")
    return issue_of(row)


def newest_issue(connection: Connection, schedule_id: int) -> Issue | None:
    """The issue of a schedule's latest slot, whatever became of it."""
    query = ISSUES.where(issue.c.schedule_id == schedule_id).order_by(issue.c.due_at.desc(), issue.c.id.desc())
    row = connection.execute(query.limit(1)).mappings().first()
    return None if row is None else issue_of(row)


def issues_to_fan_out(connection: Connection) -> list[Issue]:
    """Composed issues that do not have all their deliveries yet, the oldest first."""
    query = ISSUES.where(issue.c.state == IssueState.COMPOSED).order_by(issue.c.due_at, issue.c.id)
    return [issue_of(row) for row in connection.execute(query).mappings()]


def close_overdue_issues(connection: Connection, now: datetime) -> list[Issue]:
    """End the fan-out of composed issues whose mail would be given up as it is made; returns those that nobody got.

    Nobody is lost: who has no delivery has not moved on, and the next issue carries the posts.
    """
    begun = sa.select(delivery.c.id).where(delivery.c.issue_id == issue.c.id).exists()
    overdue = sa.and_(issue.c.state == IssueState.COMPOSED, issue.c.expires_at <= now)
    reason = "it could not be sent before its time was over: the next issue carries its posts"
    ended = connection.scalars(
        sa.update(issue)
        .where(overdue, ~begun)
        .values(state=IssueState.CANCELLED, reason=reason, finished_at=now)
        .returning(issue.c.id)
    ).all()
    connection.execute(sa.update(issue).where(overdue, begun).values(state=IssueState.SENDING))
    return [read_issue(connection, issue_id) for issue_id in ended]


def _freeze(connection: Connection, issue_id: int, newsletter_id: int, after: int, through: int, now: datetime) -> None:
    mark_left_out(connection, newsletter_id, after, through, now)
    standing = (
        sa.select(sa.literal(issue_id), newsletter_post.c.seq, newsletter_post.c.post_id)
        .join(post, post.c.id == newsletter_post.c.post_id)
        .where(
            newsletter_post.c.newsletter_id == newsletter_id,
            newsletter_post.c.seq > after,
            newsletter_post.c.seq <= through,
            newsletter_post.c.left_out_at.is_(None),
            post.c.withdrawn_at.is_(None),
        )
    )
    columns = ["issue_id", "seq", "post_id"]
    connection.execute(insert_if_absent(connection, issue_post).from_select(columns, standing))


def _standing_posts(connection: Connection, rows: Iterable[Sequence[int]]) -> list[NumberedPost]:
    numbers = {post_id: seq for seq, post_id in rows}
    posts = posts_by_ids(connection, list(numbers))
    return [
        NumberedPost(seq, posts[post_id])
        for post_id, seq in numbers.items()
        if post_id in posts and not posts[post_id].withdrawn
    ]
