"""What stands before every page: no body is too large or too slow, and none that breaks off harms anybody."""

import asyncio
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dispatch.model.network import network_hash
from dispatch.store.reader_tables import request
from dispatch.web.guard import MOST_OCTETS, Guard
from dispatch.web.serving import serving
from tests.web.opening import SITE, configuration
from tests.web.serving_pages import Served, served


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Served]:
    """The pages of a magazine."""
    with served(configuration(tmp_path)) as pages:
        yield pages


def said(port: int, *parts: bytes) -> bytes:
    """What is answered to a request that is sent exactly as it is written here."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for part in parts:
            connection.sendall(part)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


def post(path: str, body: bytes, *headers: str) -> bytes:
    """A POST that closes its connection."""
    lines = [f"POST {path} HTTP/1.1", "Host: x", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


FORM = "Content-Type: application/x-www-form-urlencoded"
JSON = "Content-Type: application/json"


def test_a_body_may_have_64_kilobytes_and_not_an_octet_more(pages: Served) -> None:
    """Said in words; to a program as JSON."""
    start = b"email=a%40b.example&x="
    for more, status in ((0, b"200 OK"), (1, b"413 ")):
        body = start + b"x" * (MOST_OCTETS - len(start) + more)
        answer = said(pages.port, post("/subscribe", body, FORM, f"Content-Length: {len(body)}"))
        assert answer.startswith(b"HTTP/1.1 " + status)
    assert b"<h1>That was too much</h1>" in answer
    api = said(pages.port, post("/api/v1/subscribe", body, JSON, f"Content-Length: {len(body)}"))
    assert api.startswith(b"HTTP/1.1 413 ")
    assert json.loads(api.partition(b"\r\n\r\n")[2]) == {"detail": "Request Entity Too Large"}


@pytest.mark.parametrize(("path", "kind"), [("/subscribe", FORM), ("/api/v1/subscribe", JSON)])
@pytest.mark.parametrize("size", [100, 5000])
def test_a_body_that_does_not_say_how_long_it_is_is_counted(path: str, kind: str, size: int, pages: Served) -> None:
    """Chunked, in small pieces and in large ones."""
    chunk = f"{size:x}\r\n".encode() + b"x" * size + b"\r\n"
    chunks = chunk * (MOST_OCTETS // size + 1)
    answer = said(pages.port, post(path, b"", kind, "Transfer-Encoding: chunked"), chunks, b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_body_that_takes_too_long_is_not_waited_for() -> None:
    """Neither one that never comes nor one that trickles."""

    async def read(asked: Request) -> Response:
        return PlainTextResponse(await asked.body())

    async def talk() -> list[bytes]:
        app = Guard(Starlette(routes=[Route("/", read, methods=["POST"])]), seconds=0.05)
        async with serving(lambda _: app) as url:
            answers = []
            for trickle in (b"", b"x"):
                reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
                writer.write(post("/", trickle, "Content-Length: 10"))
                answers.append(await reader.readline())
                writer.close()
            return answers

    assert asyncio.run(talk()) == [b"HTTP/1.1 408 Request Timeout\r\n"] * 2


def test_somebody_who_hangs_up_is_nobodys_trouble(pages: Served, capfd: pytest.CaptureFixture[str]) -> None:
    """Within the head, the body, or before the answer; then the next one is served, and nothing is complained of."""
    for part in (b"POST /sub", post("/subscribe", b"email=", FORM, "Content-Length: 500"), b"\x16\x03\x01\x02\x00\x01"):
        with socket.create_connection(("127.0.0.1", pages.port)) as connection:
            connection.sendall(part)
    assert said(pages.port, b"GET /health HTTP/1.0\r\n\r\n").endswith(b"ok\n")
    assert "Traceback" not in capfd.readouterr().err


BOUNDARY = "Content-Type: multipart/form-data; boundary=b"
BROKEN = [
    (FORM, b"%zz=%&&=;\xff\xfe\x00&a"),
    (BOUNDARY, b"--b\r\nContent-Disposition: form-data; name=email\r\n\r\nx"),
    (BOUNDARY, b"no boundary at all"),
    (BOUNDARY, b"--b\r\n\xff: \xfe\r\n\r\nx\r\n--b--\r\n"),
    ("Content-Type: multipart/form-data", b"--b\r\n\r\n--b--"),
    (BOUNDARY, b"--b\r\nContent-Disposition: form-data; name=a; filename=f\r\n\r\nx\r\n" * 200 + b"--b--\r\n"),
    (FORM, b"a&" * 30000),
    ("Content-Type: \xff/;;;=", b"x"),
    ("Content-Type: application/x-www-form-urlencoded; charset=klingon", b"email=x"),
    ("X: y", b"email=a%40b.example"),
]


@pytest.mark.parametrize(("kind", "body"), BROKEN, ids=range(len(BROKEN)))
@pytest.mark.parametrize("path", ["/subscribe", "/confirm/" + "0" * 44, "/decline/" + "0" * 44, "/api/v1/subscribe"])
def test_a_broken_body_is_answered_calmly(path: str, kind: str, body: bytes, pages: Served) -> None:
    """As wrong, or as a form that is shown once more; never as a fault of ours."""
    answer = said(pages.port, post(path, body, kind, f"Content-Length: {len(body)}"))
    status = int(answer.split()[1])
    assert status in (200, 400, 404, 422)
    with pages.dispatch.database.engine.connect() as connection:
        assert connection.execute(sa.select(request)).all() == []


@pytest.mark.parametrize(
    ("trusted", "headers", "client"),
    [
        ("[]", ["X-Forwarded-For: 198.51.100.9"], "127.0.0.1"),
        ('["127.0.0.1"]', ["X-Forwarded-For: 203.0.113.1, 198.51.100.9"], "198.51.100.9"),
        ('["127.0.0.1"]', ["Forwarded: for=203.0.113.1", "X-Real-IP: 203.0.113.1"], "127.0.0.1"),
        ('["127.0.0.1"]', ["X-Forwarded-For: 203.0.113.1", "X-Forwarded-For: 198.51.100.9"], "198.51.100.9"),
    ],
)
def test_who_asked_is_remembered_by_what_a_trusted_proxy_says(
    trusted: str, headers: list[str], client: str, tmp_path: Path
) -> None:
    """And by no other header."""
    config = configuration(tmp_path)
    config.write_text(config.read_text().replace("[web]", f"[web]\ntrusted_proxies = {trusted}"))
    with served(config) as pages:
        body = b"email=reader%40example.net"
        headers = [*headers, FORM, f"Origin: {SITE}", f"Content-Length: {len(body)}"]
        assert said(pages.port, post("/subscribe", body, *headers)).startswith(b"HTTP/1.1 303")
        with pages.dispatch.database.engine.connect() as connection:
            [network] = connection.scalars(sa.select(request.c.network))
        assert network == network_hash(client, pages.dispatch.address_key)


def test_headers_that_lie_about_the_server_change_nothing(pages: Served) -> None:
    """Links and redirects are paths: no Host and no X-Forwarded-Host gets into them."""
    lines = [
        "GET / HTTP/1.0",
        "Host: evil.example",
        "X-Forwarded-Host: evil.example",
        "X-Forwarded-Proto: gopher",
        "",
        "",
    ]
    answer = said(pages.port, "\r\n".join(lines).encode())
    assert b"\r\nlocation: /subscribe\r\n" in answer
    assert b"evil" not in answer
    assert b"server:" not in answer.lower()
