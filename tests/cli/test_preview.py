"""`dispatch preview`: which files it writes, what it prints, and its exit codes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.magazine import Magazine

MOMENT = ("--now", "2026-11-26T12:00")


@pytest.fixture
def magazine(tmp_path: Path) -> Magazine:
    """The Gannet with a post that is to come."""
    magazine = Magazine(tmp_path)
    (tmp_path / "books.toml").write_text('[press]\nname = "Gannet Books"\n')
    _publish(tmp_path, "The second tide")
    magazine.done("collect", "--now", "2026-11-25T12:00")
    return magazine


def _publish(folder: Path, title: str) -> None:
    words = "The tide came in twice that day, and nobody at the customs house could say why it had done so.\n"
    front = f'---\ntitle: "{title}"\ndate: 2026-11-24T09:00:00Z\nurl: https://gannet.example/tide/\n---\n'
    (folder / "posts" / "tide.md").write_text(front + words * 3)


def test_a_preview_is_a_page_and_the_parts_of_the_mail(magazine: Magazine) -> None:
    """Named after the newsletter, in a folder that need not be there, the page first."""
    out = magazine.folder / "proofs" / "one"
    lines = magazine.done("preview", "review", "--out", str(out), *MOMENT).splitlines()
    assert lines == [str(out / f"review{end}") for end in ("-preview.html", ".html", ".txt", ".eml")]
    page = (out / "review-preview.html").read_text(encoding="utf-8")
    assert "The second tide" in page
    assert "List-Unsubscribe-Post" in page
    assert b"One-Click" in (out / "review.eml").read_bytes()


def test_lint_has_nothing_to_say_about_what_is_shipped(magazine: Magazine) -> None:
    """An issue of an ordinary post passes."""
    result = magazine.run("preview", "review", "--lint", "--out", str(magazine.folder / "out"), *MOMENT)
    assert (result.exit_code, result.stderr) == (0, "")


@pytest.mark.parametrize("message", ["post", "share", "confirm", "welcome", "goodbye", "proof", "alert"])
def test_any_message_can_be_looked_at(magazine: Magazine, message: str) -> None:
    """Made of what the next issue shows; only what goes to a list has to be left."""
    out = magazine.folder / "out"
    result = magazine.run("preview", "review", "--message", message, "--lint", "--out", str(out), *MOMENT)
    assert (result.exit_code, result.stderr) == (0, "")
    assert (out / f"review-{message}-preview.html").is_file()
    assert (b"List-Id" in (out / f"review-{message}.eml").read_bytes()) == (message == "post")


def test_a_message_that_there_is_not_is_named(magazine: Magazine) -> None:
    """With those that there are."""
    result = magazine.run("preview", "review", "--message", "wellcome", *MOMENT)
    assert result.exit_code == 1
    assert 'there is no message "wellcome"; there are: digest, post' in result.stderr


def test_a_finding_is_printed_and_is_exit_code_1(magazine: Magazine) -> None:
    """On the page it stands in any case."""
    _publish(magazine.folder, "The second tide that came in on the day when nobody at the customs house was looking")
    magazine.done("collect", "--now", "2026-11-25T13:00")
    out = magazine.folder / "out"
    result = magazine.run("preview", "review", "--out", str(out), *MOMENT)
    assert result.exit_code == 0
    assert "lint:" not in result.stderr
    assert "The subject has 84 characters" in (out / "review-preview.html").read_text(encoding="utf-8")
    result = magazine.run("preview", "review", "--lint", "--out", str(out), *MOMENT)
    assert result.exit_code == 1
    assert "lint: The subject has 84 characters" in result.stderr


def test_the_page_is_what_is_opened(magazine: Magazine) -> None:
    """By the program that the system opens pages with."""
    opened, programs = magazine.folder / "opened", magazine.folder / "programs"
    programs.mkdir()
    program = programs / "xdg-open"
    program.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    program.chmod(0o700)
    os.mkfifo(opened)
    command = [sys.executable, "-m", "dispatch", "preview", "review", "--open", *MOMENT]
    search = f"{programs}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        command, cwd=magazine.folder, env={**os.environ, "PATH": search}, check=True, stdout=subprocess.DEVNULL
    )
    assert opened.read_text().strip().endswith(str(magazine.folder / "preview" / "review-preview.html"))
