"""Requests: what was asked for in the name of an address, and what became of it.

asked → mailed → confirmed | declined | expired; asked → dropped. However it ends, the address is forgotten; the keyed
hash stays for a year, so that nobody is asked again and again.
"""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.model.request import IMPORT, KEPT, Choice, NewRequest, PastRequests, Request, RequestKind, RequestState
from dispatch.store.database import skip_locked
from dispatch.store.reader_tables import request
from dispatch.store.tables import delivery

REMEMBERED = timedelta(days=365)
_OPEN = (RequestState.ASKED, RequestState.MAILED)


def insert_request(connection: Connection, new: NewRequest, now: datetime) -> int:
    """Store a request; returns its id."""
    row = asdict(new) | {
        "choices": [[choice.newsletter, choice.schedule] for choice in new.choices],
        "state": RequestState.ASKED,
        "asked_at": now,
    }
    request_id: int = connection.scalars(sa.insert(request).values(row).returning(request.c.id)).one()
    return request_id


def asked_since(connection: Connection, since: datetime, network: str = "") -> int:
    """How much readers asked for since then: from one address block, or from everywhere; an import is no reader.

    Until the transaction ends nobody else can count the same, so that a limit holds for requests that come at once.
    """
    if connection.dialect.name == "postgresql":  # on SQLite there is one writer anyway
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext("request"))))
    query = sa.select(sa.func.count()).select_from(request)
    query = query.where(request.c.asked_at > since, request.c.via != IMPORT)
    return connection.scalars(query.where(request.c.network == network) if network else query).one()


def asked_requests(connection: Connection, limit: int, after: int = 0) -> list[Request]:
    """Requests later than the id `after` that nobody has answered yet, the oldest first."""
    open_ones = _REQUESTS.where(request.c.state == RequestState.ASKED, request.c.id > after)
    query = open_ones.order_by(request.c.id).limit(limit)
    return [_read(row) for row in connection.execute(query).mappings()]


def lock_request(connection: Connection, request_id: int, state: RequestState) -> Request | None:
    """A request, held still until the transaction ends; None if it is not in this state (any more)."""
    query = _REQUESTS.where(request.c.id == request_id, request.c.state == state)
    locked = query.with_for_update() if skip_locked(connection) else query
    row = connection.execute(locked).mappings().one_or_none()
    return _read(row) if row else None


def lock_requests(connection: Connection, digest: str, subscriber_id: int) -> None:
    """Hold still what was asked for in the name of a mailbox, or by a subscriber, until the transaction ends.

    Requests are held before subscriptions everywhere: who confirms one goes on to the other.
    """
    theirs = sa.or_(request.c.address_hash == digest, request.c.subscriber_id == subscriber_id)
    connection.execute(sa.select(request.c.id).where(theirs).order_by(request.c.id).with_for_update())


def read_request(connection: Connection, request_id: int) -> Request | None:
    """A request, whatever became of it."""
    row = connection.execute(_REQUESTS.where(request.c.id == request_id)).mappings().one_or_none()
    return _read(row) if row else None


def requests_for(connection: Connection, digest: str) -> list[Request]:
    """Everything that was asked for in the name of a mailbox, the oldest first."""
    query = _REQUESTS.where(request.c.address_hash == digest).order_by(request.c.id)
    return [_read(row) for row in connection.execute(query).mappings()]


def past_requests(connection: Connection, digest: str, since: datetime) -> PastRequests:
    """What was mailed to this mailbox since then because somebody asked: to join, or to move there."""
    rows = connection.execute(
        sa.select(request.c.state, request.c.mailed_at, request.c.ended_at)
        .where(request.c.address_hash == digest, request.c.mailed_at > since)
        .order_by(request.c.id)
    ).all()
    unanswered = 0
    for row in rows:
        unanswered = 0 if row.state == RequestState.CONFIRMED else unanswered + 1
    others = [row for row in rows if row.state != RequestState.CONFIRMED]
    declined = [row.ended_at for row in rows if row.state == RequestState.DECLINED]
    return PastRequests(
        last_mailed_at=max((row.mailed_at for row in others), default=None),
        unanswered=unanswered,
        declined_at=max(declined, default=None),
    )


def mark_mailed(connection: Connection, request_id: int, now: datetime) -> None:
    """The question is in the queue."""
    _change(connection, request_id, state=RequestState.MAILED, mailed_at=now)


def drop_request(connection: Connection, request_id: int, reason: str, now: datetime, *, mailed: bool = False) -> None:
    """End a request that asks nothing; `mailed` where its address was told so."""
    told = {"mailed_at": now} if mailed else {}
    _change(connection, request_id, state=RequestState.DROPPED, reason=reason, ended_at=now, address=None, **told)


def end_request(connection: Connection, request_id: int, state: RequestState, now: datetime, network: str = "") -> None:
    """End a request as its address's owner answered it."""
    _change(connection, request_id, state=state, ended_at=now, address=None, answer_network=network)


def expire_requests(connection: Connection, now: datetime) -> int:
    """Forget the addresses of requests that nobody answered in time, and what is older than a year altogether."""
    old = request.c.asked_at <= now - KEPT
    statement = sa.update(request).where(request.c.state.in_([state.value for state in _OPEN]), old)
    expired = connection.execute(statement.values(state=RequestState.EXPIRED, ended_at=now, address=None)).rowcount
    ancient = sa.select(request.c.id).where(request.c.asked_at <= now - REMEMBERED)
    # The delivery stays in the ledger, as that of nobody; so do notes to an address that was somebody's.
    asked_by = sa.update(delivery).where(delivery.c.request_id.in_(ancient))
    connection.execute(asked_by.values(request_id=None, address_hash=None))
    notes = sa.update(delivery).where(delivery.c.address_hash.is_not(None), delivery.c.created_at <= now - REMEMBERED)
    connection.execute(notes.values(address_hash=None))
    connection.execute(sa.delete(request).where(request.c.id.in_(ancient)))
    return expired


def was_asked(connection: Connection, digests: Collection[str], via: str) -> set[str]:
    """Those of these address hashes in whose name something was asked for that way before."""
    query = sa.select(request.c.address_hash).where(request.c.via == via, request.c.address_hash.in_(digests))
    return set(connection.scalars(query))


def _change(connection: Connection, request_id: int, **values: object) -> None:
    connection.execute(sa.update(request).where(request.c.id == request_id).values(**values))


def _read(row: sa.RowMapping) -> Request:
    values: dict[str, Any] = dict(row)
    values["kind"], values["state"] = RequestKind(row["kind"]), RequestState(row["state"])
    values["choices"] = tuple(Choice(*choice) for choice in row["choices"])
    return Request(**values)


_REQUESTS = sa.select(
    request.c.id,
    request.c.kind,
    request.c.address,
    request.c.address_hash,
    request.c.choices,
    request.c.subscriber_id,
    request.c.language,
    request.c.via,
    request.c.page,
    request.c.wording,
    request.c.network,
    request.c.state,
    request.c.asked_at,
    request.c.mailed_at,
    request.c.ended_at,
    request.c.reason,
)
