"""Promos: which book was chosen for which cohort of which issue, and what its choice depends on."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.errors import NotFoundError
from dispatch.model.subscriber import SubscriptionState
from dispatch.store.conflicts import insert_if_absent
from dispatch.store.tables import (
    issue,
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


@dataclass(frozen=True, slots=True)
class IssueOccasion:
    """What the choice of books depends on in one issue. `id` is None of an issue that is not stored yet."""

    id: int | None
    newsletter: str
    schedule_id: int
    schedule: str
    slot: str
    due_at: datetime
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """What of a subscriber decides about their books."""

    cohort: int
    region: str
    language: str


def issue_occasion(connection: Connection, issue_id: int) -> IssueOccasion:
    """An issue as the choice of books sees it; raises NotFoundError."""
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
    categories = (
        sa.select(post.c.categories)
        .join(issue_post, issue_post.c.post_id == post.c.id)
        .where(issue_post.c.issue_id == issue_id)
        .order_by(issue_post.c.seq)
    )
    found = dict.fromkeys(name for names in connection.scalars(categories) for name in names)
    return IssueOccasion(issue_id, *row, categories=tuple(found))


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
    """The books chosen so far for an issue, by cohort and region; an empty set where none could be."""
    query = sa.select(promo_choice.c.cohort, promo_choice.c.region, promo_choice.c.book)
    chosen: dict[CohortRegion, frozenset[str]] = {}
    for cohort, region, book in connection.execute(query.where(promo_choice.c.issue_id == issue_id)):
        chosen[cohort, region] = chosen.get((cohort, region), frozenset()) | ({book} - {NO_BOOK})
    return chosen


def keep_promo_choices(
    connection: Connection, issue_id: int, choices: Mapping[CohortRegion, Collection[str]], now: datetime
) -> None:
    """Remember the books of cohorts and regions, also that there was none."""
    rows = [
        {"issue_id": issue_id, "cohort": cohort, "region": region, "book": book, "chosen_at": now}
        for (cohort, region), books in choices.items()
        for book in sorted(books) or [NO_BOOK]
    ]
    if rows:
        connection.execute(insert_if_absent(connection, promo_choice), rows)


def resting_books(
    connection: Connection, schedule_id: int, issue_id: int | None, since: datetime
) -> dict[int, frozenset[str]]:
    """By cohort, the books that issues of a schedule due after `since` have shown; `issue_id` itself does not count."""
    query = (
        sa.select(promo_choice.c.cohort, promo_choice.c.book)
        .distinct()
        .join(issue, issue.c.id == promo_choice.c.issue_id)
        .where(issue.c.schedule_id == schedule_id, issue.c.due_at > since, promo_choice.c.book != NO_BOOK)
    )
    if issue_id is not None:
        query = query.where(issue.c.id != issue_id)
    resting: dict[int, frozenset[str]] = {}
    for cohort, book in connection.execute(query):
        resting[cohort] = resting.get(cohort, frozenset()) | {book}
    return resting
