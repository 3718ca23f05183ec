"""Answering what was asked for: all of it, whoever asks how often, and whatever is configured no more."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dispatch import readers
from dispatch.app import Clock, Dispatch
from dispatch.config.durations import parse_rate
from dispatch.config.settings import Settings
from dispatch.model.address import address_hash, parse_address
from dispatch.model.joining import JoinAnswer, JoinAsked
from dispatch.model.request import IMPORT, KEPT, Choice, NewRequest, RequestKind, RequestState
from dispatch.model.subscriber import SuppressionReason
from dispatch.store import reader_tables, tables
from dispatch.store.database import Database
from dispatch.store.fan_out import DIGEST_PRIORITY
from dispatch.store.requests import insert_request
from dispatch.store.suppressions import suppress
from dispatch.subscribing.answering import BATCH, Write
from tests.correspondence import later, mail, subscriptions, token_in
from tests.delivering.make import NOW, change, make_issue, rows_of, settings_for
from tests.smtp_server import SmtpServer

KEY = b"a" * 40
MARA = "mara@harbour.example"


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    """The relay."""
    with SmtpServer() as running:
        yield running


@pytest.fixture
def dispatch(database: Database, server: SmtpServer, tmp_path: Path) -> Dispatch:
    """One newsletter, and no limit on how often somebody may ask."""
    settings = settings_for(tmp_path, server.port)
    open_door = settings.subscribe.model_copy(update={"site": parse_rate("100000/hour")})
    return Dispatch(settings.model_copy(update={"subscribe": open_door}), database, KEY, Clock(NOW))


def ask(dispatch: Dispatch, address: str = MARA, network: str = "n1") -> None:
    """Ask to join the one newsletter."""
    asked = JoinAsked(address, (("review", ""),), wording="Send it.", page="/subscribe", network=network)
    assert asyncio.run(dispatch.readers.ask_to_join(asked)) is JoinAnswer.ASKED


def join(dispatch: Dispatch, server: SmtpServer) -> str:
    """Join and confirm; the token of one's own page."""
    ask(dispatch)
    (question,) = mail(dispatch, server)
    asyncio.run(dispatch.readers.confirm(token_in(question, "confirm"), ""))
    (welcome,) = mail(dispatch, server)
    return token_in(welcome, "preferences")


def without_newsletter(dispatch: Dispatch) -> Dispatch:
    """The same installation with another newsletter in the place of the one there was."""
    settings: Settings = dispatch.settings.model_copy(
        update={"newsletters": {"gazette": dispatch.settings.newsletters["review"]}}
    )
    asyncio.run(_store_newsletters(dispatch.database, settings))
    return Dispatch(settings, dispatch.database, KEY, dispatch.clock)


async def _store_newsletters(database: Database, settings: Settings) -> None:
    from dispatch.store.newsletters import ensure_newsletters

    rhythms = {slug: list(newsletter.schedules) for slug, newsletter in settings.newsletters.items()}
    await database.run(ensure_newsletters, rhythms, NOW)


def test_those_who_asked_after_a_bomb_are_answered_with_it(dispatch: Dispatch, server: SmtpServer) -> None:
    """What comes to nothing does not stand before what is to be mailed."""
    for number in range(2 * BATCH):
        ask(dispatch, network=f"n{number}")
    ask(dispatch, "nora@tide.example")
    assert {message["To"] for message in mail(dispatch, server)} == {MARA, "nora@tide.example"}


def test_a_question_to_join_and_one_to_move_are_two_questions_a_day(dispatch: Dispatch, server: SmtpServer) -> None:
    """Which somebody who asked for neither is not sent."""
    mine = join(dispatch, server)
    ask(dispatch, "victim@tide.example")
    assert len(mail(dispatch, server)) == 1
    asyncio.run(dispatch.readers.move_address(mine, "victim@tide.example"))
    assert mail(dispatch, server) == []
    next_day = later(dispatch, timedelta(days=1, minutes=1))
    asyncio.run(next_day.readers.move_address(mine, "victim@tide.example"))
    (question,) = mail(next_day, server)
    asyncio.run(next_day.readers.decline(token_in(question, "decline")))
    in_a_week = later(dispatch, timedelta(days=8))
    ask(in_a_week, "victim@tide.example")
    assert mail(in_a_week, server) == []


def test_a_newsletter_that_is_gone_stops_nobody_elses_mail(dispatch: Dispatch, server: SmtpServer) -> None:
    """Its farewell is not written; the others are answered, and a link to confirm it leads to no fault."""
    mine = join(dispatch, server)
    ask(dispatch, "nora@tide.example")
    (question,) = mail(dispatch, server)
    asyncio.run(dispatch.readers.leave(_unsubscribe(dispatch, mine), one_click=False))
    assert len(rows_of(dispatch.database, reader_tables.wanted_mail)) == 1
    there = without_newsletter(dispatch)
    assert mail(there, server) == []
    assert rows_of(dispatch.database, reader_tables.wanted_mail) == []
    shown = asyncio.run(there.readers.confirm(token_in(question, "confirm"), ""))
    assert shown is not None
    assert shown.state is RequestState.DROPPED
    assert subscriptions(dispatch) == [(MARA, "left")]


def _unsubscribe(dispatch: Dispatch, preferences: str) -> str:
    from dispatch.model.tokens import Purpose

    subscription_id = dispatch.readers.keys.verify(Purpose.PREFERENCES, preferences)
    assert subscription_id is not None
    return dispatch.readers.keys.sign(Purpose.UNSUBSCRIBE, subscription_id)


def test_who_bounced_and_says_yes_again_begins_where_the_schedule_stands(
    dispatch: Dispatch, server: SmtpServer
) -> None:
    """They had the subscription all along: what came out meanwhile is passed over, and the new yes is kept."""
    join(dispatch, server)
    (mine,) = rows_of(dispatch.database, tables.subscription)
    issue = dispatch.database.transact(make_issue, ["other@tide.example"])
    dispatch.database.transact(change, tables.issue, [issue.id], schedule_id=mine["schedule_id"])
    digest = address_hash(parse_address(MARA), KEY)
    dispatch.database.transact(suppress, [digest], SuppressionReason.BOUNCED, NOW)
    next_day = later(dispatch, timedelta(days=1, minutes=1))
    ask(next_day)
    question = next(message for message in mail(next_day, server) if message["To"] == MARA)
    asyncio.run(next_day.readers.confirm(token_in(question, "confirm"), ""))
    again = next(row for row in rows_of(dispatch.database, tables.subscription) if row["id"] == mine["id"])
    reached = rows_of(dispatch.database, tables.issue)[0]["through_seq"]
    assert again["seen_seq"] == reached > mine["seen_seq"]
    acts = [row["act"] for row in rows_of(dispatch.database, reader_tables.consent)]
    assert acts == ["asked", "confirmed", "asked", "confirmed"]


def test_asking_those_of_an_import_leaves_the_form_open(dispatch: Dispatch) -> None:
    """The limits are for strangers who type addresses."""
    closed = dispatch.settings.subscribe.model_copy(update={"site": parse_rate("1/hour")})
    dispatch = Dispatch(
        dispatch.settings.model_copy(update={"subscribe": closed}), dispatch.database, KEY, dispatch.clock
    )
    brought_in = NewRequest(RequestKind.JOIN, "a@tide.example", "hash", (Choice("review", "weekly"),), via=IMPORT)
    dispatch.database.transact(insert_request, brought_in, NOW)
    ask(dispatch)


def test_those_of_an_import_are_asked_after_everybody_elses_mail(dispatch: Dispatch) -> None:
    """They wait for nothing, and there may be too many of them for the hours in which a confirmation is of use."""
    brought_in = NewRequest(RequestKind.JOIN, "a@tide.example", "hash", (Choice("review", "weekly"),), via=IMPORT)
    dispatch.database.transact(insert_request, brought_in, NOW)
    ask(dispatch)
    asyncio.run(dispatch.readers.write_mail())
    patient, awaited = rows_of(dispatch.database, tables.delivery)
    assert patient["priority"] > DIGEST_PRIORITY > awaited["priority"]
    assert patient["expires_at"] - patient["created_at"] == KEPT > awaited["expires_at"] - awaited["created_at"]


def test_a_request_is_forgotten_after_a_year_with_the_hash_of_its_address(
    dispatch: Dispatch, server: SmtpServer
) -> None:
    """The delivery stays in the ledger, and says nothing of anybody."""
    ask(dispatch)
    assert len(mail(dispatch, server)) == 1
    after_a_year = later(dispatch, timedelta(days=366))
    asyncio.run(after_a_year.readers.write_mail())
    assert rows_of(dispatch.database, reader_tables.request) == []
    (delivery,) = rows_of(dispatch.database, tables.delivery)
    assert (delivery["state"], delivery["request_id"], delivery["address_hash"]) == ("accepted", None, None)


def test_one_fault_does_not_end_service_mail_for_good(dispatch: Dispatch, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told once with its place in the code, and what waits is written at the next look."""
    ask(dispatch)
    stop, writer = asyncio.Event(), dispatch.workshop.writer
    looks = 0

    def broken_once(now: datetime) -> Write:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise KeyError("something nobody thought of")
        stop.set()
        return writer(now)

    monkeypatch.setattr(dispatch.workshop, "writer", broken_once)
    monkeypatch.setattr(readers, "LOOK_EVERY", 0.0)
    asyncio.run(dispatch.readers.keep_writing_mail(stop))
    assert len(rows_of(dispatch.database, tables.delivery)) == 1
