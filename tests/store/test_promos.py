"""Choices of books as they are stored, and what they depend on."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from dispatch.errors import NotFoundError
from dispatch.model.book import TopicalPost
from dispatch.store.database import Connection, Database
from dispatch.store.promos import (
    Place,
    audience_places,
    issue_occasion,
    keep_promo_choices,
    promo_choices,
    resting_books,
    times_shown,
)
from dispatch.store.subscriptions import rhythms_of
from dispatch.store.tables import issue_audience, subscriber, subscription
from tests.promoting.making import FRIDAY, fan_out_issue, store_issue, store_readers
from tests.subscribing.making import make_settings, store_newsletters


@pytest.fixture
def magazine(database: Database) -> Database:
    """A database that knows the newsletter."""
    store_newsletters(database, make_settings())
    return database


def test_a_choice_once_kept_stays(magazine: Database) -> None:
    """Two processes that chose at once wrote the same rows; a set without books is a choice too."""
    issue_id = store_issue(magazine, 0)
    choices = {(0, "GB"): {"tide", "stone"}, (1, ""): frozenset[str]()}
    for _ in range(2):
        magazine.transact(keep_promo_choices, issue_id, choices, FRIDAY)
    assert magazine.transact(promo_choices, issue_id) == {
        (0, "GB"): frozenset({"tide", "stone"}),
        (1, ""): frozenset(),
    }
    assert magazine.transact(promo_choices, issue_id + 1) == {}


def test_books_rest_by_cohort_in_their_schedule(magazine: Database) -> None:
    """The issue that is asked about does not count, nor does one that is long past."""
    old, recent, this = (store_issue(magazine, number) for number in (0, 3, 4))
    daily = store_issue(magazine, 3, schedule_slug="daily")
    for issue_id, book in ((old, "old"), (recent, "recent"), (this, "this"), (daily, "daily")):
        magazine.transact(keep_promo_choices, issue_id, {(0, "GB"): {book}, (1, ""): ()}, FRIDAY)
    weekly = magazine.transact(rhythms_of, "review").schedules["weekly"]
    since = FRIDAY + timedelta(days=1)
    assert magazine.transact(resting_books, weekly, this, since) == {0: frozenset({"recent"})}
    assert magazine.transact(resting_books, weekly, None, since) == {0: frozenset({"recent", "this"})}


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        ("accepted", True),
        ("in_doubt", True),
        ("queued", True),
        ("deferred", True),
        ("refused", False),
        ("suppressed", False),
    ],
)
def test_only_what_reached_somebody_or_still_may_counts_as_shown(magazine: Database, state: str, counts: bool) -> None:
    """For rest and for caps alike, cohort by cohort."""
    store_readers(magazine)
    issue_id = store_issue(magazine, 0)
    magazine.transact(keep_promo_choices, issue_id, {(0, ""): {"tide"}, (1, ""): {"stone"}}, FRIDAY)
    fan_out_issue(magazine, issue_id, state=state, cohorts=[0])
    weekly = magazine.transact(rhythms_of, "review").schedules["weekly"]
    since = FRIDAY - timedelta(days=1)
    expected = {0: frozenset({"tide"})} if counts else {}
    assert magazine.transact(resting_books, weekly, None, since) == expected
    shown = magazine.transact(times_shown, weekly, None, ["tide", "stone"])
    assert shown == ({0: {"tide": 1}} if counts else {})


def test_who_wants_no_books_was_shown_none(magazine: Database) -> None:
    """A cohort of which they alone got the mail has seen nothing."""
    store_readers(magazine)
    issue_id = store_issue(magazine, 0)
    magazine.transact(keep_promo_choices, issue_id, {(0, ""): {"tide"}}, FRIDAY)
    fan_out_issue(magazine, issue_id, cohorts=[0])
    magazine.transact(lambda connection: connection.execute(sa.update(issue_audience).values(books=False)))
    weekly = magazine.transact(rhythms_of, "review").schedules["weekly"]
    assert magazine.transact(resting_books, weekly, None, FRIDAY - timedelta(days=1)) == {}


def test_times_are_counted_by_issue_not_by_region(magazine: Database) -> None:
    """A book shown to two regions of a cohort in one issue was shown once; the issue asked about does not count."""
    store_readers(magazine, regions=["GB", "US"])
    ids = [store_issue(magazine, number) for number in range(3)]
    for issue_id in ids:
        magazine.transact(keep_promo_choices, issue_id, {(0, "GB"): {"tide"}, (0, "US"): {"tide"}}, FRIDAY)
    weekly = magazine.transact(rhythms_of, "review").schedules["weekly"]
    assert magazine.transact(times_shown, weekly, ids[2], ["tide"]) == {0: {"tide": 2}}
    assert magazine.transact(times_shown, weekly, None, []) == {}


def test_an_occasion_has_the_categories_of_its_posts(magazine: Database) -> None:
    """And the issue by its names."""
    issue_id = store_issue(magazine, 1, categories=["sea", "essay", "sea"])
    found = magazine.transact(issue_occasion, issue_id)
    assert (found.id, found.newsletter, found.schedule, found.slot) == (
        issue_id,
        "review",
        "weekly",
        "2026-12-04T07:00",
    )
    assert found.due_at == FRIDAY + timedelta(weeks=1)
    assert found.posts == (TopicalPost("Post 1", ("sea", "essay", "sea")),)
    with pytest.raises(NotFoundError, match="there is no issue 99"):
        magazine.transact(issue_occasion, 99)


def test_the_audience_is_those_who_will_get_books_with_it(magazine: Database) -> None:
    """Not who left, who wants none, who has seen it all, or who is on another schedule."""
    store_readers(magazine, regions=["GB"])
    store_readers(magazine, regions=["US"], schedule_slug="daily")
    issue_id = store_issue(magazine, 0)
    changes: list[dict[str, object]] = [{"state": "left"}, {"books": False}, {"seen_seq": 1}, {"state": "unconfirmed"}]
    for cohort, values in enumerate(changes):
        magazine.transact(change_reader, cohort, values)
    places = magazine.transact(audience_places, issue_id)
    assert sorted(places, key=lambda place: place.cohort) == [Place(cohort, "GB", "") for cohort in range(4, 16)]


def change_reader(connection: Connection, cohort: int, values: dict[str, object]) -> None:
    """Change the subscription of the British reader of a cohort."""
    person = sa.select(subscriber.c.id).where(subscriber.c.cohort == cohort, subscriber.c.region == "GB")
    connection.execute(
        sa.update(subscription).where(subscription.c.subscriber_id == person.scalar_subquery()).values(**values)
    )
