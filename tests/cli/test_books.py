"""`dispatch books`: which are shown, where they are sold, and what is wrong with the file."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dispatch.cli.main import app
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
        (("show", "tide"), 'there is no book "tide"; there are: tide-tables'),
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


@pytest.mark.parametrize("command", ["list", "shops", "show", "check"])
def test_every_command_has_two_examples(command: str) -> None:
    """In its help."""
    result = CliRunner().invoke(app, ["books", command, "--help"])
    assert result.exit_code == 0
    assert result.stdout.count(f"books {command}") >= 3
