"""Another address: asked on one's own page, done when the new inbox says yes."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from dispatch.model.request import Request, RequestKind, RequestState
from dispatch.model.subscriber import SuppressionReason
from dispatch.model.tokens import Purpose, TokenKeys
from dispatch.store.database import Database
from dispatch.store.reader_tables import consent, request, wanted_mail
from dispatch.store.requests import read_request
from dispatch.store.subscriptions import subscriptions_of
from dispatch.store.suppressions import suppress
from dispatch.store.tables import subscriber, subscription, suppression
from dispatch.subscribing.moving import MOST_MOVES, MoveAnswer, apply_move, move_address
from dispatch.subscribing.subscribe import add
from dispatch.subscribing.suppressing import erase
from dispatch.subscribing.wishes import Who
from tests.subscribing.making import KEY, NOW, make_settings, rows, send_issue, store_newsletters, subscription_of

SETTINGS = make_settings()
KEYS = TokenKeys((b"a token key of thirty-two bytes!",))
ADA, NEW, BEN = (Who(address, KEY) for address in ("ada@old.example", "Ada@new.example", "ben@mail.example"))
DAY = timedelta(days=1)
T = TypeVar("T")


def do(work: Coroutine[Any, Any, T]) -> T:
    """Run one coroutine."""
    return asyncio.run(work)


@pytest.fixture
def magazine(database: Database) -> Database:
    """A database with Ada and Ben in it."""
    store_newsletters(database, SETTINGS)
    for who in (ADA, BEN):
        do(add(database, SETTINGS, NOW - 30 * DAY, who))
    return database


def asks(database: Database, address: str, at: timedelta = timedelta(0)) -> MoveAnswer | None:
    """Ada types an address on her page."""
    token = KEYS.sign(Purpose.PREFERENCES, 1)
    return do(move_address(database, KEY, KEYS, NOW + at, token, address, "n"))


def newest(database: Database) -> Request:
    """The newest request."""
    found = database.transact(read_request, rows(database, request)[-1]["id"])
    assert found is not None
    return found


def test_nothing_moves_before_the_new_inbox_says_yes(magazine: Database) -> None:
    """What was asked is written down, with whose it is."""
    assert asks(magazine, " Ada@NEW.example ") is MoveAnswer.ASKED
    asked = newest(magazine)
    assert (asked.kind, asked.state, asked.address) == (RequestKind.MOVE, RequestState.ASKED, "Ada@new.example")
    assert (asked.address_hash, asked.subscriber_id, asked.network) == (NEW.digest, 1, "n")
    assert rows(magazine, subscriber)[0]["address"] == "ada@old.example"


def test_a_move_takes_everything_along(magazine: Database) -> None:
    """One subscriber, the same subscriptions, the same cohort; the old address is told, and the proof says so."""
    before = rows(magazine, subscriber)[0]
    places = rows(magazine, subscription)
    asks(magazine, NEW.address)
    assert magazine.transact(apply_move, newest(magazine), NOW) is True
    after = rows(magazine, subscriber)[0]
    changed = {"address": "Ada@new.example", "address_hash": NEW.digest, "domain": "new.example"}
    assert after == before | changed
    assert rows(magazine, subscription) == places
    assert [(row["subscription_id"], row["act"]) for row in rows(magazine, consent)] == [(1, "moved")]
    (notice,) = rows(magazine, wanted_mail)
    assert (notice["name"], notice["address"], notice["address_hash"]) == ("moved", "ada@old.example", ADA.digest)


def test_the_answer_is_the_same_whether_an_address_is_known(magazine: Database) -> None:
    """Only the inbox that it belongs to hears more."""
    magazine.transact(suppress, [Who("gone@mail.example", KEY).digest], SuppressionReason.COMPLAINED, NOW)
    for address in (BEN.address, "nobody@mail.example", "gone@mail.example"):
        assert asks(magazine, address) is MoveAnswer.ASKED


@pytest.mark.parametrize("reason", [None, SuppressionReason.COMPLAINED, SuppressionReason.OPERATOR])
def test_nothing_is_moved_to_somebody_else_or_where_no_mail_may_go(
    magazine: Database, reason: SuppressionReason | None
) -> None:
    """Nobody's subscription is taken over by another's, and a complaint outlives it."""
    target = BEN if reason is None else NEW
    if reason is not None:
        magazine.transact(suppress, [NEW.digest], reason, NOW)
    asks(magazine, target.address)
    before = (rows(magazine, subscriber), rows(magazine, suppression))
    assert magazine.transact(apply_move, newest(magazine), NOW) is False
    assert (rows(magazine, subscriber), rows(magazine, suppression)) == before
    assert rows(magazine, consent) == rows(magazine, wanted_mail) == []


def test_a_new_inbox_ends_a_bounce(magazine: Database) -> None:
    """Mail reaches them again from the next issue on; what came out meanwhile is passed over."""
    magazine.transact(suppress, [ADA.digest, NEW.digest], SuppressionReason.BOUNCED, NOW)
    send_issue(magazine, 9)
    asks(magazine, NEW.address)
    assert magazine.transact(apply_move, newest(magazine), NOW) is True
    assert subscription_of(magazine, NEW.address).seen_seq == 9
    assert [row["address_hash"] for row in rows(magazine, suppression)] == [ADA.digest]


def test_another_spelling_of_the_same_mailbox_is_a_move_too(magazine: Database) -> None:
    """Somebody wants a +tag."""
    asks(magazine, "ada+post@old.example")
    assert magazine.transact(apply_move, newest(magazine), NOW) is True
    assert rows(magazine, subscriber)[0]["address"] == "ada+post@old.example"


def test_who_was_erased_meanwhile_is_not_moved(magazine: Database) -> None:
    """Their request ended with them."""
    asks(magazine, NEW.address)
    asked = newest(magazine)
    do(erase(magazine, NOW, ADA))
    assert magazine.transact(apply_move, asked, NOW) is False
    ended = newest(magazine)
    assert (ended.state, ended.address, ended.network) == (RequestState.EXPIRED, None, "")
    assert magazine.transact(subscriptions_of, 1)[0].left_at == NOW


def test_three_addresses_a_day_are_enough(magazine: Database) -> None:
    """Nobody's page sends mail to a list of strangers; the day after it works again."""
    for number in range(MOST_MOVES):
        assert asks(magazine, f"ada{number}@new.example") is MoveAnswer.ASKED
    assert asks(magazine, "one.more@new.example") is MoveAnswer.TOO_MANY
    assert asks(magazine, "one.more@new.example", DAY + timedelta(minutes=1)) is MoveAnswer.ASKED


@pytest.mark.parametrize("address", ["", "ada", "a@b@c", "ada@new.example\r\nBcc: eve@mail.example", "x" * 300])
def test_what_is_no_address_is_not_written_down(magazine: Database, address: str) -> None:
    """Nor is anything of a link that is not genuine."""
    assert asks(magazine, address) is MoveAnswer.BAD_ADDRESS
    assert do(move_address(magazine, KEY, KEYS, NOW, "0" * 44, NEW.address)) is None
    assert rows(magazine, request) == []
