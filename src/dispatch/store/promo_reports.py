"""Impressions: promos in messages that a relay has accepted, counted from the deliveries themselves."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.model.delivery import DeliveryKind, DeliveryState
from dispatch.store.promo_tables import promo_placement
from dispatch.store.promos import Placement
from dispatch.store.tables import delivery, issue, issue_audience, newsletter, schedule, variant


@dataclass(frozen=True, slots=True)
class ShownVariant:
    """A rendering with promos in it, and how many messages of it were accepted.

    `region` and `language` are of one of the kinds of subscriber that got it: to all of them it said the same.
    """

    issue_id: int
    newsletter: str
    schedule: str
    slot: str
    number: int | None
    due_at: datetime
    books: tuple[str, ...]
    region: str
    language: str
    accepted: int


def shown_variants(
    connection: Connection, newsletter_slug: str | None, since: datetime | None, until: datetime | None
) -> list[ShownVariant]:
    """The renderings of issues due in [since, until), those that somebody accepted, by issue."""
    wanted = _issues(newsletter_slug, since, until)
    kinds = _kind_of_each_variant(connection, wanted)
    return [
        ShownVariant(
            row.id,
            row.newsletter,
            row.schedule,
            row.slot,
            row.number,
            row.due_at,
            tuple(row.books),
            *kinds.get(row.variant_id, ("", "")),
            accepted=row.accepted,
        )
        for row in connection.execute(_accepted_by_variant(wanted))
        if row.books
    ]


def placements(
    connection: Connection, newsletter_slug: str | None, since: datetime | None, until: datetime | None
) -> dict[int, list[Placement]]:
    """How promos were shown in the issues due in [since, until), by issue."""
    table = promo_placement.c
    query = sa.select(table.issue_id, table.region, table.book, table.kind, table.shops, table.topics).where(
        table.issue_id.in_(_issues(newsletter_slug, since, until))
    )
    found: dict[int, list[Placement]] = {}
    for issue_id, region, book, kind, shops, topics in connection.execute(query):
        found.setdefault(issue_id, []).append(Placement(region, book, kind, tuple(shops), tuple(topics)))
    return found


def _accepted_by_variant(wanted: sa.Select[tuple[int]]) -> sa.Select[Any]:
    counts = (
        sa.select(delivery.c.issue_id, delivery.c.variant_id, sa.func.count().label("accepted"))
        .where(
            delivery.c.state == DeliveryState.ACCEPTED,
            delivery.c.kind == DeliveryKind.DIGEST,
            delivery.c.issue_id.in_(wanted),
        )
        .group_by(delivery.c.issue_id, delivery.c.variant_id)
        .subquery()
    )
    return (
        sa.select(
            issue.c.id,
            newsletter.c.slug.label("newsletter"),
            schedule.c.slug.label("schedule"),
            issue.c.slot,
            issue.c.number,
            issue.c.due_at,
            variant.c.books,
            counts.c.variant_id,
            counts.c.accepted,
        )
        .select_from(counts)
        .join(issue, issue.c.id == counts.c.issue_id)
        .join(newsletter, newsletter.c.id == issue.c.newsletter_id)
        .join(schedule, schedule.c.id == issue.c.schedule_id)
        .join(variant, variant.c.id == counts.c.variant_id)
        .order_by(issue.c.due_at, issue.c.id, counts.c.variant_id)
    )


def _issues(newsletter_slug: str | None, since: datetime | None, until: datetime | None) -> sa.Select[tuple[int]]:
    query = sa.select(issue.c.id)
    if newsletter_slug is not None:
        query = query.join(newsletter, newsletter.c.id == issue.c.newsletter_id).where(
            newsletter.c.slug == newsletter_slug
        )
    if since is not None:
        query = query.where(issue.c.due_at >= since)
    return query if until is None else query.where(issue.c.due_at < until)


def _kind_of_each_variant(connection: Connection, wanted: sa.Select[tuple[int]]) -> dict[int, tuple[str, str]]:
    table = issue_audience.c
    query = (
        sa.select(table.variant_id, table.region, table.language)
        .distinct()
        .where(table.issue_id.in_(wanted), table.variant_id.is_not(None), table.books.is_(True))
        .order_by(table.variant_id, table.region, table.language)
    )
    kinds: dict[int, tuple[str, str]] = {}
    for variant_id, region, language in connection.execute(query):
        kinds.setdefault(variant_id, (region, language))
    return kinds
