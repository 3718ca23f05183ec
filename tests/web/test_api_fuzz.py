"""Whatever is sent to what is documented, and to pages: no fault of ours, and nothing that the document hides."""

import json
import string
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from starlette.types import ASGIApp

from dispatch.app import Dispatch
from dispatch.model.tokens import Purpose
from dispatch.web.guard import MOST_OCTETS
from dispatch.web.page import Pages
from dispatch.web.site import site
from tests.web.asking import FORM, Answer, ask
from tests.web.housing import add_reader
from tests.web.opening import SECOND, SITE, configuration, opened
from tests.web.shelves import everything_in

ROOT = "/api/v1"
MANY = '\n[subscribe]\nnetwork = "100000/hour"\nsite = "100000/hour"\n'
LIMITED = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture(scope="module")
def dispatch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dispatch]:
    """A magazine with two newsletters and one reader, who are asked for without end."""
    with opened(configuration(tmp_path_factory.mktemp("fuzz"), SECOND + MANY)) as dispatch:
        add_reader(dispatch)
        yield dispatch


@pytest.fixture(scope="module")
def app(dispatch: Dispatch) -> ASGIApp:
    """Its pages."""
    return site(dispatch)


@pytest.fixture(scope="module")
def document(app: ASGIApp) -> dict[str, Any]:
    """What the API says of itself."""
    found: dict[str, Any] = json.loads(ask(app, "GET", f"{ROOT}/openapi.json").body)
    return found


# All that Python can say, surrogates and NUL among it.
TEXTS = st.text(st.characters(codec=None), max_size=60) | st.sampled_from(
    ["\0", "\ud800", "\u202e", "a@b.example\r\nBcc: c@d.example", "x" * 5000, "review", "weekly", "a@b.example", "=1+1"]
)
NAMES = st.sampled_from(
    ["email", "newsletters", "newsletter", "schedule", "language", "page", "wording", "__proto__", ""]
)
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | TEXTS, inner, max_size=5),
    max_leaves=12,
)
KINDS = st.sampled_from(
    [
        "application/json",
        "application/json; charset=utf-16",
        "application/vnd.api+json",
        "text/plain",
        FORM,
        "multipart/form-data; boundary=b",
        "application/",
        ";",
        "\xff/\xfe",
        "",
    ]
)
HEADER = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=40)
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "accept",
            "accept-language",
            "accept-encoding",
            "authorization",
            "cookie",
            "expect",
            "host",
            "if-none-match",
            "if-modified-since",
            "origin",
            "range",
            "referer",
            "x-forwarded-for",
            "x-forwarded-host",
            "x-http-method-override",
            "access-control-request-method",
        ]
    ),
    HEADER | st.sampled_from([SITE, "http://[", "[::1", "en;q=9", "bytes=0-", "*", "::ffff:1.2.3.4%eth0"]),
    max_size=4,
)
QUERY = st.text(st.sampled_from(string.ascii_letters + string.digits + "%&=;+.[]"), max_size=40)


@st.composite
def joins(draw: st.DrawFn) -> Any:
    """Most of a proper question, with something wrong in it."""
    proper: dict[str, Any] = {"email": "reader@example.net", "newsletters": [{"newsletter": "review"}]}
    changed = draw(st.dictionaries(NAMES, JSONS | st.lists(st.dictionaries(NAMES, JSONS)), max_size=3))
    return draw(st.sampled_from([proper, {}])) | changed


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """JSON, JSON with a piece cut out or twice, or octets."""
    raw = json.dumps(draw(joins() | JSONS), ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    at, to = sorted((draw(st.integers(0, len(raw))), draw(st.integers(0, len(raw)))))
    doubled = b'{"email":"a@b.example",' + raw[1:] if raw.startswith(b"{") else raw
    return draw(st.sampled_from([raw, raw, raw, raw[:at] + raw[to:], doubled, b""]) | st.binary(max_size=80))


def documented(document: dict[str, Any]) -> list[tuple[str, str]]:
    """Every operation of the document."""
    return [(method.upper(), path) for path, methods in document["paths"].items() for method in methods]


def matches(document: dict[str, Any], schema: dict[str, Any], value: Any) -> bool:
    """Whether a value is what a schema says, as far as the schemas of this API go."""
    if "$ref" in schema:
        return matches(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], value)
    if "anyOf" in schema:
        return any(matches(document, one, value) for one in schema["anyOf"])
    match schema["type"]:
        case "object":
            known = schema["properties"]
            return (
                isinstance(value, dict)
                and set(schema.get("required", ())) <= set(value) <= set(known)
                and all(matches(document, known[name], part) for name, part in value.items())
            )
        case "array":
            return isinstance(value, list) and all(matches(document, schema["items"], part) for part in value)
        case "string":
            return isinstance(value, str)
        case "integer":
            return isinstance(value, int)
    raise AssertionError(f"this test does not know the type {schema['type']}")


def assert_as_documented(document: dict[str, Any], method: str, path: str, answer: Answer) -> None:
    """The status is one of the document's, and the body what it says of it."""
    answers = document["paths"][path][method.lower()]["responses"]
    assert str(answer.status) in answers, (answer.status, answer.body)
    schema = answers[str(answer.status)]["content"]["application/json"]["schema"]
    assert matches(document, schema, json.loads(answer.body)), (answer.status, answer.body)
    assert answer.header("content-type") == "application/json"


@given(data=st.data())
@LIMITED
def test_every_documented_operation_answers_as_documented(
    app: ASGIApp, document: dict[str, Any], data: st.DataObject
) -> None:
    """Bodies of any shape in pieces of any size, any query, any headers that a server lets pass."""
    method, path = data.draw(st.sampled_from(documented(document)))
    body: bytes | list[bytes] = data.draw(bodies())
    if isinstance(body, bytes) and data.draw(st.booleans()):
        size = data.draw(st.integers(1, 50))
        body = [body[at : at + size] for at in range(0, len(body), size)]
    headers = data.draw(HEADERS) | {"content-type": data.draw(KINDS)}
    answer = ask(app, method, f"{ROOT}{path}?{data.draw(QUERY)}", body, headers.items())
    assert_as_documented(document, method, path, answer)


HUGE = [
    b'{"email": "' + b"x" * 60000 + b'"}',
    b'{"email": "a@b.example", "newsletters": [' + b'{"newsletter": "review"},' * 2000 + b"null]}",
    b'{"email": "a@b.example", "newsletters": [' + b"[" * 30000,
    b'{"a":' * 10000,
    b"-" + b"9" * 60000,
    b'{"email": 1e99999, "newsletters": -0.0}',
    b'{"email": "a@b.example", "email": "c@d.example", "newsletters": [], "newsletters": [{"newsletter": "review"}]}',
    b"\xef\xbb\xbf{}",
    b" " * (MOST_OCTETS - 2) + b"{}",
    b"x" * (MOST_OCTETS + 1),
    b"\0" * 100,
]


@pytest.mark.parametrize("body", HUGE, ids=range(len(HUGE)))
def test_what_is_huge_or_deep_is_answered_as_documented(body: bytes, app: ASGIApp, document: dict[str, Any]) -> None:
    """With its length and without."""
    for pieces in (body, [body[:7], body[7:]]):
        answer = ask(app, "POST", f"{ROOT}/subscribe", pieces, [("content-type", "application/json")])
        assert_as_documented(document, "POST", "/subscribe", answer)


METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"])


@given(METHODS | st.text(string.ascii_uppercase, min_size=1, max_size=9), st.data())
@LIMITED
def test_methods_and_paths_that_are_not_documented_are_refused(
    app: ASGIApp, document: dict[str, Any], method: str, data: st.DataObject
) -> None:
    """A path that is there says which methods it has; all others are not there. Nothing is a fault of ours."""
    there = data.draw(st.booleans())
    path = data.draw(st.sampled_from([*document["paths"]])) if there else "/" + data.draw(st.text(max_size=20))
    if (method, path) in documented(document) or path == "/openapi.json":
        return
    answer = ask(app, method, ROOT + path.replace("?", "_"), b"{}", data.draw(HEADERS).items())
    assert answer.status in (200, 400, 404, 405)
    # Nothing is done but that a page of the site may ask what it may do (CORS), and that HEAD is GET.
    assert answer.status != 200 or method in ("OPTIONS", "HEAD")
    if path in document["paths"] and method not in ("HEAD", "OPTIONS"):
        assert answer.status == 405
        assert answer.header("allow")


# What a page's form has in it, and what somebody may put there.
FIELDS = st.sampled_from(
    [
        "email",
        "newsletter",
        "schedule",
        "schedule.review",
        "schedule.letters",
        "schedule.\0",
        "parts.review",
        "part.review",
        "books.review",
        "pause.review",
        "until.review",
        "about",
        "name",
        "region",
        "language",
        "zone",
        "larger_type",
        "address",
        "back",
        "website",
        "",
    ]
)
VALUES = st.text(max_size=60) | st.sampled_from(
    [
        "reader@example.net",
        "new@example.net",
        "review",
        "daily",
        "weekly",
        ".",
        "section:\0",
        "books",
        "none",
        "99",
        "٣",
        "0001-01-01",
        "9999-12-31",
        "2027-02-30",
        "2026-12-31T23:59:60+24:00",
        "2027-W01-1",
        "../../etc/passwd",
        "Europe/Zürich",
        "tokyo",
        "en_US.UTF-8",
        "de-x-" + "y" * 200,
        "DE",
        "\0",
        "x\r\ny: z",
        "x" * 5000,
    ]
)
FORMS = st.lists(st.tuples(FIELDS, VALUES), max_size=8)


def urlencoded(fields: list[tuple[str, str]]) -> bytes:
    """As browsers post it."""
    return urlencode(fields, errors="surrogatepass").encode()


def multipart(fields: list[tuple[str, str]], boundary: str = "b") -> bytes:
    """As mail programs may post it."""
    parts = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields
    )
    return ("".join(parts) + f"--{boundary}--\r\n").encode()


@st.composite
def posts(draw: st.DrawFn) -> tuple[str, bytes]:
    """A content type and a body: of a form, of a broken one, or anything."""
    fields = draw(FORMS)
    boundary = draw(st.sampled_from(["b", "'()+_,-./:=?", "x" * 70, "b b"]))
    charset = draw(
        st.sampled_from(
            ["", *(f"; charset={name}" for name in ("utf-8", "utf-16", "utf-7", "idna", "punycode", "klingon", "hex"))]
        )
    )
    raw = draw(st.sampled_from([urlencoded(fields), multipart(fields, boundary)]) | st.binary(max_size=80))
    at, to = sorted((draw(st.integers(0, len(raw))), draw(st.integers(0, len(raw)))))
    body = draw(st.sampled_from([raw, raw, raw[:at] + raw[to:], raw[:at] + b"%", raw.replace(b"%", b"%%")]))
    kinds = [FORM, f'multipart/form-data; boundary="{boundary}"{charset}', "multipart/form-data", "text/plain", ""]
    return draw(st.sampled_from([*kinds[:2], *kinds])), body


def paths(dispatch: Dispatch) -> list[str]:
    """Where the forms of our pages are sent to: of somebody who is there, of nobody, and of a forger."""
    keys = dispatch.readers.keys
    tokens = {
        "confirm": Purpose.CONFIRM,
        "decline": Purpose.DECLINE,
        "unsubscribe": Purpose.UNSUBSCRIBE,
        "preferences": Purpose.PREFERENCES,
    }
    found = [
        f"/{page}/{token}"
        for page, purpose in tokens.items()
        for token in (keys.sign(purpose, 1), keys.sign(purpose, 2**48 - 1), "0" * 44, "x")
    ]
    below = [f"{path}/{rest}" for path in found if "preferences" in path for rest in _BELOW]
    return ["/subscribe", "/subscribe?newsletter=review", "/subscribe?newsletter=%00", *found, *below]


_BELOW = ("address", "again", "return", "erase", "data.json")


@given(posts(), HEADERS, st.data())
@example((FORM, b"List-Unsubscribe=One-Clic"), {}, None)
@LIMITED
def test_no_form_changes_anything_but_a_request_without_a_genuine_form_token(
    dispatch: Dispatch, app: ASGIApp, post: tuple[str, bytes], headers: dict[str, str], data: st.DataObject | None
) -> None:
    """Also below somebody's own genuine link; and whatever it is, it is answered calmly."""
    before = _all_but_requests(dispatch)
    kind, body = post
    every = paths(dispatch)
    for path in every if data is None else [data.draw(st.sampled_from(every)) for _ in range(3)]:
        answer = ask(app, "POST", path, body, (headers | {"content-type": kind}).items())
        assert answer.status in (200, 303, 400, 404, 405), (path, answer.status)
        assert "set-cookie" not in dict(answer.headers)
    assert _all_but_requests(dispatch) == before


def _all_but_requests(dispatch: Dispatch) -> dict[str, Any]:
    rows = everything_in(dispatch.database)
    del rows["request"]
    return rows


@given(FORMS, st.sampled_from(["choose", "address", "again", "return", "leave", "join"]), st.booleans())
@LIMITED
def test_whatever_is_chosen_on_a_genuine_page_is_answered_calmly(
    dispatch: Dispatch, app: ASGIApp, fields: list[tuple[str, str]], purpose: str, in_parts: bool
) -> None:
    """With tokens that are genuine, fields of any content come to a page or to what follows it."""
    keys = dispatch.readers.keys
    page = {"leave": "unsubscribe", "join": "subscribe"}.get(purpose, "preferences")
    kind = Purpose.UNSUBSCRIBE if page == "unsubscribe" else Purpose.PREFERENCES
    token = "" if purpose == "join" else keys.sign(kind, 1)
    minted = Pages(dispatch).tokens.mint(purpose, token, dispatch.now())
    named = [(name.replace('"', ""), value) for name, value in [*fields, ("form_token", minted)]]
    rest = f"/{purpose}" if purpose in _BELOW else ""
    path = f"/{page}/{token}{rest}" if token else f"/{page}"
    body = multipart(named) if in_parts else urlencoded(named)
    answer = ask(app, "POST", path, body, [("content-type", "multipart/form-data; boundary=b" if in_parts else FORM)])
    assert answer.status in (200, 303, 400, 429), (answer.status, answer.text)
    if answer.status == 303:
        followed = ask(app, "GET", quote(answer.header("location"), safe="/?=&,.%"))
        assert followed.status == 200


GETS = (
    "/issues/review/weekly/" + "9" * 400,
    "/issues/review/weekly/٣",
    "/issues/review?page=9999999999999999999999",
    "/issues/review?page=-1",
    "/issues/review?schedule=%00",
    "/issues/\0",
    "//elsewhere.example/",
    "/media/../../dispatch.db",
    "/media/\0",
    "/assets/\0",
    "/unsubscribe/\udcff",
    "/preferences/" + "f" * 60000,
    "/confirm/" + "0" * 43 + "\u0660",
    "/subscribe?newsletter=" + "a" * 60000,
    "/subscribe?" + "a&" * 20000,
)


@pytest.mark.parametrize("path", GETS, ids=range(len(GETS)))
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT"])
def test_addresses_of_every_shape_are_answered_calmly(method: str, path: str, app: ASGIApp) -> None:
    """As not there, mostly."""
    if "\udcff" in path:
        path = path.replace("\udcff", "\ufffd")  # what a server makes of octets that are no text
    assert ask(app, method, path).status in (200, 404, 405)


@pytest.mark.parametrize(
    "charset", ["utf-7", "idna", "punycode", "undefined", "raw_unicode_escape", "utf-16", "klingon"]
)
def test_no_character_set_of_a_form_is_a_fault_of_ours(charset: str, dispatch: Dispatch, app: ASGIApp) -> None:
    """Python knows some that are none, and some that can say what no text is made of."""
    kind = f"multipart/form-data; boundary=b; charset={charset}"
    for value in (b"\\ud800", b"+2AA-", b"xn--a", b"\xff\xfe\xff", b"a" * 70 + b".b"):
        body = b'--b\r\nContent-Disposition: form-data; name="email"\r\n\r\n' + value + b"\r\n--b--\r\n"
        for path in paths(dispatch):
            answer = ask(app, "POST", path, body, [("content-type", kind), ("origin", SITE)])
            assert answer.status in (200, 400, 404, 405), path


@pytest.mark.parametrize("referer", ["http://[", f"{SITE}]", "https://lamplight.example:x/", "//", "\xff"])
def test_no_referer_of_an_embedded_form_is_a_fault_of_ours(referer: str, app: ASGIApp) -> None:
    """Where a form stands is what the browser says, or the site."""
    headers = [("content-type", FORM), ("origin", SITE), ("referer", referer)]
    body = b"email=reader%40example.net&newsletter=review"
    assert ask(app, "POST", "/subscribe", body, headers).status == 303
