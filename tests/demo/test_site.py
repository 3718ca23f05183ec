"""The magazine's site over HTTP, and its feed as a feed reader sees it."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import feedparser
import lxml.html
import pytest

from dispatch.demo.drawing.album import draw_leads
from dispatch.demo.magazine.pieces import NAME, read_pieces
from dispatch.demo.site import magazine_site
from dispatch.web.serving import serving

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
PIECES = read_pieces(NOW)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the magazine's pictures."""
    folder = tmp_path_factory.mktemp("pictures")
    draw_leads(folder)
    return folder


def visiting(pictures: Path, visit: Callable[[str], Any]) -> Any:
    """What `visit(url)` returns while the site is served there."""

    async def run() -> Any:
        async with serving(lambda url: magazine_site(PIECES, pictures, url)) as url:
            return await asyncio.to_thread(visit, url)

    return asyncio.run(run())


def get(url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body."""
    place = urlsplit(url)
    connection = HTTPConnection(place.netloc)
    try:
        connection.request("GET", place.path, headers=headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def test_the_home_page_names_the_feed_and_every_piece(pictures: Path) -> None:
    status, _, body = visiting(pictures, lambda url: get(f"{url}/"))
    page = lxml.html.fromstring(body.decode())
    assert status == 200
    assert page.xpath("//link[@rel='alternate'][@type='application/rss+xml']/@href") == ["/feed/"]
    assert page.xpath("//h2/a/@href") == [piece.path for piece in PIECES]


def test_every_piece_has_its_page(pictures: Path) -> None:
    answers = visiting(pictures, lambda url: [get(url + piece.path) for piece in PIECES])
    for piece, (status, _, body) in zip(PIECES, answers, strict=True):
        assert status == 200
        assert lxml.html.fromstring(body.decode()).xpath("string(//h1)") == piece.title


@pytest.mark.parametrize("path", ["/essay/no-such-piece/", "/images/none.jpg", "/images/..%2f..%2fsite.py", "/nothing"])
def test_what_is_not_there_is_not_found(pictures: Path, path: str) -> None:
    status, _, _ = visiting(pictures, lambda url: get(url + path))
    assert status == 404


def test_a_piece_with_a_film_asks_nobody_else_for_it(pictures: Path) -> None:
    film = next(piece for piece in PIECES if "<iframe" in piece.html)
    _, headers, _ = visiting(pictures, lambda url: get(url + film.path))
    assert headers["content-security-policy"].startswith("default-src 'none'")


def test_a_feed_reader_reads_the_whole_feed(pictures: Path) -> None:
    _, headers, body = visiting(pictures, lambda url: get(f"{url}/feed/"))
    feed = feedparser.parse(body, sanitize_html=False, resolve_relative_uris=False)
    assert headers["content-type"].startswith("application/rss+xml")
    assert not feed.bozo
    assert feed.feed.title == NAME
    assert [entry.title for entry in feed.entries] == [piece.title for piece in PIECES]
    assert [entry.author for entry in feed.entries] == [piece.author for piece in PIECES]
    assert [int(entry.slash_comments) for entry in feed.entries] == [piece.replies for piece in PIECES]
    assert len({entry.id for entry in feed.entries}) == len(PIECES)
    assert all(piece.html in entry.content[0].value for piece, entry in zip(PIECES, feed.entries, strict=True))


def test_the_feed_has_the_debris_that_cleaning_is_for(pictures: Path) -> None:
    _, _, body = visiting(pictures, lambda url: get(f"{url}/feed/"))
    debris = (
        "image_pdf",
        "image_print",
        "Share this:",
        "Send this to a friend",
        "lazyload",
        "data-src",
        "appeared first on",
    )
    assert [mark for mark in debris if mark not in body.decode()] == []


def test_a_feed_that_has_not_changed_is_not_sent_again(pictures: Path) -> None:
    def visit(url: str) -> tuple[int, int, bytes]:
        first = get(f"{url}/feed/")
        again = get(f"{url}/feed/", **{"If-None-Match": first[1]["etag"]})
        return first[0], again[0], again[2]

    assert visiting(pictures, visit) == (200, 304, b"")


def test_the_pictures_of_the_feed_are_there(pictures: Path) -> None:
    def visit(url: str) -> list[tuple[int, str]]:
        feed = feedparser.parse(get(f"{url}/feed/")[2])
        addresses = [media["url"] for entry in feed.entries for media in entry.get("media_content", [])]
        answers = [get(address) for address in addresses]
        return [(status, headers["content-type"]) for status, headers, _ in answers]

    assert visiting(pictures, visit) == [(200, "image/jpeg")] * 5
