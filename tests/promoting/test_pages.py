"""Which pages promos lead to, and whether those are asked that should be: politely, and with the right suspicion."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dispatch.collecting.pages import HOSTS, ask_pages
from dispatch.config.settings import Settings
from dispatch.promoting.pages import missing_in_words, note_shop_pages, pages_of
from dispatch.promoting.reading import read_catalogue
from dispatch.store.database import Database
from dispatch.store.promo_tables import shop_page
from dispatch.store.shop_pages import missing_pages, note_pages
from tests.promoting.making import BOOKS_TOML, FRIDAY, write_books
from tests.subscribing.making import make_settings, rows

NEW_YORK = ZoneInfo("America/New_York")
DAY = timedelta(days=1)


class Shop:
    """A shop on loopback: path → what HEAD and GET answer, and every question in order."""

    def __init__(self, home: str) -> None:
        self.home = home
        self.answers: dict[str, tuple[int, int]] = {}
        self.asked: list[str] = []


@contextmanager
def open_shop() -> Iterator[Shop]:
    """Serve until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(0)

        def do_GET(self) -> None:
            self._answer(1)

        def _answer(self, which: int) -> None:
            opened.asked.append(f"{self.command} {self.path}")
            status = opened.answers.get(self.path, (200, 200))[which]
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Encoding", "gzip" if which == 0 else "identity")
            self.send_header("Content-Length", "400000" if which == 0 else "2")
            self.end_headers()
            if which:
                self.wfile.write(b"ok")

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    opened = Shop(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02))
    thread.start()
    try:
        yield opened
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def shop() -> Iterator[Shop]:
    """An open shop."""
    with open_shop() as opened:
        yield opened


def settings_for(**collect: Any) -> Settings:
    """A configuration that may ask on loopback."""
    return make_settings(collect={"allow_private_networks": True} | collect)


def ask(database: Database, now: datetime, settings: Settings | None = None) -> int:
    """One beat of the clock."""
    return asyncio.run(ask_pages(database, settings or settings_for(), now))


def note(database: Database, shop: Shop, *paths: str) -> None:
    """Note these pages of a shop."""
    database.transact(note_pages, {shop.home + path: f"{path[1:]} at Shop" for path in paths})


def test_every_page_of_every_region_is_noted_once(tmp_path: Path) -> None:
    """With what it is about; not those of books that are over, and never with a tag: asking is nobody's visit."""
    text = BOOKS_TOML.replace(
        "[books.tide-tables]", '[shops.amazon-us]\naffiliate = { tag = "x-20", regions = ["US"] }\n[books.tide-tables]'
    )
    text += '\n[notices.reading]\ntitle = "R"\ntext = "T"\nurl = "https://fulmar.example/reading"\n'
    catalogue = read_catalogue(write_books(tmp_path, text))
    pages = pages_of(catalogue, FRIDAY, NEW_YORK)
    assert pages["https://www.amazon.com/dp/0000000078"] == "tide-tables at Amazon US"
    assert pages["https://www.waterstones.com/book/9780000000149"] == "tide-tables at Waterstones"
    assert pages["https://fulmar.example/reading"] == "the notice reading"
    assert pages["https://fulmar.example/books/house-book"] == "house-book at Fulmar Press"
    assert not [url for url in pages if "tag=" in url]
    assert "https://fulmar.example/books/house-book" not in pages_of(catalogue, FRIDAY + 60 * DAY, NEW_YORK)


def test_pages_are_noted_from_books_toml_unless_that_is_switched_off(database: Database, tmp_path: Path) -> None:
    """A books.toml that is wrong has none."""
    file = write_books(tmp_path)
    settings = make_settings(books={"file": str(file)})
    asyncio.run(note_shop_pages(database, settings, FRIDAY))
    assert len(rows(database, shop_page)) > 10
    for text in ("check_pages = false\n" + BOOKS_TOML, "[press\n"):
        file.write_text(text)
        asyncio.run(note_shop_pages(database, settings, FRIDAY))
        assert rows(database, shop_page) == []


@pytest.mark.parametrize(
    ("head", "get", "questions", "missing"),
    [
        pytest.param(200, 200, 1, False, id="there"),
        pytest.param(404, 404, 2, True, id="not there"),
        pytest.param(410, 410, 2, True, id="gone"),
        pytest.param(404, 200, 2, False, id="HEAD was wrong"),
        pytest.param(405, 200, 2, False, id="no HEAD here"),
        pytest.param(405, 404, 2, True, id="no HEAD here, and not there"),
        pytest.param(403, 403, 2, False, id="not for programs"),
        pytest.param(503, 429, 2, False, id="too busy"),
        pytest.param(302, 302, 2, False, id="moved"),
    ],
)
def test_head_is_asked_then_get_and_only_404_and_410_accuse(
    database: Database, shop: Shop, head: int, get: int, questions: int, missing: bool
) -> None:
    """A head without a body, however large and packed it says the page is, is an answer."""
    shop.answers["/tide"] = (head, get)
    note(database, shop, "/tide")
    assert ask(database, FRIDAY) == 1
    assert len([asked for asked in shop.asked if "/tide" in asked]) == (1 if head == 302 else questions)
    assert shop.asked[0] == "HEAD /tide"
    assert bool(database.transact(missing_pages)) == missing


def test_each_page_is_asked_once_a_day_and_a_host_once_a_beat(database: Database, shop: Shop) -> None:
    """However often the clock beats."""
    note(database, shop, "/tide", "/stone")
    assert [ask(database, FRIDAY + timedelta(minutes=minute)) for minute in range(4)] == [1, 1, 0, 0]
    assert ask(database, FRIDAY + DAY) == 1
    assert shop.asked == ["HEAD /stone", "HEAD /tide", "HEAD /stone"]


def test_a_run_that_is_not_repeated_asks_more_at_once(database: Database, shop: Shop) -> None:
    """Round after round, until nothing is due or it was enough."""
    note(database, shop, "/a", "/b", "/c")
    assert asyncio.run(ask_pages(database, settings_for(), FRIDAY, rounds=2)) == 2
    assert asyncio.run(ask_pages(database, settings_for(), FRIDAY, rounds=9)) == 1
    assert shop.asked == ["HEAD /a", "HEAD /b", "HEAD /c"]


def test_a_shop_that_does_not_answer_is_not_accused(database: Database) -> None:
    """Nor is one on a private network, which is not even asked."""
    with open_shop() as shop:
        note(database, shop, "/tide")
        assert ask(database, FRIDAY, settings_for(allow_private_networks=False)) == 1
        assert shop.asked == []
    assert ask(database, FRIDAY + DAY) == 1
    assert database.transact(missing_pages) == []
    assert rows(database, shop_page)[0]["asked_at"] == FRIDAY + DAY
    assert HOSTS >= 1


def test_the_operator_is_told_which_page_and_what_to_do(database: Database, shop: Shop) -> None:
    """In one line, as `dispatch status` prints it."""
    shop.answers["/tide"] = (404, 404)
    note(database, shop, "/tide")
    ask(database, FRIDAY)
    [page] = database.transact(missing_pages)
    assert missing_in_words(page, NEW_YORK) == (
        f"books: the page of tide at Shop answers 404 since 2026-11-27: {shop.home}/tide "
        "(correct its ISBN, or leave the shop out in books.toml)"
    )
    shop.answers["/tide"] = (200, 200)
    ask(database, FRIDAY + DAY)
    assert database.transact(missing_pages) == []
