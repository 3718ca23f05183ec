"""What readers do for themselves, from a wish to the mail that answers it, over a real SMTP server."""

import asyncio
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from dispatch.app import Clock, Dispatch
from dispatch.config.settings import Settings
from dispatch.model.address import address_hash, parse_address
from dispatch.model.joining import JoinAnswer, JoinAsked
from dispatch.model.request import RequestState
from dispatch.model.subscriber import SubscriptionState, SuppressionReason
from dispatch.store import reader_tables, tables
from dispatch.store.database import Database
from dispatch.store.suppressions import suppress
from tests.correspondence import later, mail, subscriptions, token_in
from tests.delivering.make import NOW, rows_of, settings_for
from tests.smtp_server import SmtpServer

MARA = "mara@harbour.example"


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    """The relay."""
    with SmtpServer() as running:
        yield running


@pytest.fixture
def settings(server: SmtpServer, tmp_path: Path) -> Settings:
    """One newsletter with two schedules."""
    return settings_for(tmp_path, server.port)


@pytest.fixture
def dispatch(database: Database, settings: Settings) -> Dispatch:
    """An open dispatch on both kinds of database; its clock stands at NOW."""
    return Dispatch(settings, database, b"a" * 40, Clock(NOW))


def ask(dispatch: Dispatch, address: str = MARA, *, network: str = "n1", **wish: object) -> JoinAnswer:
    """Ask to join the one newsletter."""
    slug = next(iter(dispatch.settings.newsletters))
    asked = JoinAsked(address, ((slug, ""),), wording="Send me the review.", page="/subscribe", network=network, **wish)  # type: ignore[arg-type]
    return asyncio.run(dispatch.readers.ask_to_join(asked))


def test_somebody_joins_confirms_and_is_welcomed(dispatch: Dispatch, server: SmtpServer) -> None:
    """Nothing is stored as a subscription before the owner of the inbox says yes; then consent has both halves."""
    assert ask(dispatch, "Mara@Harbour.example", language="en") is JoinAnswer.ASKED
    (question,) = mail(dispatch, server)
    assert subscriptions(dispatch) == []
    assert question["To"] == "Mara@harbour.example"
    token = token_in(question, "confirm")
    shown = asyncio.run(dispatch.readers.confirmation(token))
    assert shown is not None
    assert (shown.state, shown.address) == (RequestState.MAILED, "M…@harbour.example")
    assert subscriptions(dispatch) == []

    confirmed = asyncio.run(dispatch.readers.confirm(token, "n2"))
    assert confirmed is not None
    assert confirmed.state is RequestState.CONFIRMED
    assert confirmed.subscription_id is not None
    assert subscriptions(dispatch) == [("Mara@harbour.example", "active")]
    acts = [(row["act"], row["wording"], row["network"]) for row in rows_of(dispatch.database, reader_tables.consent)]
    assert acts == [("asked", "Send me the review.", "n1"), ("confirmed", "", "n2")]

    (welcome,) = mail(dispatch, server)
    assert "Welcome" in welcome["Subject"]
    assert token_in(welcome, "unsubscribe")
    asyncio.run(dispatch.readers.confirm(token, "n3"))
    assert mail(dispatch, server) == []
    assert len(rows_of(dispatch.database, reader_tables.consent)) == 2


def test_a_question_can_be_declined_and_is_not_asked_again(dispatch: Dispatch, server: SmtpServer) -> None:
    """Its List-Unsubscribe is the way to say no, in one click; quiet for a season after that."""
    ask(dispatch)
    (question,) = mail(dispatch, server)
    declining = re.findall(r"/decline/([0-9a-f]{44})", question["List-Unsubscribe"])
    assert declining == [token_in(question, "decline")]
    assert question["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert question["List-Id"] is None
    assert asyncio.run(dispatch.readers.decline(declining[0]))
    assert asyncio.run(dispatch.readers.confirm(token_in(question, "confirm"), "")) is not None
    assert subscriptions(dispatch) == []
    for days in (2, 89):
        some_time_on = later(dispatch, timedelta(days=days))
        ask(some_time_on)
        assert mail(some_time_on, server) == []
    in_spring = later(dispatch, timedelta(days=91))
    ask(in_spring)
    assert len(mail(in_spring, server)) == 1


def test_a_thousand_joins_for_one_address_are_one_mail_a_day(dispatch: Dispatch, server: SmtpServer) -> None:
    """Also when each comes from somewhere else; and three unanswered questions are the last."""
    open_door = dispatch.settings.model_copy(
        update={"subscribe": dispatch.settings.subscribe.model_copy(update={"site": _many()})}
    )
    dispatch = Dispatch(open_door, dispatch.database, dispatch.address_key, Clock(NOW))
    for number in range(1000):
        assert ask(dispatch, network=f"n{number}") is JoinAnswer.ASKED
    assert len(mail(dispatch, server)) == 1
    sent = []
    for day in range(1, 7):
        next_day = later(dispatch, timedelta(days=day, minutes=day))
        ask(next_day, network=f"later{day}")
        sent.append(len(mail(next_day, server)))
    assert sent == [1, 1, 0, 0, 0, 0]


def _many() -> object:
    from dispatch.config.durations import parse_rate

    return parse_rate("100000/hour")


def test_too_many_from_one_network_are_refused_whoever_they_are_for(dispatch: Dispatch) -> None:
    """The limit counts what was asked for from an address block, known addresses or not."""
    answers = [ask(dispatch, f"reader{number}@tide.example") for number in range(25)]
    assert answers == [JoinAnswer.ASKED] * 20 + [JoinAnswer.TOO_MANY] * 5
    assert ask(dispatch, network="another") is JoinAnswer.ASKED


def test_who_gets_it_already_is_told_so_and_nothing_changes(dispatch: Dispatch, server: SmtpServer) -> None:
    """The answer at the door is the same; only the inbox tells the difference."""
    join(dispatch, server)
    before = rows_of(dispatch.database, tables.subscription)
    assert ask(dispatch) is JoinAnswer.ASKED
    (told,) = mail(dispatch, server)
    assert "already" in told["Subject"]
    assert token_in(told, "preferences")
    ask(dispatch)
    assert mail(dispatch, server) == []
    assert rows_of(dispatch.database, tables.subscription) == before


def join(dispatch: Dispatch, server: SmtpServer, address: str = MARA) -> EmailMessage:
    """Join and confirm; the welcome mail."""
    ask(dispatch, address)
    (question,) = mail(dispatch, server)
    asyncio.run(dispatch.readers.confirm(token_in(question, "confirm"), ""))
    (welcome,) = mail(dispatch, server)
    return welcome


@pytest.mark.parametrize("reason", SuppressionReason)
def test_a_yes_lifts_a_bounce_and_an_erasure_but_no_complaint(
    dispatch: Dispatch, server: SmtpServer, reason: SuppressionReason
) -> None:
    """A complaint, and an operator's own word, are for an operator to take back."""
    digest = address_hash(parse_address(MARA), b"a" * 40)
    dispatch.database.transact(suppress, [digest], reason, NOW - timedelta(days=1))
    assert ask(dispatch) is JoinAnswer.ASKED
    asked = mail(dispatch, server)
    if reason in (SuppressionReason.COMPLAINED, SuppressionReason.OPERATOR):
        assert asked == []
        return
    asyncio.run(dispatch.readers.confirm(token_in(asked[0], "confirm"), ""))
    assert subscriptions(dispatch) == [(MARA, SubscriptionState.ACTIVE)]
    assert len(mail(dispatch, server)) == 1
    assert rows_of(dispatch.database, tables.suppression) == []


def test_an_unanswered_address_is_forgotten_after_a_week(dispatch: Dispatch, server: SmtpServer) -> None:
    """Neither the request nor its delivery has it any more, and its link does nothing."""
    ask(dispatch)
    (question,) = mail(dispatch, server)
    (delivery,) = rows_of(dispatch.database, tables.delivery)
    assert delivery["state"] == "accepted"
    assert delivery["address"] is None
    after_a_week = later(dispatch, timedelta(days=7, minutes=1))
    assert mail(after_a_week, server) == []
    (request,) = rows_of(dispatch.database, reader_tables.request)
    assert (request["state"], request["address"]) == ("expired", None)
    shown = asyncio.run(after_a_week.readers.confirm(token_in(question, "confirm"), ""))
    assert shown is not None
    assert shown.state is RequestState.EXPIRED
    assert subscriptions(dispatch) == []


def test_who_leaves_by_the_page_gets_a_farewell_and_may_come_back(dispatch: Dispatch, server: SmtpServer) -> None:
    """The way back is in the mail; leaving again within the day is not told again."""
    welcome = join(dispatch, server)
    token = token_in(welcome, "unsubscribe")
    asyncio.run(dispatch.readers.leave(token, one_click=False))
    (farewell,) = mail(dispatch, server)
    assert farewell["List-Unsubscribe"] is None
    assert subscriptions(dispatch) == [(MARA, "left")]
    asyncio.run(dispatch.readers.come_back(token_in(farewell, "preferences")))
    assert subscriptions(dispatch) == [(MARA, "active")]
    asyncio.run(dispatch.readers.leave(token, one_click=False))
    assert mail(dispatch, server) == []
    asyncio.run(dispatch.readers.come_back(token))
    asyncio.run(dispatch.readers.leave(token, one_click=True))
    assert mail(later(dispatch, timedelta(days=2)), server) == []


def test_somebody_moves_to_another_address(dispatch: Dispatch, server: SmtpServer) -> None:
    """The new inbox is asked, the old one is told; the subscription is the same one."""
    welcome = join(dispatch, server)
    mine = token_in(welcome, "preferences")
    before = rows_of(dispatch.database, tables.subscription)
    asyncio.run(dispatch.readers.move_address(mine, "mara@tide.example"))
    (question,) = mail(dispatch, server)
    assert question["To"] == "mara@tide.example"
    assert subscriptions(dispatch) == [(MARA, "active")]
    asyncio.run(dispatch.readers.confirm(token_in(question, "confirm"), ""))
    (told,) = mail(dispatch, server)
    assert told["To"] == MARA
    assert re.findall(r"[0-9a-f]{44}", told.get_body(("plain",)).get_content()) == []  # type: ignore[union-attr]
    assert subscriptions(dispatch) == [("mara@tide.example", "active")]
    assert rows_of(dispatch.database, tables.subscription) == before


@pytest.mark.parametrize("flip", [lambda token: token[:-1] + ("0" if token[-1] != "0" else "1"), str.upper, str.strip])
def test_what_is_not_genuine_changes_nothing(
    dispatch: Dispatch, server: SmtpServer, flip: Callable[[str], str]
) -> None:
    """A token works for its own purpose alone, and only as it was written."""
    welcome = join(dispatch, server)
    before = rows_of(dispatch.database, tables.subscription)
    for page in ("unsubscribe", "preferences"):
        token = flip(token_in(welcome, page))
        wrong = token if flip is not str.strip else token_in(welcome, page)
        asyncio.run(dispatch.readers.confirm(wrong, ""))
        asyncio.run(dispatch.readers.decline(wrong))
        if flip is str.strip and page == "unsubscribe":
            assert asyncio.run(dispatch.readers.choices(wrong)) is None
    assert rows_of(dispatch.database, tables.subscription) == before


def test_what_became_of_a_wish_is_explained(dispatch: Dispatch, server: SmtpServer) -> None:
    """To whoever asks why somebody got nothing: the request, and each mail because of it."""
    from dispatch.errors import NotFoundError

    with pytest.raises(NotFoundError):
        asyncio.run(dispatch.explain(MARA, None))
    ask(dispatch)
    (question,) = mail(dispatch, server)
    told = "\n".join(asyncio.run(dispatch.explain(MARA, None)))
    assert "Asked for review (weekly)" in told
    assert "is not answered yet" in told
    assert "The question whether they want it" in told
    asyncio.run(dispatch.readers.confirm(token_in(question, "confirm"), ""))
    mail(dispatch, server)
    told = "\n".join(asyncio.run(dispatch.explain(MARA, None)))
    assert "they said yes" in told
    assert "The welcome" in told
    ask(dispatch, "other@tide.example")
    ask(dispatch, "other@tide.example")
    mail(dispatch, server)
    told = "\n".join(asyncio.run(dispatch.explain("other@tide.example", None)))
    assert "nothing was asked, because it was written to within a day" in told


@pytest.mark.parametrize(
    ("zone", "after", "due"),
    [
        ("", "2026-11-27T11:00Z", "2026-11-27T12:00Z"),
        ("", "2026-11-27T12:00Z", "2026-12-04T12:00Z"),
        ("America/Los_Angeles", "2026-11-27T12:30Z", "2026-11-27T15:00Z"),
        ("Asia/Tokyo", "2026-11-27T13:00Z", "2026-11-27T22:00Z"),
        ("Asia/Tokyo", "2026-11-27T22:00Z", "2026-12-04T22:00Z"),
        ("Nowhere/Land", "2026-11-27T11:00Z", "2026-11-27T12:00Z"),
    ],
)
def test_the_next_mail_is_told_by_the_readers_own_clock(dispatch: Dispatch, zone: str, after: str, due: str) -> None:
    """A slot of this morning is still to come where the day begins later, or has begun long before."""
    site = dispatch.settings.site.model_copy(update={"timezone": "America/New_York"})
    there = Dispatch(dispatch.settings.model_copy(update={"site": site}), dispatch.database, b"a" * 40, dispatch.clock)
    found = there.readers.next_mail("review", "weekly", zone, datetime.fromisoformat(after))
    assert found == datetime.fromisoformat(due)


def test_who_is_erased_on_their_page_is_told_once_and_forgotten(dispatch: Dispatch, server: SmtpServer) -> None:
    """Somebody else may have their page; after that mail the address stands nowhere any more."""
    welcome = join(dispatch, server)
    assert asyncio.run(dispatch.readers.erase(token_in(welcome, "preferences")))
    assert not asyncio.run(dispatch.readers.erase(token_in(welcome, "preferences")))
    (told,) = mail(dispatch, server)
    assert told["To"] == MARA
    assert "forgotten" in told["Subject"]
    assert re.findall(r"[0-9a-f]{44}", told.get_body(("plain",)).get_content()) == []  # type: ignore[union-attr]
    assert mail(later(dispatch, timedelta(days=1)), server) == []
    for table in tables.metadata.sorted_tables:
        assert MARA not in str(rows_of(dispatch.database, table)), table.name


def test_a_yes_that_changes_nothing_does_not_say_that_it_did(dispatch: Dispatch, server: SmtpServer) -> None:
    """An operator's word may have come after the question: then nothing begins, and the page says so."""
    ask(dispatch)
    (question,) = mail(dispatch, server)
    digest = address_hash(parse_address(MARA), b"a" * 40)
    dispatch.database.transact(suppress, [digest], SuppressionReason.OPERATOR, NOW)
    shown = asyncio.run(dispatch.readers.confirm(token_in(question, "confirm"), ""))
    assert shown is not None
    assert shown.state is RequestState.DROPPED
    assert subscriptions(dispatch) == []
    assert asyncio.run(dispatch.readers.confirmation(token_in(question, "confirm"))) == shown
