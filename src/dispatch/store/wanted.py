"""What must not leave any more, and how it ends: its reader has left or paused, its issue is cancelled, it expired."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.model.delivery import CANCELLED, EXPIRED, DeliveryState
from dispatch.model.issue import IssueState
from dispatch.model.subscriber import SubscriptionState
from dispatch.store import jsonrows
from dispatch.store.fan_out import hand_back
from dispatch.store.leases import CLAIMED, FREE
from dispatch.store.tables import delivery, issue, subscriber, subscription, suppression


def unwanted(now: datetime | sa.BindParameter[datetime]) -> sa.ScalarSelect[str]:
    """Why a delivery must not leave any more, "" where it may."""
    suppressed = sa.select(suppression.c.reason).where(suppression.c.address_hash == subscriber.c.address_hash).exists()
    reason = sa.case(
        (issue.c.state == IssueState.CANCELLED, CANCELLED),
        (subscription.c.state != SubscriptionState.ACTIVE, "left"),
        (subscriber.c.address.is_(None), "left"),
        (subscription.c.paused_until > now, "paused"),
        (suppressed, "suppressed"),
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


def end_expired(connection: Connection, ids: Collection[int], now: datetime) -> None:
    """Give up what is past its time, and hand its posts back."""
    if not ids:
        return
    ended = connection.scalars(
        sa.update(delivery)
        .where(delivery.c.id.in_(jsonrows.ids(connection.dialect.name, "ids")), delivery.c.expires_at <= now)
        .values(state=DeliveryState.REFUSED, reason=EXPIRED, ended_at=now, **FREE)
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
        .values(state=DeliveryState.SUPPRESSED, reason=unwanted(now), ended_at=now, **FREE)
        .returning(delivery.c.id, delivery.c.reason),
        {"ids": jsonrows.dumped(ids)},
    )
    hand_back(connection, [delivery_id for delivery_id, reason in ended if reason == CANCELLED])
