"""The form to join: what it shows, what it takes, and that it says the same to everybody."""

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from dispatch.app import Dispatch
from dispatch.store.reader_tables import request
from dispatch.subscribing.subscribe import add
from dispatch.subscribing.wishes import Who
from dispatch.web.forms import FormTokens
from dispatch.web.page import Pages
from tests.web.opening import ORIGIN, SECOND, SITE, client, configuration, opened

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def dispatch(tmp_path: Path) -> Iterator[Dispatch]:
    """A magazine with one newsletter."""
    with opened(configuration(tmp_path), NOW) as dispatch:
        yield dispatch


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Dispatch]:
    """A magazine with two newsletters."""
    with opened(configuration(tmp_path, SECOND), NOW) as dispatch:
        yield dispatch


def requests(dispatch: Dispatch) -> list[dict[str, Any]]:
    """What was asked for, as it is stored."""
    with dispatch.database.engine.connect() as connection:
        return [dict(row) for row in connection.execute(sa.select(request).order_by(request.c.id)).mappings()]


def form_token(
    dispatch: Dispatch, age: timedelta = timedelta(seconds=10), subject: str = "", what: str = "join"
) -> str:
    """The token of a page that was opened some time ago."""
    return FormTokens(Pages(dispatch).tokens.keys).mint(what, subject, dispatch.now() - age)


def test_the_form_shows_what_comes_how_often_and_what_is_agreed_to(dispatch: Dispatch) -> None:
    """One newsletter: its schedules in sight, its own default picked."""
    page = client(dispatch).get("/subscribe")
    assert page.status_code == 200
    assert "<h1>Get The Lamplight Review by email</h1>" in page.text
    assert re.findall(r'value="(\w+)"( id="[^"]*")?( checked)?><span>([^<]*)', page.text) == [
        ("weekly", ' id="schedule.review"', " checked", "Fridays"),
        ("daily", "", "", "Every day"),
    ]
    assert 'type="email"' in page.text
    assert 'autocomplete="email"' in page.text
    assert "you agree that The Lamplight Review is sent to this address" in page.text


def test_who_asks_is_written_down_with_the_sentence_they_saw(dispatch: Dispatch) -> None:
    """And nothing else happens than that."""
    browser = client(dispatch)
    shown = browser.get("/subscribe").text
    fields = {"email": " Reader@Example.net ", "schedule.review": "daily", "form_token": form_token(dispatch)}
    answer = browser.post("/subscribe", data=fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/subscribe/sent")
    [asked] = requests(dispatch)
    assert asked["address"] == "Reader@example.net"
    assert asked["choices"] == [["review", "daily"]]
    assert asked["state"] == "asked"
    assert (asked["via"], asked["page"], asked["language"]) == ("page", f"{ORIGIN}/subscribe", "en-US")
    assert asked["wording"] in shown
    assert len(asked["network"]) == 64
    assert "testclient" not in str(asked)


def test_a_form_without_its_token_changes_nothing_and_comes_back_filled_in(dispatch: Dispatch) -> None:
    """Also with one for another form, of another key, or one that was cut short."""
    browser = client(dispatch)
    for token in (None, "", "x", form_token(dispatch)[:-2], form_token(dispatch, what="leave"), "00" * 21):
        fields = {"email": "reader@example.net", "schedule.review": "daily"} | ({"form_token": token} if token else {})
        page = browser.post("/subscribe", data=fields)
        assert page.status_code == 200
        assert "Please press the button once more" in page.text
        assert 'value="reader@example.net"' in page.text
        assert 'value="daily" checked' in page.text
        assert "<title>Error: " in page.text
    assert requests(dispatch) == []


def test_a_page_has_its_time_neither_a_second_nor_a_day(dispatch: Dispatch) -> None:
    """The page that comes back has a new token, which is taken."""
    browser = client(dispatch)
    for age, said in ((timedelta(seconds=1), "quicker than"), (timedelta(hours=25), "open for more than a day")):
        fields = {"email": "reader@example.net", "form_token": form_token(dispatch, age)}
        page = browser.post("/subscribe", data=fields)
        assert page.status_code == 200
        assert said in page.text
    assert requests(dispatch) == []
    new = re.findall(r'name="form_token" value="(\w+)"', page.text)
    assert new[0] != fields["form_token"]
    fault = Pages(dispatch).tokens.fault(new[0], "join", "", dispatch.now() + timedelta(seconds=5))
    assert fault is None


def test_a_program_that_fills_in_everything_is_thanked_and_forgotten(dispatch: Dispatch) -> None:
    """It sees what a person sees."""
    browser = client(dispatch)
    fields = {"email": "reader@example.net", "form_token": form_token(dispatch)}
    person = browser.post("/subscribe", data=fields)
    program = browser.post("/subscribe", data={**fields, "website": "https://spam.example"})
    assert (program.status_code, program.headers["Location"]) == (303, "/subscribe/sent")
    assert dict(program.headers) == dict(person.headers)
    assert len(requests(dispatch)) == 1


@pytest.mark.parametrize("address", ["", "reader", "reader@example", "a@b@", "x" * 300 + "@example.net", "a\0@b.de"])
def test_what_is_no_address_is_said_beside_the_field(address: str, dispatch: Dispatch) -> None:
    """As a summary that has the focus, with a link to the field, and in the title."""
    page = client(dispatch).post("/subscribe", data={"email": address, "form_token": form_token(dispatch)})
    assert page.status_code == 200
    sentence = "Enter your email address like name@example.com"
    assert f'<li><a href="#email">{sentence}</a></li>' in page.text
    assert f'<p class="fault" id="email-fault">{sentence}</p>' in page.text
    assert re.search(
        r'<input id="email"[^>]* aria-describedby="email-hint email-fault" aria-invalid="true">', page.text
    )
    assert re.search(r'<div class="summary" role="alert"[^>]* tabindex="-1" autofocus>', page.text)
    assert "<title>Error: Get The Lamplight Review by email" in page.text
    assert requests(dispatch) == []


def _make_known(dispatch: Dispatch, address: str) -> None:
    asyncio.run(add(dispatch.database, dispatch.settings, NOW, Who(address, dispatch.address_key)))


def test_known_and_unknown_addresses_get_the_same_to_the_octet(tmp_path: Path) -> None:
    """Headers and bodies of the answer and of the page after it."""
    answers = []
    for name, known in (("one", ["reader@example.net"]), ("other", [])):
        folder = tmp_path / name
        folder.mkdir()
        with opened(configuration(folder), NOW) as dispatch:
            for address in known:
                _make_known(dispatch, address)
            browser = client(dispatch)
            fields = {"email": "reader@example.net", "form_token": form_token(dispatch)}
            posted = browser.post("/subscribe", data=fields)
            sent = browser.get(posted.headers["Location"])
            api = browser.post(
                "/api/v1/subscribe", json={"email": "reader@example.net", "newsletters": [{"newsletter": "review"}]}
            )
            answers.append([(r.status_code, dict(r.headers), r.content) for r in (posted, sent, api)])
            assert len(requests(dispatch)) == 2
    assert answers[0] == answers[1]
    assert "reader@example.net" not in str(answers)


def test_of_several_newsletters_some_are_ticked(two: Dispatch) -> None:
    """Each with its own schedules; those that are not ticked are not asked for."""
    browser = client(two)
    shown = browser.get("/subscribe").text
    assert "<h1>The Lamplight Review by email</h1>" in shown
    assert re.findall(r'<option value="(\w+)"( selected)?>([^<]*)', shown) == [
        ("weekly", " selected", "Fridays"),
        ("daily", "", "Every day"),
        ("monthly", " selected", "The first Monday of the month"),
        ("each", "", "Whenever we publish"),
    ]
    fields = {"email": "reader@example.net", "form_token": form_token(two)}
    none = browser.post("/subscribe", data=fields)
    assert '<a href="#newsletter">Choose at least one newsletter</a>' in none.text
    wanted = {"newsletter": ["letters"], "schedule.letters": "each", "schedule.review": "daily"}
    browser.post("/subscribe", data=fields | wanted)
    both = {"newsletter": ["review", "letters", "nothing"], "schedule.letters": "hourly"}
    browser.post("/subscribe", data=fields | both)
    asked = requests(two)
    assert [each["choices"] for each in asked] == [
        [["letters", "each"]],
        [["review", "weekly"], ["letters", "monthly"]],
    ]
    assert asked[0]["wording"] in shown
    assert "ticked above" in asked[0]["wording"]


def test_a_link_to_the_form_of_one_newsletter(two: Dispatch) -> None:
    """?newsletter= has its name, its look and its schedules alone, also when it comes back."""
    browser = client(two)
    page = browser.get("/subscribe?newsletter=letters")
    assert "<h1>Get Letters from the Lamp by email</h1>" in page.text
    assert "schedule.review" not in page.text
    sheets = [
        re.findall(r"/assets/\w+\.css", browser.get(p).text) for p in ("/subscribe", "/subscribe?newsletter=letters")
    ]
    assert sheets[0] != sheets[1]
    action = re.findall(r'action="([^"]*)"', page.text)[0]
    back = browser.post(action, data={"email": "?", "form_token": form_token(two)})
    assert "<h1>Get Letters from the Lamp by email</h1>" in back.text
    browser.post(action, data={"email": "reader@example.net", "form_token": form_token(two)})
    assert requests(two)[0]["choices"] == [["letters", "monthly"]]
    assert "<h1>The Lamplight Review by email</h1>" in browser.get("/subscribe?newsletter=nothing").text


def test_the_form_of_the_site_itself_needs_no_token(dispatch: Dispatch) -> None:
    """Its Origin says where it stands; of where exactly, what may say who somebody is is left out."""
    headers = {"Origin": SITE, "Referer": f"{SITE}/about/?reader=7"}
    answer = client(dispatch).post("/subscribe", data={"email": "reader@example.net"}, headers=headers)
    assert answer.status_code == 303
    [asked] = requests(dispatch)
    assert (asked["via"], asked["page"]) == ("form", f"{SITE}/about/")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "http://lamplight.example"},
        {"Origin": "https://lamplight.example.evil.example"},
        {"Referer": f"{SITE}/about/"},
    ],
    ids=str,
)
def test_a_form_from_anywhere_else_is_asked_again(headers: dict[str, str], dispatch: Dispatch) -> None:
    """The page that comes has what was typed, and one press of its button is enough."""
    browser = client(dispatch)
    page = browser.post("/subscribe", data={"email": "reader@example.net"}, headers=headers)
    assert page.status_code == 200
    assert 'value="reader@example.net"' in page.text
    assert requests(dispatch) == []


def test_who_asks_too_much_is_told_in_words(dispatch: Dispatch, tmp_path: Path) -> None:
    """From one address block, within an hour; the API says so too."""
    browser = client(dispatch)
    limit = dispatch.settings.subscribe.network.count
    for number in range(limit):
        fields = {"email": f"reader{number}@example.net", "form_token": form_token(dispatch)}
        assert browser.post("/subscribe", data=fields).status_code == 303
    page = browser.post("/subscribe", data={"email": "one@example.net", "form_token": form_token(dispatch)})
    assert page.status_code == 429
    assert "<h1>Please try again later</h1>" in page.text
    api = browser.post("/api/v1/subscribe", json={"email": "a@example.net", "newsletters": [{"newsletter": "review"}]})
    assert (api.status_code, api.headers["Retry-After"]) == (429, "3600")
    assert len(requests(dispatch)) == limit


def test_what_was_typed_is_never_markup(dispatch: Dispatch) -> None:
    """Neither in the field, nor in what is stored of where a form stood."""
    evil = '"><script>alert(1)</script>'
    page = client(dispatch).post(
        "/subscribe", data={"email": evil, "form_token": form_token(dispatch), "newsletter": evil}
    )
    assert "<script" not in page.text
    assert "&lt;script" in page.text


@pytest.mark.parametrize(
    ("asked_for", "language", "heading"),
    [
        ("de", "de", "The Lamplight Review per E-Mail"),
        ("fr, de-AT;q=0.8, en;q=0.5", "de", "The Lamplight Review per E-Mail"),
        ("en-GB, de;q=0.9", "en-US", "Get The Lamplight Review by email"),
        ("fr", "en-US", "Get The Lamplight Review by email"),
        ("de;q=0, *", "en-US", "Get The Lamplight Review by email"),
        (",;=;q=9,../../etc,de\u00e9", "en-US", "Get The Lamplight Review by email"),
    ],
)
def test_a_stranger_is_spoken_to_in_a_language_of_theirs(
    asked_for: str, language: str, heading: str, dispatch: Dispatch
) -> None:
    """The best of those that there are words for, else the site's."""
    page = client(dispatch).get("/subscribe", headers={b"Accept-Language": asked_for.encode("latin-1")})
    assert f'<html lang="{language}" dir="ltr">' in page.text
    assert page.headers["Content-Language"] == language
    assert page.headers["Vary"] == "Accept-Language"
    assert f"<h1>{heading}</h1>" in page.text
