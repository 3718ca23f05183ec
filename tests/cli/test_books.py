"""`dispatch books`: which are shown, where they are sold, and what is wrong with the file."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dispatch.cli.main import app
from dispatch.store.database import Database, sqlite_url
from dispatch.store.shop_pages import note_pages, record_answer
from tests.cli.magazine import Magazine
from tests.promoting.making import BOOKS_TOML, write_books


@pytest.fixture
def magazine(tmp_path: Path) -> Magazine:
    """The Gannet with its five books."""
    write_books(tmp_path)
    return Magazine(tmp_path)


def test_the_books_are_listed_with_what_keeps_them_out(magazine: Magazine) -> None:
    """For a region and a day."""
    told = magazine.done("books", "list", "--now", "2027-01-01T12:00:00Z").splitlines()
    assert told[0].split() == ["tide-tables", "weight", "2", "Tide", "Tables,", "by", "Una", "Marr:", "shown"]
    assert told[3].endswith("Harbour Only, by Lise Aumont: not shown: it is sold in GB alone")
    assert told[4].endswith("House Book, by Ines Calloway: not shown: it was shown until 2026-12-31")
    answer = json.loads(magazine.done("books", "list", "--region", "uk", "--json", "--now", "2026-12-01T12:00:00Z"))
    assert [(book["slug"], book["shown"]) for book in answer] == [
        ("tide-tables", True),
        ("stone-letters", True),
        ("long-shore", True),
        ("harbour-only", True),
        ("house-book", True),
    ]
    assert {book["kind"] for book in answer} == {"book"}


def test_a_book_is_shown_as_a_mail_shows_it(magazine: Magazine) -> None:
    """Label, words, shops with their links, sentence."""
    told = magazine.done("books", "show", "long-shore", "--region", "GB", "--now", "2026-12-01T12:00:00Z")
    assert told.splitlines() == [
        "From Fulmar Press",
        "For anybody with boots.",
        "The Long Shore, by Ida Brandt",
        "A walk of nine months.",
        "  Amazon UK: https://www.amazon.co.uk/dp/0000000280",
        "  Waterstones: https://www.waterstones.com/book/9780000000286",
        "  Blackwell's: https://blackwells.co.uk/bookshop/product/9780000000286",
        "Pre-order from Amazon UK, Waterstones, Blackwell's or wherever books are sold.",
    ]
    answer = json.loads(magazine.done("books", "show", "long-shore", "--json", "--now", "2027-03-01T12:00:00Z"))
    assert answer["sentence"] == "Order on Amazon US, Amazon UK or wherever books are sold."


def test_the_shops_are_listed_with_their_regions(magazine: Magazine) -> None:
    """The house's own first."""
    told = [line.split("  ") for line in magazine.done("books", "shops").splitlines()]
    assert [part.strip() for part in told[0] if part.strip()] == ["press", "Fulmar Press", "US"]
    answer = {shop["slug"]: shop["regions"] for shop in json.loads(magazine.done("books", "shops", "--json"))}
    assert answer["amazon-uk"] == ["GB", "elsewhere"]
    assert answer["amazon-de"] == []


def test_a_check_names_everything_that_is_wrong(magazine: Magazine) -> None:
    """Covers too, which no issue fails for."""
    assert magazine.done("books", "check") == "5 books of Fulmar Press: nothing is wrong\n"
    (magazine.folder / "covers" / "tide.png").write_bytes(b"nothing")
    result = magazine.run("books", "check")
    assert result.exit_code == 1
    assert "books.tide-tables: its cover cannot be shown" in result.stderr
    (magazine.folder / "covers" / "tide.png").unlink()
    assert "books.tide-tables.cover: found" in magazine.run("books", "check").stderr
    write_books(magazine.folder, BOOKS_TOML.replace("9780000000217", "9780000000218").replace("GB ", "UK "))
    assert len(magazine.run("books", "check").stderr.splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("show", "tide"), 'there is no book or notice "tide"; there are: tide-tables'),
        (("show", "tide-tables", "--region", "Atlantis"), '"Atlantis" is not a region'),
        (("list", "--region", "Atlantis"), '"Atlantis" is not a region'),
    ],
    ids=["a book", "a region of one", "a region of all"],
)
def test_what_is_not_there_is_said_in_one_sentence(
    magazine: Magazine, arguments: tuple[str, ...], sentence: str
) -> None:
    """With what there is."""
    result = magazine.run("books", *arguments)
    assert result.exit_code == 1
    assert sentence in result.stderr


def test_a_broken_file_is_a_problem_everywhere(magazine: Magazine) -> None:
    """Line by line, without a traceback."""
    write_books(magazine.folder, BOOKS_TOML.replace("9780000000217", "9780000000218"))
    for command in (("list",), ("shops",), ("show", "tide-tables"), ("check",)):
        result = magazine.run("books", *command)
        assert result.exit_code == 1
        assert "books.stone-letters.isbn: found" in result.stderr


def test_without_books_that_is_said(magazine: Magazine) -> None:
    """And what to write to have some."""
    config = magazine.folder / "config.toml"
    config.write_text(config.read_text().replace('[books]\nfile = "books.toml"\n', ""))
    result = magazine.run("books", "list")
    assert result.exit_code == 1
    assert 'no books are configured: add [books] file = "books.toml"' in result.stderr


@pytest.mark.parametrize("command", ["list", "shops", "show", "check", "import", "preview", "pin", "ban", "report"])
def test_every_command_has_two_examples(command: str) -> None:
    """In its help."""
    result = CliRunner().invoke(app, ["books", command, "--help"])
    assert result.exit_code == 0
    assert result.stdout.count(f"books {command}") >= 3


NOTICE = """
[notices.reading]
title = "A reading"
text  = "Una Marr reads on Friday."
url   = "https://fulmar.example/reading?aff=3"
"""
POST = """---
title: High water
date: 2026-11-26
categories: [sea]
---
The tide came in twice that day.
"""


def publish(magazine: Magazine) -> None:
    """Put one post into the folder, after a first look at it, and collect it."""
    magazine.done("collect", "--now", "2026-11-25T12:00:00Z")
    (magazine.folder / "posts" / "high-water.md").write_text(POST)
    magazine.done("collect", "--now", "2026-11-26T12:00:00Z")


def test_notices_and_praise_are_listed_and_shown_like_books(magazine: Magazine) -> None:
    """Each as a mail shows it, and no link with a tag."""
    praised = BOOKS_TOML.replace("[press]", '[press]\npraise = [{ text = "Good.", by = "Ana" }]')
    write_books(magazine.folder, praised + NOTICE)
    told = magazine.done("books", "list", "--now", "2026-12-01T12:00:00Z").splitlines()
    assert told[5].startswith("reading ")
    assert told[5].endswith("A reading: shown")
    assert told[6].endswith("“Good.”: shown")
    assert magazine.done("books", "show", "reading").splitlines() == [
        "From Fulmar Press",
        "A reading",
        "Una Marr reads on Friday.",
        "  Read more: https://fulmar.example/reading",
    ]
    assert magazine.done("books", "show", "praise:ana", "--language", "de").splitlines() == [
        "Von Fulmar Press",
        "Fulmar Press",
        "“Good.” – Ana",
        "  Fulmar Press: https://fulmar.example/",
    ]


def test_a_book_is_shown_in_the_readers_language(magazine: Magazine) -> None:
    """The sentence is made of that language's words, the shops are those of its region."""
    told = magazine.done("books", "show", "stone-letters", "--language", "de-GB").splitlines()
    assert told[-1] == "Bestellen bei Amazon UK, Waterstones, Blackwell's oder überall, wo es Bücher gibt."
    answer = json.loads(magazine.done("books", "show", "stone-letters", "--language", "de", "--json"))
    assert answer["shops"][0]["label"] == "Stone Letters bei Amazon US bestellen"


def test_tags_are_disclosed_where_they_are_allowed(magazine: Magazine) -> None:
    """And nowhere else."""
    tagged = BOOKS_TOML + '[shops.amazon-us]\naffiliate = { tag = "fulmar-20", regions = ["US"] }\n'
    write_books(magazine.folder, tagged)
    told = magazine.done("books", "show", "stone-letters", "--region", "US")
    assert "/dp/0000000213?tag=fulmar-20" in told
    assert "Affiliate link: Amazon US pays Fulmar Press a commission on what you buy." in told
    assert "tag=" not in magazine.done("books", "show", "stone-letters")
    assert "(affiliate links in US)" in magazine.done("books", "shops")


def test_what_could_be_better_is_a_note_and_no_problem(magazine: Magazine) -> None:
    """A blurb that nobody reads to its end, more shops than are shown, a tag that is left out."""
    text = BOOKS_TOML.replace("What a mason wrote home.", "word " * 46).replace("/books/{slug}", "/{slug}?affid=2")
    text = text.replace('"barnes-noble"]', '"barnes-noble", "amazon-uk"]')
    write_books(magazine.folder, text)
    result = magazine.run("books", "check")
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        "note: books.stone-letters.blurb: it has 46 words; 45 are read to the end",
        "note: press.shop: its affiliate tag is left out of mail",
        "note: regions.US: it has 5 shops; a book shows the first 4 that have it",
    ]


def test_an_import_shows_the_difference_and_writes_when_told(magazine: Magazine) -> None:
    """Asked first, unless --yes; --dry-run never writes."""
    before = (magazine.folder / "books.toml").read_text()
    file = magazine.folder / "new.csv"
    file.write_text("slug,weight\nstone-letters,7\n")
    dry = magazine.done("books", "import", str(file), "--dry-run")
    assert "+weight = 7" in dry
    assert dry.endswith("0 new, 1 changed\nnothing was changed\n")
    asked = CliRunner().invoke(
        app, ["--config", str(magazine.folder / "config.toml"), "books", "import", str(file)], input="n\n"
    )
    assert asked.exit_code == 0
    assert (magazine.folder / "books.toml").read_text() == before
    magazine.done("books", "import", str(file), "--yes")
    assert 'not_with = ["obituary"]\nweight = 7\n' in (magazine.folder / "books.toml").read_text()
    assert magazine.run("books", "import", str(file), "--yes").exit_code == 3
    file.write_text("slug,isbn\nstone-letters,9780000000218\n")
    wrong = magazine.run("books", "import", str(file), "--yes")
    assert wrong.exit_code == 1
    assert 'row 2, column "isbn": found "9780000000218": a digit is wrong' in wrong.stderr


def test_the_next_issue_can_be_looked_at_pinned_and_banned(magazine: Magazine) -> None:
    """With reasons; and another slot by its time."""
    publish(magazine)
    told = magazine.done("books", "preview", "review", "--schedule", "weekly", "--now", "2026-11-26T13:00:00Z")
    assert told.splitlines()[0] == "review, weekly, 2026-11-27T07:00: for readers of no region"
    assert "goes with “High water” (sea); drawn with weight 6" in told
    weekly = ("--schedule", "weekly", "--now", "2026-11-26T13:00:00Z")
    said = magazine.done("books", "pin", "review", "house-book", *weekly)
    assert said == "house-book is pinned to review, weekly, 2026-11-27T07:00\n"
    answer = json.loads(magazine.done("books", "preview", "review", *weekly, "--json"))
    assert answer["promos"][0]["slug"] == "house-book"
    assert answer["promos"][0]["cohorts"] == 16
    magazine.done("books", "pin", "review", "house-book", *weekly, "--undo")
    magazine.done("books", "ban", "review", "tide-tables", *weekly)
    banned = magazine.done("books", "preview", "review", *weekly)
    assert "not shown: an editor banned it from this issue" in banned
    later = magazine.done("books", "ban", "review", "tide-tables", *weekly, "--slot", "2026-12-04T07:00")
    assert later == "tide-tables is banned from review, weekly, 2026-12-04T07:00\n"
    wrong = magazine.run("books", "ban", "review", "tide-tables", *weekly, "--slot", "2026-12-05T07:00")
    assert wrong.exit_code == 1
    assert "no issue is due at 2026-12-05T07:00; the next are: 2026-11-27T07:00" in wrong.stderr


def test_a_preview_of_the_mail_notes_why_a_book_is_there(magazine: Magazine) -> None:
    """Beside what the renderer shortened."""
    publish(magazine)
    weekly = ("--schedule", "weekly", "--now", "2026-11-26T13:00:00Z")
    magazine.done("books", "pin", "review", "house-book", *weekly)
    result = magazine.run("preview", "review", *weekly, "--out", str(magazine.folder / "out"))
    assert result.exit_code == 0, result.output
    assert "note: house-book: pinned by an editor" in result.stderr
    assert "House Book" in (magazine.folder / "out" / "review.txt").read_text()


def test_a_report_of_nothing_says_so(magazine: Magazine) -> None:
    """In every form."""
    result = magazine.run("books", "report")
    assert (result.exit_code, result.stdout) == (3, "nothing was shown to anybody yet\n")
    assert magazine.done("books", "report", "--json") == "[]\n"
    assert magazine.done("books", "report", "--by", "topic", "--csv") == "topic,impressions,issues,clicks\n"
    assert magazine.run("books", "report", "--json", "--csv").exit_code == 2
    assert magazine.run("books", "report", "--since", "soon").exit_code == 2


def test_a_plan_says_why_a_book_is_there(magazine: Magazine) -> None:
    """A line each, for how many cohorts; scripts get the same."""
    publish(magazine)
    for number in range(40):
        address = f"reader{number}@mail.example"
        magazine.done("subscribers", "add", address, "--newsletter", "review", "--schedule", "weekly")
    weekly = ("--schedule", "weekly", "--now", "2026-11-27T13:00:00Z")
    magazine.done("books", "pin", "review", "house-book", *weekly)
    told = magazine.done("plan", "review", *weekly)
    assert re.search(r"books: house-book\n  house-book, for \d+ of \d+ cohorts: pinned by an editor\n", told)
    [reason] = json.loads(magazine.done("plan", "review", *weekly, "--json"))["why_these_books"]
    assert reason.endswith("pinned by an editor")


def test_a_page_that_is_gone_is_said_by_status_and_check(magazine: Magazine) -> None:
    """As it was found when the clock last asked; nobody is asked for it now."""
    magazine.done("books", "list")
    database = Database(sqlite_url(magazine.folder / "data" / "dispatch.db"))
    gone = datetime(2026, 11, 27, tzinfo=UTC)
    database.transact(note_pages, {"https://shop.example/tide": "tide-tables at Shop"})
    database.transact(record_answer, "https://shop.example/tide", 410, gone)
    database.close()
    line = "the page of tide-tables at Shop answers 410 since 2026-11-26: https://shop.example/tide"
    assert f"! books: {line}" in magazine.done("status")
    checks = json.loads(magazine.run("check", "--offline", "--json").stdout)
    assert [check["level"] for check in checks if line in check["message"]] == ["warning"]
