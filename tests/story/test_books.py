"""Books from the file to the inbox: pinned, sold where the reader lives, accepted, reported, and then at rest."""

import json
from typing import Any

import pytest

from tests.promoting.making import BOOKS_TOML, write_books
from tests.smtp_server import SmtpServer, answer
from tests.story.conftest import MakeMagazine
from tests.story.magazine import FRIDAY, Magazine, Piece, kill, links, parts, read_strictly, wait_until

THURSDAY = "2026-11-26T12:00:00Z"
NEXT_THURSDAY, NEXT_FRIDAY = "2026-12-03T12:00:00Z", "2026-12-04T12:01:00Z"
# Nobody outside is asked: check_pages is off.
BOOKS = f"""check_pages = false
{BOOKS_TOML}
[notices.reading]
title = "A reading at the lifeboat house"
text  = "Una Marr reads on Friday."
url   = "https://fulmar.example/reading"
"""


@pytest.fixture
def magazine(make_magazine: MakeMagazine) -> Magazine:
    """A magazine with books, and a reader in each of two countries and in none."""
    made = make_magazine(more='[books]\nfile = "books.toml"\n')
    write_books(made.folder, BOOKS)
    made.publish(Piece("ice", "The winter the harbour froze"))
    made.subscribe(["ann@reader.example", "ben@reader.example", "cat@reader.example"])
    made.dispatch("subscribers", "set", "ann@reader.example", "--newsletter", "review", "--region", "GB")
    made.dispatch("subscribers", "set", "ben@reader.example", "--newsletter", "review", "--region", "US")
    return made


def received(inbox: SmtpServer, address: str) -> tuple[str, str]:
    """Text and HTML of the newest message to an address."""
    message = [each for each in inbox.received if each.recipient == address][-1]
    return parts(read_strictly(message.data))


def report(magazine: Magazine, by: str) -> dict[str, Any]:
    """Impressions by what was shown."""
    rows = json.loads(magazine.dispatch("books", "report", "--by", by, "--json"))
    return {row[by]: row["impressions"] for row in rows}


def test_a_pinned_book_reaches_everybody_with_the_shops_of_their_country(magazine: Magazine, inbox: SmtpServer) -> None:
    """The same in both parts, as the preview had it; and the report counts what was accepted, by everything."""
    magazine.dispatch("books", "pin", "review", "tide-tables", "--now", THURSDAY)
    magazine.dispatch("collect", "--now", THURSDAY)
    assert json.loads(magazine.dispatch("plan", "review", "--json", "--now", THURSDAY))["books"] == ["tide-tables"]
    magazine.dispatch("run", "--once", "--now", FRIDAY)

    for address, shop in (("ann", "www.waterstones.com"), ("ben", "fulmar.example"), ("cat", "www.amazon.com")):
        text, html = received(inbox, f"{address}@reader.example")
        assert "Tide Tables" in text
        pictures = {link for link in links(html) if "/media/" in link}
        assert links(text) == links(html) - pictures
        assert any(link.startswith(f"https://{shop}/") for link in links(html)), address
    assert report(magazine, "book") == {"tide-tables": 3}
    assert report(magazine, "shops") == {
        "amazon-uk, waterstones, blackwells": 1,
        "amazon-us, amazon-uk": 1,
        "press, amazon-us, bookshop-us, barnes-noble": 1,
    }
    assert report(magazine, "issue") == {"review weekly 2026-11-27T07:00": 3}


def test_a_book_that_was_accepted_rests_and_one_that_was_refused_does_not(
    magazine: Magazine, inbox: SmtpServer
) -> None:
    """The next issue's preview says so, reader by reader's cohort."""
    inbox.script = lambda step: (
        answer("550 5.1.1 no such mailbox") if (step.stage, step.recipient) == ("rcpt", "ben@reader.example") else None
    )
    magazine.dispatch("books", "pin", "review", "reading", "--now", THURSDAY)
    magazine.dispatch("run", "--once", "--now", FRIDAY)
    text, html = received(inbox, "ann@reader.example")
    for part in (text, html):
        assert "A reading at the lifeboat house" in part
        assert "https://fulmar.example/reading" in links(part)
    listed = json.loads(magazine.dispatch("books", "list", "--json", "--now", NEXT_THURSDAY))
    resting = next(promo["resting"] for promo in listed if promo["slug"] == "reading")
    cohorts = {
        json.loads(magazine.dispatch("subscribers", "show", f"{name}@reader.example", "--json"))["cohort"]
        for name in ("ann", "cat")
    }
    assert resting == {"review weekly": len(cohorts) / 16}
    assert report(magazine, "book") == {"reading": 2}

    magazine.publish(Piece("thaw", "The thaw"))
    magazine.dispatch("run", "--once", "--now", NEXT_FRIDAY)
    text, _ = received(inbox, "ann@reader.example")
    assert "A reading at the lifeboat house" not in text


def test_a_repeat_shows_the_same_book(magazine: Magazine, inbox: SmtpServer) -> None:
    """The preview before, the mail, and a test mail after have the same one, though books.toml changed meanwhile."""
    magazine.dispatch("collect", "--now", THURSDAY)
    before = json.loads(magazine.dispatch("plan", "review", "--json", "--now", "2026-11-27T11:00:00Z"))
    magazine.dispatch("compose", "review", "--now", FRIDAY)
    write_books(magazine.folder, BOOKS.replace('author = "Pavel Orme"', 'author = "Pavel Orme"\nweight = 100'))
    magazine.dispatch("run", "--once", "--now", FRIDAY)
    assert report(magazine, "book").keys() == set(before["books"])
    assert sum(report(magazine, "book").values()) == 3


def test_a_page_that_is_gone_is_found_while_dispatch_runs(make_magazine: MakeMagazine, site: str) -> None:
    """The clock asks the shops, and `status` says which one has the book no more; here all of them are on loopback."""
    magazine = make_magazine(more='[books]\nfile = "books.toml"\n')
    book = 'title = "Tide Tables"\nauthor = "Una Marr"\nisbn = "9780000000071"\nblurb = "Poems."\n'
    own = f'[press]\nname = "Fulmar Press"\nshop = "{site}/books/{{slug}}"\n[regions]\nelsewhere = ["press"]\n'
    write_books(magazine.folder, f"{own}[books.tide-tables]\n{book}")
    magazine.publish(Piece("ice", "The winter the harbour froze"))
    running = magazine.start("run", "--only", "schedule")
    try:
        said = "! books: the page of tide-tables at Fulmar Press answers 404 since "
        wait_until(lambda: said in magazine.dispatch("status"))
    finally:
        kill(running)
