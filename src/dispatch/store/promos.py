"""Promos: which was chosen for which cohort of which issue, and what its choice depends on."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.errors import NotFoundError
from dispatch.model.book import TopicalPost
from dispatch.model.delivery import WAITING_STATES, DeliveryKind, DeliveryState
from dispatch.model.issue import IssueState
from dispatch.model.subscriber import SubscriptionState
from dispatch.store.conflicts import insert_if_absent
from dispatch.store.promo_tables import promo_placement
from dispatch.store.tables import (
    delivery,
    issue,
    issue_audience,
    issue_post,
    newsletter,
    post,
    promo_choice,
    schedule,
    subscriber,
    subscription,
)

CohortRegion = tuple[int, str]
NO_BOOK = ""  # stored where no book could be shown, so that a later look does not find one

# A promo counts as shown where the relay took the mail, may have, or still may.
_SHOWN_STATES = (DeliveryState.ACCEPTED, DeliveryState.IN_DOUBT, *WAITING_STATES)


@dataclass(frozen=True, slots=True)
class IssueOccasion:
    """What the choice of promos depends on in one issue. `id` is None of an issue that is not stored yet."""

    id: int | None
    newsletter: str
    schedule_id: int
    schedule: str
    slot: str
    due_at: datetime
    posts: tuple[TopicalPost, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """What of a subscriber decides about their books."""

    cohort: int
    region: str
    language: str


@dataclass(frozen=True, slots=True)
class Placement:
    """How a promo is shown in an issue to readers of one region: its shops by name, the topics it goes with."""

    region: str
    book: str
    kind: str
    shops: tuple[str, ...]
    topics: tuple[str, ...]


def issue_occasion(connection: Connection, issue_id: int) -> IssueOccasion:
    """An issue as the choice of promos sees it; raises NotFoundError."""
    query = (
        sa.select(newsletter.c.slug, issue.c.schedule_id, schedule.c.slug, issue.c.slot, issue.c.due_at)
        .select_from(issue)
        .join(newsletter, newsletter.c.id == issue.c.newsletter_id)
        .join(schedule, schedule.c.id == issue.c.schedule_id)
        .where(issue.c.id == issue_id)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no issue {issue_id}: `dispatch issues list` shows which there are")
    posts = (
        sa.select(post.c.title, post.c.categories)
        .join(issue_post, issue_post.c.post_id == post.c.id)
        .where(issue_post.c.issue_id == issue_id)
        .order_by(issue_post.c.seq)
    )
    found = tuple(TopicalPost(title, tuple(categories)) for title, categories in connection.execute(posts))
    return IssueOccasion(issue_id, *row, posts=found)


def audience_places(connection: Connection, issue_id: int) -> list[Place]:
    """Cohort, region and language of those whom an issue goes to and who want books, each combination once."""
    query = (
        sa.select(subscriber.c.cohort, subscriber.c.region, subscriber.c.language)
        .distinct()
        .select_from(issue)
        .join(subscription, subscription.c.schedule_id == issue.c.schedule_id)
        .join(subscriber, subscriber.c.id == subscription.c.subscriber_id)
        .where(
            issue.c.id == issue_id,
            subscription.c.state == SubscriptionState.ACTIVE,
            subscription.c.books.is_(True),
            subscription.c.seen_seq < issue.c.through_seq,
        )
    )
    return [Place(*row) for row in connection.execute(query)]


def promo_choices(connection: Connection, issue_id: int) -> dict[CohortRegion, frozenset[str]]:
    """The promos chosen so far for an issue, by cohort and region; an empty set where none could be."""
    query = sa.select(promo_choice.c.cohort, promo_choice.c.region, promo_choice.c.book)
    chosen: dict[CohortRegion, frozenset[str]] = {}
    for cohort, region, book in connection.execute(query.where(promo_choice.c.issue_id == issue_id)):
        chosen[cohort, region] = chosen.get((cohort, region), frozenset()) | ({book} - {NO_BOOK})
    return chosen


def keep_promo_choices(
    connection: Connection, issue_id: int, choices: Mapping[CohortRegion, Collection[str]], now: datetime
) -> None:
    """Remember the promos of cohorts and regions, also that there was none."""
    rows = [
        {"issue_id": issue_id, "cohort": cohort, "region": region, "book": book, "chosen_at": now}
        for (cohort, region), books in choices.items()
        for book in sorted(books) or [NO_BOOK]
    ]
    if rows:
        connection.execute(insert_if_absent(connection, promo_choice), rows)


def keep_placements(connection: Connection, issue_id: int, placements: Collection[Placement]) -> None:
    """Remember how promos are shown in an issue; what is known stays."""
    rows = [
        {
            "issue_id": issue_id,
            "region": placement.region,
            "book": placement.book,
            "kind": placement.kind,
            "shops": list(placement.shops),
            "topics": list(placement.topics),
        }
        for placement in placements
    ]
    if rows:
        connection.execute(insert_if_absent(connection, promo_placement), rows)


def resting_books(
    connection: Connection, schedule_id: int, issue_id: int | None, since: datetime
) -> dict[int, frozenset[str]]:
    """By cohort, the promos that issues of a schedule due after `since` have shown; `issue_id` itself is left out."""
    query = _shown(schedule_id, issue_id, promo_choice.c.cohort, promo_choice.c.book).distinct()
    resting: dict[int, frozenset[str]] = {}
    for cohort, book in connection.execute(query.where(issue.c.due_at > since, promo_choice.c.book != NO_BOOK)):
        resting[cohort] = resting.get(cohort, frozenset()) | {book}
    return resting


def times_shown(
    connection: Connection, schedule_id: int, issue_id: int | None, books: Collection[str]
) -> dict[int, Counter[str]]:
    """By cohort, how many issues of a schedule have shown each of these promos; `issue_id` itself does not count."""
    if not books:
        return {}
    columns = (promo_choice.c.cohort, promo_choice.c.book, promo_choice.c.issue_id)
    query = _shown(schedule_id, issue_id, *columns).distinct().where(promo_choice.c.book.in_(books))
    counts: dict[int, Counter[str]] = {}
    for cohort, book, _ in connection.execute(query):
        counts.setdefault(cohort, Counter())[book] += 1
    return counts


def _shown(schedule_id: int, issue_id: int | None, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """The choices of a schedule that were shown to somebody of their cohort, or may still be."""
    # Nobody has a delivery of an issue that is composed: all of it is on its way.
    under_way = issue.c.state == IssueState.COMPOSED
    query = (
        sa.select(*columns)
        .select_from(promo_choice)
        .join(issue, issue.c.id == promo_choice.c.issue_id)
        .where(issue.c.schedule_id == schedule_id, sa.or_(under_way, _reached_somebody().exists()))
    )
    return query if issue_id is None else query.where(issue.c.id != issue_id)


def _reached_somebody() -> sa.Select[Any]:
    """A delivery of the choice's issue, to somebody of its cohort who wants books, that was taken or may be."""
    return (
        sa.select(delivery.c.id)
        .join(subscriber, subscriber.c.id == delivery.c.subscriber_id)
        .join(
            issue_audience,
            sa.and_(
                issue_audience.c.issue_id == delivery.c.issue_id,
                issue_audience.c.variant_id == delivery.c.variant_id,
                issue_audience.c.cohort == subscriber.c.cohort,
                issue_audience.c.books.is_(True),
            ),
        )
        .where(
            delivery.c.issue_id == promo_choice.c.issue_id,
            delivery.c.kind == DeliveryKind.DIGEST,
            delivery.c.state.in_(_SHOWN_STATES),
            subscriber.c.cohort == promo_choice.c.cohort,
        )
        .correlate(promo_choice)
    )
