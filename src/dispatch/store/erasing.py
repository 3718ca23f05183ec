"""Forgetting a person: what told who they were is blanked, what counts of past issues stays."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.model.delivery import DeliveryState
from dispatch.model.request import RequestState
from dispatch.model.subscriber import SubscriptionState
from dispatch.store.consents import blank_consents
from dispatch.store.reader_tables import request, wanted_mail
from dispatch.store.tables import delivery, subscriber, subscription
from dispatch.store.wanted import LEFT

ERASED = "erased"  # why a request came to nothing
_WAITING = (DeliveryState.QUEUED, DeliveryState.DEFERRED)


def erase_subscriber(connection: Connection, subscriber_id: int, now: datetime) -> None:
    """Forget who this was. Row, subscriptions and deliveries stay, so that past issues still add up.

    Mail that waits for them is held back, what they asked for ends, and where they agreed is blanked.
    """
    # Subscriptions before their owner, as everywhere: fan-out holds them and then looks at their owner.
    _end_subscriptions(connection, subscriber_id, now)
    _blank_requests(connection, subscriber_id, now)
    blank_consents(connection, subscriber_id)
    _end_mail(connection, subscriber_id, now)
    nothing = dict.fromkeys(("domain", "name", "region", "language", "zone", "source"), "")
    connection.execute(
        sa.update(subscriber)
        .where(subscriber.c.id == subscriber_id)
        .values(address=None, address_hash=None, cohort=0, larger_type=False, erased_at=now, **nothing)
    )


def _end_subscriptions(connection: Connection, subscriber_id: int, now: datetime) -> None:
    mine = sa.update(subscription).where(subscription.c.subscriber_id == subscriber_id)
    chosen = {"paused_until": None, "books": True, "sections_off": ""}
    connection.execute(mine.values(consent_at=None, consent_source="", **chosen))
    still = mine.where(subscription.c.state != SubscriptionState.LEFT)
    connection.execute(still.values(state=SubscriptionState.LEFT, left_at=now))


def _blank_requests(connection: Connection, subscriber_id: int, now: datetime) -> None:
    """Of what was asked for in their name or to their address; its keyed hash stays, as it does in the suppression."""
    their_hash = sa.select(subscriber.c.address_hash).where(subscriber.c.id == subscriber_id).scalar_subquery()
    theirs = sa.or_(request.c.subscriber_id == subscriber_id, request.c.address_hash == their_hash)
    ids = connection.scalars(sa.select(request.c.id).where(theirs)).all()
    if not ids:
        return
    _end_deliveries(connection, delivery.c.request_id.in_(ids), now)
    these = sa.update(request).where(request.c.id.in_(ids))
    nothing = dict.fromkeys(("language", "page", "wording", "network", "answer_network"), "")
    connection.execute(these.values(address=None, choices=[], **nothing))
    still = these.where(request.c.state.in_((RequestState.ASKED, RequestState.MAILED)))
    connection.execute(still.values(state=RequestState.EXPIRED, reason=ERASED, ended_at=now))


def _end_mail(connection: Connection, subscriber_id: int, now: datetime) -> None:
    mine = sa.select(subscription.c.id).where(subscription.c.subscriber_id == subscriber_id)
    connection.execute(sa.delete(wanted_mail).where(wanted_mail.c.subscription_id.in_(mine)))
    _end_deliveries(connection, delivery.c.subscriber_id == subscriber_id, now)


def _end_deliveries(connection: Connection, which: sa.ColumnElement[bool], now: datetime) -> None:
    ended = sa.update(delivery).where(which, delivery.c.state.in_(_WAITING))
    connection.execute(ended.values(state=DeliveryState.SUPPRESSED, reason=LEFT, ended_at=now))
    connection.execute(sa.update(delivery).where(which).values(address=None, address_hash=None))
