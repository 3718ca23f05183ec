"""What everybody may ask for: their data, whole and theirs alone, and to be forgotten."""

import asyncio
import json
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa

from dispatch.errors import NotFoundError
from dispatch.model.tokens import Purpose, TokenKeys
from dispatch.store.database import Connection, Database
from dispatch.store.reader_tables import consent, request, wanted_mail
from dispatch.store.service_mail import want_mail
from dispatch.store.tables import attempt, delivery, metadata, subscriber, subscription, suppression
from dispatch.subscribing.choosing import Chosen, ChosenPlace, choose
from dispatch.subscribing.leaving import leave
from dispatch.subscribing.moving import move_address
from dispatch.subscribing.rights import data_of, data_of_address, erase_by_token
from dispatch.subscribing.subscribe import add
from dispatch.subscribing.wishes import Who, Wishes
from tests.subscribing.making import KEY, NOW, make_settings, next_mail_of, rows, send_issue, store_newsletters

SETTINGS = make_settings()
KEYS = TokenKeys((b"a token key of thirty-two bytes!",))
ADA, BEN = Who("ada@mail.example", KEY), Who("ben@other.example", KEY)
NEXT_MAIL = next_mail_of(SETTINGS)
TOKEN = KEYS.sign(Purpose.PREFERENCES, 1)
T = TypeVar("T")


def do(work: Coroutine[Any, Any, T]) -> T:
    """Run one coroutine."""
    return asyncio.run(work)


@pytest.fixture
def magazine(database: Database) -> Database:
    """A database in which Ada has done everything that there is to do, and Ben is, too."""
    store_newsletters(database, SETTINGS)
    wishes = Wishes(name="Ada Quill", region="GB", language="en-GB", zone="Europe/London")
    do(add(database, SETTINGS, NOW, ADA, wishes, source="postcard"))
    do(add(database, SETTINGS, NOW, BEN))
    chosen = Chosen({"review": ChosenPlace("daily", sections=frozenset())}, larger_type=True)
    do(choose(database, SETTINGS, KEYS, NOW, TOKEN, NEXT_MAIL, chosen, network="ada's network"))
    do(leave(database, SETTINGS, KEYS, NOW, KEYS.sign(Purpose.UNSUBSCRIBE, 1), NEXT_MAIL, one_click=True))
    do(move_address(database, KEY, KEYS, NOW, TOKEN, "ada@new.example", "ada's network"))
    database.transact(_deliver, send_issue(database, 3))
    database.transact(want_mail, "again", 1, NOW)
    return database


def test_the_document_has_everything_and_nobody_elses(magazine: Database) -> None:
    """Who they are, what they get, what they agreed to, what was sent and what came of it, what they asked for."""
    document = do(data_of(magazine, KEYS, NOW, TOKEN))
    assert document is not None
    assert document["subscriber"]["address"] == "ada@mail.example"
    assert document["subscriber"]["larger_type"] is True
    assert [place["schedule"] for place in document["subscriptions"]] == ["daily"]
    assert [(one["act"], one["page"]) for one in document["consents"]] == [
        ("changed", "preferences"),
        ("changed", "preferences"),
        ("left", "one-click"),
    ]
    (sent,) = document["deliveries"]
    assert (sent["newsletter"], sent["schedule"], sent["state"]) == ("review", "weekly", "refused")
    assert [tried["reply"] for tried in document["attempts"]] == ["450 later"]
    assert [(asked["kind"], asked["address"]) for asked in document["requests"]] == [("move", "ada@new.example")]
    text = json.dumps(document)
    assert document["made_at"] == document["subscriber"]["created_at"] == "2026-11-20T12:00:00Z"
    for secret in ("ben", ADA.digest, BEN.digest, KEY.hex()):
        assert secret not in text


def test_no_column_about_a_person_is_forgotten(magazine: Database) -> None:
    """A new column has to be shown to them, or named here with the reason why not."""
    document = do(data_of(magazine, KEYS, NOW, TOKEN))
    assert document is not None
    shown = {
        subscriber: set(document["subscriber"]),
        subscription: set(document["subscriptions"][0]),
        consent: set(document["consents"][0]),
        request: set(document["requests"][0]),
    }
    renamed = {"network": "network_hash", "answer_network": "answer_network_hash"}
    renamed |= {"start_seq": "began_after_post", "seen_seq": "served_up_to_post"}
    ours = {"id", "subscriber_id", "subscription_id", "newsletter_id", "schedule_id"}  # numbers of rows
    derived = {"address_hash", "domain", "erased_at"}  # of the address; and of who is not here any more
    for table, names in shown.items():
        stored = {renamed.get(column.name, column.name) for column in metadata.tables[table.name].columns}
        assert stored - names <= ours | derived, table.name


def test_an_operator_gets_the_same_document(magazine: Database) -> None:
    """For whoever asks by letter; of strangers there is nothing."""
    assert do(data_of_address(magazine, NOW, ADA)) == do(data_of(magazine, KEYS, NOW, TOKEN))
    with pytest.raises(NotFoundError, match=r"e…@mail\.example is not a subscriber"):
        do(data_of_address(magazine, NOW, Who("eve@mail.example", KEY)))


def test_who_is_erased_is_gone_from_every_table(magazine: Database) -> None:
    """No address, name, network or page is left, and a keyed hash keeps them away; one mail to the address says so."""
    assert do(erase_by_token(magazine, KEYS, NOW, TOKEN)) is True
    elsewhere = [table for table in metadata.sorted_tables if table not in (suppression, wanted_mail)]
    stored = str([rows(magazine, table) for table in elsewhere])
    for trace in ("ada", "Quill", "mail.example", "new.example", "GB", "London", ADA.digest, "postcard"):
        assert trace not in stored, trace
    assert [row["address_hash"] for row in rows(magazine, suppression)] == [ADA.digest]
    assert [row["state"] for row in rows(magazine, request)] == ["expired"]
    assert [(row["name"], row["address_hash"]) for row in rows(magazine, wanted_mail)] == [("erased", ADA.digest)]
    assert {row["state"] for row in rows(magazine, delivery)} == {"refused", "suppressed"}
    assert rows(magazine, subscriber)[1]["address"] == "ben@other.example"


def test_who_is_erased_has_no_page_any_more(magazine: Database) -> None:
    """Their links give nothing, and erasing again is nothing."""
    do(erase_by_token(magazine, KEYS, NOW, TOKEN))
    assert do(data_of(magazine, KEYS, NOW, TOKEN)) is None
    assert do(erase_by_token(magazine, KEYS, NOW, TOKEN)) is False


@pytest.mark.parametrize("token", ["", "0" * 44, KEYS.sign(Purpose.UNSUBSCRIBE, 1), KEYS.sign(Purpose.PREFERENCES, 9)])
def test_nothing_is_told_or_erased_by_a_link_that_is_not_genuine(magazine: Database, token: str) -> None:
    """The link to leave is not the one to all that is stored."""
    before = [rows(magazine, table) for table in metadata.sorted_tables]
    assert do(data_of(magazine, KEYS, NOW, token)) is None
    assert do(erase_by_token(magazine, KEYS, NOW, token)) is False
    assert [rows(magazine, table) for table in metadata.sorted_tables] == before


def _deliver(connection: Connection, issue_id: int) -> None:
    """One issue that was refused in the end, and the question at the new address, which waits."""
    both = {"subscriber_id": 1, "due_at": NOW, "created_at": NOW}
    made = sa.insert(delivery).values(
        **both, kind="digest", issue_id=issue_id, subscription_id=1, state="refused", ended_at=NOW + timedelta(hours=1)
    )
    refused = connection.scalars(made.returning(delivery.c.id)).one()
    tried = {"delivery_id": refused, "at": NOW, "outcome": "deferred", "reply": "450 later"}
    connection.execute(sa.insert(attempt).values(tried))
    asked = connection.scalars(sa.select(request.c.id)).one()
    waiting = {"kind": "service", "request_id": asked, "address": "ada@new.example", "address_hash": "x"}
    connection.execute(
        sa.insert(delivery).values(**waiting, state="queued", due_at=NOW, created_at=NOW, subscriber_id=None)
    )
