"""What a delivery that failed gives back, and what a cancelled issue leaves."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from dispatch.errors import NotFoundError, StoreError
from dispatch.model.delivery import DeliveryState
from dispatch.model.issue import IssueState
from dispatch.store.database import Connection, Database
from dispatch.store.fan_out import cancel_issue, fan_out_range, finish_fan_out, hand_back, subscription_bounds
from dispatch.store.newsletters import join_at, read_newsletter, schedule_of
from dispatch.store.tables import attempt, delivery, issue, passed_over, subscription
from tests.composing.make import REVIEW, published
from tests.store.make import FRIDAY, compose_again, composed, first_variants

DAY, WEEK = timedelta(days=1), timedelta(days=7)


def _sent(connection: Connection, issue_id: int) -> None:
    """Fan an issue out; its deliveries wait."""
    first_variants(connection, issue_id)
    low, high = subscription_bounds(connection, issue_id) or (0, 0)
    fan_out_range(connection, issue_id, low, high, FRIDAY)
    finish_fan_out(connection, issue_id)


def _first_issue(connection: Connection, *readers: str) -> int:
    issue_id = composed(connection, posts=3, readers=readers or ["anna"])
    _sent(connection, issue_id)
    return issue_id


def _second_issue(connection: Connection) -> int:
    published(connection, "One more", FRIDAY, FRIDAY)
    issue_id = compose_again(connection, FRIDAY + WEEK)
    _sent(connection, issue_id)
    return issue_id


def _ended(connection: Connection, issue_id: int, state: DeliveryState = DeliveryState.REFUSED) -> list[int]:
    """End every delivery of an issue; returns their ids."""
    ended = sa.update(delivery).where(delivery.c.issue_id == issue_id).values(state=state, ended_at=FRIDAY + DAY)
    return list(connection.scalars(ended.returning(delivery.c.id)))


def _seen(database: Database) -> list[int]:
    with database.engine.connect() as connection:
        return list(connection.scalars(sa.select(subscription.c.seen_seq).order_by(subscription.c.id)))


def _rows(database: Database, table: sa.Table) -> list[sa.Row[tuple[object, ...]]]:
    with database.engine.connect() as connection:
        return list(connection.execute(sa.select(table).order_by(table.c.id)))


def test_a_delivery_that_failed_gives_its_posts_back(database: Database) -> None:
    """Its subscription stands where it stood, and the next issue has the posts."""
    first = database.transact(_first_issue)
    assert _seen(database) == [3]
    ids = database.transact(_ended, first)
    assert database.transact(hand_back, ids) == []
    assert _seen(database) == [0]
    database.transact(_second_issue)
    assert [(row.from_seq, row.through_seq, row.handed_back) for row in _rows(database, delivery)] == [
        (0, 3, "returned"),
        (0, 4, ""),
    ]


def test_handing_back_twice_is_handing_back_once(database: Database) -> None:
    """Also when the next issue has gone out in between."""
    first = database.transact(_first_issue)
    ids = database.transact(_ended, first)
    database.transact(hand_back, ids)
    database.transact(_second_issue)
    database.transact(hand_back, ids)
    assert _seen(database) == [4]


def test_what_can_no_longer_be_given_back_is_written_down_as_missed(database: Database) -> None:
    """The next issue went out before the first one failed."""
    first = database.transact(_first_issue)
    database.transact(_second_issue)
    ids = database.transact(_ended, first)
    assert database.transact(hand_back, ids) == ids
    assert _seen(database) == [4]
    (row,) = _rows(database, passed_over)
    assert (row.issue_id, row.from_seq, row.through_seq, row.reason) == (first, 0, 3, "missed")
    assert _rows(database, delivery)[0].handed_back == "missed"


def test_two_issues_that_failed_are_given_back_the_newer_one_first(database: Database) -> None:
    """In whatever order they are named."""
    first = database.transact(_first_issue)
    second = database.transact(_second_issue)
    ids = database.transact(_ended, first) + database.transact(_ended, second)
    assert database.transact(hand_back, ids) == []
    assert _seen(database) == [0]


@pytest.mark.parametrize("state", [DeliveryState.ACCEPTED, DeliveryState.IN_DOUBT, DeliveryState.QUEUED], ids=str)
def test_what_arrived_or_may_have_is_never_given_back(database: Database, state: DeliveryState) -> None:
    """Nor what is still to be sent."""
    ids = database.transact(_ended, database.transact(_first_issue), state)
    assert database.transact(hand_back, ids) == []
    assert _seen(database) == [3]


def test_what_was_once_in_doubt_is_never_given_back(database: Database) -> None:
    """It was tried again and refused then; the first one may have arrived all the same."""
    ids = database.transact(_ended, database.transact(_first_issue))
    with database.engine.begin() as connection:
        connection.execute(sa.insert(attempt).values(delivery_id=ids[0], at=FRIDAY, outcome="in_doubt"))
    database.transact(hand_back, ids)
    assert _seen(database) == [3]


def test_a_cancelled_issue_gives_back_what_has_not_left(database: Database) -> None:
    """Who has it keeps it; the others get its posts in the next one."""
    first = database.transact(_first_issue, "anna", "ben")
    with database.engine.begin() as connection:
        one = sa.select(sa.func.min(delivery.c.id)).scalar_subquery()
        connection.execute(sa.update(delivery).where(delivery.c.id == one).values(state=DeliveryState.ACCEPTED))
    assert database.transact(cancel_issue, first, "a mistake", FRIDAY) == 1
    assert _seen(database) == [3, 0]
    assert [(row.state, row.reason) for row in _rows(database, delivery)] == [
        ("accepted", ""),
        ("suppressed", "cancelled"),
    ]
    (cancelled,) = [row for row in _rows(database, issue) if row.id == first]
    assert (cancelled.state, cancelled.reason) == ("cancelled", "a mistake")
    second = database.transact(compose_again, FRIDAY + WEEK)
    database.transact(_sent, second)
    assert [row.from_seq for row in _rows(database, delivery) if row.issue_id == second] == [0]


def test_who_joins_after_a_cancelled_issue_still_gets_its_posts(database: Database) -> None:
    """A schedule has reached what was sent, not what was meant to be."""
    first = database.transact(_first_issue)
    assert database.transact(_reached) == 3
    database.transact(cancel_issue, first, "a mistake", FRIDAY)
    assert database.transact(_reached) == 0


def _reached(connection: Connection) -> int:
    return join_at(connection, schedule_of(connection, read_newsletter(connection, REVIEW).id, "weekly").id)


def test_an_issue_that_is_over_cannot_be_cancelled(database: Database) -> None:
    """The sentence says what it is."""
    first = database.transact(_first_issue)
    database.transact(cancel_issue, first, "a mistake", FRIDAY)
    with pytest.raises(StoreError, match=f"issue {first} is {IssueState.CANCELLED}"):
        database.transact(cancel_issue, first, "again", FRIDAY)
    with pytest.raises(NotFoundError, match="no issue 999"):
        database.transact(cancel_issue, 999, "nothing there", FRIDAY)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_how_much_somebody_ever_got_does_not_slow_an_issue_down(database: Database) -> None:
    """SQLite looks a delivery of this issue up by its issue and subscription, never among all of the subscriber's."""
    issue_id = database.transact(composed, posts=3, readers=["anna"])
    statements: list[tuple[str, object]] = []

    @sa.event.listens_for(database.engine, "before_cursor_execute")
    def _keep(*event: object) -> None:
        statements.append((str(event[2]), event[3]))

    database.transact(_sent, issue_id)
    with database.engine.connect() as connection:
        plans = [
            str(step.detail)
            for text, values in statements
            if text.startswith(("SELECT", "INSERT", "UPDATE")) and "?" in text and isinstance(values, tuple)
            for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)
        ]
    found = [plan for plan in plans if plan.startswith(("SEARCH delivery", "SCAN delivery"))]
    assert {plan.partition("(")[2] for plan in found} == {
        "issue_id=? AND subscription_id=?)",
        "issue_id=? AND subscription_id>? AND subscription_id<?)",
    }
    assert not [plan for plan in found if "uq_delivery_issue_subscription" not in plan]
