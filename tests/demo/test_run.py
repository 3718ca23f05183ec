"""The demo's story from beginning to end: five readers get their issue over real SMTP, and it ends cleanly."""

import asyncio
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from urllib.request import urlopen

import pytest

from dispatch.app import real_now
from dispatch.demo.magazine.pieces import read_pieces
from dispatch.demo.run import next_friday, run_demo

READERS = {
    "june.darrow@mail.example": "june.darrow-at-mail.example.eml",
    "w.okafor@post.example": "w.okafor-at-post.example.eml",
    "zofia@readers.example": "zofia-at-readers.example.eml",
    "hanne@readers.example": "hanne-at-readers.example.eml",
    "theo@mail.example": "theo-at-mail.example.eml",
}
DEBRIS = ("image_pdf", "image_print", "Share this:", "Send this to a friend", "Related pieces", "appeared first on")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The folder with the received messages, and what the demo said."""
    out = tmp_path_factory.mktemp("out") / "mail"
    said: list[str] = []
    asyncio.run(run_demo(once=True, out=out, say=said.append, clock=real_now))
    return out, said


def message(folder: Path, address: str) -> EmailMessage:
    """What a reader received."""
    return message_from_bytes((folder / READERS[address]).read_bytes(), policy=default)


def text_of(received: EmailMessage, kind: str) -> str:
    """One of the two forms of a message."""
    part = received.get_body((kind,))
    assert isinstance(part, EmailMessage)
    return str(part.get_content())


def test_every_reader_has_one_message_and_who_had_left_has_none(told: tuple[Path, list[str]]) -> None:
    folder, _ = told
    assert sorted(file.name for file in folder.iterdir()) == sorted(READERS.values())


@pytest.mark.parametrize("address", READERS)
def test_a_message_is_whole_and_tells_of_every_piece(told: tuple[Path, list[str]], address: str) -> None:
    received = message(told[0], address)
    assert not received.defects
    assert [mailbox.addr_spec for mailbox in received["To"].addresses] == [address]
    titles = [piece.title for piece in read_pieces(real_now()) if piece.categories != ("Editor's note",)]
    html, text = text_of(received, "html"), text_of(received, "plain")
    assert [title for title in titles if title not in text] == []
    assert [title for title in titles if title not in html] == []
    assert "Counterweight Press" in html
    assert [debris for debris in DEBRIS if debris in html or debris in text] == []


def test_a_name_of_any_language_arrives(told: tuple[Path, list[str]]) -> None:
    (mailbox,) = message(told[0], "zofia@readers.example")["To"].addresses
    assert mailbox.display_name == "Zofia Wiśniewska-Łęcka"


def test_shops_are_those_of_the_readers_region(told: tuple[Path, list[str]]) -> None:
    american = text_of(message(told[0], "june.darrow@mail.example"), "html")
    british = text_of(message(told[0], "w.okafor@post.example"), "html")
    assert "Bookshop.org" in american
    assert "Waterstones" in british
    assert "Waterstones" not in american


def test_the_story_says_what_happened(told: tuple[Path, list[str]]) -> None:
    said = "\n".join(told[1])
    assert "has published 12 pieces" in said
    assert "5 messages have arrived" in said
    assert str(told[0]) in said


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_the_inbox_stays_until_it_is_stopped_and_then_all_is_gone(tmp_path: Path, stop: signal.Signals) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "dispatch", "demo"], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        page = next(line.split()[3] for line in process.stdout if line.startswith("Read them at "))
        with urlopen(page) as answer:
            assert b"5 messages" in answer.read()
        process.send_signal(stop)
        assert process.wait(30) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("now", "friday"),
    [
        ("2026-11-25T10:00", "2026-11-27T07:01"),
        ("2026-11-27T07:00", "2026-11-27T07:01"),
        ("2026-11-27T07:01", "2026-12-04T07:01"),
        ("2026-11-27T23:30", "2026-12-04T07:01"),
        ("2026-07-02T23:30", "2026-07-03T06:01"),
        ("2026-10-23T12:00", "2026-10-30T07:01"),
    ],
    ids=["midweek", "a minute before", "that minute", "late on friday", "summer time", "over the end of summer time"],
)
def test_the_next_friday_is_a_minute_after_its_issues_are_due(now: str, friday: str) -> None:
    assert next_friday(datetime.fromisoformat(now).replace(tzinfo=UTC)).astimezone(UTC) == datetime.fromisoformat(
        friday
    ).replace(tzinfo=UTC)
