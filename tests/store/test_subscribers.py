"""Subscribers, subscriptions and suppressions as they are stored."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from dispatch.errors import NotFoundError
from dispatch.model.address import cohort_of
from dispatch.model.subscriber import Consent, NewSubscriber, Standing, SubscriptionState, SuppressionReason
from dispatch.store.database import Connection, Database
from dispatch.store.newsletters import ensure_newsletters
from dispatch.store.subscribers import (
    find_subscriber,
    insert_subscribers,
    list_subscriptions,
    recent_deliveries,
)
from dispatch.store.subscriptions import NewSubscription, insert_subscriptions, leave, rhythms_of, standings
from dispatch.store.suppressions import lift_suppression, suppress, suppression_reasons
from dispatch.store.tables import delivery, issue

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ADA, BEN, CLEO = "a" * 64, "b" * 64, "c" * 64


@pytest.fixture
def magazine(database: Database) -> Database:
    """Two newsletters of two schedules each."""
    database.transact(ensure_newsletters, {"review": ["weekly", "daily"], "notes": ["weekly"]}, NOW)
    return database


def subscribe(connection: Connection, name: str, digest: str, slug: str = "review", schedule: str = "weekly") -> int:
    """Store one subscriber with one subscription; returns the subscriber's id."""
    ids = insert_subscribers(connection, [NewSubscriber(f"{name}@mail.example", digest, name=name)], NOW)
    rhythms = rhythms_of(connection, slug)
    place = NewSubscription(
        ids[digest], rhythms.newsletter_id, rhythms.schedules[schedule], SubscriptionState.ACTIVE, Consent()
    )
    insert_subscriptions(connection, [place], NOW)
    return ids[digest]


def test_inserting_somebody_again_gives_the_id_they_have(magazine: Database) -> None:
    """Nothing of theirs is overwritten."""
    first = magazine.transact(insert_subscribers, [NewSubscriber("ada@mail.example", ADA, name="Ada")], NOW)
    again = magazine.transact(
        insert_subscribers,
        [NewSubscriber("ada@mail.example", ADA, name="Else"), NewSubscriber("ben@mail.example", BEN)],
        NOW,
    )
    assert again[ADA] == first[ADA]
    assert set(again) == {ADA, BEN}
    person = magazine.transact(find_subscriber, ADA)
    assert person is not None
    assert (person.name, person.cohort, person.created_at) == ("Ada", cohort_of(ADA), NOW)


def test_what_stands_is_told_of_everybody_at_once(magazine: Database) -> None:
    """Of this newsletter, and of suppression everywhere."""
    person = magazine.transact(subscribe, "ada", ADA)
    elsewhere = magazine.transact(subscribe, "ben", BEN, "notes")
    magazine.transact(suppress, [BEN, CLEO], SuppressionReason.BOUNCED, NOW)
    review = magazine.transact(rhythms_of, "review").newsletter_id
    found = magazine.transact(standings, review, [ADA, BEN, CLEO, "d" * 64])
    assert found[ADA].subscriber_id == person
    assert found[ADA].state is SubscriptionState.ACTIVE
    assert found[BEN] == Standing(elsewhere, None, None, SuppressionReason.BOUNCED)
    assert found[CLEO] == Standing(suppressed=SuppressionReason.BOUNCED)
    assert "d" * 64 not in found


def test_asking_for_nobody_answers_nothing(magazine: Database) -> None:
    """An empty batch is no error."""
    review = magazine.transact(rhythms_of, "review").newsletter_id
    assert magazine.transact(standings, review, []) == {}
    assert magazine.transact(insert_subscribers, [], NOW) == {}
    assert magazine.transact(insert_subscriptions, [], NOW) == 0
    assert magazine.transact(leave, [], NOW) == 0
    assert magazine.transact(suppress, [], SuppressionReason.ERASED, NOW) == set()


def test_a_subscription_is_stored_once(magazine: Database) -> None:
    """However often it is asked for."""
    person = magazine.transact(subscribe, "ada", ADA)
    rhythms = magazine.transact(rhythms_of, "review")
    place = NewSubscription(
        person, rhythms.newsletter_id, rhythms.schedules["daily"], SubscriptionState.ACTIVE, Consent()
    )
    assert magazine.transact(insert_subscriptions, [place], NOW) == 0


def test_a_stronger_reason_replaces_a_weaker_one_and_never_the_other_way_round(magazine: Database) -> None:
    """What was changed is told."""
    assert magazine.transact(suppress, [ADA, BEN], SuppressionReason.ERASED, NOW) == {ADA, BEN}
    assert magazine.transact(suppress, [ADA], SuppressionReason.COMPLAINED, NOW) == {ADA}
    assert magazine.transact(suppress, [ADA, BEN], SuppressionReason.OPERATOR, NOW) == {BEN}
    assert magazine.transact(suppress, [ADA, BEN], SuppressionReason.ERASED, NOW) == set()
    reasons = magazine.transact(suppression_reasons, [ADA, BEN, CLEO])
    assert reasons == {ADA: SuppressionReason.COMPLAINED, BEN: SuppressionReason.OPERATOR}
    assert magazine.transact(lift_suppression, BEN)
    assert not magazine.transact(lift_suppression, BEN)


def test_a_list_comes_in_pages_and_can_be_searched(magazine: Database) -> None:
    """By part of an address or a name, in any case; what is typed is never a pattern."""
    for name, digest in (("ada_x", ADA), ("adanx", BEN), ("cleo", CLEO)):
        magazine.transact(subscribe, name, digest)
    first = magazine.transact(list_subscriptions, limit=2)
    rest = magazine.transact(list_subscriptions, limit=2, after=first[-1].id)
    assert [row.name for row in (*first, *rest)] == ["ada_x", "adanx", "cleo"]
    assert [row.name for row in magazine.transact(list_subscriptions, find="ADA_")] == ["ada_x"]
    assert [row.name for row in magazine.transact(list_subscriptions, find="%")] == []


def test_a_list_leaves_the_suppressed_out_unless_they_are_asked_for(magazine: Database) -> None:
    """And another newsletter's subscribers always, where one is named."""
    magazine.transact(subscribe, "ada", ADA)
    magazine.transact(subscribe, "ben", BEN, "notes")
    magazine.transact(suppress, [ADA], SuppressionReason.BOUNCED, NOW)
    assert [row.name for row in magazine.transact(list_subscriptions)] == ["ben"]
    whole = magazine.transact(list_subscriptions, suppressed=True)
    assert [(row.name, row.suppressed) for row in whole] == [("ada", "bounced"), ("ben", "")]
    named = magazine.transact(list_subscriptions, newsletter_slug="review", suppressed=True)
    assert [row.name for row in named] == ["ada"]


def test_the_newest_deliveries_are_told_with_their_issue(magazine: Database) -> None:
    """Only their own, newest first, at most as many as asked for."""
    person = magazine.transact(subscribe, "ada", ADA)
    other = magazine.transact(subscribe, "ben", BEN)
    for number in range(3):
        magazine.transact(deliver, person, number)
        magazine.transact(deliver, other, number)
    found = magazine.transact(recent_deliveries, person, 2)
    assert [(sent.newsletter, sent.schedule, sent.number, sent.state) for sent in found] == [
        ("review", "weekly", 2, "accepted"),
        ("review", "weekly", 1, "accepted"),
    ]


def test_an_unknown_newsletter_is_named(magazine: Database) -> None:
    """With what to do."""
    with pytest.raises(NotFoundError, match='the database does not know the newsletter "revue" yet'):
        magazine.transact(rhythms_of, "revue")


def deliver(connection: Connection, person: int, number: int) -> None:
    """Store a delivery of the `number`-th issue, which is stored with the first of them."""
    rhythms = rhythms_of(connection, "review")
    found = connection.scalars(sa.select(issue.c.id).where(issue.c.number == number)).first()
    values = {
        "newsletter_id": rhythms.newsletter_id,
        "schedule_id": rhythms.schedules["weekly"],
        "slot": f"slot {number}",
        "due_at": NOW + timedelta(weeks=number),
        "number": number,
        "through_seq": number,
        "state": "sent",
        "created_at": NOW,
    }
    issue_id = found or connection.scalars(sa.insert(issue).values(values).returning(issue.c.id)).one()
    sent = {
        "kind": "digest",
        "issue_id": issue_id,
        "subscription_id": person,
        "subscriber_id": person,
        "state": "accepted",
        "due_at": NOW,
        "created_at": NOW,
        "ended_at": NOW,
    }
    connection.execute(sa.insert(delivery).values(sent))
