"""Leaving by a link in the mail: once, undone, less often instead; and links that are not genuine."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa

from dispatch.model.subscriber import SubscriptionState
from dispatch.model.tokens import Purpose, TokenKeys
from dispatch.store.database import Connection, Database
from dispatch.store.reader_tables import consent, wanted_mail
from dispatch.store.tables import delivery, passed_over, subscriber, subscription
from dispatch.subscribing.choosing import Chosen, choose
from dispatch.subscribing.leaving import come_back, leave, leaving, write_less
from dispatch.subscribing.preferences import change
from dispatch.subscribing.subscribe import add
from dispatch.subscribing.suppressing import erase, suppress_address
from dispatch.subscribing.wishes import Who, Wishes
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

SETTINGS = make_settings()
KEYS = TokenKeys((b"a token key of thirty-two bytes!",))
ADA = Who("Ada.Quill@mail.example", KEY)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NEXT_MAIL = next_mail_of(SETTINGS)
T = TypeVar("T")


def do(work: Coroutine[Any, Any, T]) -> T:
    """Run one coroutine."""
    return asyncio.run(work)


@pytest.fixture
def magazine(database: Database) -> Database:
    """A database that knows the newsletter, and Ada, who gets it daily."""
    store_newsletters(database, SETTINGS)
    do(add(database, SETTINGS, NOW - 30 * DAY, ADA, Wishes(schedule="daily", zone="Europe/Lisbon")))
    return database


def token_of(database: Database, purpose: Purpose = Purpose.UNSUBSCRIBE, keys: TokenKeys = KEYS) -> str:
    """The token in the links of Ada's mail."""
    return keys.sign(purpose, subscription_of(database, ADA.address).id)


def everything(database: Database) -> list[object]:
    """All that a reader's act could change."""
    return [rows(database, table) for table in (subscriber, subscription, consent, wanted_mail, passed_over)]


def leaves(database: Database, now: datetime = NOW, *, one_click: bool = False) -> Any:
    """Ada's link is used to leave."""
    return do(leave(database, SETTINGS, KEYS, now, token_of(database), NEXT_MAIL, one_click=one_click, network="n"))


def returns(database: Database, now: datetime, purpose: Purpose = Purpose.UNSUBSCRIBE) -> Any:
    """And to come back."""
    return do(come_back(database, SETTINGS, KEYS, now, token_of(database, purpose), NEXT_MAIL))


def acts(database: Database) -> list[tuple[str, str]]:
    """What is written down: act and page."""
    return [(row["act"], row["page"]) for row in rows(database, consent)]


def test_the_page_shows_whose_it_is_and_what_else_there_is(magazine: Database) -> None:
    """The address masked, what writes less often, the rarest last; and nothing is changed by looking."""
    before = everything(magazine)
    shown = do(leaving(magazine, SETTINGS, KEYS, NOW, token_of(magazine), NEXT_MAIL))
    assert shown is not None
    assert (shown.address, shown.newsletter, shown.state) == ("A…@mail.example", "review", SubscriptionState.ACTIVE)
    assert [one.slug for one in shown.rarer] == ["weekly"]
    assert shown.rarer[0].next_at == datetime(2026, 11, 27, 7, tzinfo=UTC)  # Friday, seven in Lisbon
    assert KEYS.verify(Purpose.PREFERENCES, shown.preferences) == subscription_of(magazine, ADA.address).id
    assert everything(magazine) == before


def test_who_leaves_has_left_from_that_moment(magazine: Database) -> None:
    """And the proof says when, where and from which network."""
    shown = leaves(magazine)
    place = subscription_of(magazine, ADA.address)
    assert (place.state, place.left_at, shown.left_at) == (SubscriptionState.LEFT, NOW, NOW)
    (proof,) = rows(magazine, consent)
    assert (proof["act"], proof["at"], proof["page"], proof["network"]) == ("left", NOW, "unsubscribe", "n")


def test_leaving_twice_is_leaving_once(magazine: Database) -> None:
    """The first time counts, by whichever way the second came."""
    leaves(magazine)
    before = everything(magazine)
    assert leaves(magazine, NOW + HOUR).left_at == NOW
    assert leaves(magazine, NOW + HOUR, one_click=True).left_at == NOW
    assert everything(magazine) == before


def test_a_friend_cannot_end_it_unnoticed(magazine: Database) -> None:
    """Leaving by the page is told to the owner; leaving by the mail program's own button is the owner's."""
    leaves(magazine)
    assert [row["name"] for row in rows(magazine, wanted_mail)] == ["goodbye"]


def test_the_mail_programs_button_needs_no_mail(magazine: Database) -> None:
    """RFC 8058: it is in the owner's own mail program."""
    leaves(magazine, one_click=True)
    assert rows(magazine, wanted_mail) == []
    assert acts(magazine) == [("left", "one-click")]


def test_one_goodbye_a_day_is_enough(magazine: Database) -> None:
    """However often somebody leaves and comes back; the day after there is one again."""
    for number in range(5):
        leaves(magazine, NOW + number * HOUR)
        returns(magazine, NOW + number * HOUR)
    assert len(rows(magazine, wanted_mail)) == 1
    leaves(magazine, NOW + 26 * HOUR)
    assert len(rows(magazine, wanted_mail)) == 2


def test_what_is_undone_soon_never_happened(magazine: Database) -> None:
    """Schedule, pause and consent are what they were, and what came out meanwhile is still to come."""
    do(change(magazine, SETTINGS, NOW - DAY, ADA, Wishes(books=False, pause_until="2026-12-24")))
    before = subscription_of(magazine, ADA.address)
    leaves(magazine)
    send_issue(magazine, 7, schedule_slug="daily")
    assert returns(magazine, NOW + 6 * DAY).state is SubscriptionState.ACTIVE
    assert subscription_of(magazine, ADA.address) == before
    assert rows(magazine, passed_over) == []
    assert acts(magazine) == [("left", "unsubscribe"), ("returned", "unsubscribe")]


def test_mail_that_was_held_back_by_leaving_is_owed_again(magazine: Database) -> None:
    """Undone, its posts are in the next issue; nothing of an older absence comes with it."""
    place = subscription_of(magazine, ADA.address)
    leaves(magazine)
    magazine.transact(_hold_back, place.id, send_issue(magazine, 7, schedule_slug="daily"), NOW + HOUR)
    assert subscription_of(magazine, ADA.address).seen_seq == 7
    returns(magazine, NOW + DAY)
    assert subscription_of(magazine, ADA.address).seen_seq == 0
    assert [row["handed_back"] for row in rows(magazine, delivery)] == ["returned"]
    leaves(magazine, NOW + 2 * DAY)
    returns(magazine, NOW + 2 * DAY)
    assert subscription_of(magazine, ADA.address).seen_seq == 0


def test_who_comes_back_late_begins_anew(magazine: Database) -> None:
    """A week later it is a new beginning: consent of that day, and what came out meanwhile is passed over."""
    leaves(magazine)
    send_issue(magazine, 7, schedule_slug="daily")
    later = NOW + 8 * DAY
    returns(magazine, later, Purpose.PREFERENCES)
    place = subscription_of(magazine, ADA.address)
    assert (place.state, place.seen_seq, place.joined_at) == (SubscriptionState.ACTIVE, 7, later)
    assert (place.consent_at, place.consent_source) == (later, "preferences")


def test_coming_back_without_having_left_changes_nothing(magazine: Database) -> None:
    """Nor does it confirm anybody who never said yes."""
    before = everything(magazine)
    returns(magazine, NOW)
    assert everything(magazine) == before
    magazine.transact(_unconfirm)
    returns(magazine, NOW)
    assert subscription_of(magazine, ADA.address).state is SubscriptionState.UNCONFIRMED


def test_writing_less_often_switches_and_skips_nothing(magazine: Database) -> None:
    """To what the page offered."""
    seen = subscription_of(magazine, ADA.address).seen_seq
    send_issue(magazine, 7)
    shown = do(write_less(magazine, SETTINGS, KEYS, NOW, token_of(magazine), NEXT_MAIL, schedule="weekly"))
    assert shown is not None
    assert (shown.schedule and shown.schedule.slug, shown.rarer) == ("weekly", ())
    place = subscription_of(magazine, ADA.address)
    assert (place.schedule, place.seen_seq) == ("weekly", seen)
    (proof,) = rows(magazine, consent)
    assert (proof["act"], proof["wording"]) == ("changed", "schedule: weekly")


@pytest.mark.parametrize("schedule", ["each", "daily", "hourly", ""])
def test_a_link_to_leave_never_makes_more_mail(magazine: Database, schedule: str) -> None:
    """Only rarer schedules are taken."""
    before = everything(magazine)
    assert do(write_less(magazine, SETTINGS, KEYS, NOW, token_of(magazine), NEXT_MAIL, schedule=schedule))
    assert everything(magazine) == before


def test_an_old_link_works_after_the_keys_were_changed(magazine: Database) -> None:
    """As long as the old key is configured, however old the mail is."""
    old = token_of(magazine)
    both = TokenKeys((b"a newer key of thirty-two bytes!!", *KEYS.keys))
    assert do(leave(magazine, SETTINGS, both, NOW + 4000 * DAY, old, NEXT_MAIL, one_click=True))
    assert subscription_of(magazine, ADA.address).state is SubscriptionState.LEFT


def test_no_forged_link_does_anything(magazine: Database) -> None:
    """Each character changed, other purposes, other keys, other people: None, and no row is any different."""
    genuine = token_of(magazine)
    flipped = [
        genuine[:place] + other + genuine[place + 1 :]
        for place in range(len(genuine))
        for other in "0f"
        if genuine[place] != other
    ]
    others = [KEYS.sign(purpose, 1) for purpose in Purpose if purpose is not Purpose.UNSUBSCRIBE]
    strangers = [TokenKeys((b"another magazine's key, as long!",)).sign(Purpose.UNSUBSCRIBE, 1)]
    nobody = [KEYS.sign(Purpose.UNSUBSCRIBE, 99), "", "x", genuine[:-1], f"{genuine}0", genuine + "\x00", " " * 44]
    before = everything(magazine)
    for token in [*flipped, *others, *strangers, *nobody]:
        assert do(leaving(magazine, SETTINGS, KEYS, NOW, token, NEXT_MAIL)) is None
        assert do(leave(magazine, SETTINGS, KEYS, NOW, token, NEXT_MAIL, one_click=True)) is None
        assert do(write_less(magazine, SETTINGS, KEYS, NOW, token, NEXT_MAIL, schedule="weekly")) is None
        assert do(choose(magazine, SETTINGS, KEYS, NOW, genuine, NEXT_MAIL, Chosen(name="Eve"))) is None
    assert everything(magazine) == before


def test_the_link_of_somebody_erased_is_no_link(magazine: Database) -> None:
    """Nobody is told that they were there, and they are not brought back."""
    genuine = token_of(magazine)
    do(erase(magazine, NOW, ADA))
    before = everything(magazine)
    assert do(leaving(magazine, SETTINGS, KEYS, NOW, genuine, NEXT_MAIL)) is None
    assert do(come_back(magazine, SETTINGS, KEYS, NOW, genuine, NEXT_MAIL)) is None
    assert everything(magazine) == before


def test_the_page_says_when_no_mail_goes_out_anyway(magazine: Database) -> None:
    """Coming back lifts no suppression."""
    do(suppress_address(magazine, NOW, ADA))
    leaves(magazine)
    assert returns(magazine, NOW).suppressed is True


def test_two_who_leave_at_once_leave_once(magazine: Database) -> None:
    """One proof, one goodbye."""
    token = token_of(magazine)

    async def both() -> None:
        work = [leave(magazine, SETTINGS, KEYS, NOW, token, NEXT_MAIL, one_click=False) for _ in range(4)]
        await asyncio.gather(*work)

    do(both())
    assert acts(magazine) == [("left", "unsubscribe")]
    assert len(rows(magazine, wanted_mail)) == 1


def _unconfirm(connection: Connection) -> None:
    connection.execute(sa.update(subscription).values(state="unconfirmed"))


def _hold_back(connection: Connection, subscription_id: int, issue_id: int, now: datetime) -> None:
    """What the sender does with mail that was queued when its reader left."""
    connection.execute(
        sa.insert(delivery).values(
            kind="digest",
            issue_id=issue_id,
            subscription_id=subscription_id,
            from_seq=0,
            through_seq=7,
            state="suppressed",
            reason="left",
            due_at=now,
            created_at=now - DAY,
            ended_at=now,
        )
    )
    connection.execute(sa.update(subscription).values(seen_seq=7))
