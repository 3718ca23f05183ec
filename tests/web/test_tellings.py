"""What an answer tells: the same to the byte whoever an address belongs to and whatever is wrong with a token.

Timing is not measured, which would say more of the machine than of us; what is counted is what is asked of the store.
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from starlette.types import ASGIApp

from dispatch.app import Clock, Dispatch
from dispatch.config.settings import Settings
from dispatch.model.address import address_hash, parse_address
from dispatch.model.subscriber import SubscriptionState, SuppressionReason
from dispatch.model.tokens import Purpose, TokenKeys
from dispatch.store import tables
from dispatch.store.database import Database
from dispatch.store.reader_tables import request
from dispatch.store.suppressions import suppress
from dispatch.web.page import Pages
from dispatch.web.site import site
from tests.composing.make import stored
from tests.web.asking import FORM, Answer, ask
from tests.web.housing import add_reader
from tests.web.shelves import everything_in, library

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
SITE = "https://lamplight.example"
KNOWN, LEFT, ERASED = "known@tide.example", "left@tide.example", "erased@tide.example"
UNCONFIRMED, UNANSWERED = "unconfirmed@tide.example", "unanswered@tide.example"
SUPPRESSED = {reason: f"{reason}@tide.example" for reason in SuppressionReason}
ADDRESSES = [
    KNOWN,
    KNOWN.upper(),
    "Known+tag@TIDE.example",
    LEFT,
    ERASED,
    UNCONFIRMED,
    UNANSWERED,
    *SUPPRESSED.values(),
]
UNKNOWN = "nobody@tide.example"


@dataclass(frozen=True, slots=True)
class House:
    """A dispatch with readers of every kind, and its pages."""

    dispatch: Dispatch
    app: ASGIApp

    @property
    def keys(self) -> TokenKeys:
        """The keys of its links."""
        return self.dispatch.readers.keys

    def form_token(self, purpose: str, subject: str) -> str:
        """That of a page that was opened a moment ago."""
        return Pages(self.dispatch).tokens.mint(purpose, subject, self.dispatch.now() - timedelta(seconds=5))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Three newsletters that may be asked for without end."""
    found = library(tmp_path)
    limits = type(found.subscribe).model_validate({"network": "100000/hour", "site": "100000/hour"})
    return found.model_copy(update={"subscribe": limits})


@pytest.fixture
def house(database: Database, settings: Settings) -> House:
    """One reader of each kind; the known one has the subscription 1."""
    dispatch = Dispatch(settings, database, b"a" * 40, Clock(NOW))
    database.transact(stored, settings, NOW - timedelta(days=7))
    for address in (KNOWN, LEFT, ERASED, UNCONFIRMED):
        add_reader(dispatch, address=address)
    _set_state(database, 2, SubscriptionState.LEFT)
    _set_state(database, 4, SubscriptionState.UNCONFIRMED)
    asyncio.run(dispatch.readers.erase(dispatch.readers.keys.sign(Purpose.PREFERENCES, 3)))
    for reason, address in SUPPRESSED.items():
        digest = address_hash(parse_address(address), dispatch.address_key)
        database.transact(suppress, [digest], reason, NOW - timedelta(days=1))
    made = House(dispatch, site(dispatch))
    assert ask_by_api(made, UNANSWERED).status == 202
    return made


def _set_state(database: Database, subscription_id: int, state: SubscriptionState) -> None:
    left_at = NOW if state is SubscriptionState.LEFT else None
    change = sa.update(tables.subscription).where(tables.subscription.c.id == subscription_id)
    with database.engine.begin() as connection:
        connection.execute(change.values(state=state, left_at=left_at))


def ask_by_page(house: House, address: str) -> Answer:
    """On our own page."""
    fields = {"email": address, "newsletter": "review", "form_token": house.form_token("join", "")}
    return ask(house.app, "POST", "/subscribe", urlencode(fields).encode(), [("content-type", FORM)])


def ask_by_form(house: House, address: str) -> Answer:
    """On the site's own form."""
    headers = [("content-type", FORM), ("origin", SITE), ("referer", f"{SITE}/about/")]
    return ask(house.app, "POST", "/subscribe", urlencode({"email": address, "newsletter": "review"}).encode(), headers)


def ask_by_api(house: House, address: str) -> Answer:
    """By a program."""
    body = json.dumps({"email": address, "newsletters": [{"newsletter": "review"}]}).encode()
    return ask(house.app, "POST", "/api/v1/subscribe", body, [("content-type", "application/json")])


def ask_to_move(house: House, address: str) -> Answer:
    """On the page of a reader who wants their mail at another address."""
    token = house.keys.sign(Purpose.PREFERENCES, 1)
    body = urlencode({"address": address, "form_token": house.form_token("address", token)}).encode()
    return ask(house.app, "POST", f"/preferences/{token}/address", body, [("content-type", FORM)])


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The statements that are sent to the store meanwhile, without their values."""
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    sa.event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        sa.event.remove(database.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("way", [ask_by_page, ask_by_form, ask_by_api])
def test_the_door_says_the_same_of_every_address(house: House, way: Callable[[House, str], Answer]) -> None:
    """Status, headers and body; and as much is asked of the store, in the same words."""
    with statements(house.dispatch.database) as expected:
        of_nobody = way(house, UNKNOWN)
    assert of_nobody.status in (202, 303)
    assert expected
    before = len(_requests(house))
    for address in ADDRESSES:
        with statements(house.dispatch.database) as said:
            assert way(house, address) == of_nobody, address
        assert said == expected, address
    assert len(_requests(house)) == before + len(ADDRESSES)


def test_the_page_for_another_address_says_the_same_of_every_address(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of one that is somebody else's."""
    monkeypatch.setattr("dispatch.subscribing.moving.MOST_MOVES", 100)
    with statements(house.dispatch.database) as expected:
        of_nobody = ask_to_move(house, UNKNOWN)
    assert of_nobody.status == 303
    for address in ADDRESSES:
        with statements(house.dispatch.database) as said:
            assert ask_to_move(house, address) == of_nobody, address
        assert said == expected, address


def _requests(house: House) -> list[sa.RowMapping]:
    with house.dispatch.database.engine.connect() as connection:
        return list(connection.execute(sa.select(request)).mappings())


PURPOSES = {
    "confirm": Purpose.CONFIRM,
    "decline": Purpose.DECLINE,
    "unsubscribe": Purpose.UNSUBSCRIBE,
    "preferences": Purpose.PREFERENCES,
}
BELOW = ("", "/address", "/again", "/return", "/erase", "/data.json")
SHOWN = ("", "/erase", "/data.json")  # the others only lead back to the page, with whatever token they have


def forged(house: House, page: str) -> list[str]:
    """Tokens that are worth nothing on a page, though each of them nearly is."""
    genuine = house.keys.sign(PURPOSES[page], 1)
    flipped = [f"{genuine[:at]}{int(genuine[at], 16) ^ 1:x}{genuine[at + 1 :]}" for at in range(len(genuine))]
    # A link to say yes shows the same page as the one to say no.
    kin = {Purpose.CONFIRM, Purpose.DECLINE} if PURPOSES[page] in (Purpose.CONFIRM, Purpose.DECLINE) else set()
    others = [house.keys.sign(purpose, 1) for purpose in Purpose if purpose not in {PURPOSES[page], *kin}]
    gone = 10**6  # a request of which nothing is known any more, a subscription that never was
    return [
        *flipped,
        *others,
        TokenKeys((b"another key" * 4,)).sign(PURPOSES[page], 1),
        house.keys.sign(PURPOSES[page], gone),
        *([house.keys.sign(PURPOSES[page], 3)] if page in ("unsubscribe", "preferences") else []),
        genuine[:-1],
        genuine[:-2],
        f"{genuine}00",
        f"{genuine[:10]} {genuine[10:]}",
        f"{genuine}%0a",
        "0" * 44,
        "x",
    ]


@pytest.mark.parametrize("page", PURPOSES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_whatever_is_wrong_with_a_token_is_answered_the_same(house: House, page: str, method: str) -> None:
    """One character of it, its purpose, its key, its person, its length: to the byte, and not one row is another."""
    before = everything_in(house.dispatch.database)
    below = BELOW if method == "POST" else SHOWN
    for rest in below if page == "preferences" else [""]:
        tokens = forged(house, page)
        answers = {token: ask(house.app, method, f"/{page}/{token}{rest}", b"", _form(method)) for token in tokens}
        expected = answers[tokens[0]]
        assert expected.status in (404, 405)
        assert [token for token, answer in answers.items() if answer != expected] == [], rest
    assert everything_in(house.dispatch.database) == before


@pytest.mark.parametrize("page", ["unsubscribe", "decline"])
def test_one_click_is_answered_the_same_whatever_its_token_is_worth(house: House, page: str) -> None:
    """Genuine or forged: 200, nothing in it; only the genuine one ends anything."""
    body = b"List-Unsubscribe=One-Click"
    before = everything_in(house.dispatch.database)
    answers = [ask(house.app, "POST", f"/{page}/{token}", body, _form("POST")) for token in forged(house, page)]
    assert everything_in(house.dispatch.database) == before
    genuine = ask(house.app, "POST", f"/{page}/{house.keys.sign(PURPOSES[page], 1)}", body, _form("POST"))
    assert (genuine.status, genuine.body) == (200, b"")
    assert [answer for answer in answers if answer != genuine] == []
    if page == "unsubscribe":
        assert everything_in(house.dispatch.database) != before


def test_a_form_with_a_token_for_another_page_is_shown_again_whatever_is_wrong_with_it(house: House) -> None:
    """Of another purpose, person, key or day: the same sentence for each, and nothing is done."""
    token, other = house.keys.sign(Purpose.UNSUBSCRIBE, 1), house.keys.sign(Purpose.UNSUBSCRIBE, 2)
    minted = house.form_token("leave", token)
    wrong = ["", "x", minted[:-2], minted.upper()[:-1] + "g", house.form_token("leave", other)]
    wrong += [house.form_token("erase", token), f"{int(minted[0], 16) ^ 1:x}{minted[1:]}", "é" * 20]
    before = everything_in(house.dispatch.database)
    answers = [
        ask(house.app, "POST", f"/unsubscribe/{token}", urlencode({"form_token": one}).encode(), _form("POST"))
        for one in wrong
    ]
    assert {answer.status for answer in answers} == {200}
    assert len(set(answers)) == 1
    assert everything_in(house.dispatch.database) == before


def _form(method: str) -> list[tuple[str, str]]:
    return [("content-type", FORM)] if method == "POST" else []
