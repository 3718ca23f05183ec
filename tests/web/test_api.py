"""The JSON API: what it takes, and that its document says everything that it answers."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from dispatch.app import Dispatch
from dispatch.store.reader_tables import request
from tests.web.opening import SECOND, SITE, client, configuration, opened

JOIN = {"email": "reader@example.net", "newsletters": [{"newsletter": "review", "schedule": "daily"}]}


@pytest.fixture(scope="module")
def dispatch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dispatch]:
    """A magazine with two newsletters that may be asked for without end."""
    more = '\n[subscribe]\nnetwork = "100000/hour"\nsite = "100000/hour"\n'
    with opened(configuration(tmp_path_factory.mktemp("api"), SECOND + more)) as dispatch:
        yield dispatch


@pytest.fixture(scope="module")
def program(dispatch: Dispatch) -> TestClient:
    """A program that uses the API."""
    return client(dispatch)


def _stored(dispatch: Dispatch) -> list[dict[str, Any]]:
    with dispatch.database.engine.connect() as connection:
        return [dict(row) for row in connection.execute(sa.select(request).order_by(request.c.id)).mappings()]


def test_what_one_can_join_is_listed(program: TestClient) -> None:
    """With rhythms in words."""
    assert program.get("/api/v1/newsletters").json() == [
        {
            "newsletter": "review",
            "name": "The Lamplight Review",
            "schedules": [{"schedule": "weekly", "often": "Fridays"}, {"schedule": "daily", "often": "every day"}],
            "default_schedule": "weekly",
        },
        {
            "newsletter": "letters",
            "name": "Letters from the Lamp",
            "schedules": [
                {"schedule": "monthly", "often": "the first Monday of the month"},
                {"schedule": "each", "often": "whenever we publish"},
            ],
            "default_schedule": "monthly",
        },
    ]


def test_a_program_asks_in_somebodys_name(program: TestClient, dispatch: Dispatch) -> None:
    """What it says of form and wording is kept on one line, of what can be seen."""
    said = {"page": f"{SITE}/\0about\n", "wording": "Send me\u2028the Review", "language": "de"}
    answer = program.post("/api/v1/subscribe", json=JOIN | said)
    assert (answer.status_code, answer.json()) == (202, {"status": "asked"})
    stored = _stored(dispatch)[-1]
    assert stored["choices"] == [["review", "daily"]]
    assert (stored["via"], stored["page"], stored["wording"]) == ("api", f"{SITE}/about", "Send me the Review")
    assert stored["language"] == "de"


@pytest.mark.parametrize(
    ("change", "status", "where"),
    [
        ({"email": "reader"}, 422, ["body", "email"]),
        ({"email": "a@b.de\nBcc: c@d.de"}, 422, ["body", "email"]),
        ({"email": 7}, 422, ["body", "email"]),
        ({"newsletters": []}, 422, ["body", "newsletters"]),
        ({"newsletters": [{"newsletter": "nothing"}]}, 404, None),
        ({"newsletters": [{"newsletter": "review", "schedule": "hourly"}]}, 404, None),
        ({"newsletters": ["review"]}, 422, ["body", "newsletters", 0]),
        ({"wording": "x" * 501}, 422, ["body", "wording"]),
    ],
)
def test_what_is_wrong_is_said_of_the_field(
    change: dict[str, Any], status: int, where: list[Any] | None, program: TestClient, dispatch: Dispatch
) -> None:
    """And nothing is written down."""
    before = len(_stored(dispatch))
    answer = program.post("/api/v1/subscribe", json=JOIN | change)
    assert answer.status_code == status
    if where:
        assert answer.json()["detail"][0]["loc"] == where
    assert len(_stored(dispatch)) == before


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'{"email": NaN, "newsletters": [Infinity]}',
        b'{"email": "\\ud800@b.de", "newsletters": [{"newsletter": "\\udfff"}]}',
        b'{"email": "a@b.de", "newsletters": [{"newsletter": "review"}], "wording": "\\ud800"}',
        b'{"email": "a@b.de", "newsletters": [{"newsletter": "review"}], "language": "\\u0000"}',
        b"[" * 60000,
        b'{"email":' * 6000,
        b"9" * 60000,
        b'{"email": ' + b"9" * 6000 + b"}",
        b"\xff\xfe\x00",
        "{}".encode("utf-16"),
        b'\xef\xbb\xbf{"email": "a@b.de"}',
    ],
    ids=range(15),
)
def test_whatever_is_sent_is_answered_as_documented(body: bytes, program: TestClient) -> None:
    """Never as a fault of ours."""
    document = program.get("/api/v1/openapi.json").json()
    known = {int(status) for status in document["paths"]["/subscribe"]["post"]["responses"]}
    for kind in ("application/json", "application/json; charset=utf-16", "text/plain", ""):
        answer = program.post("/api/v1/subscribe", content=body, headers={"Content-Type": kind} if kind else {})
        assert answer.status_code in known
        assert answer.json()["detail"] if answer.status_code != 202 else True


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from([*JOIN, "newsletter", "page"]), inner),
)


@given(JSONS)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_json_is_a_fault_of_ours(program: TestClient, value: Any) -> None:
    """By itself, or as the value of any field."""
    for body in (value, *(JOIN | {name: value} for name in ("email", "newsletters", "language", "page", "wording"))):
        answer = program.post(
            "/api/v1/subscribe", content=json.dumps(body), headers={"Content-Type": "application/json"}
        )
        assert answer.status_code in (202, 404, 422)


def test_the_document_has_the_api_and_nothing_else(program: TestClient) -> None:
    """No page of ours, and none of FastAPI's, which would load scripts from elsewhere."""
    document = program.get("/api/v1/openapi.json").json()
    assert {path: list(methods) for path, methods in document["paths"].items()} == {
        "/newsletters": ["get"],
        "/subscribe": ["post"],
    }
    assert document["servers"] == [{"url": "/api/v1"}]
    answers = document["paths"]["/subscribe"]["post"]["responses"]
    assert sorted(answers) == ["202", "400", "404", "408", "413", "422", "429"]
    for path in ("/docs", "/redoc", "/api/v1/docs", "/api/v1/redoc", "/openapi.json"):
        assert program.get(path).status_code == 404


def test_pages_of_the_site_may_call_it_and_those_of_others_may_not(program: TestClient) -> None:
    """Browsers ask first, since what is sent is JSON."""
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    ours = program.options("/api/v1/subscribe", headers=asks | {"Origin": SITE})
    assert ours.status_code == 200
    assert ours.headers["Access-Control-Allow-Origin"] == SITE
    assert "Access-Control-Allow-Credentials" not in ours.headers
    others = program.options("/api/v1/subscribe", headers=asks | {"Origin": "https://elsewhere.example"})
    assert others.status_code == 400
    assert "Access-Control-Allow-Origin" not in others.headers
    form = program.post("/api/v1/subscribe", data={"email": "a@b.de"}, headers={"Origin": "https://elsewhere.example"})
    assert form.status_code == 422
