"""Fetching one document: what is asked, what is believed, and what is not put up with."""

import asyncio
import gzip
import ipaddress
import time
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dispatch.collecting.fetching import Fetched, FetchError, Limits, fetch, open_reach
from dispatch.collecting.network import IpAddress, Network, anywhere, look_up
from tests.collecting.making import NOW
from tests.collecting.scripted_server import Answer, Script, scripted_server

QUICK = Limits(seconds=5, connect_seconds=1, read_seconds=1)
ANYWHERE = Network(permits=anywhere)


@pytest.fixture
def server() -> Iterator[Script]:
    """A server that answers as the test says."""
    with scripted_server() as script:
        yield script


def get(url: str, network: Network = ANYWHERE, limits: Limits = QUICK, **conditions: Any) -> Fetched:
    """Fetch for a source called "site"."""

    async def run() -> Fetched:
        async with open_reach(network=network, limits=limits) as reach:
            return await fetch(reach, "site", url, NOW, **conditions)

    return asyncio.run(run())


def test_a_document_comes_with_what_is_said_about_it(server: Script) -> None:
    """Body, type, validators and how long it is fresh."""
    headers = {"ETag": '"v1"', "Last-Modified": "Thu, 05 Mar 2026 10:00:00 GMT", "Content-Type": "application/rss+xml"}
    server["/feed"] = Answer("<rss/>", headers=headers | {"Cache-Control": "public, max-age=3600"})
    got = get(server.url("/feed"))
    assert got.body == b"<rss/>"
    assert (got.etag, got.last_modified) == ('"v1"', "Thu, 05 Mar 2026 10:00:00 GMT")
    assert got.content_type == "application/rss+xml"
    assert got.max_age == timedelta(hours=1)
    assert not got.not_modified


def test_we_say_who_we_are_and_ask_only_what_we_can_read(server: Script) -> None:
    """Own User-Agent, gzip and deflate, the host as it was written."""
    server["/feed"] = "x"
    get(server.url("/feed"))
    asked = server.asked[0].headers
    assert asked["user-agent"].startswith("dispatch/")
    assert asked["accept-encoding"] == "gzip, deflate"
    assert asked["host"] == server.home.removeprefix("http://")
    assert "if-none-match" not in asked


def test_a_document_that_has_not_changed_is_not_sent_again(server: Script) -> None:
    """The validators are sent back, and 304 is no failure."""
    server["/feed"] = Answer(status=304, headers={"ETag": '"v1"'})
    got = get(server.url("/feed"), etag='"v1"', last_modified="Thu, 05 Mar 2026 10:00:00 GMT")
    assert got.not_modified
    assert server.asked[0].headers["if-none-match"] == '"v1"'
    assert server.asked[0].headers["if-modified-since"] == "Thu, 05 Mar 2026 10:00:00 GMT"


def test_the_name_is_asked_for_by_name_although_the_address_was_checked(server: Script) -> None:
    """The connection goes to the judged address, the Host header still names the site."""
    server["/feed"] = "x"

    async def pinned(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    port = server.home.rpartition(":")[2]
    get(f"http://lamplight.example:{port}/feed", Network(permits=anywhere, resolve=pinned))
    assert server.asked[0].headers["host"] == f"lamplight.example:{port}"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "raw deflate", "two gzip members"])
def test_compressed_documents_are_unpacked(server: Script, encoding: str) -> None:
    """gzip, zlib, the deflate that some servers misunderstand, and gzip in several members."""
    text = b"<rss>" + b"lamp " * 5000 + b"</rss>"
    raw = zlib.compressobj(wbits=-15)
    packed = {
        "gzip": gzip.compress(text),
        "deflate": zlib.compress(text),
        "raw deflate": raw.compress(text) + raw.flush(),
        "two gzip members": gzip.compress(text[:100]) + gzip.compress(text[100:]) + b"\0\0",
    }[encoding]
    server["/feed"] = Answer(packed, headers={"Content-Encoding": "gzip" if "gzip" in encoding else "deflate"})
    assert get(server.url("/feed")).body == text


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_bomb_is_noticed_before_it_is_in_memory(server: Script, encoding: str) -> None:
    """A few hundred kilobytes that would become a quarter of a gigabyte are refused by size."""
    packer = zlib.compressobj(9, wbits=31 if encoding == "gzip" else 15)
    bomb = b"".join(packer.compress(bytes(1024 * 1024)) for _ in range(256)) + packer.flush()
    server["/feed"] = Answer(bomb, headers={"Content-Encoding": encoding})
    with pytest.raises(FetchError, match=r"site: .*/feed is larger than 10 MiB"):
        get(server.url("/feed"))


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Answer(b"x" * 50, headers={"Content-Encoding": "br"}), "encoded as 'br', which was not asked for"),
        (Answer(b"x" * 50, headers={"Content-Encoding": "gzip, gzip"}), "encoded as 'gzip, gzip'"),
        (Answer(b"no gzip at all", headers={"Content-Encoding": "gzip"}), "compressed body is broken"),
        (Answer(gzip.compress(b"x" * 999)[:-12], headers={"Content-Encoding": "gzip"}), "ends too early"),
        (Answer(b"x", 401), "wants a log-in"),
        (Answer(b"x", 403), "refuses to be read"),
        (Answer(b"x", 404), "nothing is there: check the address"),
        (Answer(b"x", 500), "answered 500: it is tried again later"),
        (Answer(b"x", 302, {"Location": "http://["}), "not an http or https address"),
        (Answer(b"x", 302, {"Location": "http://0177.0.0.1/"}), "redirects to something that is no address"),
        (Answer(b"x", 302, {"Location": "file:///etc/passwd"}), "not an http or https address"),
        (Answer(b"x", 302, {"Location": "gopher://lamplight.example/"}), "not an http or https address"),
        (Answer(b"x" * 10, headers={"Content-Length": "99"}), "broke off|did not answer properly"),
    ],
)
def test_what_goes_wrong_is_said_in_a_sentence(server: Script, answer: Answer, sentence: str) -> None:
    """Each failure names the source and the address."""
    server["/feed"] = answer
    with pytest.raises(FetchError, match=sentence) as caught:
        get(server.url("/feed"))
    assert str(caught.value).startswith("site: ")


def test_a_body_that_has_no_end_is_cut_off(server: Script) -> None:
    """Ten MiB are read, whatever is promised."""

    def endless() -> Iterator[bytes]:
        while True:
            yield bytes(65536)

    server["/feed"] = Answer(pieces=endless)
    with pytest.raises(FetchError, match="larger than 10 MiB"):
        get(server.url("/feed"))


def test_a_body_that_drips_is_given_up_when_its_time_is_over(server: Script) -> None:
    """The limit is on the whole, so a byte now and then does not buy more time."""

    def dripping() -> Iterator[bytes]:
        while True:
            yield b"x"
            time.sleep(0.05)

    server["/feed"] = Answer(pieces=dripping)
    with pytest.raises(FetchError, match=r"took longer than 0\.4 seconds"):
        get(server.url("/feed"), limits=replace(QUICK, seconds=0.4))


def test_a_server_that_is_not_there_is_a_failure_in_words() -> None:
    """Connection refused."""
    with scripted_server() as script:
        url = script.url("/feed")
    with pytest.raises(FetchError, match="cannot be reached"):
        get(url)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_one_by_one(server: Script, status: int) -> None:
    """Relative and absolute, and the address in the end is known."""
    server["/old"] = Answer(status=status, headers={"Location": "/newer?x=1"})
    server["/newer?x=1"] = Answer(status=status, headers={"Location": server.url("/newest")})
    server["/newest"] = "here"
    got = get(server.url("/old"))
    assert (got.body, got.url) == (b"here", server.url("/newest"))


def test_five_redirects_are_enough_for_anybody(server: Script) -> None:
    """A loop ends with a sentence, after six questions."""
    server["/round"] = Answer(status=302, headers={"Location": "/round"})
    with pytest.raises(FetchError, match="redirects more than 5 times"):
        get(server.url("/round"))
    assert len(server.asked) == 6


def only_first_loopback(address: IpAddress) -> bool:
    """127.0.0.1 stands for the open internet, everything else for private networks."""
    return address == ipaddress.ip_address("127.0.0.1")


@pytest.mark.parametrize("host", ["127.0.0.2", "127.2", "0x7f000002", "2130706434", "[::ffff:127.0.0.2]"])
def test_a_redirect_to_a_private_network_is_refused_before_anything_is_sent(server: Script, host: str) -> None:
    """Every hop is judged like the first, in every spelling."""
    with scripted_server("127.0.0.2") as canary:
        port = canary.home.rpartition(":")[2]
        server["/feed"] = Answer(status=302, headers={"Location": f"http://{host}:{port}/secret"})
        with pytest.raises(FetchError, match="on a private or reserved network"):
            get(server.url("/feed"), Network(permits=only_first_loopback))
        assert canary.asked == []


def test_a_name_that_changes_its_address_between_two_looks_gets_nothing(server: Script) -> None:
    """DNS rebinding: what was judged is what is connected to, so the second answer is never used unjudged."""
    answers = [["127.0.0.1"], ["127.0.0.2"]]

    async def rebinding(host: str, port: int) -> list[str]:
        return answers.pop(0) if host == "rebind.example" else await look_up(host, port)

    with scripted_server("127.0.0.2") as canary:
        port = server.home.rpartition(":")[2]
        server["/feed"] = Answer(status=302, headers={"Location": f"http://rebind.example:{port}/again"})
        server["/again"] = "never"
        with pytest.raises(FetchError, match=r"rebind\.example is at 127\.0\.0\.2"):
            get(f"http://rebind.example:{port}/feed", Network(permits=only_first_loopback, resolve=rebinding))
        assert canary.asked == []
        assert server.paths() == ["/feed"]


def test_loopback_is_refused_unless_it_is_allowed(server: Script) -> None:
    """The default network is the open internet; the message says which setting allows more."""
    server["/feed"] = "x"
    with pytest.raises(FetchError, match=r"collect\.allow_private_networks = true"):
        get(server.url("/feed"), Network())
    assert server.asked == []


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "gopher://a.example/", "ftp://a.example/", "lamplight.example/feed", "", "http://",
            "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/", "http://a.example:99999/", "unix:///run/x.sock"]
)  # fmt: skip
def test_only_web_addresses_are_fetched(url: str) -> None:
    """Everything else is refused by name, before any connection."""
    with pytest.raises(FetchError, match="site: "):
        get(url, Network())


def test_no_proxy_of_the_environment_is_used(server: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would connect for us, to addresses that nobody judged."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    server["/feed"] = "direct"
    assert get(server.url("/feed")).body == b"direct"


def test_no_cookie_is_ever_sent_back(server: Script) -> None:
    """Neither to the same host nor along a redirect."""
    server["/feed"] = Answer(status=302, headers={"Location": "/next", "Set-Cookie": "who=you"})
    server["/next"] = "x"
    get(server.url("/feed"))
    assert all("cookie" not in asked.headers for asked in server.asked)


def test_a_log_in_in_an_address_is_not_repeated_in_messages(server: Script) -> None:
    """Nor is a query: both may hold a secret."""
    url = server.url("/feed?token=hunter2").replace("http://", "http://me:hunter2@")
    with pytest.raises(FetchError) as caught:
        get(url)
    assert "hunter2" not in str(caught.value)


def test_gone_is_for_ever(server: Script) -> None:
    """410 is told apart from every other failure."""
    server["/feed"] = Answer(status=410)
    with pytest.raises(FetchError, match="gone for good") as caught:
        get(server.url("/feed"))
    assert caught.value.gone


@pytest.mark.parametrize(
    ("status", "value", "wait"),
    [
        (429, "120", timedelta(minutes=2)),
        (503, "Fri, 06 Mar 2026 13:00:00 GMT", timedelta(hours=1)),
        (503, "Fri, 06 Mar 2026 11:00:00 GMT", timedelta(0)),
        (503, "soon", None),
        (503, "", None),
    ],
)
def test_how_long_a_server_wants_to_be_left_is_understood(
    server: Script, status: int, value: str, wait: timedelta | None
) -> None:
    """Retry-After as seconds and as a date."""
    server["/feed"] = Answer(status=status, headers={"Retry-After": value} if value else {})
    with pytest.raises(FetchError) as caught:
        get(server.url("/feed"))
    assert caught.value.retry_after == wait
