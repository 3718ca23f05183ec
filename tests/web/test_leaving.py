"""The page to leave on, and the one POST by which mail programs end a subscription (RFC 8058)."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from dispatch.app import Dispatch
from dispatch.store.database import Connection
from dispatch.store.tables import metadata, subscription
from dispatch.subscribing.wishes import Wishes
from dispatch.web.forms import FormTokens
from tests.web.housing import READER, add_reader, next_day, preferences_path, unsubscribe_path
from tests.web.opening import client, configuration, opened

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def dispatch(tmp_path: Path) -> Iterator[Dispatch]:
    """A magazine with one reader, who gets it daily in London."""
    with opened(configuration(tmp_path), NOW) as dispatch:
        add_reader(dispatch, Wishes(schedule="daily", zone="Europe/London"))
        yield dispatch


def stored(dispatch: Dispatch) -> dict[str, list[Any]]:
    """Every row there is."""
    return dispatch.database.transact(_everything)


def state(dispatch: Dispatch) -> str:
    """Where the reader's subscription stands."""
    return str(stored(dispatch)["subscription"][0].state)


def form_of(
    dispatch: Dispatch, path: str, age: timedelta = timedelta(seconds=9), what: str = "leave"
) -> dict[str, str]:
    """The hidden field of a page that was opened some time ago."""
    token = path.rpartition("/")[2]
    return {"form_token": FormTokens(dispatch.readers.keys).mint(what, token, dispatch.now() - age)}


def forged(dispatch: Dispatch) -> list[str]:
    """Paths whose tokens are worth nothing: changed, cut, for another purpose, of nobody, and no tokens at all."""
    genuine = unsubscribe_path(dispatch)
    last = "0" if genuine[-1] != "0" else "1"
    of_nobody = unsubscribe_path(dispatch, 99)
    other = preferences_path(dispatch).replace("preferences", "unsubscribe")
    return [genuine[:-1] + last, genuine[:-2], of_nobody, other, "/unsubscribe/" + "0" * 44, "/unsubscribe/x%00%0d%0a"]


def test_opening_the_page_changes_nothing(dispatch: Dispatch) -> None:
    """By whatever method that only looks, as often as one likes (link scanners, U3)."""
    before, path = stored(dispatch), unsubscribe_path(dispatch)
    browser = client(dispatch)
    for method in ("GET", "HEAD", "OPTIONS", "GET"):
        for address in (path, f"{path}?done=less", f"{path}?done=back", f"{path}?List-Unsubscribe=One-Click"):
            browser.request(method, address)
    assert stored(dispatch) == before


def test_the_page_has_one_button_and_says_whose_it_is(dispatch: Dispatch) -> None:
    """Masked: whoever a mail was forwarded to learns no more than that it is not theirs."""
    page = client(dispatch).get(unsubscribe_path(dispatch))
    assert page.status_code == 200
    assert "<h1>Unsubscribe from The Lamplight Review?</h1>" in page.text
    assert "r…@example.net will get no more issues." in page.text
    assert READER not in page.text
    assert re.findall(r'<button[^>]* name="(\w+)" value="(\w+)">([^<]*)', page.text) == [
        ("leave", "leave", "Unsubscribe"),
        ("schedule", "weekly", "Fridays"),
    ]


def test_nobody_keeps_the_page_or_is_told_its_address(dispatch: Dispatch) -> None:
    """It is not stored, not indexed, not in a frame, names nobody who refers to it, and sets no cookie."""
    browser = client(dispatch)
    path = unsubscribe_path(dispatch)
    for answer in (browser.get(path), browser.post(path, data=ONE_CLICK), browser.get(forged(dispatch)[0])):
        headers = answer.headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Robots-Tag"] == "noindex"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "Set-Cookie" not in headers


def test_the_button_ends_it_and_the_page_after_it_can_be_reloaded(dispatch: Dispatch) -> None:
    """It says since when, what may still come, and what coming back would mean."""
    browser, path = client(dispatch), unsubscribe_path(dispatch)
    answer = browser.post(path, data={**form_of(dispatch, path), "leave": "leave"})
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    after = stored(dispatch)
    assert state(dispatch) == "left"
    for _ in range(2):
        page = browser.get(path)
        assert "<h1>You are unsubscribed</h1>" in page.text
        assert re.search(r"r…@example\.net was removed on Monday, November 23, 9:0\d\sAM \(GMT\)\.", page.text)
        assert "An issue that was already being sent may still arrive." in page.text
        assert "You will then get what has appeared since your last issue." in page.text
    assert stored(dispatch) == after


def test_put_me_back_undoes_it(dispatch: Dispatch) -> None:
    """And says when the next mail comes."""
    browser, path = client(dispatch), unsubscribe_path(dispatch)
    browser.post(path, data=form_of(dispatch, path))
    answer = browser.post(path, data={**form_of(dispatch, path), "back": "back"})
    assert answer.headers["Location"] == f"{path}?done=back"
    assert state(dispatch) == "active"
    page = browser.get(answer.headers["Location"])
    assert "<h1>You are back</h1>" in page.text
    assert "The Lamplight Review comes every day to r…@example.net." in page.text
    when = next_day(dispatch, "daily", "Europe/London")
    assert f"The next mail comes on {when:%A, %B} {when.day}, {when:%-I}:00\xa0{when:%p} (GMT)." in page.text


def test_less_often_is_one_button_too(dispatch: Dispatch) -> None:
    """What was offered is taken; what was not is no change."""
    browser, path = client(dispatch), unsubscribe_path(dispatch)
    browser.post(path, data={**form_of(dispatch, path), "schedule": "hourly"})
    assert state(dispatch) == "active"
    answer = browser.post(path, data={**form_of(dispatch, path), "schedule": "weekly"})
    page = browser.get(answer.headers["Location"])
    assert "<h1>We write less often</h1>" in page.text
    assert "The Lamplight Review comes Fridays to r…@example.net." in page.text
    assert 'name="schedule"' not in browser.get(path).text  # nothing is rarer than that


BOUNDARIES = ["b", "----WebKitFormBoundaryX", "'()+_,-./:=?", "=_0123456789_" * 4]


@pytest.mark.parametrize("boundary", ["", *BOUNDARIES], ids=lambda boundary: boundary or "urlencoded")
def test_one_click_ends_it_without_a_second_page(dispatch: Dispatch, boundary: str) -> None:
    """Urlencoded or multipart, of whatever boundary, from wherever, with nothing else: 200 and an empty body (U2)."""
    headers = {"Origin": "https://mail.example", "Referer": "https://mail.example/", "Sec-Fetch-Site": "cross-site"}
    body, kind = b"List-Unsubscribe=One-Click", "application/x-www-form-urlencoded"
    if boundary:
        body = b"\r\n".join(
            (
                f"--{boundary}".encode(),
                b'Content-Disposition: form-data; name="List-Unsubscribe"',
                b"",
                b"One-Click",
                f"--{boundary}--".encode(),
                b"",
            )
        )
        kind = f'multipart/form-data; boundary="{boundary}"'
    path = unsubscribe_path(dispatch)
    answer = client(dispatch, **headers).post(path, content=body, headers={"Content-Type": kind})
    assert (answer.status_code, answer.content) == (200, b"")
    assert "Location" not in answer.headers
    assert state(dispatch) == "left"
    assert stored(dispatch)["wanted_mail"] == []


def test_one_click_is_the_same_for_every_token(dispatch: Dispatch) -> None:
    """Again, forged, for another purpose, of nobody: the same bytes, and no row is any different (U4, T8)."""
    browser, path = client(dispatch), unsubscribe_path(dispatch)
    first = _told(browser.post(path, data=ONE_CLICK))
    after = stored(dispatch)
    for each in (path, *forged(dispatch)):
        assert _told(browser.post(each, data=ONE_CLICK)) == first, each
    assert stored(dispatch) == after


def test_a_link_that_is_not_genuine_has_one_page_for_all(dispatch: Dispatch) -> None:
    """Whatever is wrong with it, and whether or not somebody is behind it (T8)."""
    browser = client(dispatch)
    before = stored(dispatch)
    pages = {_told(browser.get(path)) for path in forged(dispatch)}
    posts = {_told(browser.post(path, data=form_of(dispatch, path))) for path in forged(dispatch)[:-1]}
    assert len(pages) == 1
    assert posts == pages
    assert [status for status, *_ in pages] == [404]
    assert stored(dispatch) == before


def test_a_post_that_is_not_from_the_page_changes_nothing(dispatch: Dispatch) -> None:
    """No body, a wrong one, no token, one of another form, of another link, or a day old: the page again (T11)."""
    browser, path = client(dispatch), unsubscribe_path(dispatch)
    before = stored(dispatch)
    bodies: list[dict[str, str]] = [
        {},
        {"leave": "leave"},
        {"List-Unsubscribe": "Please"},
        {"list-unsubscribe": "One-Click"},
        {"form_token": ""},
        {"form_token": "00" * 21},
        form_of(dispatch, path, what="choose"),
        form_of(dispatch, forged(dispatch)[0]),
        form_of(dispatch, path, timedelta(hours=25)),
        {**form_of(dispatch, path, timedelta(hours=25)), "schedule": "weekly"},
    ]
    for body in bodies:
        page = browser.post(path, data=body)
        assert page.status_code == 200, body
        assert "<title>Error: Unsubscribe from The Lamplight Review?" in page.text
        assert "press the button once more" in page.text
    for content, kind in ((b"List-Unsubscribe=One-Click", "text/plain"), (b'{"List-Unsubscribe":"One-Click"}', "json")):
        browser.post(path, content=content, headers={"Content-Type": kind})
    assert browser.post(path, content=b"--x", headers={"Content-Type": "multipart/form-data"}).status_code in (200, 400)
    assert stored(dispatch) == before


def test_the_page_speaks_the_readers_language(tmp_path: Path) -> None:
    """Whatever their browser asks for; theirs is known."""
    with opened(configuration(tmp_path), NOW) as dispatch:
        add_reader(dispatch, Wishes(language="de", schedule="daily"))
        browser, path = client(dispatch, **{"Accept-Language": "fr, en"}), unsubscribe_path(dispatch)
        page = browser.get(path)
        assert page.headers["Content-Language"] == "de"
        assert "<h1>The Lamplight Review abbestellen?</h1>" in page.text
        assert "Jeden Freitag" in page.text
        browser.post(path, data=form_of(dispatch, path))
        assert "Sie haben abbestellt" in browser.get(path).text


def test_who_left_long_ago_may_come_back(dispatch: Dispatch) -> None:
    """And is told that what came out meanwhile does not."""
    path = unsubscribe_path(dispatch)
    client(dispatch).post(path, data=form_of(dispatch, path))
    dispatch.database.transact(_long_ago)
    assert "what has appeared in the meantime is not sent" in client(dispatch).get(path).text


def _told(answer: httpx2.Response) -> tuple[int, bytes, tuple[tuple[str, str], ...]]:
    return answer.status_code, answer.content, tuple(sorted(answer.headers.items()))


def _everything(connection: Connection) -> dict[str, list[Any]]:
    return {table.name: list(connection.execute(sa.select(table))) for table in metadata.sorted_tables}


def _long_ago(connection: Connection) -> None:
    connection.execute(sa.update(subscription).values(left_at=NOW - timedelta(days=30)))
