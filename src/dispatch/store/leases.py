"""Whose a claimed delivery is, for how long, and how others take over from the dead.

A delivery belongs to the owner that claimed it for as long as the lease runs. On PostgreSQL, where owners live on
several machines, leases are in database time; on SQLite there is one machine, and its clock is handed in.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.model.delivery import DeliveryKind, DeliveryState, Outcome
from dispatch.store.tables import Utc, attempt, delivery, issue, newsletter

LEASE = timedelta(seconds=60)
FREE: dict[str, None] = {"owner": None, "lease_until": None}
_OVER = " over "
ENDED_BETWEEN = "the sender ended between dot and reply"

# Literal states: with bound ones PostgreSQL does not use the partial indexes.
CLAIMED = sa.text("delivery.state = 'claimed'")
HELD = sa.text("delivery.state IN ('claimed', 'sending')")
_SENDING = sa.text("delivery.state = 'sending'")


def lease_clock(connection: Connection, real_now: datetime) -> sa.ColumnElement[datetime]:
    """The time that leases go by."""
    if connection.dialect.name == "postgresql":
        return sa.func.clock_timestamp(type_=sa.DateTime(timezone=True))
    return sa.literal(real_now, Utc())


def lease_end(connection: Connection, real_now: datetime) -> sa.ColumnElement[datetime]:
    """When a lease taken now runs out."""
    if connection.dialect.name == "postgresql":
        return lease_clock(connection, real_now) + sa.literal(LEASE, sa.Interval())
    return sa.literal(real_now + LEASE, Utc())


def renew_leases(connection: Connection, owner: str, real_now: datetime) -> None:
    """Keep what this owner holds for another LEASE."""
    connection.execute(
        sa.update(delivery).where(HELD, delivery.c.owner == owner).values(lease_until=lease_end(connection, real_now))
    )


def release_claims(connection: Connection, owner: str, keep: Collection[int] = ()) -> int:
    """Put back what this owner claimed and did not start, but not these; returns how many."""
    return put_back(connection, delivery.c.owner == owner, delivery.c.id.not_in(keep))


def put_back(connection: Connection, *which: sa.ColumnElement[bool]) -> int:
    """Put claimed deliveries back into the queue as they were; returns how many."""
    statement = sa.update(delivery).where(CLAIMED, *which).values(state=DeliveryState.QUEUED, **FREE)
    return connection.execute(statement).rowcount


@dataclass(frozen=True, slots=True)
class Recovered:
    """What dead owners left: claims that went back to the queue, and dots nobody can vouch for."""

    released: int = 0
    in_doubt: tuple[int, ...] = ()


def recover_everything(
    connection: Connection, now: datetime, resend: Collection[DeliveryKind], held: Collection[str] = ()
) -> Recovered:
    """Take over from every former sender; only for whoever holds the sender's lock and has not begun.

    Here and below: what is in doubt of these kinds is sent again by itself, unless its newsletter is one of `held`.
    """
    return _recover(connection, sa.true(), now, resend, held)


def recover_own(
    connection: Connection, owner: str, now: datetime, resend: Collection[DeliveryKind], held: Collection[str] = ()
) -> Recovered:
    """Take over what an earlier life of this owner held, over whichever relay."""
    return _recover(connection, _of_process(owner), now, resend, held)


def recover_expired(
    connection: Connection,
    owner: str,
    now: datetime,
    real_now: datetime,
    resend: Collection[DeliveryKind],
    held: Collection[str] = (),
) -> Recovered:
    """Take over from other owners whose lease has run out; those of the same process live as long as this one."""
    late = delivery.c.lease_until < lease_clock(connection, real_now)
    return _recover(connection, sa.and_(~_of_process(owner), late), now, resend, held)


def owner_over(process: str, relay: str) -> str:
    """The name in which a process claims what goes over one of several relays."""
    return f"{process}{_OVER}{relay}"


def _of_process(owner: str) -> sa.ColumnElement[bool]:
    process = owner.partition(_OVER)[0]
    return sa.or_(delivery.c.owner == process, delivery.c.owner.startswith(f"{process}{_OVER}", autoescape=True))


def _recover(
    connection: Connection,
    dead: sa.ColumnElement[bool],
    now: datetime,
    resend: Collection[DeliveryKind],
    held: Collection[str],
) -> Recovered:
    released = put_back(connection, dead)
    goes_again = sa.and_(delivery.c.kind.in_(resend), sa.func.coalesce(newsletter.c.slug, "").not_in(held))
    doubtful = (
        sa.select(delivery.c.id, goes_again)
        .outerjoin(issue, issue.c.id == delivery.c.issue_id)
        .outerjoin(newsletter, newsletter.c.id == issue.c.newsletter_id)
        .where(_SENDING, dead)
        .order_by(delivery.c.id)
        .with_for_update(skip_locked=True, of=delivery)
    )
    found: dict[int, bool] = dict(connection.execute(doubtful).all())
    again = [delivery_id for delivery_id, goes in found.items() if goes]
    waiting = [delivery_id for delivery_id, goes in found.items() if not goes]
    _write_doubt(connection, again, now, DeliveryState.QUEUED, "sent again, with the same Message-ID")
    _write_doubt(connection, waiting, now, DeliveryState.IN_DOUBT, "")
    return Recovered(released, tuple(found))


def _write_doubt(connection: Connection, ids: Sequence[int], now: datetime, state: DeliveryState, done: str) -> None:
    if not ids:
        return
    connection.execute(
        sa.update(delivery)
        .where(delivery.c.id.in_(ids))
        .values(state=state, reason="in doubt", attempts=delivery.c.attempts + 1, due_at=now, **FREE)
    )
    doubt = {"at": now, "outcome": Outcome.IN_DOUBT.value, "reply": ENDED_BETWEEN, "done": done}
    connection.execute(sa.insert(attempt), [{"delivery_id": one, **doubt} for one in ids])
