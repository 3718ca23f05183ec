"""A round of the ledger: what became of messages is written down, and dots are licensed, in one transaction.

    claimed ─license→ sending ─record→ accepted | refused | deferred | queued | in doubt

This is what every single message costs, over all connections together, so its two statements take all their rows at
once and are put together once (bench/README.md has what that is worth).
"""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.sql.dml import UpdateBase

from dispatch.model.delivery import EXPIRED, DeliveryState, Verdict
from dispatch.store import jsonrows
from dispatch.store.fan_out import hand_back
from dispatch.store.leases import CLAIMED, FREE, HELD, put_back
from dispatch.store.prepared import Prepared
from dispatch.store.tables import Utc, attempt, delivery
from dispatch.store.wanted import end_unwanted, is_being_sent, unwanted

# Literal states: with bound ones PostgreSQL does not use the partial indexes.
_UNSENT = sa.text("delivery.state IN ('queued', 'deferred', 'claimed', 'in_doubt')")


def commit_round(
    connection: Connection,
    owner: str,
    relay: str,
    verdicts: Sequence[Verdict],
    asked: Collection[int],
    now: datetime,
    real_now: datetime,
) -> set[int]:
    """Write down what is known and license what is asked, in one transaction; returns the licensed ids."""
    record(connection, owner, relay, verdicts)
    return license_dots(connection, owner, asked, now, real_now)


def license_dots(
    connection: Connection, owner: str, ids: Collection[int], now: datetime, real_now: datetime
) -> set[int]:
    """Mark as `sending` those that are still ours, still wanted, and whose issue is still being sent; returns them.

    What is not licensed has left our hands: it is suppressed, or back in the queue, or somebody else's.
    """
    if not ids:
        return set()
    moments = {"now": now} if connection.dialect.name == "postgresql" else {"now": now, "real_now": real_now}
    marked = _LICENSE.run(connection, ids=jsonrows.dumped(ids), its_owner=owner, **moments)
    licensed = {delivery_id for (delivery_id,) in marked}
    refused = set(ids) - licensed
    if refused:
        end_unwanted(connection, refused, now, owner)
        put_back(connection, delivery.c.id.in_(refused), delivery.c.owner == owner)
    return licensed


def record(connection: Connection, owner: str, relay: str, verdicts: Sequence[Verdict]) -> None:
    """Write down what tries came to; attempt rows only for what was not simply accepted at the first try."""
    accepted = [verdict for verdict in verdicts if verdict.state is DeliveryState.ACCEPTED]
    others = [verdict for verdict in verdicts if verdict.state is not DeliveryState.ACCEPTED]
    _write_accepted(connection, owner, relay, accepted)
    _write_others(connection, owner, relay, others)
    attempts = [_attempt_row(verdict) for verdict in verdicts if verdict.outcome]
    if attempts:
        connection.execute(sa.insert(attempt), attempts)
    hand_back(connection, [verdict.delivery_id for verdict in others if verdict.reason == EXPIRED])


def _license(dialect: str) -> UpdateBase:
    # On PostgreSQL owners live on several machines, and the database's clock is the one they share.
    lease_time = sa.func.clock_timestamp() if dialect == "postgresql" else sa.bindparam("real_now", type_=Utc())
    return (
        sa.update(delivery)
        .where(
            delivery.c.id.in_(jsonrows.ids(dialect, "ids")),
            CLAIMED,
            delivery.c.owner == sa.bindparam("its_owner"),
            delivery.c.lease_until > lease_time,
            is_being_sent(),
            unwanted(sa.bindparam("now", type_=Utc())) == "",
        )
        .values(state=sa.literal_column("'sending'"))
        .returning(delivery.c.id)
    )


def _write_accepted(connection: Connection, owner: str, relay: str, verdicts: Sequence[Verdict]) -> None:
    if not verdicts:
        return
    given = [
        {"id": verdict.delivery_id, "reply": verdict.reply, "attempts": verdict.attempts, "reason": verdict.reason}
        for verdict in verdicts
    ]
    rows = jsonrows.dumped(given)
    _ACCEPT.run(connection, rows=rows, its_owner=owner, its_relay=relay, at=verdicts[-1].at)


def _accept(dialect: str) -> UpdateBase:
    wanted = (delivery.c.id, delivery.c.reply, delivery.c.attempts, delivery.c.reason)
    given = jsonrows.rows(dialect, "rows", *(sa.column(column.name, column.type) for column in wanted))
    ours = sa.and_(delivery.c.owner == sa.bindparam("its_owner"), HELD)
    return (
        sa.update(delivery)
        # A lease can run out while a reply is on its way. What arrived must not be sent again, whoever has it now.
        .where(delivery.c.id == given.c.id, sa.or_(ours, _UNSENT))
        .values(
            state=sa.literal_column("'accepted'"),
            reason=given.c.reason,
            reply=given.c.reply,
            attempts=given.c.attempts,
            ended_at=sa.bindparam("at", type_=Utc()),
            relay=sa.bindparam("its_relay"),
            address=sa.null(),  # of whoever is no subscriber: it was needed until now
            **FREE,
        )
    )


def _write_others(connection: Connection, owner: str, relay: str, verdicts: Sequence[Verdict]) -> None:
    if not verdicts:
        return
    statement = (
        sa.update(delivery)
        .where(delivery.c.id == sa.bindparam("its_id"), delivery.c.owner == owner, HELD)
        .values(
            relay=relay,
            due_at=sa.func.coalesce(sa.bindparam("its_due_at", type_=Utc()), delivery.c.due_at),
            address=sa.case((sa.bindparam("has_ended", type_=sa.Boolean()), sa.null()), else_=delivery.c.address),
            **FREE,
        )
    )
    rows = [
        {
            "its_id": verdict.delivery_id,
            "state": verdict.state,
            "reason": verdict.reason,
            "reply": verdict.reply,
            "its_due_at": verdict.due_at,
            "attempts": verdict.attempts,
            "ended_at": verdict.at if verdict.has_ended else None,
            "has_ended": verdict.has_ended,
        }
        for verdict in verdicts
    ]
    connection.execute(statement, rows)


def _attempt_row(verdict: Verdict) -> dict[str, object]:
    return {
        "delivery_id": verdict.delivery_id,
        "at": verdict.at,
        "outcome": verdict.outcome,
        "reply": verdict.reply or verdict.reason,
        "done": verdict.done,
    }


_LICENSE = Prepared(_license)
_ACCEPT = Prepared(_accept)
