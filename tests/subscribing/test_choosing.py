"""Choosing on one's own page: one save, all of it or nothing, and never a post skipped or repeated."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import hypothesis
import pytest
import sqlalchemy as sa
from hypothesis import strategies as st

from dispatch.config.settings import Settings
from dispatch.model.schedule import parse_schedule
from dispatch.model.subscriber import Subscription, SubscriptionState
from dispatch.model.tokens import Purpose, TokenKeys
from dispatch.store.database import Connection, Database, sqlite_url
from dispatch.store.reader_tables import consent, wanted_mail
from dispatch.store.tables import delivery, metadata, passed_over, subscriber, subscription, variant
from dispatch.subscribing.choices import Choices, choices
from dispatch.subscribing.choosing import (
    AGAIN_EVERY,
    NOT_AT_ALL,
    AgainAnswer,
    Chosen,
    ChosenPlace,
    Fault,
    Saved,
    choose,
    send_again,
)
from dispatch.subscribing.leaving import come_back, leave
from dispatch.subscribing.rules import PlaceWish, Refusal, granted, rarer_schedules
from dispatch.subscribing.subscribe import add
from dispatch.subscribing.wishes import Who, Wishes, zone_named
from tests.subscribing.making import (
    KEY,
    NOW,
    make_settings,
    next_mail_of,
    rows,
    send_issue,
    store_newsletters,
    subscription_of,
)

KEYS = TokenKeys((b"a token key of thirty-two bytes!",))
ADA = Who("ada@mail.example", KEY)
DAY = timedelta(days=1)
T = TypeVar("T")


def make_two() -> Settings:
    """Two newsletters of one house; the first has sections."""
    review = {
        "name": "The Gannet Review",
        "from": "The Gannet <review@gannet.example>",
        "sources": ["site"],
        "sections": {"Essays": ["essays"], "Tides & weather": ["tides"]},
        "schedules": {"weekly": "fri 07:00", "daily": "daily 07:00", "each": "on publish"},
    }
    letters = {
        "name": "Gannet Letters",
        "from": "The Gannet <letters@gannet.example>",
        "sources": ["site"],
        "default_schedule": "monthly",
        "schedules": {"monthly": "1st mon 09:00"},
    }
    return make_settings(newsletters={"review": review, "letters": letters})


SETTINGS = make_two()
NEXT_MAIL = next_mail_of(SETTINGS)


def do(work: Coroutine[Any, Any, T]) -> T:
    """Run one coroutine."""
    return asyncio.run(work)


@pytest.fixture
def magazine(database: Database) -> Database:
    """A database that knows both newsletters, and Ada, who gets the review weekly."""
    return begin(database)


def begin(database: Database) -> Database:
    """Store the newsletters, and Ada."""
    store_newsletters(database, SETTINGS)
    do(add(database, SETTINGS, NOW - 30 * DAY, ADA, newsletter="review"))
    return database


def token_of(database: Database) -> str:
    """The token in Ada's link."""
    return KEYS.sign(Purpose.PREFERENCES, subscription_of(database, ADA.address).id)


def page_of(database: Database, now: datetime = NOW) -> Choices:
    """What Ada's page shows."""
    shown = do(choices(database, SETTINGS, KEYS, now, token_of(database), NEXT_MAIL))
    assert shown is not None
    return shown


def saves(database: Database, chosen: Chosen, now: datetime = NOW) -> Saved:
    """Ada presses the button."""
    saved = do(choose(database, SETTINGS, KEYS, now, token_of(database), NEXT_MAIL, chosen, network="n"))
    assert saved is not None
    return saved


def about_review(**wishes: Any) -> Chosen:
    """Wishes about the review alone."""
    return Chosen({"review": ChosenPlace(**wishes)})


def test_the_page_shows_everything_and_changes_nothing(magazine: Database) -> None:
    """Both newsletters, the schedules of each with their next mail, the sections, and her own time."""
    before = rows(magazine, subscription)
    page = page_of(magazine)
    review, letters = page.places
    assert (page.newsletter, page.address, page.zone) == ("review", "a…@mail.example", "")
    assert [one.slug for one in review.schedules] == ["weekly", "daily", "each"]
    assert review.next_at == datetime(2026, 11, 27, 12, tzinfo=UTC)  # Friday, seven in New York
    assert (review.state, letters.state, letters.next_at) == (SubscriptionState.ACTIVE, None, None)
    assert review.sections == (("Essays", True), ("Tides & weather", True))
    assert rows(magazine, subscription) == before


def test_one_save_changes_everything_at_once(magazine: Database) -> None:
    """Schedule, sections, books, pause, and what she says of herself; each is said, and written down."""
    chosen = Chosen(
        {
            "review": ChosenPlace("daily", books=False, sections=frozenset({"Essays"}), pause="2"),
            "letters": ChosenPlace("monthly"),
        },
        name=" Ada\u202e Quill ",
        region="gb",
        language="de",
        zone="lisbon",
        larger_type=True,
    )
    saved = saves(magazine, chosen)
    assert saved.faults == ()
    assert set(saved.changed) == {
        *("larger_type", "region", "zone", "language", "name"),
        *("schedule.review", "books.review", "sections.review", "pause.review", "joined.letters"),
    }
    (person,) = rows(magazine, subscriber)
    about = (person["name"], person["region"], person["language"], person["zone"], person["larger_type"])
    assert about == ("Ada Quill", "GB", "de", "Europe/Lisbon", True)
    place = subscription_of(magazine, ADA.address)
    assert (place.schedule, place.books, place.sections_off) == ("daily", False, ("Tides & weather",))
    assert place.paused_until == datetime(2026, 12, 4, tzinfo=UTC)  # Lisbon's midnight, two weeks from today
    assert saved.choices.places[0].next_at == datetime(2026, 12, 4, 7, tzinfo=UTC)
    assert [(row["act"], row["page"], row["network"]) for row in rows(magazine, consent)] == [
        ("changed", "preferences", "n"),
        ("changed", "preferences", "n"),
        ("confirmed", "preferences", "n"),
    ]
    assert "Quill" not in str(rows(magazine, consent))


def test_saving_what_is_there_already_changes_nothing(magazine: Database) -> None:
    """And proves nothing."""
    before = (rows(magazine, subscription), rows(magazine, subscriber))
    everything = ChosenPlace("weekly", books=True, sections=frozenset({"Essays", "Tides & weather"}), pause="none")
    saved = saves(magazine, Chosen({"review": everything}, name="", region="", zone="", larger_type=False))
    assert saved.changed == ()
    assert (rows(magazine, subscription), rows(magazine, subscriber)) == before
    assert rows(magazine, consent) == []


def test_what_the_form_does_not_name_stays(magazine: Database) -> None:
    """A form of an older page cannot take away what it does not know."""
    saves(magazine, about_review(books=False, sections=frozenset()))
    saves(magazine, about_review(schedule="each"))
    place = subscription_of(magazine, ADA.address)
    assert (place.schedule, place.books, place.sections_off) == ("each", False, ("Essays", "Tides & weather"))


@pytest.mark.parametrize(
    ("chosen", "fault"),
    [
        pytest.param(about_review(pause="2026-01-01"), Fault("pause.review", "past"), id="the past"),
        pytest.param(about_review(pause="Christmas"), Fault("pause.review", "no_date"), id="no date"),
        pytest.param(about_review(pause="9999-12-31"), Fault("pause.review", "far"), id="the end of time"),
        pytest.param(about_review(schedule="hourly"), Fault("schedule.review", "schedule"), id="schedule"),
        pytest.param(Chosen(zone="Mars/Olympus"), Fault("zone", "zone"), id="zone"),
        pytest.param(Chosen(region="Atlantis"), Fault("region", "region"), id="region"),
        pytest.param(Chosen(language="<b>"), Fault("language", "language"), id="language"),
    ],
)
def test_where_one_wish_cannot_be_none_is_stored(magazine: Database, chosen: Chosen, fault: Fault) -> None:
    """The page says which, and what was right beside it waits as well."""
    before = (rows(magazine, subscription), rows(magazine, subscriber))
    places = {"letters": ChosenPlace("monthly"), **chosen.places}
    whole = Chosen(places, name="Ada", region=chosen.region, language=chosen.language, zone=chosen.zone)
    saved = saves(magazine, whole)
    assert (saved.faults, saved.changed) == ((fault,), ())
    assert (rows(magazine, subscription), rows(magazine, subscriber)) == before


def test_a_newsletter_that_is_not_ours_is_passed_over(magazine: Database) -> None:
    """What a form claims is not believed."""
    saved = saves(magazine, Chosen({"revue": ChosenPlace("weekly"), "review": ChosenPlace("daily")}))
    assert saved.changed == ("schedule.review",)


def test_another_newsletter_begins_where_it_stands(magazine: Database) -> None:
    """Her own page is consent enough: it is reached from her inbox."""
    saves(magazine, Chosen({"letters": ChosenPlace("monthly")}))
    place = subscription_of(magazine, ADA.address, "letters")
    assert (place.state, place.consent_at, place.consent_source) == (SubscriptionState.ACTIVE, NOW, "preferences")
    assert rows(magazine, consent)[0]["wording"] == "Gannet Letters: monthly"


def test_not_at_all_is_leaving(magazine: Database) -> None:
    """With the mail that tells the owner; choosing a schedule again within the week undoes it."""
    saves(magazine, about_review(schedule="daily"))
    seen = subscription_of(magazine, ADA.address).seen_seq
    assert saves(magazine, about_review(schedule=NOT_AT_ALL)).changed == ("left.review",)
    assert saves(magazine, about_review(schedule=NOT_AT_ALL)).changed == ()
    assert [row["name"] for row in rows(magazine, wanted_mail)] == ["goodbye"]
    send_issue(magazine, 7)
    assert saves(magazine, about_review(schedule="weekly")).changed == ("joined.review",)
    place = subscription_of(magazine, ADA.address)
    assert (place.state, place.schedule, place.seen_seq) == (SubscriptionState.ACTIVE, "weekly", seen)


def test_who_never_confirmed_one_newsletter_may_on_the_page_of_another(magazine: Database) -> None:
    """Then they begin with its next issue."""
    saves(magazine, Chosen({"letters": ChosenPlace("monthly")}))
    magazine.transact(_unconfirm, subscription_of(magazine, ADA.address, "letters").id)
    assert saves(magazine, Chosen({"letters": ChosenPlace(NOT_AT_ALL)})).changed == ()
    assert saves(magazine, Chosen({"letters": ChosenPlace("monthly")})).changed == ("joined.letters",)
    assert subscription_of(magazine, ADA.address, "letters").state is SubscriptionState.ACTIVE


def test_a_pause_is_kept_until_it_is_ended(magazine: Database) -> None:
    """Saving something else leaves it; "none" ends it now and no sooner."""
    saves(magazine, about_review(pause="2026-12-24"))
    saves(magazine, about_review(schedule="daily"))
    assert page_of(magazine).places[0].paused_until == datetime(2026, 12, 24, 5, tzinfo=UTC)
    saves(magazine, about_review(pause="none"), NOW + DAY)
    assert subscription_of(magazine, ADA.address).paused_until == NOW + DAY
    assert page_of(magazine, NOW + 2 * DAY).places[0].paused_until is None


def test_two_saves_at_once_come_one_after_the_other(magazine: Database) -> None:
    """Each whole: no mixture of them is stored, and each is written down."""
    token = token_of(magazine)
    first = Chosen({"review": ChosenPlace("daily", books=False)}, name="First", zone="Europe/Lisbon")
    second = Chosen({"review": ChosenPlace("each", books=True)}, name="Second", zone="Asia/Tokyo")

    async def both() -> None:
        saving = [
            choose(magazine, SETTINGS, KEYS, NOW, token, NEXT_MAIL, one, network="")
            for one in (first, second, first, second)
        ]
        await asyncio.gather(*saving)

    do(both())
    (person,) = rows(magazine, subscriber)
    place = subscription_of(magazine, ADA.address)
    stored = (person["name"], person["zone"], place.schedule, place.books)
    assert stored in (
        ("First", "Europe/Lisbon", "daily", False),
        ("Second", "Asia/Tokyo", "each", True),
    )


def test_joining_twice_at_once_is_joining_once(magazine: Database) -> None:
    """One subscription, one proof."""
    token = token_of(magazine)

    async def both() -> None:
        chosen = Chosen({"letters": ChosenPlace("monthly")})
        saving = [choose(magazine, SETTINGS, KEYS, NOW, token, NEXT_MAIL, chosen) for _ in range(4)]
        await asyncio.gather(*saving)

    do(both())
    assert len(rows(magazine, subscription)) == 2
    assert [row["act"] for row in rows(magazine, consent)] == ["confirmed"]


def test_the_last_issue_comes_again_once_an_hour(magazine: Database) -> None:
    """And not at all where none was sent, or its reader has left."""
    token = token_of(magazine)
    assert do(send_again(magazine, KEYS, NOW, token)) is AgainAnswer.NONE_YET
    magazine.transact(_accepted, subscription_of(magazine, ADA.address).id, send_issue(magazine, 3))
    assert do(send_again(magazine, KEYS, NOW, token)) is AgainAnswer.COMES
    assert do(send_again(magazine, KEYS, NOW + AGAIN_EVERY / 2, token)) is AgainAnswer.TOO_SOON
    assert do(send_again(magazine, KEYS, NOW + AGAIN_EVERY, token)) is AgainAnswer.COMES
    assert [row["name"] for row in rows(magazine, wanted_mail)] == ["again", "again"]
    saves(magazine, about_review(schedule=NOT_AT_ALL))
    assert do(send_again(magazine, KEYS, NOW + DAY, token)) is AgainAnswer.NONE_YET
    assert do(send_again(magazine, KEYS, NOW, "0" * 44)) is None


_PLACES = st.builds(
    ChosenPlace,
    schedule=st.sampled_from([None, NOT_AT_ALL, "weekly", "daily", "each", "hourly"]),
    books=st.sampled_from([None, True, False]),
    sections=st.sampled_from([None, frozenset(), frozenset({"Essays"}), frozenset({"Essays", "nonsense"})]),
    pause=st.sampled_from(["", "", "none", "1", "4", "99", "2026-12-24", "2020-01-01", "never", "٣"]),
)
_ACTS = st.one_of(
    st.builds(Chosen, places=st.fixed_dictionaries({}, optional={"review": _PLACES}), zone=st.text(max_size=8)),
    st.sampled_from(["leave", "one click", "come back", "an issue", "a day"]),
)


@contextmanager
def _fresh(folder: Path) -> Iterator[Database]:
    database = Database(sqlite_url(folder), durability="process")
    try:
        yield begin(database)
    finally:
        database.close()


@hypothesis.settings(max_examples=40, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(story=st.lists(_ACTS, min_size=1, max_size=12))
def test_no_choice_ever_moves_what_was_seen(tmp_path_factory: Any, sqlite_template: Path, story: list[Any]) -> None:
    """Switching, saving, leaving and undoing within the week: seen_seq stays, and nothing is passed over."""
    file = tmp_path_factory.mktemp("story") / "dispatch.db"
    file.write_bytes(sqlite_template.read_bytes())
    assert metadata.tables
    with _fresh(file) as database:
        seen, now, through = subscription_of(database, ADA.address).seen_seq, NOW, 5
        left_since: datetime | None = None
        for act in story:
            if isinstance(act, Chosen):
                saves(database, act, now)
            else:
                through += _tell(database, act, now, through)
                now += DAY if act == "a day" else timedelta(0)
            place = subscription_of(database, ADA.address)
            left_since = place.left_at
            hypothesis.assume(left_since is None or now - left_since < 6 * DAY)
            assert place.seen_seq == seen
            assert rows(database, passed_over) == []


def _tell(database: Database, act: str, now: datetime, through: int) -> int:
    token = KEYS.sign(Purpose.UNSUBSCRIBE, subscription_of(database, ADA.address).id)
    if act in ("leave", "one click"):
        do(leave(database, SETTINGS, KEYS, now, token, NEXT_MAIL, one_click=act == "one click"))
    elif act == "come back":
        do(come_back(database, SETTINGS, KEYS, now, token, NEXT_MAIL))
    elif act == "an issue":
        send_issue(database, through, schedule_slug="daily")
        return 1
    return 0


_WISHES = st.builds(
    PlaceWish,
    schedule=st.none() | st.sampled_from(["weekly", "daily"]),
    books=st.none() | st.booleans(),
    sections_off=st.none() | st.lists(st.sampled_from(["A", "B", "C"])).map(tuple),
    pause_until=st.none() | st.text(max_size=12) | st.dates().map(lambda day: day.isoformat()),
)


@hypothesis.given(wish=_WISHES, zone=st.sampled_from(["UTC", "Pacific/Apia", "America/St_Johns", "Asia/Kathmandu"]))
def test_a_wish_is_granted_or_refused_and_touches_four_columns(wish: PlaceWish, zone: str) -> None:
    """Whatever was typed: none of them is how far somebody was served."""
    place = Subscription(1, 1, "review", "weekly", SubscriptionState.ACTIVE, 7, None, True, NOW, None, None, "")
    steps = granted(place, wish, ZoneInfo(zone), NOW)
    if isinstance(steps, Refusal):
        assert steps.why in ("no_date", "past", "far")
        return
    assert {step.column for step in steps} <= {"schedule", "books", "sections_off", "paused_until"}
    for step in steps:
        assert step.differs == (getattr(place, step.column) != step.value)
        if step.column == "paused_until" and step.value:
            assert isinstance(step.value, datetime)
            assert step.value > NOW


@pytest.mark.parametrize(
    ("current", "rarer"),
    [
        pytest.param("each", ["twice", "daily", "weekly", "monthly"], id="from each post"),
        pytest.param("weekly", ["monthly"], id="from weekly"),
        pytest.param("monthly", [], id="nothing is rarer"),
        pytest.param("gone", ["twice", "daily", "weekly", "monthly"], id="its schedule is configured no more"),
    ],
)
def test_rarer_is_what_comes_less_often(current: str, rarer: list[str]) -> None:
    """Counted, whatever they are called: the most frequent of them first."""
    texts = {
        "monthly": "1st mon 09:00",
        "weekly": "fri 07:00",
        "each": "on publish",
        "daily": "daily 07:00",
        "twice": "daily 07:00,19:00",
    }
    rhythms = {slug: parse_schedule(text) for slug, text in texts.items()}
    found = rarer_schedules(rhythms, current)
    assert [slug for slug in found if slug != "each"] == rarer


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Europe/Lisbon", "Europe/Lisbon"),
        ("  europe/lisbon ", "Europe/Lisbon"),
        ("Lisbon", "Europe/Lisbon"),
        ("new york", "America/New_York"),
        ("buenos aires", "America/Argentina/Buenos_Aires"),
        ("utc", "UTC"),
        ("", ""),
        ("Lis", None),
        ("../etc/passwd", None),
        ("\x00", None),
    ],
)
def test_a_zone_is_found_by_its_city(text: str, zone: str | None) -> None:
    """Nobody knows how zones are called, and everybody knows a city."""
    assert zone_named(text) == zone


def test_a_wish_of_an_operator_is_granted_in_the_same_way(magazine: Database) -> None:
    """`dispatch subscribers add` and the page store the same."""
    saves(magazine, about_review(schedule="daily"))
    by_page = subscription_of(magazine, ADA.address)
    do(add(magazine, SETTINGS, NOW, Who("ben@mail.example", KEY), Wishes(schedule="daily"), newsletter="review"))
    assert subscription_of(magazine, "ben@mail.example").schedule == by_page.schedule


def _unconfirm(connection: Connection, subscription_id: int) -> None:
    statement = sa.update(subscription).where(subscription.c.id == subscription_id)
    connection.execute(statement.values(state="unconfirmed"))


def _accepted(connection: Connection, subscription_id: int, issue_id: int) -> None:
    shown = {"issue_id": issue_id, "hash": "h", "subject": "s", "html": "h", "text": "t", "post_ids": [], "books": []}
    made = sa.insert(variant).values(**shown, notes=[]).returning(variant.c.id)
    connection.execute(
        sa.insert(delivery).values(
            kind="digest",
            issue_id=issue_id,
            subscription_id=subscription_id,
            variant_id=connection.scalars(made).one(),
            state="accepted",
            due_at=NOW,
            created_at=NOW,
        )
    )
