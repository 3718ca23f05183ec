"""The mailbox keeps what real SMTP brings."""

import asyncio
import smtplib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dispatch.demo.mailbox import Mailbox, receiving

NOW = datetime(2026, 11, 27, 7, 1, tzinfo=UTC)
LETTER = b"From: <a@funicular.example>\r\nSubject: Hello\r\n\r\n.. and a dot\r\n.\x00\xe9\r\n"


def delivering(folder: Path, deliver: Callable[[smtplib.SMTP], object]) -> Mailbox:
    """The mailbox after `deliver` has had an open SMTP connection to it."""

    async def run() -> Mailbox:
        async with receiving(folder, lambda: NOW) as mailbox:

            def connect() -> None:
                with smtplib.SMTP("127.0.0.1", mailbox.port) as smtp:
                    deliver(smtp)

            await asyncio.to_thread(connect)
        return mailbox

    return asyncio.run(run())


def test_a_message_is_kept_as_the_bytes_that_came(tmp_path: Path) -> None:
    box = delivering(tmp_path, lambda smtp: smtp.sendmail("back@funicular.example", ["june@mail.example"], LETTER))
    (message,) = box.messages
    assert message.raw == LETTER
    assert (message.number, message.at, message.sender) == (1, NOW, "back@funicular.example")
    assert (tmp_path / "june-at-mail.example.eml").read_bytes() == LETTER


def test_a_second_message_to_the_same_reader_does_not_replace_the_first(tmp_path: Path) -> None:
    def twice(smtp: smtplib.SMTP) -> None:
        for body in (b"Subject: one\r\n\r\n1\r\n", b"Subject: two\r\n\r\n2\r\n"):
            smtp.sendmail("back@funicular.example", ["june@mail.example"], body)

    delivering(tmp_path, twice)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "june-at-mail.example-2.eml",
        "june-at-mail.example.eml",
    ]


def test_each_recipient_of_a_message_gets_it(tmp_path: Path) -> None:
    both = ["june@mail.example", "theo@mail.example"]
    box = delivering(tmp_path, lambda smtp: smtp.sendmail("back@funicular.example", both, LETTER))
    assert [message.recipient for message in box.messages] == both


@pytest.mark.parametrize("local", ["../../june", "june/../../x", "..", "%2e%2e/june"])
def test_no_address_leads_out_of_the_folder(tmp_path: Path, local: str) -> None:
    folder = tmp_path / "mail"
    box = delivering(folder, lambda smtp: smtp.sendmail("b@funicular.example", [f'"{local}"@mail.example'], LETTER))
    assert len(box.messages) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["mail"]
    assert len(list(folder.iterdir())) == 1
