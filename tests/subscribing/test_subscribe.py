"""One person at a time: add, set, remove, erase, suppress, and what is known of them."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from dispatch.errors import AddressError, DispatchError, NotFoundError, NothingToDoError
from dispatch.model.subscriber import SubscriptionState, SuppressionReason
from dispatch.store.database import Database
from dispatch.store.pauses import return_from_pause
from dispatch.store.reader_tables import consent
from dispatch.store.suppressions import suppress
from dispatch.store.tables import passed_over, subscriber, subscription, suppression
from dispatch.subscribing.preferences import change
from dispatch.subscribing.profile import profile
from dispatch.subscribing.subscribe import add, remove
from dispatch.subscribing.suppressing import erase, suppress_address, unsuppress_address
from dispatch.subscribing.wishes import Who, Wishes
from tests.subscribing.making import (
    KEY,
    NOW,
    make_settings,
    rows,
    send_issue,
    store_newsletters,
    subscription_of,
)

SETTINGS = make_settings()
ADA = Who("Ada.Quill@mail.example", KEY)
T = TypeVar("T")


@pytest.fixture
def magazine(database: Database) -> Database:
    """A database that knows the newsletter."""
    store_newsletters(database, SETTINGS)
    return database


def do(work: Coroutine[Any, Any, T]) -> T:
    """Run one coroutine."""
    return asyncio.run(work)


def test_who_asks_for_it_gets_it(magazine: Database) -> None:
    """With what they said of themselves, and when they said yes."""
    wishes = Wishes(schedule="daily", name="Ada", region="uk", language="en_gb", zone="europe/london")
    said = do(add(magazine, SETTINGS, NOW, ADA, wishes, source="letter"))
    assert said == "A…@mail.example gets review (daily)"
    (person,) = rows(magazine, subscriber)
    assert (person["name"], person["region"], person["language"], person["zone"]) == (
        "Ada",
        "GB",
        "en-GB",
        "Europe/London",
    )
    place = subscription_of(magazine, ADA.address)
    assert (place.schedule, place.consent_at, place.consent_source) == ("daily", NOW, "letter")


def test_who_gets_it_already_is_nothing_to_do(magazine: Database) -> None:
    """However the address is spelt."""
    do(add(magazine, SETTINGS, NOW, ADA))
    with pytest.raises(NothingToDoError, match="gets review already"):
        do(add(magazine, SETTINGS, NOW, Who("ada.quill+x@mail.example", KEY)))


@pytest.mark.parametrize(
    ("wishes", "sentence"),
    [
        pytest.param(
            Wishes(schedule="hourly"), 'review has no schedule "hourly"; it has: weekly, daily, each', id="schedule"
        ),
        pytest.param(Wishes(region="Atlantis"), '"Atlantis" is not a country like GB', id="region"),
        pytest.param(Wishes(zone="Mars/Olympus"), '"Mars/Olympus" is not a time zone', id="zone"),
        pytest.param(Wishes(language="English"), '"English" is not a language like', id="language"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_in_a_sentence(magazine: Database, wishes: Wishes, sentence: str) -> None:
    """At joining and afterwards, and nothing is stored."""
    with pytest.raises(DispatchError, match=sentence):
        do(add(magazine, SETTINGS, NOW, ADA, wishes))
    assert rows(magazine, subscriber) == []
    do(add(magazine, SETTINGS, NOW, ADA))
    with pytest.raises(DispatchError, match=sentence):
        do(change(magazine, SETTINGS, NOW, ADA, wishes))


def test_who_comes_back_is_not_sent_what_they_were_away_for(magazine: Database) -> None:
    """What came out meanwhile is passed over, and written down as that."""
    send_issue(magazine, 3)
    do(add(magazine, SETTINGS, NOW, ADA))
    do(remove(magazine, SETTINGS, NOW, ADA))
    send_issue(magazine, 8)
    with pytest.raises(DispatchError, match="this person left; if they asked for it anew, say so with --again"):
        do(add(magazine, SETTINGS, NOW, ADA))
    do(add(magazine, SETTINGS, NOW, ADA, again=True))
    place = subscription_of(magazine, ADA.address)
    assert (place.state, place.seen_seq, place.left_at) == (SubscriptionState.ACTIVE, 8, None)
    gaps = [(row["from_seq"], row["through_seq"], row["reason"]) for row in rows(magazine, passed_over)]
    assert gaps == [(3, 8, "away")]


def test_who_comes_back_on_a_slower_schedule_is_sent_nothing_twice(magazine: Database) -> None:
    """How far they were served never goes back."""
    send_issue(magazine, 9, schedule_slug="daily")
    send_issue(magazine, 5, schedule_slug="weekly")
    do(add(magazine, SETTINGS, NOW, ADA, Wishes(schedule="daily")))
    do(remove(magazine, SETTINGS, NOW, ADA))
    do(add(magazine, SETTINGS, NOW, ADA, Wishes(schedule="weekly"), again=True))
    assert subscription_of(magazine, ADA.address).seen_seq == 9
    assert rows(magazine, passed_over) == []


def test_switching_the_schedule_moves_nothing(magazine: Database) -> None:
    """seen_seq stays, so the next issue of the other schedule has exactly what they have not had."""
    send_issue(magazine, 4, schedule_slug="daily")
    do(add(magazine, SETTINGS, NOW, ADA, Wishes(schedule="daily")))
    send_issue(magazine, 6, schedule_slug="weekly")
    assert do(change(magazine, SETTINGS, NOW, ADA, Wishes(schedule="weekly"))) == ["schedule: weekly"]
    place = subscription_of(magazine, ADA.address)
    assert (place.schedule, place.seen_seq) == ("weekly", 4)


def test_everything_that_can_be_set_is_set(magazine: Database) -> None:
    """Each change is said."""
    do(add(magazine, SETTINGS, NOW, ADA))
    wishes = Wishes(books=False, region="DE", zone="Asia/Tokyo", name="Ada Q", language="de", pause_until="2026-12-24")
    said = do(change(magazine, SETTINGS, NOW, ADA, wishes))
    assert said == [
        "region: DE",
        "zone: Asia/Tokyo",
        "language: de",
        "name: Ada Q",
        "books: off",
        "paused until 2026-12-24T00:00+09:00",
    ]
    place = subscription_of(magazine, ADA.address)
    assert place.books is False
    assert place.paused_until == datetime(2026, 12, 23, 15, 0, tzinfo=UTC)


def test_a_pause_without_a_zone_of_their_own_ends_in_the_sites(magazine: Database) -> None:
    """New York's midnight is five in the morning, UTC."""
    do(add(magazine, SETTINGS, NOW, ADA))
    do(change(magazine, SETTINGS, NOW, ADA, Wishes(pause_until="2026-12-24")))
    assert subscription_of(magazine, ADA.address).paused_until == datetime(2026, 12, 24, 5, 0, tzinfo=UTC)


def test_a_pause_that_is_ended_early_passes_over_what_came_out(magazine: Database) -> None:
    """As if it had been asked for until now."""
    do(add(magazine, SETTINGS, NOW - timedelta(days=3), ADA))
    do(change(magazine, SETTINGS, NOW - timedelta(days=2), ADA, Wishes(pause_until="2026-12-24")))
    send_issue(magazine, 5)
    assert do(change(magazine, SETTINGS, NOW, ADA, Wishes(pause_until="none"))) == ["the pause is over"]
    magazine.transact(return_from_pause, NOW)
    place = subscription_of(magazine, ADA.address)
    assert (place.paused_until, place.seen_seq) == (None, 5)


def test_setting_nothing_is_nothing_to_do(magazine: Database) -> None:
    """And setting something for a stranger says who they would have to be."""
    do(add(magazine, SETTINGS, NOW, ADA))
    with pytest.raises(NothingToDoError):
        do(change(magazine, SETTINGS, NOW, ADA, Wishes()))
    with pytest.raises(NotFoundError, match=r"b…@mail\.example is not a subscriber"):
        do(change(magazine, SETTINGS, NOW, Who("ben@mail.example", KEY), Wishes(books=True)))


def test_a_change_that_fails_changes_nothing(magazine: Database) -> None:
    """A name beside a pause that cannot be is not stored either."""
    do(add(magazine, SETTINGS, NOW, ADA))
    with pytest.raises(DispatchError, match="is not in the future"):
        do(change(magazine, SETTINGS, NOW, ADA, Wishes(name="Ada", pause_until="2020-01-01")))
    assert rows(magazine, subscriber)[0]["name"] == ""


def test_who_is_removed_gets_it_no_more(magazine: Database) -> None:
    """And removing them again is nothing to do."""
    do(add(magazine, SETTINGS, NOW, ADA))
    assert do(remove(magazine, SETTINGS, NOW, ADA)) == "A…@mail.example gets review no more"
    place = subscription_of(magazine, ADA.address)
    assert (place.state, place.left_at) == (SubscriptionState.LEFT, NOW)
    with pytest.raises(NothingToDoError):
        do(remove(magazine, SETTINGS, NOW, ADA))


def test_an_erased_person_leaves_nothing_but_a_keyed_hash(magazine: Database) -> None:
    """No address, no name, no hash at the subscriber; the row itself stays, as deliveries refer to it."""
    do(add(magazine, SETTINGS, NOW, ADA, Wishes(name="Ada", region="GB"), source="letter"))
    do(erase(magazine, NOW, ADA))
    (person,) = rows(magazine, subscriber)
    del person["id"], person["created_at"], person["erased_at"]
    assert set(person.values()) == {None, "", 0}
    (place,) = rows(magazine, subscription)
    assert (place["state"], place["consent_at"], place["consent_source"]) == ("left", None, "")
    (kept,) = rows(magazine, suppression)
    assert (kept["address_hash"], kept["reason"]) == (ADA.digest, "erased")


def test_an_erased_person_who_asks_anew_begins_anew(magazine: Database) -> None:
    """As somebody else: nothing connects them with who they were."""
    do(add(magazine, SETTINGS, NOW, ADA))
    do(erase(magazine, NOW, ADA))
    with pytest.raises(DispatchError, match="this person was erased"):
        do(add(magazine, SETTINGS, NOW, ADA))
    do(add(magazine, SETTINGS, NOW, ADA, again=True))
    assert len(rows(magazine, subscriber)) == 2
    assert rows(magazine, suppression) == []


def test_erasing_somebody_unknown_still_keeps_them_away(magazine: Database) -> None:
    """They may be in a file that is imported tomorrow."""
    assert "nothing was known about them" in do(erase(magazine, NOW, ADA))
    assert [row["reason"] for row in rows(magazine, suppression)] == ["erased"]


def test_erasing_does_not_forget_a_complaint(magazine: Database) -> None:
    """A weaker reason never replaces a stronger one."""
    magazine.transact(suppress, [ADA.digest], SuppressionReason.COMPLAINED, NOW)
    do(erase(magazine, NOW, ADA))
    assert [row["reason"] for row in rows(magazine, suppression)] == ["complained"]
    with pytest.raises(DispatchError, match="--again --force"):
        do(add(magazine, SETTINGS, NOW, ADA, again=True))


def test_a_suppressed_address_is_mailed_again_only_when_that_is_said(magazine: Database) -> None:
    """And not what came out in between."""
    do(add(magazine, SETTINGS, NOW, ADA))
    do(suppress_address(magazine, NOW, ADA))
    with pytest.raises(NothingToDoError):
        do(suppress_address(magazine, NOW, ADA))
    send_issue(magazine, 6)
    assert do(unsuppress_address(magazine, NOW, ADA)) == "A…@mail.example may be mailed again (was: operator)"
    assert subscription_of(magazine, ADA.address).seen_seq == 6
    with pytest.raises(NothingToDoError):
        do(unsuppress_address(magazine, NOW, ADA))


def test_a_complaint_is_lifted_by_force_and_a_reason_alone(magazine: Database) -> None:
    """It is the reader's word, not ours; the reason stands with the proof of their consent."""
    do(add(magazine, SETTINGS, NOW, ADA))
    magazine.transact(suppress, [ADA.digest], SuppressionReason.COMPLAINED, NOW)
    with pytest.raises(DispatchError, match="reported mail as spam"):
        do(unsuppress_address(magazine, NOW, ADA))
    with pytest.raises(DispatchError, match="--because"):
        do(unsuppress_address(magazine, NOW, ADA, force=True))
    do(unsuppress_address(magazine, NOW, ADA, force=True, because="their letter of 3 May"))
    assert rows(magazine, suppression) == []
    assert [(row["act"], row["wording"]) for row in rows(magazine, consent)] == [("lifted", "their letter of 3 May")]


def test_the_profile_tells_what_is_known(magazine: Database) -> None:
    """Of a stranger nothing, of an erased person that they are kept away."""
    assert do(profile(magazine, ADA)).subscriber is None
    do(add(magazine, SETTINGS, NOW, ADA))
    known = do(profile(magazine, Who("ada.quill+tag@MAIL.example", KEY)))
    assert known.subscriber is not None
    assert known.subscriber.address == "Ada.Quill@mail.example"
    assert [place.newsletter for place in known.subscriptions] == ["review"]
    do(erase(magazine, NOW, ADA))
    assert do(profile(magazine, ADA)).suppressed is SuppressionReason.ERASED


def test_what_is_no_address_is_said_to_be_none(magazine: Database) -> None:
    """Before anything is looked up."""
    with pytest.raises(AddressError, match="an address looks like"):
        do(profile(magazine, Who("ada", KEY)))
