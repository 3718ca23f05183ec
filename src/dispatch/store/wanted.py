"""What must not leave any more, and how it ends: its reader has left or paused, its issue is cancelled, it expired."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.model.delivery import CANCELLED, EXPIRED, DeliveryState
from dispatch.model.issue import IssueState
from dispatch.model.request import RequestState
from dispatch.model.service import ServiceMail
from dispatch.model.subscriber import FOR_GOOD, SubscriptionState
from dispatch.store import jsonrows
from dispatch.store.fan_out import hand_back
from dispatch.store.leases import CLAIMED, FREE
from dispatch.store.reader_tables import message, request
from dispatch.store.tables import delivery, issue, subscriber, subscription, suppression

LEFT = "left"
SUPPRESSED = "suppressed"


def is_being_sent() -> sa.ColumnElement[bool]:
    """The delivery's issue is being sent, or it has none."""
    sending = sa.select(issue.c.id).where(issue.c.id == delivery.c.issue_id, issue.c.state == IssueState.SENDING)
    return sa.or_(sending.exists(), delivery.c.issue_id.is_(None))


def unwanted(now: datetime | sa.BindParameter[datetime]) -> sa.ColumnElement[str]:
    """Why a delivery must not leave any more, "" where it may."""
    return sa.case((delivery.c.issue_id.is_(None), _unwanted_by_itself()), else_=_unwanted_of_issue(now))


def _unwanted_of_issue(now: datetime | sa.BindParameter[datetime]) -> sa.ScalarSelect[str]:
    suppressed = sa.select(suppression.c.reason).where(suppression.c.address_hash == subscriber.c.address_hash).exists()
    reason = sa.case(
        (issue.c.state == IssueState.CANCELLED, CANCELLED),
        (subscription.c.state != SubscriptionState.ACTIVE, LEFT),
        (subscriber.c.address.is_(None), LEFT),
        (subscription.c.paused_until > now, "paused"),
        (suppressed, SUPPRESSED),
        else_="",
    )
    return (
        sa.select(reason)
        .where(
            issue.c.id == delivery.c.issue_id,
            subscription.c.id == delivery.c.subscription_id,
            subscriber.c.id == delivery.c.subscriber_id,
        )
        .correlate(delivery)
        .scalar_subquery()
    )


def _unwanted_by_itself() -> sa.ColumnElement[str]:
    """The same for service mail: it was asked for, so it only stops for what happened since, or for a complaint."""
    return sa.case(
        (sa.and_(delivery.c.address.is_(None), ~_subscriber_where(subscriber.c.address.is_not(None))), LEFT),
        (_stopped_since(), SUPPRESSED),
        (_request_where(request.c.state != RequestState.MAILED), "answered"),
        (_needs_to_be_active(), LEFT),
        else_="",
    )


def _stopped_since() -> sa.ColumnElement[bool]:
    own = sa.select(subscriber.c.address_hash).where(subscriber.c.id == delivery.c.subscriber_id)
    theirs = sa.func.coalesce(delivery.c.address_hash, own.correlate(delivery).scalar_subquery())
    # Not with IN, which cannot be part of a statement that is prepared once (store/prepared.py).
    for_good = [suppression.c.reason == reason for reason in FOR_GOOD]
    since = suppression.c.created_at > delivery.c.created_at
    found = sa.select(suppression.c.reason).where(suppression.c.address_hash == theirs, sa.or_(since, *for_good))
    return found.correlate(delivery).exists()


def _needs_to_be_active() -> sa.ColumnElement[bool]:
    """It is for a subscription that has ended, and is not the farewell, which goes to those alone."""
    is_farewell = message.c.name == ServiceMail.GOODBYE.value
    farewell = sa.select(message.c.id).where(message.c.id == delivery.c.message_id, is_farewell)
    ended = sa.select(subscription.c.id).where(
        subscription.c.id == delivery.c.subscription_id, subscription.c.state != SubscriptionState.ACTIVE
    )
    return sa.and_(ended.correlate(delivery).exists(), ~farewell.correlate(delivery).exists())


def _subscriber_where(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return _related(subscriber.c.id, delivery.c.subscriber_id, condition)


def _request_where(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return _related(request.c.id, delivery.c.request_id, condition)


def _related(
    key: sa.Column[int], reference: sa.Column[int], condition: sa.ColumnElement[bool]
) -> sa.ColumnElement[bool]:
    return sa.select(key).where(key == reference, condition).correlate(delivery).exists()


def end_expired(connection: Connection, ids: Collection[int], now: datetime) -> None:
    """Give up what is past its time, and hand its posts back."""
    if not ids:
        return
    ended = connection.scalars(
        sa.update(delivery)
        .where(delivery.c.id.in_(jsonrows.ids(connection.dialect.name, "ids")), delivery.c.expires_at <= now)
        .values(state=DeliveryState.REFUSED, reason=EXPIRED, ended_at=now, address=None, **FREE)
        .returning(delivery.c.id),
        {"ids": jsonrows.dumped(ids)},
    ).all()
    hand_back(connection, ended)


def end_unwanted(connection: Connection, ids: Collection[int], now: datetime, owner: str | None = None) -> None:
    """Suppress what is claimed (by this owner) and must not leave any more; hand back what an operator cancelled."""
    if not ids:
        return
    ours = sa.true() if owner is None else delivery.c.owner == owner
    ended = connection.execute(
        sa.update(delivery)
        .where(delivery.c.id.in_(jsonrows.ids(connection.dialect.name, "ids")), CLAIMED, ours, unwanted(now) != "")
        .values(state=DeliveryState.SUPPRESSED, reason=unwanted(now), ended_at=now, address=None, **FREE)
        .returning(delivery.c.id, delivery.c.reason),
        {"ids": jsonrows.dumped(ids)},
    )
    hand_back(connection, [delivery_id for delivery_id, reason in ended if reason == CANCELLED])
