"""`dispatch subscribers`: what an operator types, and what it answers."""

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dispatch.cli.main import app
from tests.cli.magazine import Magazine

ADA = "ada@mail.example"


@pytest.fixture
def magazine(tmp_path: Path) -> Magazine:
    """The Gannet."""
    return Magazine(tmp_path)


def write(magazine: Magazine, text: str) -> str:
    """Write a file of readers; returns its path."""
    file = magazine.folder / "readers.csv"
    file.write_text(text)
    return str(file)


def test_an_import_reports_what_became_of_every_row(magazine: Magazine) -> None:
    """In counts, and by line where something was wrong."""
    file = write(
        magazine, f"email,name,country\n{ADA},Ada,UK\nADA@mail.example,,\nnobody,,\nben@mail.example,Ben,Atlantis\n"
    )
    assert magazine.done("subscribers", "import", file).splitlines() == [
        "readers.csv: 4 rows, UTF-8, separated by comma",
        "        2  added",
        "        1  twice in the file (same mailbox)",
        "        1  broken, left out",
        "  line 4: n…: an address looks like name@example.com",
        'region "Atlantis" is not known (1 row): taken without',
    ]
    again = json.loads(magazine.done("subscribers", "import", file, "--json"))
    assert (again["rows"], again["added"], again["already"], again["duplicates"], again["broken"]) == (4, 0, 2, 1, 1)


def test_an_import_can_be_tried_first(magazine: Magazine) -> None:
    """Nobody is there afterwards."""
    file = write(magazine, f"email\n{ADA}\n")
    assert "1  would be added" in magazine.done("subscribers", "import", file, "--dry-run")
    assert magazine.done("subscribers", "list") == ""


@pytest.mark.parametrize(
    ("text", "code", "sentence"),
    [
        pytest.param("name\nAda\n", 1, "no column is called email", id="no address column"),
        pytest.param("email\nnobody\n", 1, "an address looks like", id="every row broken"),
        pytest.param("email\n", 3, "names its columns and holds no rows", id="no rows"),
    ],
)
def test_an_import_that_brings_nothing_says_so(magazine: Magazine, text: str, code: int, sentence: str) -> None:
    """By its exit code too."""
    result = magazine.run("subscribers", "import", write(magazine, text))
    assert result.exit_code == code
    assert sentence in result.output


def test_a_reader_is_added_shown_changed_and_removed(magazine: Magazine) -> None:
    """A life in commands."""
    magazine.done("subscribers", "add", ADA, "--name", "Ada", "--region", "UK", "--now", "2026-11-01T12:00:00Z")
    magazine.done("subscribers", "set", ADA, "--schedule", "daily", "--books", "off", "--pause-until", "2099-12-24")
    shown = json.loads(magazine.done("subscribers", "show", "Ada+tag@MAIL.example", "--json"))
    assert (shown["address"], shown["name"], shown["region"], shown["suppressed"]) == (ADA, "Ada", "GB", None)
    (place,) = shown["subscriptions"]
    assert (place["newsletter"], place["schedule"], place["state"], place["books"]) == (
        "review",
        "daily",
        "active",
        False,
    )
    assert place["paused_until"] == "2099-12-24T05:00:00Z"
    assert place["joined_at"] == place["consent_at"] == "2026-11-01T12:00:00Z"
    told = magazine.done("subscribers", "show", ADA)
    assert "review daily: active, since 2026-11-01T12:00:00Z, paused until 2099-12-24T05:00:00Z, no books" in told
    assert magazine.done("subscribers", "remove", ADA) == "a…@mail.example gets review no more\n"
    assert magazine.run("subscribers", "remove", ADA).exit_code == 3
    refused = magazine.run("subscribers", "add", ADA)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "this person left; if they asked for it anew, say so with --again" in refused.stderr
    magazine.done("subscribers", "add", ADA, "--again")


def test_a_reader_gets_all_that_is_stored_about_them(magazine: Magazine) -> None:
    """As one JSON document; of a stranger there is none."""
    magazine.done("subscribers", "add", ADA, "--name", "Ada")
    magazine.done("subscribers", "set", ADA, "--larger-type", "on")
    document = json.loads(magazine.done("subscribers", "data", ADA))
    assert document["subscriber"]["name"] == "Ada"
    assert document["subscriber"]["larger_type"] is True
    assert [place["newsletter"] for place in document["subscriptions"]] == ["review"]
    refused = magazine.run("subscribers", "data", "ben@mail.example")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "b…@mail.example is not a subscriber" in refused.stderr


def test_sections_are_left_out_and_taken_again(magazine: Magazine) -> None:
    """By the labels of the configuration."""
    config = magazine.folder / "config.toml"
    sections = '[newsletters.review]\nsections = { Essays = ["essays"], Tides = ["tides"] }'
    config.write_text(config.read_text().replace("[newsletters.review]", sections, 1))
    magazine.done("subscribers", "add", ADA)
    said = magazine.done("subscribers", "set", ADA, "--sections-off", "Tides, Essays", "--larger-type", "off")
    assert said.splitlines() == ["larger type: off", "sections left out: Essays, Tides"]
    assert magazine.done("subscribers", "set", ADA, "--sections-off", "") == "sections left out: none\n"
    refused = magazine.run("subscribers", "set", ADA, "--sections-off", "Weather")
    assert refused.exit_code == 1
    assert 'review has no section "Weather"; it has: Essays, Tides' in refused.stderr


def test_an_erased_reader_is_gone_and_stays_away(magazine: Magazine) -> None:
    """From the list, the export, and from the next import."""
    magazine.done("subscribers", "add", ADA)
    assert ADA in magazine.done("subscribers", "erase", ADA, "--dry-run")
    assert ADA in magazine.done("subscribers", "list")
    magazine.done("subscribers", "erase", ADA)
    assert magazine.done("subscribers", "list", "--state", "all", "--suppressed") == ""
    assert "1  refused: erased" in magazine.done("subscribers", "import", write(magazine, f"email\n{ADA}\n"))
    assert magazine.done("subscribers", "show", ADA).splitlines() == ["not a subscriber", "never mailed: erased"]


def test_an_address_is_suppressed_and_lifted(magazine: Magazine) -> None:
    """Whether it is a subscriber's or not."""
    magazine.done("subscribers", "suppress", ADA)
    assert magazine.run("subscribers", "suppress", ADA).exit_code == 3
    assert magazine.run("subscribers", "add", ADA).exit_code == 1
    assert (
        magazine.done("subscribers", "suppress", ADA, "--lift")
        == "a…@mail.example may be mailed again (was: operator)\n"
    )
    magazine.done("subscribers", "add", ADA)


def test_an_export_is_a_file_that_import_takes(magazine: Magazine) -> None:
    """Written whole or not at all; without a file it goes to standard output."""
    magazine.done("subscribers", "add", ADA, "--name", "=Ada")
    file = magazine.folder / "out.csv"
    assert magazine.done("subscribers", "export", str(file)) == ""
    (row,) = csv.DictReader(file.read_text().splitlines())
    assert (row["email"], row["name"], row["status"]) == (ADA, "'=Ada", "subscribed")
    assert "1  already there" in magazine.done("subscribers", "import", str(file))
    assert magazine.done("subscribers", "export").splitlines() == file.read_text().splitlines()
    failed = magazine.run("subscribers", "export", str(magazine.folder / "nowhere" / "out.csv"))
    assert failed.exit_code == 1
    assert "it cannot be written: No such file or directory" in failed.stderr


def test_readers_are_listed_one_a_line(magazine: Magazine) -> None:
    """Or as JSON; a part of the name finds them."""
    file = write(magazine, f"email,name\n{ADA},Ada Quill\nben@mail.example,Ben\n")
    magazine.done("subscribers", "import", file)
    assert magazine.done("subscribers", "list", "--find", "quill") == f"{ADA}  review weekly  active  Ada Quill\n"
    assert [row["address"] for row in json.loads(magazine.done("subscribers", "list", "--json"))] == [
        ADA,
        "ben@mail.example",
    ]
    assert len(magazine.done("subscribers", "list", "--limit", "1").splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("set", ADA, "--schedule", "hourly"),
        ("set", ADA, "--pause-until", "christmas"),
        ("set", "ben@mail.example", "--books", "on"),
        ("add", "nobody"),
        ("add", ADA, "--newsletter", "revue"),
        ("list", "--newsletter", "revue"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_is_a_problem_in_one_sentence(magazine: Magazine, arguments: tuple[str, ...]) -> None:
    """Without a traceback and without the whole address."""
    magazine.done("subscribers", "add", ADA)
    result = magazine.run("subscribers", *arguments)
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert "@mail.example" not in result.stderr.replace("…@mail.example", "")


@pytest.mark.parametrize(
    "command", ["import", "add", "show", "set", "list", "export", "remove", "data", "erase", "suppress"]
)
def test_every_command_has_two_examples(command: str) -> None:
    """In its help, and nothing heavy is needed to print it."""
    result = CliRunner().invoke(app, ["subscribers", command, "--help"])
    assert result.exit_code == 0
    assert result.stdout.count(f"dispatch subscribers {command} ") + result.stdout.count(f"{command}\n") >= 2
