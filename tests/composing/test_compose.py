"""Slots become issues, once, however often and by however many processes they are asked for."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from dispatch.composing.compose import ComposeReport, compose_due
from dispatch.composing.due import newsletters_due
from dispatch.composing.release import ReleaseReport, release_posts
from dispatch.config.settings import Settings
from dispatch.errors import NotFoundError
from dispatch.model.issue import IssueState
from dispatch.store.database import Database
from dispatch.store.fan_out import cancel_issue, finish_fan_out
from dispatch.store.issues import issue_posts
from dispatch.store.posts import touch_posts, withdraw_posts
from dispatch.store.tables import attempt, delivery, issue, newsletter_post
from tests.composing.make import REVIEW, joined, magazine, published, stored

MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
FRIDAY = datetime(2026, 11, 27, 12, tzinfo=UTC)  # 07:00 in New York
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)


def _begin(database: Database, settings: Settings, at: datetime = MONDAY) -> None:
    database.transact(stored, settings, at)


def _publish(database: Database, title: str, at: datetime, *categories: str) -> int:
    return database.transact(published, title, at, at, categories)


def _release(database: Database, settings: Settings, now: datetime) -> ReleaseReport:
    return asyncio.run(release_posts(database, settings, now))


def _compose(database: Database, settings: Settings, now: datetime) -> ComposeReport:
    async def steps() -> ComposeReport:
        await release_posts(database, settings, now)
        return await compose_due(database, settings, now)

    return asyncio.run(steps())


def _fan_out(database: Database, report: ComposeReport) -> None:
    """There are no subscribers in these tests, so that is soon done."""
    assert all(database.transact(finish_fan_out, outcome.issue_id) for outcome in report.composed)


def _titles(database: Database, issue_id: int) -> list[str]:
    return [numbered.post.title for numbered in database.transact(issue_posts, issue_id)]


def test_a_slot_becomes_an_issue_with_what_is_new(database: Database) -> None:
    """The first due slot carries everything that was released; the number begins where it was told to."""
    settings = magazine(first_number=214)
    _begin(database, settings)
    _publish(database, "One", MONDAY)
    _publish(database, "Two", MONDAY + HOUR)
    assert _compose(database, settings, FRIDAY - HOUR).outcomes == ()
    (outcome,) = _compose(database, settings, FRIDAY).outcomes
    assert (outcome.slot, outcome.state, outcome.number) == ("2026-11-27T07:00", IssueState.COMPOSED, 214)
    assert _titles(database, outcome.issue_id) == ["One", "Two"]
    assert outcome.line() == "review, weekly, 2026-11-27T07:00: issue 214 with 2 posts"


def test_asking_again_changes_nothing(database: Database) -> None:
    """Not even when more was published since."""
    settings = magazine()
    _begin(database, settings)
    _publish(database, "One", MONDAY)
    _compose(database, settings, FRIDAY)
    _publish(database, "Two", FRIDAY)
    assert _compose(database, settings, FRIDAY + HOUR).outcomes == ()


def test_composers_at_once_make_one_issue(database: Database) -> None:
    """Ten of them, one row, one number."""
    settings = magazine()
    _begin(database, settings)
    _publish(database, "One", MONDAY)
    _release(database, settings, FRIDAY)

    async def all_at_once() -> list[ComposeReport]:
        return await asyncio.gather(*(compose_due(database, settings, FRIDAY) for _ in range(10)))

    reports = asyncio.run(all_at_once())
    assert sum(len(report.composed) for report in reports) == 1
    with database.engine.connect() as connection:
        assert connection.execute(sa.select(issue.c.number)).all() == [(1,)]


def test_after_an_outage_there_is_one_catch_up_issue(database: Database) -> None:
    """Three days of daily slots were missed: the newest is composed, with everything, and the others never are."""
    settings = magazine({"daily": "daily 07:00"})
    _begin(database, settings)
    for day in range(3):
        _publish(database, f"Day {day}", MONDAY + day * DAY)
    report = _compose(database, settings, MONDAY + 3 * DAY + HOUR)
    assert [outcome.slot for outcome in report.outcomes] == ["2026-11-26T07:00"]
    assert _titles(database, report.outcomes[0].issue_id) == ["Day 0", "Day 1", "Day 2"]
    assert _compose(database, settings, MONDAY + 3 * DAY + 2 * HOUR).outcomes == ()


def test_a_slot_missed_by_more_than_late_is_skipped_and_its_posts_wait(database: Database) -> None:
    """The reason is told, and the next issue has the posts."""
    settings = magazine({"weekly": {"at": "fri 07:00", "late": "2d"}})
    _begin(database, settings)
    _publish(database, "One", MONDAY)
    (skipped,) = _compose(database, settings, FRIDAY + 3 * DAY).outcomes
    assert skipped.state is IssueState.SKIPPED
    assert "missed by 3 days" in skipped.reason
    (made,) = _compose(database, settings, FRIDAY + WEEK).outcomes
    assert _titles(database, made.issue_id) == ["One"]


def test_a_clock_that_goes_back_an_hour_repeats_nothing(database: Database) -> None:
    """The slot is in the database, whatever the clock says."""
    settings = magazine({"daily": "daily 07:00"})
    _begin(database, settings)
    _publish(database, "One", MONDAY)
    _compose(database, settings, MONDAY + DAY)
    _publish(database, "Two", MONDAY + DAY)
    assert _compose(database, settings, MONDAY + DAY - HOUR).outcomes == ()
    assert _compose(database, settings, MONDAY + DAY).outcomes == ()


def test_a_simulated_past_is_composed_all_the_same(database: Database) -> None:
    """With --now before the schedule was made, its slots of that time count."""
    settings = magazine()
    _begin(database, settings, at=FRIDAY + 30 * DAY)
    _publish(database, "One", MONDAY)
    assert [outcome.slot for outcome in _compose(database, settings, FRIDAY).outcomes] == ["2026-11-27T07:00"]


def test_slots_before_the_schedule_was_made_are_not_made_up_for(database: Database) -> None:
    """Starting on Saturday sends nothing for Friday."""
    settings = magazine()
    _begin(database, settings, at=FRIDAY + DAY)
    _publish(database, "One", MONDAY)
    assert _compose(database, settings, FRIDAY + DAY).outcomes == ()


@pytest.mark.parametrize(
    ("when_empty", "state"), [("skip", IssueState.EMPTY), ("hold", IssueState.HELD)], ids=["skip", "hold"]
)
def test_a_slot_without_anything_new_is_a_row_too(database: Database, when_empty: str, state: IssueState) -> None:
    """It has no number, and the next issue goes on from where the last one ended."""
    settings = magazine({"daily": "daily 07:00"}, when_empty=when_empty)
    _begin(database, settings)
    (empty,) = _compose(database, settings, MONDAY + DAY).outcomes
    assert (empty.state, empty.number) == (state, None)
    _publish(database, "One", MONDAY + DAY)
    (made,) = _compose(database, settings, MONDAY + 2 * DAY).outcomes
    assert (made.number, _titles(database, made.issue_id)) == (1, ["One"])


def test_posts_fewer_than_min_posts_wait_for_company(database: Database) -> None:
    """The editor's note does not count as one."""
    settings = magazine({"daily": "daily 07:00"}, min_posts=2, note="Notes")
    _begin(database, settings)
    _publish(database, "One", MONDAY)
    _publish(database, "A word", MONDAY, "Notes")
    (skipped,) = _compose(database, settings, MONDAY + DAY).outcomes
    assert (skipped.state, skipped.reason[:10]) == (IssueState.SKIPPED, "1 new post")
    _publish(database, "Two", MONDAY + DAY)
    (made,) = _compose(database, settings, MONDAY + 2 * DAY).outcomes
    assert _titles(database, made.issue_id) == ["One", "A word", "Two"]


def test_on_publish_makes_one_issue_of_all_that_is_new(database: Database) -> None:
    """Its slot is the newest post; with nothing new there is no slot."""
    settings = magazine({"each": "on publish"})
    _begin(database, settings)
    assert _compose(database, settings, MONDAY).outcomes == ()
    _publish(database, "One", MONDAY)
    _publish(database, "Two", MONDAY)
    (made,) = _compose(database, settings, MONDAY + HOUR).outcomes
    assert (made.slot, _titles(database, made.issue_id)) == ("post:2", ["One", "Two"])
    assert _compose(database, settings, MONDAY + 2 * HOUR).outcomes == ()


def test_every_schedule_gets_every_post_once(database: Database) -> None:
    """Daily and weekly count for themselves: a weekly reader's numbers follow one another."""
    settings = magazine({"daily": "daily 07:00", "weekly": "fri 07:00"})
    _begin(database, settings)
    carried: dict[str, list[str]] = {"daily": [], "weekly": []}
    numbers: dict[str, list[int | None]] = {"daily": [], "weekly": []}
    for day in range(1, 6):
        _publish(database, f"Day {day}", MONDAY + day * DAY - HOUR)
        report = _compose(database, settings, MONDAY + day * DAY)
        _fan_out(database, report)
        for outcome in report.outcomes:
            carried[outcome.schedule] += _titles(database, outcome.issue_id)
            numbers[outcome.schedule].append(outcome.number)
    assert carried["daily"] == [f"Day {day}" for day in range(1, 6)]
    assert carried["weekly"] == [f"Day {day}" for day in range(1, 5)]
    assert numbers == {"daily": [1, 2, 3, 4, 5], "weekly": [1]}


def test_posts_of_a_skipped_category_are_never_numbered(database: Database) -> None:
    """They are released, and no newsletter that skips them has them."""
    settings = magazine(skip=["Site news"])
    _begin(database, settings)
    _publish(database, "One", MONDAY, "Essays")
    _publish(database, "We moved", MONDAY, "site NEWS")
    report = _release(database, settings, MONDAY)
    assert (report.released, report.numbered) == (2, {REVIEW: 1})
    assert _release(database, settings, MONDAY) == ReleaseReport(0, {REVIEW: 0})


def test_releasing_at_once_numbers_each_post_once(database: Database) -> None:
    """In the order of their dates, without a gap."""
    settings = magazine()
    _begin(database, settings)
    for number in range(20):
        _publish(database, f"Post {number}", MONDAY - number * HOUR)

    async def all_at_once() -> None:
        await asyncio.gather(*(release_posts(database, settings, MONDAY) for _ in range(5)))

    asyncio.run(all_at_once())
    with database.engine.connect() as connection:
        rows = connection.execute(sa.select(newsletter_post.c.seq, newsletter_post.c.post_id).order_by("seq")).all()
    assert [tuple(row) for row in rows] == [(seq, 21 - seq) for seq in range(1, 21)]


def test_a_withdrawn_post_stays_out_and_comes_back_in_a_later_issue(database: Database) -> None:
    """No issue has carried it, so it is new again."""
    settings = magazine({"daily": "daily 07:00"})
    _begin(database, settings)
    _publish(database, "One", MONDAY)
    second = _publish(database, "Two", MONDAY)
    _release(database, settings, MONDAY)
    database.transact(withdraw_posts, [second], MONDAY)
    report = _compose(database, settings, MONDAY + DAY)
    assert _titles(database, report.outcomes[0].issue_id) == ["One"]
    _fan_out(database, report)
    database.transact(touch_posts, {second: None}, MONDAY + DAY)
    (next_day,) = _compose(database, settings, MONDAY + 2 * DAY).outcomes
    assert _titles(database, next_day.issue_id) == ["Two"]


def test_a_post_that_was_carried_does_not_come_again(database: Database) -> None:
    """Withdrawn afterwards and put back, it keeps its number."""
    settings = magazine({"daily": "daily 07:00"})
    _begin(database, settings)
    post = _publish(database, "One", MONDAY)
    _fan_out(database, _compose(database, settings, MONDAY + DAY))
    database.transact(withdraw_posts, [post], MONDAY + DAY)
    _compose(database, settings, MONDAY + 2 * DAY)
    database.transact(touch_posts, {post: None}, MONDAY + 2 * DAY)
    (outcome,) = _compose(database, settings, MONDAY + 3 * DAY).outcomes
    assert outcome.state is IssueState.EMPTY


def test_a_post_that_one_schedule_carried_does_not_come_again_for_the_other(database: Database) -> None:
    """The daily issue had it; it was withdrawn when the weekly one was made, and put back afterwards."""
    settings = magazine({"daily": "daily 07:00", "weekly": "fri 07:00"})
    _begin(database, settings)
    post = _publish(database, "One", MONDAY)
    _fan_out(database, _compose(database, settings, MONDAY + DAY))
    database.transact(withdraw_posts, [post], MONDAY + DAY)
    _publish(database, "Two", MONDAY + DAY)
    report = _compose(database, settings, FRIDAY)
    assert [_titles(database, outcome.issue_id) for outcome in report.composed] == [["Two"], ["Two"]]
    _fan_out(database, report)
    database.transact(touch_posts, {post: None}, FRIDAY)
    outcomes = _compose(database, settings, FRIDAY + WEEK).outcomes
    assert {outcome.state for outcome in outcomes} == {IssueState.EMPTY}


@pytest.mark.parametrize(
    ("values", "doubted", "titles"),
    [
        ({"state": "accepted"}, False, []),
        ({"state": "suppressed", "handed_back": "returned"}, False, ["One"]),
        ({"state": "suppressed"}, True, []),
    ],
    ids=["somebody has it", "nobody has it", "somebody may have it"],
)
def test_a_post_of_a_cancelled_issue_comes_again_if_nobody_can_have_it(
    database: Database, values: dict[str, str], doubted: bool, titles: list[str]
) -> None:
    """It was withdrawn after the issue was cancelled, left out of the next one, and put back."""
    settings = magazine({"daily": "daily 07:00"})
    _begin(database, settings)
    post = _publish(database, "One", MONDAY)
    reader = database.transact(joined, "anna", "daily", MONDAY)
    (first,) = _compose(database, settings, MONDAY + DAY).outcomes
    with database.engine.begin() as connection:
        row = {"kind": "digest", "issue_id": first.issue_id, "subscription_id": reader, "due_at": MONDAY}
        made = sa.insert(delivery).values(row | values | {"created_at": MONDAY}).returning(delivery.c.id)
        delivery_id = connection.scalars(made).one()
        if doubted:
            connection.execute(sa.insert(attempt).values(delivery_id=delivery_id, at=MONDAY, outcome="in_doubt"))
    database.transact(cancel_issue, first.issue_id, "a mistake", MONDAY + DAY)
    database.transact(withdraw_posts, [post], MONDAY + DAY)
    _publish(database, "Two", MONDAY + DAY)
    _close(database, _compose(database, settings, MONDAY + 2 * DAY))
    database.transact(touch_posts, {post: None}, MONDAY + 2 * DAY)
    (outcome,) = _compose(database, settings, MONDAY + 3 * DAY).outcomes
    assert _titles(database, outcome.issue_id) == titles


def _close(database: Database, report: ComposeReport) -> None:
    with database.engine.begin() as connection:
        ids = [outcome.issue_id for outcome in report.composed]
        connection.execute(sa.update(issue).where(issue.c.id.in_(ids)).values(state=IssueState.SENT))


def test_an_issue_that_could_not_be_sent_in_time_gives_its_posts_to_the_next(database: Database) -> None:
    """The sender was away from before the fan-out until the next slot."""
    settings = magazine({"daily": "daily 07:00"})
    _begin(database, settings)
    _publish(database, "One", MONDAY)
    (first,) = _compose(database, settings, MONDAY + DAY).outcomes
    (second,) = _compose(database, settings, MONDAY + 2 * DAY).outcomes
    assert _titles(database, second.issue_id) == ["One"]
    with database.engine.connect() as connection:
        state = connection.scalars(sa.select(issue.c.state).where(issue.c.id == first.issue_id)).one()
    assert state == IssueState.CANCELLED


@pytest.mark.parametrize(
    ("schedules", "expires_at"),
    [
        ({"weekly": "fri 07:00"}, FRIDAY + 3 * DAY),
        ({"daily": "daily 07:00"}, FRIDAY + DAY),
        ({"each": "on publish"}, FRIDAY + 3 * DAY),
    ],
    ids=["weekly", "daily", "on publish"],
)
def test_an_issue_is_worth_sending_until_the_next_one(
    database: Database, schedules: Mapping[str, object], expires_at: datetime
) -> None:
    """At most three days."""
    settings = magazine(schedules)
    _begin(database, settings)
    _publish(database, "One", MONDAY)
    _compose(database, settings, FRIDAY)
    with database.engine.connect() as connection:
        assert connection.scalars(sa.select(issue.c.expires_at)).all() == [expires_at]


def test_an_unknown_newsletter_is_named(database: Database) -> None:
    """With those there are."""
    with pytest.raises(NotFoundError, match='no newsletter "revue" in the configuration; there are: review'):
        asyncio.run(compose_due(database, magazine(), MONDAY, newsletter="revue"))


BURST = {"each": {"at": "on publish", "most_per_day": 2}}
NEW_YORK_MORNING = datetime(2026, 11, 24, 12, tzinfo=UTC)  # Tuesday 07:00


def _burst(database: Database, settings: Settings, count: int, start: datetime = MONDAY) -> list[ComposeReport]:
    """So many posts, one an hour, each looked at as it comes out."""
    reports = []
    for number in range(count):
        now = start + number * HOUR
        _publish(database, f"{start:%a} {number}", now)
        reports.append(_compose(database, settings, now))
        _fan_out(database, reports[-1])
    return reports


def test_a_burst_becomes_one_digest_in_the_morning(database: Database) -> None:
    """Two go out as they come; the others wait for 07:00 of the next day, with what came in the night."""
    settings = magazine(BURST)
    _begin(database, settings)
    reports = _burst(database, settings, 5)
    assert [len(report.composed) for report in reports] == [1, 1, 0, 0, 0]
    night = NEW_YORK_MORNING - 2 * HOUR
    _publish(database, "Night", night)
    assert _compose(database, settings, night).outcomes == ()
    assert asyncio.run(newsletters_due(database, settings, NEW_YORK_MORNING - timedelta(minutes=1))) == []
    assert asyncio.run(newsletters_due(database, settings, NEW_YORK_MORNING)) == [REVIEW]
    (digest,) = _compose(database, settings, NEW_YORK_MORNING).composed
    assert _titles(database, digest.issue_id) == ["Mon 2", "Mon 3", "Mon 4", "Night"]
    assert digest.slot == "post:6"
    assert digest.reason == (
        "2 issues went out on 2026-11-23, and most_per_day = 2: what came later goes together at 07:00 on 2026-11-24"
    )
    assert digest.line().endswith(f"issue 3 with 4 posts; {digest.reason}")


def test_the_morning_after_counts_as_one_of_its_day(database: Database) -> None:
    """So that a whole week of bursts is two mails a day."""
    settings = magazine(BURST)
    _begin(database, settings)
    counts = [
        sum(len(report.composed) for report in _burst(database, settings, 9, MONDAY + day * DAY)) for day in range(3)
    ]
    assert counts == [2, 2, 2]
    with database.engine.connect() as connection:
        numbered = connection.scalars(sa.select(issue.c.number).order_by(issue.c.id)).all()
        reached = connection.scalars(sa.select(sa.func.max(issue.c.through_seq))).one()
    assert (numbered, reached) == ([1, 2, 3, 4, 5, 6], 20)


def test_a_full_day_without_anything_left_over_is_forgotten_in_the_morning(database: Database) -> None:
    """What comes after it goes at once, and nothing is said."""
    settings = magazine(BURST)
    _begin(database, settings)
    _burst(database, settings, 2)
    _publish(database, "Next day", NEW_YORK_MORNING + HOUR)
    (outcome,) = _compose(database, settings, NEW_YORK_MORNING + HOUR).composed
    assert (outcome.posts, outcome.reason) == (1, "")


def test_an_issue_that_was_cancelled_does_not_fill_the_day(database: Database) -> None:
    """Nobody got it."""
    settings = magazine({"each": {"at": "on publish", "most_per_day": 1}})
    _begin(database, settings)
    (report,) = _burst(database, settings, 1)
    database.transact(cancel_issue, report.composed[0].issue_id, "a mistake", MONDAY)
    _publish(database, "Two", MONDAY + HOUR)
    (second,) = _compose(database, settings, MONDAY + HOUR).composed
    assert _titles(database, second.issue_id) == ["Mon 0", "Two"]


def test_a_timetable_knows_no_full_day(database: Database) -> None:
    """It says itself when it comes."""
    settings = magazine({"often": {"at": "daily 07:00,08:00,09:00", "most_per_day": 1}})
    _begin(database, settings)
    assert [len(report.composed) for report in _burst(database, settings, 3, NEW_YORK_MORNING)] == [1, 1, 1]
