"""Two processes on one database, and readers who press two buttons at once: everything happens once, or not at all."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dispatch.app import Clock, Dispatch
from dispatch.model.joining import JoinAnswer, JoinAsked
from dispatch.model.request import RequestState
from dispatch.model.service import Draft
from dispatch.model.tokens import Purpose
from dispatch.store import reader_tables, tables
from dispatch.store.database import Database
from dispatch.subscribing.answering import Write, Written
from tests.correspondence import later, mail, subscriptions, token_in
from tests.delivering.make import NOW, rows_of, settings_for
from tests.smtp_server import SmtpServer

MARA = "mara@harbour.example"
ROUNDS = range(8)


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    """The relay."""
    with SmtpServer() as running:
        yield running


@pytest.fixture
def two(database: Database, server: SmtpServer, tmp_path: Path) -> Iterator[tuple[Dispatch, Dispatch]]:
    """Two that are one installation, each with connections of its own; nobody who asks is one too many."""
    settings = settings_for(tmp_path, server.port)
    limits = type(settings.subscribe).model_validate({"network": "100000/hour", "site": "100000/hour"})
    settings = settings.model_copy(update={"subscribe": limits})
    other = Database(database.engine.url.render_as_string(hide_password=False))
    yield (
        Dispatch(settings, database, b"a" * 40, Clock(NOW)),
        Dispatch(settings, other, b"a" * 40, Clock(NOW)),
    )
    other.close()


def ask(dispatch: Dispatch, *addresses: str) -> None:
    """Ask in the name of each."""
    for address in addresses:
        asked = JoinAsked(address, (("review", ""),), network="n")
        assert asyncio.run(dispatch.readers.ask_to_join(asked)) is JoinAnswer.ASKED


def at_once(*work: Awaitable[Any]) -> list[Any]:
    """Have all of it done at once; what each came to."""

    async def gather() -> list[Any]:
        return list(await asyncio.gather(*work))

    return asyncio.run(gather())


def request_id(dispatch: Dispatch) -> int:
    """The last request's."""
    return int(rows_of(dispatch.database, reader_tables.request)[-1]["id"])


def test_two_who_write_service_mail_at_once_write_each_message_once(
    two: tuple[Dispatch, Dispatch], server: SmtpServer
) -> None:
    """Questions, and welcomes after them."""
    one, other = two
    readers = [f"reader{number}@tide.example" for number in range(30)]
    ask(one, *readers, *readers)
    at_once(*(each.readers.write_mail() for each in (one, other, one, other)))
    asked = [row["request_id"] for row in rows_of(one.database, tables.delivery)]
    assert len(asked) == len(set(asked)) == len(readers)
    questions = mail(one, server)
    assert Counter(question["To"] for question in questions) == dict.fromkeys(readers, 1)
    at_once(*(one.readers.confirm(token_in(question, "confirm"), "") for question in questions))
    at_once(*(each.readers.write_mail() for each in (one, other, one, other)))
    assert Counter(welcome["To"] for welcome in mail(other, server)) == dict.fromkeys(readers, 1)
    assert rows_of(one.database, reader_tables.wanted_mail) == []


def test_who_is_killed_between_writing_and_queueing_has_lost_nothing(
    two: tuple[Dispatch, Dispatch], server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the question nor the welcome: the next process writes it, once."""
    one, other = two
    ask(one, MARA)
    _die_when_written(one, monkeypatch)
    assert rows_of(one.database, tables.delivery) == []
    assert rows_of(one.database, reader_tables.message) == []
    (question,) = mail(other, server)
    asyncio.run(other.readers.confirm(token_in(question, "confirm"), ""))
    _die_when_written(one, monkeypatch)
    (welcome,) = mail(other, server)
    assert "Welcome" in welcome["Subject"]
    assert mail(other, server) == []


def _die_when_written(dispatch: Dispatch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop for good at the moment when a message is rendered and nothing of it is stored."""

    async def stop_there() -> None:
        rendered = asyncio.Event()
        writer = dispatch.workshop.writer

        def writer_that_stops(*about: Any) -> Write:
            write = writer(*about)

            async def write_and_stop(draft: Draft) -> Written:
                await write(draft)
                rendered.set()
                return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

            return write_and_stop

        with monkeypatch.context() as patch:
            patch.setattr(dispatch.workshop, "writer", writer_that_stops)
            writing = asyncio.create_task(dispatch.readers.write_mail())
            await rendered.wait()
            writing.cancel()
            await asyncio.wait([writing])

    asyncio.run(stop_there())


@pytest.mark.parametrize("_round", ROUNDS)
def test_two_yeses_at_once_are_one_subscription_and_one_welcome(
    two: tuple[Dispatch, Dispatch], server: SmtpServer, _round: int
) -> None:
    """The button pressed twice, answered by two processes."""
    one, other = two
    ask(one, MARA)
    (question,) = mail(one, server)
    token = token_in(question, "confirm")
    answers = at_once(*(each.readers.confirm(token, "") for each in (one, other, one, other)))
    assert {answer.state for answer in answers} == {RequestState.CONFIRMED}
    assert subscriptions(one) == [(MARA, "active")]
    assert [row["act"] for row in rows_of(one.database, reader_tables.consent)] == ["asked", "confirmed"]
    at_once(*(each.readers.write_mail() for each in (one, other)))
    assert len(mail(one, server)) == 1


@pytest.mark.parametrize("_round", ROUNDS)
def test_a_yes_to_each_of_two_questions_at_once_is_one_subscription(
    two: tuple[Dispatch, Dispatch], server: SmtpServer, _round: int
) -> None:
    """Who was asked yesterday and today may answer both."""
    one, other = two
    ask(one, MARA)
    tokens = [token_in(message, "confirm") for message in mail(one, server)]
    one, other = (later(each, timedelta(days=1, minutes=1)) for each in (one, other))
    ask(one, MARA)
    tokens += [token_in(message, "confirm") for message in mail(one, server)]
    assert len(tokens) == 2
    at_once(one.readers.confirm(tokens[0], ""), other.readers.confirm(tokens[1], ""))
    assert subscriptions(one) == [(MARA, "active")]
    assert len(mail(one, server)) == 1


@pytest.mark.parametrize("_round", ROUNDS)
def test_a_yes_and_a_no_at_once_are_one_of_them(
    two: tuple[Dispatch, Dispatch], server: SmtpServer, _round: int
) -> None:
    """Whichever came first; and the pages say so."""
    one, other = two
    ask(one, MARA)
    (question,) = mail(one, server)
    yes, no = token_in(question, "confirm"), token_in(question, "decline")
    at_once(one.readers.confirm(yes, ""), other.readers.decline(no))
    shown = asyncio.run(one.readers.confirmation(yes))
    assert shown is not None
    assert shown.state in (RequestState.CONFIRMED, RequestState.DECLINED)
    was_yes = shown.state is RequestState.CONFIRMED
    assert subscriptions(one) == ([(MARA, "active")] if was_yes else [])
    assert len(mail(other, server)) == was_yes


@pytest.mark.parametrize("_round", ROUNDS)
def test_what_is_done_to_a_subscription_at_once_ends_in_one_state(
    two: tuple[Dispatch, Dispatch], server: SmtpServer, _round: int
) -> None:
    """Leaving, coming back, being forgotten and another yes: nothing fails, and who is forgotten stays so."""
    one, other = two
    ask(one, MARA)
    (question,) = mail(one, server)
    asyncio.run(one.readers.confirm(token_in(question, "confirm"), ""))
    keys = one.readers.keys
    leave, mine = keys.sign(Purpose.UNSUBSCRIBE, 1), keys.sign(Purpose.PREFERENCES, 1)
    at_once(
        one.readers.leave(leave, one_click=False),
        other.readers.leave(leave, one_click=True),
        other.readers.come_back(mine),
        one.readers.erase(mine),
        other.readers.erase(mine),
        other.readers.send_again(mine),
        one.readers.data_of(mine),
        other.readers.move_address(mine, "mara@tide.example"),
        one.readers.confirm(token_in(question, "confirm"), ""),
    )
    (person,) = rows_of(one.database, tables.subscriber)
    assert person["address"] is None
    assert asyncio.run(other.readers.come_back(mine)) is None
    # That they are forgotten is all that their inbox is told, once.
    told = [message["Subject"] for message in mail(one, server) if message["To"] == MARA]
    assert told == ["The Lamplight Review has forgotten you"]
    assert [row["address"] for row in rows_of(one.database, reader_tables.request) if row["address"]] == []


@pytest.mark.parametrize("_round", ROUNDS)
def test_who_asks_twice_at_once_to_be_forgotten_is_told_so_once(
    two: tuple[Dispatch, Dispatch], server: SmtpServer, _round: int
) -> None:
    """The button pressed twice, answered by two processes."""
    one, other = two
    ask(one, MARA)
    (question,) = mail(one, server)
    asyncio.run(one.readers.confirm(token_in(question, "confirm"), ""))
    mail(one, server)
    mine = one.readers.keys.sign(Purpose.PREFERENCES, 1)
    at_once(*(each.readers.erase(mine) for each in (one, other, one, other)))
    assert [row["address"] for row in rows_of(one.database, tables.subscriber)] == [None]
    assert len(mail(one, server)) == 1
