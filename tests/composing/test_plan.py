"""What plan, preview and next say of an issue before it is made."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from dispatch.composing.calendar import slotless_lines, upcoming_slots
from dispatch.composing.compose import compose_due
from dispatch.composing.plan import Plan, plan_issue
from dispatch.composing.release import release_posts
from dispatch.composing.upcoming import preview_page, upcoming_issue
from dispatch.composing.variants import make_variants
from dispatch.config.settings import Settings
from dispatch.errors import NotFoundError, NothingToDoError
from dispatch.model.book import PromoBlock
from dispatch.model.issue import AudienceKey, IssueState
from dispatch.model.schedule import parse_schedule
from dispatch.rendering.page import IssuePage
from dispatch.store.database import Database
from dispatch.store.tables import issue, subscriber
from tests.composing.make import REVIEW, hash_of, joined, magazine, published, set_in_type, stored, variants_of

MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
FRIDAY = datetime(2026, 11, 27, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def _no_books(_key: AudienceKey) -> tuple[PromoBlock, ...]:
    return ()


def _plan(database: Database, settings: Settings, now: datetime) -> Plan:
    async def steps() -> Plan:
        await release_posts(database, settings, now)
        upcoming = await upcoming_issue(database, settings, REVIEW, now)
        return await plan_issue(settings, upcoming, promos_for=_no_books, render=set_in_type, hash_of=hash_of)

    return asyncio.run(steps())


def _page(database: Database, settings: Settings, now: datetime) -> IssuePage:
    async def steps() -> IssuePage:
        await release_posts(database, settings, now)
        return await preview_page(database, settings, await upcoming_issue(database, settings, REVIEW, now))

    return asyncio.run(steps())


def _prepared(database: Database, settings: Settings, titles: list[str]) -> None:
    database.transact(stored, settings, MONDAY)
    for title in titles:
        database.transact(published, title, MONDAY, MONDAY)
    for name in ("anna", "ben"):
        database.transact(joined, name, "weekly", MONDAY)


def test_the_plan_says_what_goes_to_whom(database: Database) -> None:
    """In the shape that scripts rely on."""
    settings = magazine(first_number=214)
    _prepared(database, settings, ["One", "Two"])
    plan = _plan(database, settings, MONDAY).as_json()
    assert plan["slot"] == "2026-11-27T07:00"
    assert (plan["number"], plan["decision"], plan["audience"], plan["excluded"]) == (214, "composed", 2, {})
    assert plan["posts"] == [
        {"seq": 2, "title": "Two", "url": "https://lamplight.example/two"},
        {"seq": 1, "title": "One", "url": "https://lamplight.example/one"},
    ]
    assert plan["books"] == []
    assert plan["variants"] == [{"hash": plan["hash"], "subject": "Two", "posts": 2, "books": [], "audience": 2}]


def test_the_plan_has_the_hash_of_what_is_sent_then(database: Database) -> None:
    """Before and after composing, and in the variant that goes out."""
    settings = magazine()
    _prepared(database, settings, ["One", "Two"])
    before = _plan(database, settings, MONDAY)

    async def made() -> int:
        issue_id = (await compose_due(database, settings, FRIDAY)).composed[0].issue_id
        await make_variants(
            database, settings, FRIDAY, issue_id, promos_for=_no_books, render=set_in_type, hash_of=hash_of
        )
        return issue_id

    (variant,) = database.transact(variants_of, asyncio.run(made()))
    assert before.hash == variant.hash == _plan(database, settings, FRIDAY).hash


def test_nothing_is_stored_by_planning(database: Database) -> None:
    """However often one looks."""
    settings = magazine()
    _prepared(database, settings, ["One"])
    assert _plan(database, settings, FRIDAY).as_json() == _plan(database, settings, FRIDAY).as_json()
    with database.engine.connect() as connection:
        assert connection.execute(sa.select(issue)).all() == []


def test_a_plan_without_anything_new_says_so(database: Database) -> None:
    """And goes to nobody."""
    settings = magazine()
    _prepared(database, settings, [])
    plan = _plan(database, settings, MONDAY)
    assert (plan.upcoming.decision.state, plan.audience, plan.variants) == (IssueState.EMPTY, 0, ())
    assert "as things stand it will be empty: nothing new" in plan.lines()


def test_the_preview_shows_what_is_new(database: Database) -> None:
    """As most of the readers will get it."""
    settings = magazine()
    _prepared(database, settings, ["One", "Two"])
    page = _page(database, settings, MONDAY)
    assert ([post.title for post in page.posts], page.sample) == (["Two", "One"], False)
    assert (page.date.isoformat(), page.rhythm, page.campaign) == (
        "2026-11-27",
        parse_schedule("fri 07:00"),
        "review-weekly-1",
    )


def test_the_preview_is_never_empty(database: Database) -> None:
    """With nothing new the newest posts are shown, marked as a sample."""
    settings = magazine()
    _prepared(database, settings, ["One"])
    _page(database, settings, MONDAY)
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE schedule SET base_seq = 1"))
    page = _page(database, settings, MONDAY)
    assert ([post.title for post in page.posts], page.sample) == (["One"], True)


def test_without_a_single_post_the_preview_says_what_to_do(database: Database) -> None:
    """Exit code 3, and the command that helps."""
    settings = magazine()
    _prepared(database, settings, [])
    with pytest.raises(NothingToDoError, match="run `dispatch collect`"):
        _page(database, settings, MONDAY)


@pytest.mark.parametrize(
    ("newsletter", "schedule", "message"),
    [("revue", None, 'no newsletter "revue"'), (REVIEW, "dayly", '"review" has no schedule "dayly"; it has: weekly')],
    ids=["newsletter", "schedule"],
)
def test_names_that_are_not_there_are_named(
    database: Database, newsletter: str, schedule: str | None, message: str
) -> None:
    """With those that are."""
    settings = magazine()
    _prepared(database, settings, [])
    with pytest.raises(NotFoundError, match=message):
        asyncio.run(upcoming_issue(database, settings, newsletter, MONDAY, schedule))


def test_the_next_slots_in_zone_and_in_utc() -> None:
    """Over a change of the clocks; "on publish" has no slots."""
    settings = magazine({"weekly": "sun 02:30", "each": "on publish"})
    found = upcoming_slots(settings, REVIEW, datetime(2027, 3, 8, tzinfo=UTC), 2)
    assert [slot.as_json() for slot in found] == [
        {
            "newsletter": "review", "schedule": "weekly", "local": "2027-03-14T02:30",
            "zone": "America/New_York", "utc": "2027-03-14T07:30:00Z",
        },
        {
            "newsletter": "review", "schedule": "weekly", "local": "2027-03-21T02:30",
            "zone": "America/New_York", "utc": "2027-03-21T06:30:00Z",
        },
    ]  # fmt: skip
    assert found[0].line() == "review  weekly  Sun 2027-03-14 02:30 America/New_York  2027-03-14 07:30 UTC"


def test_a_schedule_without_slots_says_how_often_it_may_come() -> None:
    """In the same list of lines."""
    settings = magazine({"weekly": "sun 02:30", "each": {"at": "on publish", "most_per_day": 4}})
    (line,) = slotless_lines(settings, REVIEW)
    assert line.startswith("review  each  on publish, at most 4 a day; ")
    assert line.endswith("; what comes later goes together at 07:00 the next day, America/New_York")
    assert slotless_lines(magazine(), None) == []
    with pytest.raises(NotFoundError, match='no newsletter "revue"'):
        slotless_lines(settings, "revue")


def test_the_plan_says_who_gets_it_later_and_until_when(database: Database) -> None:
    """In their own time zones."""
    settings = magazine()
    _prepared(database, settings, ["One"])
    for name, zone in (("carl", "Asia/Tokyo"), ("dora", "Europe/London"), ("eve", "America/New_York")):
        database.transact(joined, name, "weekly", MONDAY)
        with database.engine.begin() as connection:
            connection.execute(sa.update(subscriber).where(subscriber.c.name == name).values(zone=zone))
    plan = _plan(database, settings, MONDAY)
    answer = plan.as_json()
    assert (answer["audience"], answer["later"], answer["until"]) == (5, 2, "2026-11-28T07:00:00Z")
    assert "2 of them later, in their own time zones, until 2026-11-28 07:00 UTC" in plan.lines()


def test_a_plan_without_other_zones_says_nothing_of_them(database: Database) -> None:
    """Nobody is later."""
    settings = magazine()
    _prepared(database, settings, ["One"])
    plan = _plan(database, settings, MONDAY)
    assert (plan.as_json()["later"], plan.as_json()["until"]) == (0, None)
    assert not [line for line in plan.lines() if "time zones" in line]


def test_a_plan_says_that_posts_wait_for_the_morning(database: Database) -> None:
    """When they go, and why not now."""
    settings = magazine({"each": {"at": "on publish", "most_per_day": 1}})
    database.transact(stored, settings, MONDAY)
    database.transact(joined, "anna", "each", MONDAY)
    database.transact(published, "One", MONDAY, MONDAY)

    async def first() -> None:
        await release_posts(database, settings, MONDAY)
        await compose_due(database, settings, MONDAY)

    asyncio.run(first())
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE issue SET state = 'sent'"))
        connection.execute(sa.text("UPDATE subscription SET seen_seq = 1"))
    database.transact(published, "Two", MONDAY, MONDAY)
    plan = _plan(database, settings, MONDAY)
    answer = plan.as_json()
    reason = str(answer["reason"])
    assert reason.startswith("1 issue went out on 2026-11-23, and most_per_day = 1: ")
    assert reason.endswith("goes together at 07:00 on 2026-11-24")
    assert (answer["slot"], answer["due"], answer["decision"]) == ("post:2", "2026-11-24T12:00:00Z", "composed")
    assert reason in plan.lines()


def test_the_preview_is_that_of_the_reader_who_is_asked_for(database: Database) -> None:
    """Their language, their type, their sections; also where only a sample can be shown."""
    settings = magazine(sections={"Reviews": ["reviews"]})
    database.transact(stored, settings, MONDAY)
    for title, category in (("Essay", "Essays"), ("Review", "Reviews")):
        database.transact(published, title, MONDAY, MONDAY, [category])
    database.transact(joined, "anna", "weekly", MONDAY)
    reader = AudienceKey(0, language="de-AT", sections_off="Reviews", larger_type=True)

    async def shown() -> IssuePage:
        await release_posts(database, settings, MONDAY)
        upcoming = await upcoming_issue(database, settings, REVIEW, MONDAY)
        return await preview_page(database, settings, upcoming, reader=reader)

    for sample in (False, True):
        page = asyncio.run(shown())
        assert ([post.title for post in page.posts], page.sample) == (["Essay"], sample)
        assert (page.language, page.larger_type) == ("de", True)
        with database.engine.begin() as connection:
            connection.execute(sa.text("UPDATE schedule SET base_seq = 2"))
            connection.execute(sa.text("UPDATE subscription SET seen_seq = 2"))
