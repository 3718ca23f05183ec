"""What holds for every page: its headers, its size, whom it asks for what, and what it does with methods."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from dispatch.app import Dispatch
from dispatch.model.tokens import Purpose
from tests.web.opening import SECOND, client, configuration, opened

MOST_OCTETS = 30_000  # of a page and its style sheet
TOKEN = "0" * 44
PAGES = ["/subscribe", "/subscribe?newsletter=review", "/subscribe/sent", f"/confirm/{TOKEN}", "/nothing"]


@pytest.fixture
def dispatch(tmp_path: Path) -> Iterator[Dispatch]:
    """A magazine with two newsletters."""
    with opened(configuration(tmp_path, SECOND)) as dispatch:
        yield dispatch


@pytest.fixture
def browser(dispatch: Dispatch) -> TestClient:
    """Somebody who looks at its pages."""
    return client(dispatch)


@pytest.mark.parametrize("path", [*PAGES, "/", "/health", "/api/v1/newsletters", "/api/v1/openapi.json", "/api/x"])
def test_every_answer_forbids_what_pages_do_not_need(path: str, browser: TestClient) -> None:
    """No script, nothing from elsewhere, no frame, no guessing of types; no cookie; and HSTS is left to the proxy."""
    headers = browser.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] in ("same-origin", "no-referrer")
    assert not {"set-cookie", "strict-transport-security", "server"} & {name.lower() for name in headers}


def test_a_page_with_a_token_is_nobody_elses(browser: TestClient) -> None:
    """It is not kept, not indexed, and its address is told to no other site."""
    for path in (f"/confirm/{TOKEN}", f"/decline/{TOKEN}", "/nothing"):
        page = browser.get(path)
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["X-Robots-Tag"] == "noindex"
        assert '<meta name="robots" content="noindex">' in page.text
    assert "noindex" not in browser.get("/subscribe").text


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_one_file_and_one_style_sheet_and_small(path: str, browser: TestClient) -> None:
    """Nothing is asked of anybody else, and nothing stands inline that the policy would forbid."""
    page = browser.get(path)
    [sheet] = re.findall(r'<link rel="stylesheet" href="(/assets/[0-9a-f]+\.css)">', page.text)
    css = browser.get(sheet)
    assert css.headers["Content-Type"].startswith("text/css")
    assert css.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert len(page.content) + len(css.content) < MOST_OCTETS
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|<img|<iframe|javascript:", page.text)
    assert not re.search(r"url\(|@import|https?:", css.text)
    assert page.text.count("<h1>") == 1


@pytest.mark.parametrize("path", [*PAGES, "/", "/health", "/api/v1/newsletters", "/api/v1/openapi.json"])
def test_head_says_what_get_says(path: str, browser: TestClient) -> None:
    """Without what is in it."""
    got, head = browser.get(path), browser.head(path)
    assert head.status_code == got.status_code
    assert head.content == b""
    assert {**head.headers} == {**got.headers}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
@pytest.mark.parametrize(
    "path", ["/", "/subscribe", "/subscribe/sent", f"/confirm/{TOKEN}", "/health", "/api/v1/subscribe"]
)
def test_a_method_that_is_not_known_is_refused(method: str, path: str, browser: TestClient) -> None:
    """With the ones that are, in words or as JSON."""
    answer = browser.request(method, path)
    assert answer.status_code == 405
    assert "Allow" in answer.headers
    assert (
        answer.json()["detail"] if path.startswith("/api") else "<h1>This page is only for reading</h1>" in answer.text
    )


def test_what_is_not_there_is_said_calmly(browser: TestClient) -> None:
    """As a page; to programs as JSON. Nothing that was asked for is repeated."""
    for path in (
        "/nothing",
        "/subscribe/",
        "/subscribe/nothing",
        "/assets/nothing.css",
        "/media/x",
        "/confirm",
        "/confirm/a/b",
    ):
        page = browser.get(path)
        assert page.status_code == 404
        assert "<h1>There is nothing here</h1>" in page.text
    assert browser.get("/api/v1/nothing").json() == {"detail": "Not Found"}
    assert browser.get("/api/v2/subscribe").json() == {"detail": "Not Found"}


def test_a_fault_of_ours_is_said_calmly(tmp_path: Path) -> None:
    """A template of the operator's that cannot be filled: nothing of it, or of where it stands, is shown."""
    config = configuration(tmp_path, '\n[look]\ntemplates = "own"\n')
    (tmp_path / "own" / "pages").mkdir(parents=True)
    (tmp_path / "own" / "pages" / "sent.html.j2").write_text("{{ there.is.no.such.thing }}")
    with opened(config) as dispatch:
        page = client(dispatch).get("/subscribe/sent")
    assert page.status_code == 500
    assert "<h1>Something went wrong here</h1>" in page.text
    assert "no such" not in page.text
    assert "such.thing" not in page.text
    assert page.headers["Content-Security-Policy"]


def test_operators_change_pages_as_they_change_mail(tmp_path: Path) -> None:
    """A file in the folder `pages` of look.templates extends ours; words and colours are those of [look]."""
    more = (
        '\n[look]\ntemplates = "own"\nlabels = { en = { page_sent_title = "Off to your inbox" } }\n'
        'light = { accent = "#0b5a3c" }\n'
    )
    config = configuration(tmp_path, more)
    (tmp_path / "own" / "pages").mkdir(parents=True)
    own = '{% extends "shipped/pages/sent.html.j2" %}{% block foot %}<p>Printed on paper</p>{% endblock %}'
    (tmp_path / "own" / "pages" / "sent.html.j2").write_text(own)
    with opened(config) as dispatch:
        page = client(dispatch).get("/subscribe/sent")
        css = client(dispatch).get(re.findall(r"/assets/\w+\.css", page.text)[0])
    assert "<h1>Off to your inbox</h1>" in page.text
    assert "<p>Printed on paper</p>" in page.text
    assert "--accent:#0b5a3c" in css.text


def test_below_a_path_every_link_begins_with_it(tmp_path: Path) -> None:
    """Where a proxy serves https://lamplight.example/mail/ and takes /mail away."""
    with opened(configuration(tmp_path, public_url="https://lamplight.example/mail")) as dispatch:
        browser = client(dispatch)
        page = browser.get("/subscribe").text
        assert browser.get("/").headers["Location"] == "/mail/subscribe"
    assert 'href="/mail/assets/' in page
    assert 'action="/mail/subscribe"' in page


def test_a_language_from_the_right_turns_the_page(tmp_path: Path) -> None:
    """With words of the operator's."""
    more = '\n[look]\nlabels = { ar = { page_sent_title = "انظر في بريدك" } }\n'
    with opened(configuration(tmp_path, more)) as dispatch:
        page = client(dispatch).get("/subscribe/sent", headers={"Accept-Language": "ar"}).text
    assert '<html lang="ar" dir="rtl">' in page
    assert "<h1>انظر في بريدك</h1>" in page


def test_tokens_of_every_purpose_lead_nowhere_else(dispatch: Dispatch, browser: TestClient) -> None:
    """A token for one thing is none for another."""
    for purpose in Purpose:
        if purpose is not Purpose.CONFIRM:
            assert browser.get(f"/confirm/{dispatch.readers.keys.sign(purpose, 1)}").status_code == 404
