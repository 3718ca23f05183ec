"""What each kind of subscriber sees: each distinct page once, and no post spoils an issue."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from dispatch.composing.compose import compose_due
from dispatch.composing.release import release_posts
from dispatch.composing.variants import VariantReport, make_variants
from dispatch.config.settings import Settings
from dispatch.delivering.fan_out import fan_out
from dispatch.errors import RenderError
from dispatch.model.book import PromoBlock
from dispatch.model.issue import AudienceKey, Rendering
from dispatch.rendering.page import IssuePage
from dispatch.store.database import Database
from dispatch.store.fan_out import keys_without_variant
from dispatch.store.posts import withdraw_posts
from dispatch.store.subscriptions import change_subscription
from dispatch.store.tables import delivery, issue_audience, passed_over, post, subscriber, subscription
from tests.composing.make import hash_of, joined, magazine, published, set_in_type, stored, variants_of

MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
FRIDAY = datetime(2026, 11, 27, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
BOOK = PromoBlock(
    slug="salt-almanac",
    label="From Lamplight Press",
    title="A Salt Almanac",
    author="Mara Lind",
    format="Paperback",
    url="https://shop.example/salt",
    cover=None,
    pitch="",
    blurb="A year by the sea.",
    praise=None,
    verb="Order",
    shops=(),
    sentence="Order wherever books are sold.",
)


def _issue(database: Database, settings: Settings, titles: list[str], readers: int = 1) -> int:
    database.transact(stored, settings, MONDAY)
    for number, title in enumerate(titles):
        note = ["Notes"] if title.startswith("Note") else []
        database.transact(published, title, MONDAY + number * HOUR, MONDAY + number * HOUR, note)
    for number in range(readers):
        database.transact(joined, f"reader{number}", "weekly", MONDAY, cohort=number)

    async def steps() -> int:
        await release_posts(database, settings, FRIDAY)
        return (await compose_due(database, settings, FRIDAY)).composed[0].issue_id

    return asyncio.run(steps())


def _make(
    database: Database,
    settings: Settings,
    issue_id: int,
    *,
    promos_for: Callable[[AudienceKey], tuple[PromoBlock, ...]] = lambda _key: (),
    render: Callable[[IssuePage], Rendering] = set_in_type,
) -> VariantReport:
    return asyncio.run(
        make_variants(database, settings, FRIDAY, issue_id, promos_for=promos_for, render=render, hash_of=hash_of)
    )


def _pages(database: Database, issue_id: int) -> list[str]:
    return [variant.html for variant in database.transact(variants_of, issue_id)]


def test_a_page_is_rendered_once_however_many_kinds_of_subscriber_see_it(database: Database) -> None:
    """Five cohorts without a book between them are one page."""
    settings = magazine()
    issue_id = _issue(database, settings, ["One", "Two"], readers=5)
    rendered: list[IssuePage] = []

    def counted(page: IssuePage) -> Rendering:
        rendered.append(page)
        return set_in_type(page)

    report = _make(database, settings, issue_id, render=counted)
    assert (report.kinds, report.pages, len(rendered)) == (5, 1, 1)
    assert _pages(database, issue_id) == ["['Two', 'One']  []"]
    assert _make(database, settings, issue_id) == VariantReport(0, 0, ())


def test_books_make_pages_and_who_wants_none_gets_none(database: Database) -> None:
    """The cohort decides about the book, the subscriber about having one."""
    settings = magazine()
    issue_id = _issue(database, settings, ["One"], readers=3)
    with database.engine.connect() as connection:
        last = connection.scalars(sa.text("SELECT max(id) FROM subscription")).one()
    database.transact(change_subscription, last, {"books": False})
    report = _make(database, settings, issue_id, promos_for=lambda key: (BOOK,) if key.cohort else ())
    assert (report.kinds, report.pages) == (3, 2)
    assert sorted(_pages(database, issue_id)) == ["['One']  ['salt-almanac']", "['One']  []"]


def test_the_editors_note_opens_the_page(database: Database) -> None:
    """It stands apart from the posts."""
    settings = magazine(note="notes")
    issue_id = _issue(database, settings, ["One", "Note of the week"])
    _make(database, settings, issue_id)
    assert _pages(database, issue_id) == ["['One'] Note of the week []"]


def test_somebody_who_has_seen_more_is_shown_less(database: Database) -> None:
    """And who has seen everything that is left gets no page."""
    settings = magazine()
    issue_id = _issue(database, settings, ["One", "Two", "Three"], readers=2)
    with database.engine.connect() as connection:
        last = connection.scalars(sa.text("SELECT max(id) FROM subscription")).one()
        third = connection.scalars(sa.select(post.c.id).where(post.c.title == "Three")).one()
    database.transact(change_subscription, last, {"seen_seq": 2})
    database.transact(withdraw_posts, [third], FRIDAY)
    _make(database, settings, issue_id)
    assert _pages(database, issue_id) == ["['Two', 'One']  []"]
    with database.engine.connect() as connection:
        left = connection.execute(sa.select(issue_audience.c.from_seq, issue_audience.c.variant_id)).all()
    assert {row.from_seq: row.variant_id is None for row in left} == {0: False, 2: True}


def test_somebody_who_has_seen_less_than_the_others_is_shown_all_of_it(database: Database) -> None:
    """They came from a slower schedule: the issue reaches back for them."""
    settings = magazine({"weekly": "fri 07:00"})
    first = _issue(database, settings, ["One"], readers=2)
    _make(database, settings, first)
    with database.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE subscription SET seen_seq = 1 WHERE id = (SELECT max(id) FROM subscription)")
        )
        connection.execute(sa.text("UPDATE issue SET state = 'sent'"))
    database.transact(published, "Two", FRIDAY, FRIDAY)

    async def next_week() -> int:
        later = FRIDAY + timedelta(days=7)
        await release_posts(database, settings, later)
        return (await compose_due(database, settings, later)).composed[0].issue_id

    second = asyncio.run(next_week())
    _make(database, settings, second)
    assert sorted(_pages(database, second)) == ["['Two', 'One']  []", "['Two']  []"]


def test_corrections_go_out_corrected(database: Database) -> None:
    """The page is made of the posts as they are when it is made."""
    settings = magazine()
    issue_id = _issue(database, settings, ["Won"])
    with database.engine.begin() as connection:
        connection.execute(sa.update(post).values(title="One"))
    _make(database, settings, issue_id)
    assert _pages(database, issue_id) == ["['One']  []"]


def test_a_post_that_cannot_be_rendered_is_left_out_and_named(database: Database) -> None:
    """Whatever it does to the renderer; the others go out."""
    settings = magazine()
    issue_id = _issue(database, settings, ["One", "Poison", "Two"], readers=2)

    def delicate(page: IssuePage) -> Rendering:
        if any(one.title == "Poison" for one in page.posts):
            raise TypeError("'CSSSelector' object is not iterable")
        return set_in_type(page)

    report = _make(database, settings, issue_id, render=delicate)
    assert _pages(database, issue_id) == ["['Two', 'One']  []"]
    assert [problem.where for problem in report.problems] == ["“Poison”"]
    assert "CSSSelector" in report.problems[0].what


def test_an_issue_of_one_post_that_cannot_be_rendered_goes_to_nobody(database: Database) -> None:
    """Its readers are moved on, the fault is named, and nothing stops."""
    settings = magazine()
    issue_id = _issue(database, settings, ["Poison"])

    def delicate(page: IssuePage) -> Rendering:
        if page.posts[0].title == "Poison":
            raise RenderError("“Poison”", "it has no end")
        return set_in_type(page)

    report = _make(database, settings, issue_id, render=delicate)
    assert (report.pages, len(report.problems)) == (0, 1)
    assert database.transact(keys_without_variant, issue_id) == []


def test_a_template_that_is_at_fault_stops_the_issue_and_blames_no_post(database: Database) -> None:
    """Nothing is stored, so that it can be made again."""
    settings = magazine()
    issue_id = _issue(database, settings, ["One", "Two"])

    def broken(_page: IssuePage) -> Rendering:
        raise RenderError("digest/body.html.j2", "line 3: there is nothing called leads")

    with pytest.raises(RenderError, match="line 3"):
        _make(database, settings, issue_id, render=broken)
    assert len(database.transact(keys_without_variant, issue_id)) == 1


def test_a_post_withdrawn_while_it_is_rendered_does_not_go(database: Database) -> None:
    """The page is thrown away; asked again, there is one without the post."""
    settings = magazine()
    issue_id = _issue(database, settings, ["One", "Two"])
    with database.engine.connect() as connection:
        second = connection.scalars(sa.select(post.c.id).where(post.c.title == "Two")).one()

    def slow(page: IssuePage) -> Rendering:
        database.transact(withdraw_posts, [second], FRIDAY)
        return replace(set_in_type(page), subject="a moment ago")

    _make(database, settings, issue_id, render=slow)
    assert _pages(database, issue_id) == []
    _make(database, settings, issue_id)
    assert _pages(database, issue_id) == ["['One']  []"]


SECTIONS = {"Reviews": ["reviews"], "Essays": ["essays"]}


def _prefer(database: Database, number: int, sections_off: tuple[str, ...] = (), **person: object) -> None:
    """Let the reader of this number (counted from the first) choose what they like."""
    with database.engine.connect() as connection:
        place, who = connection.execute(
            sa.select(subscription.c.id, subscription.c.subscriber_id).order_by(subscription.c.id).offset(number)
        ).first() or (0, 0)
    database.transact(change_subscription, place, {"sections_off": sections_off})
    if person:
        with database.engine.begin() as connection:
            connection.execute(sa.update(subscriber).where(subscriber.c.id == who).values(person))


def _sectioned(database: Database, settings: Settings, posts: list[tuple[str, str]], readers: int) -> int:
    """An issue of these posts, each with its category."""
    database.transact(stored, settings, MONDAY)
    for number, (title, category) in enumerate(posts):
        database.transact(published, title, MONDAY + number * HOUR, MONDAY + number * HOUR, [category])
    for number in range(readers):
        database.transact(joined, f"reader{number}", "weekly", MONDAY)

    async def steps() -> int:
        await release_posts(database, settings, FRIDAY)
        return (await compose_due(database, settings, FRIDAY)).composed[0].issue_id

    return asyncio.run(steps())


def test_a_section_that_a_reader_leaves_out_is_not_on_their_page(database: Database) -> None:
    """Posts of no section stay, and so does the note; who is left with the note alone gets nothing and moves on."""
    settings = magazine(sections=SECTIONS, note="Notes")
    posts = [("Review", "Reviews"), ("Essay", "Essays"), ("Poem", "Poems"), ("Note", "Notes")]
    issue_id = _sectioned(database, settings, posts, readers=3)
    _prefer(database, 1, ("Reviews",))
    _prefer(database, 2, ("Essays", "Reviews"))
    report = _make(database, settings, issue_id)
    assert (report.kinds, report.pages) == (3, 3)
    assert set(_pages(database, issue_id)) == {
        "['Poem', 'Essay', 'Review'] Note []",
        "['Poem', 'Essay'] Note []",
        "['Poem'] Note []",
    }


@pytest.mark.parametrize("others", [[], [("Note", "Notes")]], ids=["nothing", "the note alone"])
def test_who_is_left_without_a_post_gets_no_mail_and_moves_on(
    database: Database, others: list[tuple[str, str]]
) -> None:
    """What they did not want is passed over."""
    settings = magazine(sections=SECTIONS, note="Notes")
    issue_id = _sectioned(database, settings, [("Review", "Reviews"), *others], readers=2)
    _prefer(database, 1, ("Reviews",))

    async def made(issue: int) -> None:
        await make_variants(
            database, settings, FRIDAY, issue, promos_for=lambda _: (), render=set_in_type, hash_of=hash_of
        )

    asyncio.run(fan_out(database, FRIDAY, issue_id, made))
    with database.engine.connect() as connection:
        seen = connection.scalars(sa.select(subscription.c.seen_seq).order_by(subscription.c.id)).all()
        passed = connection.execute(sa.select(passed_over.c.subscription_id, passed_over.c.reason)).all()
        served = connection.scalars(sa.select(delivery.c.subscription_id)).all()
        first, second = connection.scalars(sa.select(subscription.c.id).order_by(subscription.c.id)).all()
    assert seen == [1 + len(others)] * 2
    assert (passed, served) == ([(second, "nothing left")], [first])


def test_pages_are_in_the_readers_language_if_there_are_words_for_it(database: Database) -> None:
    """Otherwise in the site's; a region of it makes no page of its own."""
    settings = magazine()
    issue_id = _issue(database, settings, ["One"], readers=6)
    for number, language in enumerate(["", "en", "en-GB", "fr", "de", "de-AT"]):
        _prefer(database, number, language=language, cohort=0)
    rendered: list[IssuePage] = []

    def counted(page: IssuePage) -> Rendering:
        rendered.append(page)
        return replace(set_in_type(page), html=page.language)

    report = _make(database, settings, issue_id, render=counted)
    assert (report.kinds, report.pages) == (6, 2)
    assert {page.language: page.posts_language for page in rendered} == {"en-US": "en-US", "de": "en-US"}
    assert len(rendered) == 2


def test_thirty_kinds_of_reader_are_as_many_renderings_as_there_are_pages(database: Database) -> None:
    """Type × language × sections: what comes out the same is rendered once."""
    settings = magazine(sections=SECTIONS)
    posts = [(f"Post {number}", ("Essays", "Poems", "Reviews")[number % 3]) for number in range(25)]
    issue_id = _sectioned(database, settings, posts, readers=1)
    keys = [
        AudienceKey(0, region, language, 0, sections_off=off, larger_type=larger)
        for region in ("", "GB", "DE")
        for language in ("", "de", "fr", "en-GB")
        for off in ("", "Reviews", "No longer there", "Essays\nReviews", "No longer there\nReviews")
        for larger in (False, True)
    ]
    rendered: list[IssuePage] = []

    def counted(page: IssuePage) -> Rendering:
        rendered.append(page)
        html = f"{page.language} {page.larger_type} {[post.title for post in page.posts]}"
        return replace(set_in_type(page), html=html)

    report = asyncio.run(
        make_variants(
            database,
            settings,
            FRIDAY,
            issue_id,
            promos_for=lambda _: (),
            render=counted,
            hash_of=hash_of,
            keys=keys,
        )
    )
    assert (report.kinds, report.pages, len(rendered)) == (120, 12, 12)
