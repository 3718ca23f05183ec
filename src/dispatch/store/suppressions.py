"""Suppressions: mailboxes never to be mailed, kept as keyed hashes so that they outlive the address."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from dispatch.model.subscriber import SUPPRESSION_STRENGTH, SuppressionReason
from dispatch.store.tables import suppression


def suppress(connection: Connection, digests: Collection[str], reason: SuppressionReason, now: datetime) -> set[str]:
    """Suppress these address hashes; returns those for which anything changed."""
    if not digests:
        return set()
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(suppression)
    # One by one, because an IN cannot be part of a statement that is run for many rows.
    weaker = [suppression.c.reason == other for other in SUPPRESSION_STRENGTH[: SUPPRESSION_STRENGTH.index(reason)]]
    statement = statement.on_conflict_do_update(
        index_elements=[suppression.c.address_hash],
        set_={"reason": statement.excluded.reason, "created_at": statement.excluded.created_at},
        where=sa.or_(sa.false(), *weaker),
    )
    rows = [{"address_hash": digest, "reason": reason.value, "created_at": now} for digest in sorted(digests)]
    return set(connection.scalars(statement.returning(suppression.c.address_hash), rows))


def suppression_reasons(connection: Connection, digests: Collection[str]) -> dict[str, SuppressionReason]:
    """Why each of these address hashes is suppressed; those that are not do not stand in the answer."""
    query = sa.select(suppression.c.address_hash, suppression.c.reason).where(suppression.c.address_hash.in_(digests))
    return {digest: SuppressionReason(reason) for digest, reason in connection.execute(query)}


def lift_suppression(connection: Connection, digest: str) -> bool:
    """Forget that this address hash is suppressed; says whether it was."""
    statement = sa.delete(suppression).where(suppression.c.address_hash == digest)
    return connection.scalar(statement.returning(suppression.c.address_hash)) is not None
