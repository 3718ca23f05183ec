"""What commands tell about issues: read across issues, deliveries and attempts, and changing nothing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.errors import NotFoundError
from dispatch.model.delivery import WAITING_STATES, DeliveryState, Outcome, Tally
from dispatch.model.doubt import InDoubt, choices
from dispatch.model.issue import IssueState
from dispatch.model.report import Ended, IssueDetail, IssueSummary, ReceivedIssue, Retried
from dispatch.store.issues import ISSUES, issue_of
from dispatch.store.posts import held_counts
from dispatch.store.tables import (
    attempt,
    delivery,
    issue,
    issue_post,
    passed_over,
    post,
    source,
    subscriber,
    subscription,
    variant,
)

# In a subscriber's history, so many issues back.
HISTORY = 10
_ADDRESS = sa.func.coalesce(subscriber.c.address, "(erased)").label("address")
# With them the index on issue and state finds what is undecided; an issue with such deliveries is never "sent".
_CAN_HAVE_DOUBT = [IssueState.SENDING.value, IssueState.PAUSED.value, IssueState.CANCELLED.value]
# Tries after which one knows more about a delivery that was in doubt than that it is still tried.
_ENDS = [Outcome.ACCEPTED.value, Outcome.REFUSED.value, Outcome.IN_DOUBT.value]


def issue_summaries(connection: Connection, limit: int, *, ids: Sequence[int] | None = None) -> list[IssueSummary]:
    """The newest issues (or those asked for), newest first, each with its tally."""
    statement = ISSUES.order_by(issue.c.id.desc()).limit(limit)
    if ids is not None:
        statement = statement.where(issue.c.id.in_(ids))
    found = [issue_of(row) for row in connection.execute(statement).mappings()]
    tallies = _tallies(connection, [one.id for one in found])
    subjects = _subjects(connection, [one.id for one in found])
    return [IssueSummary(one, subjects.get(one.id, ""), *tallies.get(one.id, (Tally(), 0, None))) for one in found]


def issue_detail(connection: Connection, issue_id: int) -> IssueDetail:
    """One issue whole; raises NotFoundError."""
    summaries = issue_summaries(connection, 1, ids=[issue_id])
    if not summaries:
        raise NotFoundError(f"there is no issue {issue_id}: `dispatch issues list` prints those there are")
    titles = connection.execute(
        sa.select(post.c.title)
        .join(issue_post, issue_post.c.post_id == post.c.id)
        .where(issue_post.c.issue_id == issue_id)
        .order_by(issue_post.c.seq.desc())
    )
    return IssueDetail(
        summary=summaries[0],
        posts=tuple(titles.scalars()),
        in_doubt=_in_doubt(connection, delivery.c.issue_id == issue_id),
        retried=_retried(connection, issue_id),
        ended=_ended(connection, issue_id),
    )


def received_issues(connection: Connection, subscription_id: int, issue_id: int | None) -> list[ReceivedIssue]:
    """The newest issues of a subscription's schedule, or one issue, as this subscription saw them."""
    which = issue.c.id == issue_id if issue_id is not None else issue.c.schedule_id == subscription.c.schedule_id
    rows = connection.execute(_history(subscription_id).where(which)).mappings().all()
    subjects = _subjects(connection, [row["id"] for row in rows])
    doubts = _in_doubt(connection, delivery.c.id.in_([row["own_id"] for row in rows]))
    return [
        ReceivedIssue(
            issue=issue_of(row),
            subject=subjects.get(row["id"], ""),
            state=row["own_state"],
            reason=row["own_reason"] or "",
            reply=row["reply"] or "",
            attempts=row["attempts"] or 0,
            at=row["at"],
            passed_over=row["passed"] or "",
            seen_seq=row["seen_seq"],
            in_doubt=tuple(doubt for doubt in doubts if doubt.delivery_id == row["own_id"]),
        )
        for row in rows
    ]


def _history(subscription_id: int) -> sa.Select[Any]:
    """A subscription's newest issues, each with its delivery or with why its posts were passed over."""
    own, past = delivery.alias("own"), passed_over
    return (
        ISSUES.add_columns(
            own.c.state.label("own_state"),
            own.c.reason.label("own_reason"),
            own.c.reply,
            own.c.attempts,
            sa.func.coalesce(own.c.ended_at, own.c.due_at).label("at"),
            own.c.id.label("own_id"),
            past.c.reason.label("passed"),
            subscription.c.seen_seq,
        )
        .join(subscription, subscription.c.newsletter_id == issue.c.newsletter_id)
        .outerjoin(own, sa.and_(own.c.issue_id == issue.c.id, own.c.subscription_id == subscription.c.id))
        .outerjoin(past, sa.and_(past.c.issue_id == issue.c.id, past.c.subscription_id == subscription.c.id))
        .where(subscription.c.id == subscription_id)
        .order_by(issue.c.id.desc())
        .limit(HISTORY)
    )


def _tallies(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[Tally, int, datetime | None]]:
    rows = connection.execute(
        sa.select(delivery.c.issue_id, delivery.c.state, sa.func.count().label("count"), sa.func.min(delivery.c.due_at))
        .where(delivery.c.issue_id.in_(ids))
        .group_by(delivery.c.issue_id, delivery.c.state)
    )
    counts: dict[int, dict[str, tuple[int, datetime]]] = {}
    for issue_id, state, count, due_at in rows:
        counts.setdefault(issue_id, {})[state] = (count, due_at)
    return {issue_id: _tally(states) for issue_id, states in counts.items()}


def _tally(states: dict[str, tuple[int, datetime]]) -> tuple[Tally, int, datetime | None]:
    def count(*wanted: DeliveryState) -> int:
        return sum(states.get(state, (0, None))[0] for state in wanted)

    later, next_try_at = states.get(DeliveryState.DEFERRED, (0, None))
    tally = Tally(
        audience=sum(number for number, _ in states.values()),
        accepted=count(DeliveryState.ACCEPTED),
        refused=count(DeliveryState.REFUSED),
        suppressed=count(DeliveryState.SUPPRESSED),
        in_doubt=count(DeliveryState.IN_DOUBT),
        waiting=count(*WAITING_STATES),
    )
    return tally, later, next_try_at


def _subjects(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """The subject most of an issue's readers saw: that of its first variant."""
    first = sa.select(sa.func.min(variant.c.id)).where(variant.c.issue_id.in_(ids)).group_by(variant.c.issue_id)
    rows = connection.execute(sa.select(variant.c.issue_id, variant.c.subject).where(variant.c.id.in_(first)))
    return {row.issue_id: row.subject for row in rows}


def _in_doubt(connection: Connection, which: sa.ColumnElement[bool]) -> tuple[InDoubt, ...]:
    """Every time that these deliveries were in doubt, each with how the tries after it ended."""
    doubt, after = attempt.alias("doubt"), attempt.alias("after")
    following = (
        sa.select(sa.func.min(after.c.id))
        .where(after.c.delivery_id == doubt.c.delivery_id, after.c.id > doubt.c.id, after.c.outcome.in_(_ENDS))
        .scalar_subquery()
    )
    rows = connection.execute(
        sa.select(
            delivery.c.id.label("delivery_id"),
            delivery.c.issue_id,
            _ADDRESS,
            doubt.c.at,
            doubt.c.reply.label("why"),
            doubt.c.done.label("decided"),
            sa.func.coalesce(attempt.c.outcome, "").label("then"),
            attempt.c.at.label("then_at"),
            sa.func.coalesce(attempt.c.reply, "").label("then_reply"),
            delivery.c.state,
            delivery.c.reason,
            sa.func.coalesce(delivery.c.ended_at, delivery.c.due_at).label("state_at"),
            issue.c.state.label("issue_state"),
        )
        .select_from(doubt)
        .join(delivery, delivery.c.id == doubt.c.delivery_id)
        .join(issue, issue.c.id == delivery.c.issue_id)
        .outerjoin(subscriber, subscriber.c.id == delivery.c.subscriber_id)
        .outerjoin(attempt, attempt.c.id == following)
        .where(which, doubt.c.outcome == Outcome.IN_DOUBT)
        .order_by(delivery.c.id, doubt.c.id)
    )
    return tuple(InDoubt(**row) for row in rows.mappings())


def _retried(connection: Connection, issue_id: int) -> tuple[Retried, ...]:
    rows = connection.execute(
        sa.select(_ADDRESS, delivery.c.attempts, delivery.c.reply, delivery.c.due_at)
        .outerjoin(subscriber, subscriber.c.id == delivery.c.subscriber_id)
        .where(
            delivery.c.issue_id == issue_id,
            delivery.c.state.in_([state.value for state in WAITING_STATES]),
            delivery.c.attempts > 0,
        )
        .order_by(delivery.c.due_at, delivery.c.id)
    )
    return tuple(Retried(*row) for row in rows)


def _ended(connection: Connection, issue_id: int) -> tuple[Ended, ...]:
    rows = connection.execute(
        sa.select(
            _ADDRESS,
            delivery.c.state,
            delivery.c.reason,
            delivery.c.reply,
            delivery.c.ended_at,
        )
        .outerjoin(subscriber, subscriber.c.id == delivery.c.subscriber_id)
        .where(
            delivery.c.issue_id == issue_id,
            delivery.c.state.in_([DeliveryState.REFUSED.value, DeliveryState.SUPPRESSED.value]),
        )
        .order_by(delivery.c.id)
    )
    return tuple(Ended(*row) for row in rows)


def under_way(connection: Connection) -> tuple[int, int]:
    """Of all issues that are being sent: how many deliveries there are, and how many of them wait."""
    waits = sa.func.sum(sa.case((delivery.c.state.in_(WAITING_STATES), 1), else_=0))
    count, waiting = connection.execute(
        sa.select(sa.func.count(), sa.func.coalesce(waits, 0))
        .select_from(delivery)
        .join(issue, issue.c.id == delivery.c.issue_id)
        .where(issue.c.state == IssueState.SENDING)
    ).one()
    return count, waiting


def troubles(connection: Connection) -> list[str]:
    """What an operator should look at, in words: sources that fail, posts that are held, issues that stand still."""
    failing = connection.execute(sa.select(source.c.name, source.c.problem).where(source.c.problem != ""))
    stopped = (IssueState.PAUSED, IssueState.HELD)
    standing = connection.execute(
        sa.select(issue.c.id, issue.c.state, issue.c.reason).where(issue.c.state.in_(stopped))
    )
    return [
        *(f"source {name}: {problem}" for name, problem in failing),
        *(
            f"source {name}: {count} posts are held: `dispatch collect {name} --release` mails them, --archive does not"
            for name, count in held_counts(connection).items()
        ),
        *(f"issue {number} is {state}: {reason}" for number, state, reason in standing),
        *_undecided(connection),
    ]


def _undecided(connection: Connection) -> list[str]:
    """A sentence for each issue of which something waits for an operator's decision."""
    rows = connection.execute(
        sa.select(issue.c.id, issue.c.state, sa.func.count())
        .join(delivery, delivery.c.issue_id == issue.c.id)
        .where(delivery.c.state == DeliveryState.IN_DOUBT, issue.c.state.in_(_CAN_HAVE_DOUBT))
        .group_by(issue.c.id, issue.c.state)
        .order_by(issue.c.id)
    )
    return [
        f"issue {number}: {count} {'delivery is' if count == 1 else 'deliveries are'} in doubt and undecided: "
        f"`dispatch issues show {number}` names them, `dispatch issues resolve {number} {choices(state)}` decides"
        for number, state, count in rows
    ]
