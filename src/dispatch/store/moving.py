"""Moving to another address: the same subscriber, with everything that is known of them."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.model.request import RequestKind
from dispatch.store.reader_tables import request
from dispatch.store.tables import subscriber


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where somebody's mail goes now, and the keyed hash of that."""

    address: str
    address_hash: str


def mailbox_of(connection: Connection, subscriber_id: int) -> Mailbox | None:
    """The mailbox of a subscriber; None for who was erased."""
    query = sa.select(subscriber.c.address, subscriber.c.address_hash)
    row = connection.execute(query.where(subscriber.c.id == subscriber_id, subscriber.c.address.is_not(None))).first()
    return Mailbox(row.address, row.address_hash) if row else None


def moves_asked(connection: Connection, subscriber_id: int, since: datetime) -> int:
    """How often somebody asked for another address since then."""
    mine = (request.c.kind == RequestKind.MOVE, request.c.subscriber_id == subscriber_id)
    query = sa.select(sa.func.count()).select_from(request).where(*mine, request.c.asked_at > since)
    return connection.scalars(query).one()


def move_subscriber(connection: Connection, subscriber_id: int, address: str, digest: str) -> bool:
    """Give a subscriber another address; False where that mailbox is somebody else's, or they were erased meanwhile.

    Their cohort stays: they go on being shown the books that they have not seen.
    """
    values = {"address": address, "address_hash": digest, "domain": address.rpartition("@")[2]}
    statement = (
        sa.update(subscriber)
        .where(subscriber.c.id == subscriber_id, subscriber.c.address.is_not(None))
        .values(values)
        .returning(subscriber.c.id)
    )
    try:
        with connection.begin_nested():
            return connection.scalar(statement) is not None
    except sa.exc.IntegrityError:
        return False
