"""Fan-out: everybody who is owed an issue gets one delivery of it, whatever stops it in between."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from dispatch.delivering.fan_out import FanOutReport, fan_out
from dispatch.errors import RenderError, StoreError
from dispatch.model.issue import AudienceKey, IssueState
from dispatch.store import tables
from dispatch.store.database import Connection, Database, sqlite_url
from dispatch.store.fan_out import (
    audience_by_key,
    cancel_issue,
    excluded_by_reason,
    fan_out_range,
    keys_without_variant,
    subscription_bounds,
)
from dispatch.store.newsletters import read_newsletter, schedule_of
from dispatch.store.subscriptions import change_subscription, leave
from dispatch.store.tables import delivery, issue, passed_over, subscriber, subscription, suppression, variant
from tests.composing.make import REVIEW, joined
from tests.store.make import FRIDAY, MONDAY, composed, crowd, first_variants

DAY = timedelta(days=1)


def _fan_out(database: Database, issue_id: int, now: datetime = FRIDAY) -> FanOutReport:
    async def make(wanted: int) -> None:
        await database.run(first_variants, wanted)

    return asyncio.run(fan_out(database, now, issue_id, make))


def _count(database: Database, table: sa.Table) -> int:
    with database.engine.connect() as connection:
        return connection.scalars(sa.select(sa.func.count()).select_from(table)).one()


def _state(database: Database, issue_id: int) -> str:
    with database.engine.connect() as connection:
        state: str = connection.scalars(sa.select(issue.c.state).where(issue.c.id == issue_id)).one()
    return state


def _served_exactly_once(database: Database, issue_id: int, readers: int) -> None:
    assert _state(database, issue_id) == IssueState.SENDING
    assert _count(database, delivery) == readers
    with database.engine.connect() as connection:
        assert connection.scalars(sa.select(sa.func.count(delivery.c.subscription_id.distinct()))).one() == readers
        assert set(connection.scalars(sa.select(subscription.c.seen_seq))) == {3}


def test_everybody_who_is_owed_an_issue_gets_one_delivery(database: Database) -> None:
    """It says which posts, which variant, from when and until when; asking again changes nothing."""
    issue_id = database.transact(composed, posts=3, readers=["anna", "ben"])
    assert _fan_out(database, issue_id).served == 2
    assert _fan_out(database, issue_id).served == 0
    _served_exactly_once(database, issue_id, 2)
    with database.engine.connect() as connection:
        row = connection.execute(sa.select(delivery).limit(1)).one()
    assert (row.kind, row.state, row.from_seq, row.through_seq) == ("digest", "queued", 0, 3)
    assert (row.due_at, row.expires_at) == (FRIDAY, FRIDAY + 3 * DAY)


def test_who_does_not_get_issues_is_left_out_and_counted(database: Database) -> None:
    """By the first reason that holds."""
    names = ["anna", "unconfirmed", "left", "paused", "suppressed", "erased", "ahead"]
    issue_id = database.transact(composed, posts=3, readers=names)
    database.transact(_make_exceptions)
    assert _fan_out(database, issue_id).served == 1
    assert _count(database, delivery) == 1
    excluded = database.transact(_excluded)
    assert excluded == {
        "erased": 1, "left": 1, "nothing left": 2, "paused": 1, "suppressed": 1, "unconfirmed": 1,
    }  # fmt: skip


def _make_exceptions(connection: Connection) -> None:
    ids = dict(
        connection.execute(
            sa.select(subscriber.c.name, subscription.c.id).join(
                subscription, subscription.c.subscriber_id == subscriber.c.id
            )
        ).all()
    )
    connection.execute(
        sa.update(subscription).where(subscription.c.id == ids["unconfirmed"]).values(state="unconfirmed")
    )
    leave(connection, [ids["left"]], MONDAY)
    change_subscription(connection, ids["paused"], {"paused_until": FRIDAY + DAY})
    change_subscription(connection, ids["ahead"], {"seen_seq": 3})
    row = {"address_hash": "hash-of-suppressed", "reason": "bounced", "created_at": MONDAY}
    connection.execute(sa.insert(suppression).values(row))
    connection.execute(sa.update(subscriber).where(subscriber.c.name == "erased").values(erased_at=MONDAY))


def _excluded(connection: Connection) -> dict[str, int]:
    schedule = schedule_of(connection, read_newsletter(connection, REVIEW).id, "weekly")
    return excluded_by_reason(connection, schedule.id, 3)


def test_every_kind_of_subscriber_gets_its_own_variant(database: Database) -> None:
    """What they have seen, where they live, their cohort and whether they want books make the kind."""
    issue_id = database.transact(composed, posts=3, readers=["anna"])
    ben = database.transact(joined, "ben", "weekly", MONDAY, region="GB", cohort=2)
    carla = database.transact(joined, "carla", "weekly", MONDAY)
    database.transact(change_subscription, ben, {"seen_seq": 0})
    database.transact(change_subscription, carla, {"books": False, "seen_seq": 2})
    kinds = [
        AudienceKey(0, "", "", 0, books=True),
        AudienceKey(0, "GB", "", 2, books=True),
        AudienceKey(2, "", "", 0, books=False),
    ]
    assert database.transact(keys_without_variant, issue_id) == kinds
    assert database.transact(_audience) == dict.fromkeys(kinds, 1)
    _fan_out(database, issue_id)
    with database.engine.connect() as connection:
        variants = connection.scalars(sa.select(delivery.c.variant_id).distinct()).all()
    assert len(variants) == 3


def _audience(connection: Connection) -> dict[AudienceKey, int]:
    schedule = schedule_of(connection, read_newsletter(connection, REVIEW).id, "weekly")
    return audience_by_key(connection, schedule.id, 3)


def test_who_has_nothing_left_is_moved_on_without_mail(database: Database) -> None:
    """What they were passed over for is written down."""
    issue_id = database.transact(composed, posts=3, readers=["anna"])

    async def nothing(wanted: int) -> None:
        await database.run(first_variants, wanted, nothing_left=True)

    report = asyncio.run(fan_out(database, FRIDAY, issue_id, nothing))
    assert report.served == 1
    assert _count(database, delivery) == 0
    with database.engine.connect() as connection:
        row = connection.execute(sa.select(passed_over)).one()
    assert (row.issue_id, row.from_seq, row.through_seq, row.reason) == (issue_id, 0, 3, "nothing left")


def test_processes_at_once_make_one_delivery_each(database: Database) -> None:
    """Four of them, each with its own connection."""
    issue_id = database.transact(composed, posts=3)
    database.transact(crowd, 400)
    url = database.engine.url.render_as_string(hide_password=False)
    databases = [Database(url, durability="process") for _ in range(4)]

    async def all_at_once() -> None:
        await asyncio.gather(*(_one(own) for own in databases))

    async def _one(own: Database) -> None:
        async def make(wanted: int) -> None:
            await own.run(first_variants, wanted)

        await fan_out(own, FRIDAY, issue_id, make)

    asyncio.run(all_at_once())
    for own in databases:
        own.close()
    _served_exactly_once(database, issue_id, 400)


def test_an_interrupted_fan_out_is_taken_up_where_it_stopped(database: Database) -> None:
    """A range that was done is not done again, one that was not is."""
    issue_id = database.transact(composed, posts=3)
    database.transact(crowd, 90)
    database.transact(first_variants, issue_id)
    bounds = database.transact(subscription_bounds, issue_id)
    assert bounds is not None
    assert database.transact(fan_out_range, issue_id, bounds[0] + 30, bounds[0] + 59, FRIDAY) == 30
    assert _state(database, issue_id) == IssueState.COMPOSED
    assert _fan_out(database, issue_id).served == 60
    _served_exactly_once(database, issue_id, 90)


def test_where_everything_is_decided_nobody_is_asked_for_variants(database: Database) -> None:
    """Composing has decided it; to look again at every subscriber would take as long as a part of the fan-out."""
    issue_id = database.transact(composed, posts=3, readers=["anna", "ben"])
    database.transact(first_variants, issue_id)

    async def unwanted(_issue_id: int) -> None:
        raise AssertionError("everything was decided")

    assert asyncio.run(fan_out(database, FRIDAY, issue_id, unwanted)).served == 2


def test_who_joins_the_audience_late_gets_a_variant_in_a_second_round(database: Database) -> None:
    """One kind was decided about when the issue was composed, another came since."""
    issue_id = database.transact(composed, posts=3, readers=["anna"])
    database.transact(first_variants, issue_id)
    ben = database.transact(joined, "ben", "weekly", MONDAY, region="GB")
    database.transact(change_subscription, ben, {"seen_seq": 0})
    assert _fan_out(database, issue_id).served == 2
    _served_exactly_once(database, issue_id, 2)


def test_every_reference_of_a_delivery_leads_somewhere(database: Database) -> None:
    """An embedded database does not look while they are stored (`Database.run_trusted`); asked later, it agrees."""
    issue_id = database.transact(composed, posts=3, readers=["anna", "ben"])
    _fan_out(database, issue_id)
    people = sa.select(delivery.c.id)
    people = people.join(subscription, subscription.c.id == delivery.c.subscription_id)
    people = people.join(subscriber, subscriber.c.id == subscription.c.subscriber_id)
    people = people.join(issue, issue.c.id == delivery.c.issue_id).join(variant, variant.c.id == delivery.c.variant_id)
    with database.engine.connect() as connection:
        assert len(connection.scalars(people.where(subscriber.c.id == delivery.c.subscriber_id)).all()) == 2
        if database.is_sqlite:
            assert connection.exec_driver_sql("pragma foreign_key_check").all() == []


def test_a_fault_in_the_template_loses_nobody(database: Database) -> None:
    """The issue stays composed, and goes out once the template is mended."""
    issue_id = database.transact(composed, posts=3, readers=["anna"])

    async def broken(_issue_id: int) -> None:
        raise RenderError("body.html.j2", "line 3: there is no block called leads")

    with pytest.raises(RenderError):
        asyncio.run(fan_out(database, FRIDAY, issue_id, broken))
    assert _state(database, issue_id) == IssueState.COMPOSED
    assert _fan_out(database, issue_id).served == 1


def test_variants_that_never_come_end_in_an_error_and_not_in_a_loop(database: Database) -> None:
    """A fault of ours is said to be one."""
    issue_id = database.transact(composed, posts=3, readers=["anna"])

    async def idle(_issue_id: int) -> None:
        return

    with pytest.raises(StoreError, match="cannot get it"):
        asyncio.run(fan_out(database, FRIDAY, issue_id, idle))


def test_a_cancelled_issue_reaches_nobody_else(database: Database) -> None:
    """Also when it is cancelled between two ranges."""
    issue_id = database.transact(composed, posts=3, readers=["anna", "ben"])
    database.transact(first_variants, issue_id)
    low, high = database.transact(subscription_bounds, issue_id) or (0, 0)
    database.transact(fan_out_range, issue_id, low, low, FRIDAY)
    database.transact(cancel_issue, issue_id, "a mistake", FRIDAY)
    assert database.transact(fan_out_range, issue_id, low, high, FRIDAY) == 0
    assert _fan_out(database, issue_id).served == 0
    with database.engine.connect() as connection:
        assert connection.scalars(sa.select(subscription.c.seen_seq)).all() == [0, 0]


def test_an_issue_whose_time_is_over_is_not_fanned_out(database: Database) -> None:
    """Nobody has moved on, so the next issue carries everything."""
    issue_id = database.transact(composed, posts=3, readers=["anna"])
    assert _fan_out(database, issue_id, FRIDAY + 3 * DAY).served == 0
    assert _state(database, issue_id) == IssueState.CANCELLED
    assert _count(database, delivery) == 0


def test_a_pause_that_is_over_passes_over_what_came_out_meanwhile(database: Database) -> None:
    """Back on Saturday, one has nothing of Friday, and the row says why."""
    issue_id = database.transact(composed, posts=3, readers=["anna"])
    with database.engine.begin() as connection:
        connection.execute(sa.update(subscription).values(paused_until=FRIDAY + DAY))
    assert _fan_out(database, issue_id, FRIDAY + DAY).served == 0
    with database.engine.connect() as connection:
        row = connection.execute(sa.select(passed_over)).one()
        person = connection.execute(sa.select(subscription)).one()
    assert (row.from_seq, row.through_seq, row.reason) == (0, 3, "paused")
    assert (person.seen_seq, person.paused_until) == (3, None)


def test_a_pause_that_ended_before_the_slot_passes_over_nothing(database: Database) -> None:
    """Back on Thursday, one gets Friday's issue."""
    issue_id = database.transact(composed, posts=3, readers=["anna"])
    with database.engine.begin() as connection:
        connection.execute(sa.update(subscription).values(paused_until=FRIDAY - DAY))
    assert _fan_out(database, issue_id).served == 1
    assert _count(database, delivery) == 1


def test_a_hundred_thousand_are_fanned_out(tmp_path: Path) -> None:
    """Nothing crosses Python: a range is one statement."""
    database = Database(sqlite_url(tmp_path / "crowd.db"), durability="power")
    tables.metadata.create_all(database.engine)
    issue_id = database.transact(composed, posts=3)
    database.transact(crowd, 100_000)
    assert _fan_out(database, issue_id).served == 100_000
    _served_exactly_once(database, issue_id, 100_000)
    database.close()


@pytest.mark.parametrize("seconds", [0.0, 0.02, 0.05, 0.1, 0.2])
def test_a_killed_fan_out_is_finished_by_the_next_process(tmp_path: Path, seconds: float) -> None:
    """SIGKILL, whenever it comes: afterwards everybody has one delivery."""
    database = Database(sqlite_url(tmp_path / "crowd.db"), durability="process")
    tables.metadata.create_all(database.engine)
    issue_id = database.transact(composed, posts=3)
    database.transact(crowd, 5_000)
    arguments = [sys.executable, "-m", "tests.delivering.fan_out_process", str(tmp_path / "crowd.db"), str(issue_id)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begins\n"
        time.sleep(seconds)
        os.kill(process.pid, signal.SIGKILL)
    _fan_out(database, issue_id)
    _served_exactly_once(database, issue_id, 5_000)
    database.close()


def test_who_joins_while_it_goes_out_is_not_owed_it(database: Database) -> None:
    """They start where the issue ends."""
    issue_id = database.transact(composed, posts=3, readers=["anna"])
    database.transact(joined, "ben", "weekly", datetime(2026, 11, 27, 12, 5, tzinfo=UTC))
    assert _fan_out(database, issue_id).served == 1
