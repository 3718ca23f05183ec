"""Deliveries: claimed by a sender, finished with their issue, counted while they wait.

    queued, deferred ─claim→ claimed ─license→ sending ─record→ accepted | refused | deferred | queued | in doubt

What is no longer wanted (store/wanted.py) is asked at the claim and again in the statement that licenses the final dot
(store/rounds.py). Whose a claim is, and for how long: store/leases.py.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.model.delivery import CANCELLED, ClaimedDelivery, DeliveryKind, DeliveryState
from dispatch.model.issue import IssueState, Rendering
from dispatch.store import jsonrows
from dispatch.store.fan_out import hand_back
from dispatch.store.leases import FREE, HELD, lease_end
from dispatch.store.reader_tables import message
from dispatch.store.tables import delivery, issue, newsletter, schedule, subscriber, variant
from dispatch.store.wanted import end_expired, end_unwanted, is_being_sent, unwanted

# A full disk, a locked file, a lost server: the transaction did not happen (or nobody knows), and may later.
TRANSIENT_ERRORS = (sa.exc.OperationalError, sa.exc.InterfaceError)

# Literal states: with bound ones PostgreSQL does not use the partial indexes.
_DUE = sa.text("delivery.state IN ('queued', 'deferred')")


def claim(
    connection: Connection,
    owner: str,
    *,
    limit: int,
    now: datetime,
    real_now: datetime,
    without_domains: Collection[str] = (),
    held: Collection[str] = (),
    kinds: Collection[DeliveryKind] | None = None,
) -> list[ClaimedDelivery]:
    """Take up to `limit` due deliveries, the most urgent first: of issues being sent, and those that have no issue.

    Each goes to one owner only; with `kinds`, only those. Due ones that are past their time or no longer wanted end
    here and are not returned. Those of the newsletters `held` wait for an operator when they are in doubt.
    """
    wanted = _due_ids(now, without_domains).where(_of_kinds(kinds))
    due = wanted.limit(limit).with_for_update(skip_locked=True, of=delivery)
    ids = connection.scalars(
        sa.update(delivery)
        # Asked again outside: PostgreSQL otherwise gives a row to two owners (docs/decisions/0002).
        .where(delivery.c.id.in_(due), _DUE)
        .values(state=DeliveryState.CLAIMED, owner=owner, lease_until=lease_end(connection, real_now))
        .returning(delivery.c.id)
    ).all()
    found = _claimed(connection, ids, now, held)
    # Nearly all of them are wanted: asked once for all, and ended one by one only where they are not.
    expired = [one.id for one, _ in found if one.expires_at is not None and one.expires_at <= now]
    unwanted_ones = [one.id for one, reason in found if reason and one.id not in expired]
    end_expired(connection, expired, now)
    end_unwanted(connection, unwanted_ones, now)
    ended = {*expired, *unwanted_ones}
    return [one for one, _ in found if one.id not in ended]


def finish_issues(connection: Connection, now: datetime) -> list[int]:
    """Move issues from sending to sent where nothing waits and nothing is undecided; returns them.

    What came back to the queue of an issue after it was cancelled ends here.
    """
    _end_cancelled(connection, now)
    undecided = sa.text("delivery.state IN ('queued', 'claimed', 'sending', 'deferred', 'in_doubt')")
    open_deliveries = sa.select(delivery.c.id).where(delivery.c.issue_id == issue.c.id, undecided).exists()
    return list(
        connection.scalars(
            sa.update(issue)
            .where(issue.c.state == IssueState.SENDING, ~open_deliveries)
            .values(state=IssueState.SENT, finished_at=now)
            .returning(issue.c.id)
        )
    )


def brake_issue(connection: Connection, issue_id: int, reason: str) -> bool:
    """Pause an issue that is being sent; says whether it was."""
    statement = sa.update(issue).where(issue.c.id == issue_id, issue.c.state == IssueState.SENDING)
    paused = statement.values(state=IssueState.PAUSED, reason=reason).returning(issue.c.id)
    return connection.scalars(paused).first() is not None


def put_off(connection: Connection, domain: str, now: datetime, until: datetime) -> int:
    """Let what is due to one domain wait until then; returns how many."""
    theirs = delivery.c.subscriber_id.in_(sa.select(subscriber.c.id).where(subscriber.c.domain == domain))
    to_it = sa.or_(theirs, _goes_by_itself_to([domain]))
    statement = sa.update(delivery).where(_DUE, delivery.c.due_at <= now, to_it)
    return connection.execute(statement.values(due_at=until)).rowcount


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is left to do: due now, held by senders, and later (the earliest at `next_at`)."""

    due: int
    held: int
    later: int
    next_at: datetime | None


def waiting(connection: Connection, now: datetime, kinds: Collection[DeliveryKind] | None = None) -> Waiting:
    """Count what waits in issues that are being sent and outside of issues; with `kinds`, only those."""
    live_issues = sa.select(issue.c.id).where(issue.c.state == IssueState.SENDING)
    counts = sa.and_(_of_kinds(kinds), sa.or_(delivery.c.issue_id.is_(None), delivery.c.issue_id.in_(live_issues)))
    later = sa.select(sa.func.count(), sa.func.min(delivery.c.due_at)).where(_DUE, delivery.c.due_at > now, counts)
    due = sa.select(sa.func.count()).where(_DUE, delivery.c.due_at <= now, counts)
    held = sa.select(sa.func.count()).select_from(delivery).where(HELD, _of_kinds(kinds))
    count, next_at = connection.execute(later).one()
    return Waiting(connection.scalars(due).one(), connection.scalars(held).one(), count, next_at)


@dataclass(frozen=True, slots=True)
class VariantToSend:
    """A rendering, and the issue it is of."""

    rendering: Rendering
    newsletter: str
    schedule: str
    slot: str


def variant_to_send(connection: Connection, variant_id: int) -> VariantToSend:
    """A variant with what its header is made of."""
    row = connection.execute(
        sa.select(variant, newsletter.c.slug.label("newsletter"), schedule.c.slug.label("schedule"), issue.c.slot)
        .join(issue, issue.c.id == variant.c.issue_id)
        .join(newsletter, newsletter.c.id == issue.c.newsletter_id)
        .join(schedule, schedule.c.id == issue.c.schedule_id)
        .where(variant.c.id == variant_id)
    ).one()
    rendering = Rendering(row.subject, row.preheader, row.html, row.text)
    return VariantToSend(rendering, row.newsletter, row.schedule, row.slot)


@dataclass(frozen=True, slots=True)
class MessageToSend:
    """The rendering of a message that is no issue, which one, and in whose name it goes."""

    rendering: Rendering
    name: str
    newsletter: str


def message_to_send(connection: Connection, message_id: int) -> MessageToSend:
    """A message with what its header is made of."""
    row = connection.execute(sa.select(message).where(message.c.id == message_id)).one()
    return MessageToSend(Rendering(row.subject, row.preheader, row.html, row.text), row.name, row.newsletter)


def _of_kinds(kinds: Collection[DeliveryKind] | None) -> sa.ColumnElement[bool]:
    return sa.true() if kinds is None else delivery.c.kind.in_(sorted(kinds))


def _due_ids(now: datetime, without_domains: Collection[str]) -> sa.Select[tuple[int]]:
    # Not a join: SQLite would begin with the issue and sort everything that waits, a million rows at each claim. So it
    # walks along ix_delivery_due and stops at the limit.
    query = (
        sa.select(delivery.c.id)
        .where(_DUE, delivery.c.due_at <= now, is_being_sent())
        .order_by(delivery.c.priority, delivery.c.due_at, delivery.c.id)
    )
    if without_domains:
        theirs = sa.select(subscriber.c.id).where(
            subscriber.c.id == delivery.c.subscriber_id, subscriber.c.domain.in_(sorted(without_domains))
        )
        query = query.where(~theirs.exists(), ~_goes_by_itself_to(without_domains))
    return query


def _goes_by_itself_to(domains: Collection[str]) -> sa.ColumnElement[bool]:
    """It is for an address that is no subscriber's, of one of these domains. Such mail is little."""
    address = sa.func.coalesce(delivery.c.address, "")
    return sa.or_(*(address.endswith(f"@{domain}", autoescape=True) for domain in sorted(domains)))


def _claimed(
    connection: Connection, ids: Collection[int], now: datetime, held: Collection[str]
) -> list[tuple[ClaimedDelivery, str]]:
    """These deliveries in the order they go in, each with the reason why it must not leave any more ("" if it may)."""
    rows = connection.execute(
        sa.select(
            unwanted(now),
            delivery.c.kind,
            delivery.c.id,
            delivery.c.issue_id,
            delivery.c.variant_id,
            delivery.c.message_id,
            delivery.c.subscription_id,
            delivery.c.request_id,
            # Whoever was erased meanwhile has none; then `unwanted` says so.
            sa.func.coalesce(delivery.c.address, subscriber.c.address, ""),
            sa.func.coalesce(subscriber.c.name, ""),
            delivery.c.attempts,
            delivery.c.expires_at,
            sa.func.coalesce(newsletter.c.slug.in_(held), sa.false()),
        )
        .outerjoin(subscriber, subscriber.c.id == delivery.c.subscriber_id)
        .outerjoin(issue, issue.c.id == delivery.c.issue_id)
        .outerjoin(newsletter, newsletter.c.id == issue.c.newsletter_id)
        .where(delivery.c.id.in_(jsonrows.ids(connection.dialect.name, "ids")))
        .order_by(delivery.c.priority, delivery.c.due_at, delivery.c.id),
        {"ids": jsonrows.dumped(ids)},
    )
    return [(ClaimedDelivery(number, DeliveryKind(kind), *rest), reason) for reason, kind, number, *rest in rows.all()]


def _end_cancelled(connection: Connection, now: datetime) -> None:
    cancelled = sa.select(issue.c.id).where(issue.c.state == IssueState.CANCELLED)
    ended = connection.scalars(
        sa.update(delivery)
        .where(_DUE, delivery.c.issue_id.in_(cancelled))
        .values(state=DeliveryState.SUPPRESSED, reason=CANCELLED, ended_at=now, **FREE)
        .returning(delivery.c.id)
    ).all()
    hand_back(connection, ended)
