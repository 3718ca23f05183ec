"""From the form to the first mail and back: what a button does, and what opening a link does not."""

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from dispatch.app import Dispatch
from dispatch.model.tokens import Purpose
from dispatch.store.tables import metadata
from dispatch.web.forms import FormTokens
from tests.smtp_server import SmtpServer
from tests.web.opening import client, configuration, opened

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ADDRESS = "reader@example.net"


@pytest.fixture
def relay() -> Iterator[SmtpServer]:
    """Where its mail goes."""
    with SmtpServer() as server:
        yield server


@pytest.fixture
def dispatch(tmp_path: Path, relay: SmtpServer) -> Iterator[Dispatch]:
    """A magazine with one newsletter and a relay."""
    with opened(configuration(tmp_path, relay_port=relay.port), NOW) as dispatch:
        yield dispatch


def everything(dispatch: Dispatch) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with dispatch.database.engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(sa.select(table))), key=repr)
            for table in metadata.sorted_tables
        }


def asked(dispatch: Dispatch, browser: TestClient) -> None:
    """Somebody fills in the form."""
    token = FormTokens(dispatch.readers.keys).mint("join", "", dispatch.now() - timedelta(seconds=9))
    fields = {"email": ADDRESS, "schedule.review": "daily", "form_token": token}
    assert browser.post("/subscribe", data=fields).status_code == 303


def links(relay: SmtpServer) -> dict[str, str]:
    """The links of the newest mail, by the first word of their path."""
    message = message_from_bytes(relay.received[-1].data, policy=default)
    part = message.get_body(("plain",))
    assert part is not None
    header = re.findall(r"<(http[^>]*)>", str(message.get("List-Unsubscribe", "")))
    found = [urlsplit(url).path for url in (*re.findall(r"https?://\S+", part.get_content()), *header)]
    return {path.split("/")[1]: path for path in found if path.count("/") == 2}


def pressed(browser: TestClient, path: str) -> Any:
    """Somebody opens a page and presses its button."""
    [token] = re.findall(r'name="form_token" value="(\w+)"', browser.get(path).text)
    return browser.post(path, data={"form_token": token})


def states(dispatch: Dispatch, table: str) -> list[str]:
    """The states of the rows of a table."""
    with dispatch.database.engine.connect() as connection:
        return [*connection.scalars(sa.select(metadata.tables[table].c.state))]


def test_from_the_form_to_the_subscription(dispatch: Dispatch, relay: SmtpServer) -> None:
    """A mail with a button, a page with a button; then the newsletter, at the rhythm that was chosen."""
    browser = client(dispatch)
    asked(dispatch, browser)
    asyncio.run(dispatch.send())
    assert [message.recipient for message in relay.received] == [ADDRESS]
    path = links(relay)["confirm"]
    page = browser.get(path)
    assert "Confirm that r…@example.net should get The Lamplight Review (every day)." in page.text
    assert ADDRESS not in page.text
    answer = pressed(browser, path)
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    assert states(dispatch, "subscription") == ["active"]
    done = browser.get(path).text
    assert "<h1>You’re in</h1>" in done
    assert re.search(r'href="/preferences/[0-9a-f]{44}"', done)
    asyncio.run(dispatch.send())
    assert len(relay.received) == 2
    assert "Welcome" in str(message_from_bytes(relay.received[-1].data, policy=default)["Subject"])


def test_opening_every_link_again_and_again_changes_no_row(dispatch: Dispatch, relay: SmtpServer) -> None:
    """As link scanners do: GET, HEAD and OPTIONS, in any order; and a POST that is not from the page."""
    browser = client(dispatch)
    asked(dispatch, browser)
    asyncio.run(dispatch.send())
    before = everything(dispatch)
    found = links(relay)
    assert found.keys() >= {"confirm", "decline"}
    for _ in range(3):
        for path in (*found.values(), "/subscribe", "/subscribe/sent", "/"):
            for method in ("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PATCH"):
                answer = browser.request(method, path)
                assert answer.status_code in (200, 302, 404, 405)
            for body in ({}, {"form_token": "00" * 21}, {"confirm": "yes"}):
                browser.post(path, data=body)
    assert everything(dispatch) == before


def test_pressing_twice_is_pressing_once(dispatch: Dispatch, relay: SmtpServer) -> None:
    """Also from a page that was opened before the first time."""
    browser = client(dispatch)
    asked(dispatch, browser)
    asyncio.run(dispatch.send())
    path = links(relay)["confirm"]
    [token] = re.findall(r'name="form_token" value="(\w+)"', browser.get(path).text)
    browser.post(path, data={"form_token": token})
    after = everything(dispatch)
    assert browser.post(path, data={"form_token": token}).status_code == 303
    assert everything(dispatch) == after


def test_who_did_not_ask_says_so_with_one_button(dispatch: Dispatch, relay: SmtpServer) -> None:
    """The address is forgotten, and the link to confirm says so too."""
    browser = client(dispatch)
    asked(dispatch, browser)
    asyncio.run(dispatch.send())
    found = links(relay)
    answer = pressed(browser, found["decline"])
    assert answer.headers["Location"] == found["decline"]
    for path in (found["decline"], found["confirm"]):
        assert "<h1>Nothing will be sent</h1>" in browser.get(path).text
    assert states(dispatch, "request") == ["declined"]
    assert states(dispatch, "subscription") == []
    assert ADDRESS not in repr(everything(dispatch)["request"])


def test_a_mail_program_declines_with_one_click(dispatch: Dispatch, relay: SmtpServer) -> None:
    """RFC 8058: 200, nothing in it, no redirect and no cookie; the same for a token that is not genuine."""
    browser = client(dispatch)
    asked(dispatch, browser)
    asyncio.run(dispatch.send())
    path = links(relay)["decline"]
    form = {"List-Unsubscribe": "One-Click"}
    forged = [
        browser.post("/decline/" + "0" * 44, data=form),
        browser.post("/decline/x", files={k: (None, v) for k, v in form.items()}),
    ]
    assert states(dispatch, "request") == ["mailed"]
    genuine = browser.post(path, data=form)
    assert states(dispatch, "request") == ["declined"]
    for answer in (genuine, *forged):
        assert (answer.status_code, answer.content) == (200, b"")
        assert dict(answer.headers) == dict(genuine.headers)
        assert "Set-Cookie" not in answer.headers


def test_every_link_that_is_not_good_leads_to_one_page(dispatch: Dispatch, relay: SmtpServer) -> None:
    """Forged, cut short, of another purpose, of somebody else: one page, to the octet, and no change."""
    browser = client(dispatch)
    asked(dispatch, browser)
    asyncio.run(dispatch.send())
    token = links(relay)["confirm"].split("/")[-1]
    keys = dispatch.readers.keys
    wrong = [
        "0" * 44,
        token[:-1],
        token + "0",
        token[:-1] + ("0" if token[-1] != "0" else "1"),
        keys.sign(Purpose.DECLINE, 1),
        keys.sign(Purpose.UNSUBSCRIBE, 1),
        keys.sign(Purpose.CONFIRM, 999),
        "%00",
        "é",
        "x" * 2000,
    ]
    before = everything(dispatch)
    answers = [browser.get(f"/confirm/{each}") for each in wrong]
    answers += [browser.get(f"/decline/{each}") for each in (token, "0" * 44)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert len({repr(sorted(answer.headers.items())) for answer in answers}) == 1
    for each in wrong:
        form_token = FormTokens(keys).mint("confirm", each, dispatch.now())
        browser.post(f"/confirm/{each}", data={"form_token": form_token})
    assert everything(dispatch) == before
