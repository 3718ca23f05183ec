"""The documentation is true: commands have examples that parse, README's commands run, errors say what they are."""

import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from dispatch import errors
from dispatch.cli.main import app
from tests.small_site import small_site
from tests.smtp_server import SmtpServer
from tests.story.magazine import Piece, rss

ROOT = Path(__file__).parents[1]


def _commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(_commands(typer.main.get_command(app)))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_a_command_has_two_examples_that_it_understands(path: tuple[str, ...]) -> None:
    """`--help` shows at least two examples, all of commands and options that exist."""
    examples = re.findall(r"^\s*(dispatch .+)$", COMMANDS[path].help, re.MULTILINE)
    assert len(examples) >= 2
    for example in examples:
        _assert_understood(example)


@pytest.mark.parametrize("document", ["README.md", *sorted(path.name for path in (ROOT / "docs").glob("*.md"))])
def test_a_document_names_only_commands_that_exist(document: str) -> None:
    """Every `dispatch …` in README and docs is a command with options it has."""
    place = ROOT / document if document == "README.md" else ROOT / "docs" / document
    for line in re.findall(r"^(?:\.venv/bin/)?(dispatch [a-z].*)$", place.read_text(), re.MULTILINE):
        _assert_understood(line.partition("  #")[0])


def test_every_command_is_on_the_map() -> None:
    """`dispatch` alone, or README, or a document names each command."""
    text = "\n".join(path.read_text() for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")))
    text += (ROOT / "src/dispatch/cli/main.py").read_text()
    assert [path for path in COMMANDS if f"dispatch {path[0]}" not in text] == []


@pytest.mark.parametrize("error", [value for value in vars(errors).values() if isinstance(value, type)])
def test_an_error_says_what_it_is(error: type) -> None:
    """Each error has a sentence of its own, and stands in the tree at the top of its module."""
    assert error.__doc__
    assert error.__name__ in (errors.__doc__ or "")


def test_links_between_documents_lead_somewhere() -> None:
    """Relative links in Markdown name files that are there."""
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{document.name}: {target}"
        for document in documents
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text())
        if not (document.parent / target).exists()
    ]
    assert broken == []


def test_the_commands_of_the_readme_run(tmp_path: Path) -> None:
    """What README tells an operator to type works in that order, against a site and a relay on loopback."""
    readme = (ROOT / "README.md").read_text()
    section = readme.partition("## Use it")[2].partition("## ")[0]
    lines = [line.partition("  #")[0] for line in re.findall(r"^(dispatch .*)$", section, re.MULTILINE)]
    (tmp_path / "readers.csv").write_text("email\nann@reader.example\n")
    pages: dict[str, tuple[str, str | bytes]] = {"/": ("text/html", HOME)}
    with small_site(pages) as site, SmtpServer() as relay:
        pages["/feed.xml"] = (
            "application/rss+xml",
            rss(site, [Piece("ice", "The winter the harbour froze")], "Review"),
        )
        for line in lines:
            _type(line.replace("https://your.site", site), tmp_path, relay.port)


HOME = (
    "<html><head><title>Review</title>"
    '<link rel="alternate" type="application/rss+xml" href="/feed.xml"></head><body></body></html>'
)
# What somebody at a terminal would answer or add; everything else is typed as it is written.
ANSWERS = [
    "--yes", "--allow-private-networks", "--postal-address", "3 Mole End, Port Ellery, ME 04629, USA",
    "--from", "Review <review@tidewater.example>",
]  # fmt: skip


def _type(line: str, folder: Path, port: int) -> None:
    words = shlex.split(line)[1:]
    if words[0] == "init":
        words += [*ANSWERS, "--relay", f"127.0.0.1:{port}"]
    command = [sys.executable, "-m", "dispatch", *words]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if words[0] == "run":
        assert process.stdout is not None
        assert any("running" in line for line in process.stdout)
        process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, f"{line}\n{output}"
    if words[0] == "init":
        # On loopback no address of the pages can be guessed, and `check` insists on one.
        config = folder / "config.toml"
        config.write_text(config.read_text().replace("your-site.example", "tidewater.example"))


def _assert_understood(example: str) -> None:
    words = shlex.split(example.replace("…", ""))[1:]
    words = words[2:] if words[0] == "--config" else words
    path = tuple(words[:2]) if tuple(words[:2]) in COMMANDS else tuple(words[:1])
    assert path in COMMANDS, example
    known = {option for parameter in COMMANDS[path].params for option in (*parameter.opts, *parameter.secondary_opts)}
    used = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert used <= known | {"--help"}, example
