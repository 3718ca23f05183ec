"""Everything that is stored about one person, table by table, for their own eyes."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.store.reader_tables import consent, message, request
from dispatch.store.tables import (
    attempt,
    delivery,
    issue,
    newsletter,
    passed_over,
    schedule,
    subscriber,
    subscription,
    suppression,
    variant,
)

Row = Mapping[str, Any]


def personal_record(connection: Connection, subscriber_id: int) -> dict[str, list[Row]]:
    """The rows about a subscriber, by what they are; newsletters and schedules by name, nobody else's id or hash."""
    return {name: _rows(connection, query) for name, query in _queries(subscriber_id).items()}


def _queries(subscriber_id: int) -> dict[str, sa.Select[Any]]:
    mine = subscription.c.subscriber_id == subscriber_id
    sent = delivery.c.subscriber_id == subscriber_id
    return {
        "subscriber": _PERSON.where(subscriber.c.id == subscriber_id),
        "subscriptions": _SUBSCRIPTIONS.where(mine).order_by(subscription.c.id),
        "consents": _CONSENTS.where(mine).order_by(consent.c.at, consent.c.id),
        "passed_over": _PASSED_OVER.where(mine).order_by(passed_over.c.id),
        "deliveries": _DELIVERIES.where(sent).order_by(delivery.c.id),
        "attempts": _ATTEMPTS.where(sent).order_by(attempt.c.id),
        "requests": _REQUESTS.where(_asked_by(subscriber_id)).order_by(request.c.id),
    }


def _asked_by(subscriber_id: int) -> sa.ColumnElement[bool]:
    their_hash = sa.select(subscriber.c.address_hash).where(subscriber.c.id == subscriber_id).scalar_subquery()
    return sa.or_(
        request.c.subscriber_id == subscriber_id,
        # Whoever asked to move to this address is somebody else.
        sa.and_(request.c.address_hash == their_hash, request.c.subscriber_id.is_(None)),
    )


def _rows(connection: Connection, query: sa.Select[Any]) -> list[Row]:
    return [dict(row) for row in connection.execute(query).mappings()]


_PERSON = sa.select(
    subscriber.c.address,
    subscriber.c.name,
    subscriber.c.region,
    subscriber.c.language,
    subscriber.c.zone,
    subscriber.c.larger_type,
    subscriber.c.cohort,
    subscriber.c.source,
    subscriber.c.created_at,
    suppression.c.reason.label("never_mailed_because"),
).outerjoin(suppression, suppression.c.address_hash == subscriber.c.address_hash)
_SUBSCRIPTIONS = (
    sa.select(
        newsletter.c.slug.label("newsletter"),
        schedule.c.slug.label("schedule"),
        subscription.c.state,
        subscription.c.books,
        subscription.c.sections_off,
        subscription.c.paused_until,
        subscription.c.joined_at,
        subscription.c.left_at,
        subscription.c.consent_at,
        subscription.c.consent_source,
        subscription.c.start_seq.label("began_after_post"),
        subscription.c.seen_seq.label("served_up_to_post"),
    )
    .join(newsletter, newsletter.c.id == subscription.c.newsletter_id)
    .join(schedule, schedule.c.id == subscription.c.schedule_id)
)
_CONSENTS = (
    sa.select(
        newsletter.c.slug.label("newsletter"),
        consent.c.at,
        consent.c.act,
        consent.c.wording,
        consent.c.page,
        consent.c.network.label("network_hash"),
    )
    .join(subscription, subscription.c.id == consent.c.subscription_id)
    .join(newsletter, newsletter.c.id == subscription.c.newsletter_id)
)
_PASSED_OVER = (
    sa.select(
        newsletter.c.slug.label("newsletter"),
        passed_over.c.from_seq.label("after_post"),
        passed_over.c.through_seq.label("through_post"),
        passed_over.c.reason,
        passed_over.c.created_at,
    )
    .join(subscription, subscription.c.id == passed_over.c.subscription_id)
    .join(newsletter, newsletter.c.id == subscription.c.newsletter_id)
)
_DELIVERIES = (
    sa.select(
        delivery.c.id,
        delivery.c.kind,
        newsletter.c.slug.label("newsletter"),
        schedule.c.slug.label("schedule"),
        issue.c.number,
        sa.func.coalesce(variant.c.subject, message.c.subject, "").label("subject"),
        variant.c.books,
        delivery.c.state,
        delivery.c.reason,
        delivery.c.reply,
        delivery.c.created_at,
        delivery.c.ended_at,
    )
    .outerjoin(issue, issue.c.id == delivery.c.issue_id)
    .outerjoin(newsletter, newsletter.c.id == issue.c.newsletter_id)
    .outerjoin(schedule, schedule.c.id == issue.c.schedule_id)
    .outerjoin(variant, variant.c.id == delivery.c.variant_id)
    .outerjoin(message, message.c.id == delivery.c.message_id)
)
_ATTEMPTS = sa.select(
    attempt.c.delivery_id.label("delivery"), attempt.c.at, attempt.c.outcome, attempt.c.reply, attempt.c.done
).join(delivery, delivery.c.id == attempt.c.delivery_id)
_REQUESTS = sa.select(
    request.c.kind,
    request.c.address,
    request.c.choices,
    request.c.language,
    request.c.via,
    request.c.page,
    request.c.wording,
    request.c.network.label("network_hash"),
    request.c.answer_network.label("answer_network_hash"),
    request.c.state,
    request.c.reason,
    request.c.asked_at,
    request.c.mailed_at,
    request.c.ended_at,
)
