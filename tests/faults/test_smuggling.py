"""SMTP smuggling: nothing that anybody typed ends a message early or becomes a command, judged on every octet sent.

Servers differ in what they take for the end of a message (CVE-2023-51764 and its kin), so nothing may be on the wire
that any of them could take for it: no CR without LF, no LF without CR, no line of a single dot but ours.
"""

import email
import email.policy
import re
from email.message import EmailMessage
from pathlib import Path

import dkim
import pytest
import sqlalchemy as sa

from dispatch.store import tables
from dispatch.store.database import Connection, Database
from dispatch.transport.dkim_keys import new_private_key, read_signing_key
from tests.delivering.make import TEXT, addresses
from tests.faults.runs import WAYS, Run, have_variant, in_way
from tests.smtp_server import SmtpServer

STOLEN = (
    "MAIL FROM:<owner@evil.example>\r\nRCPT TO:<victim@bank.example>\r\nDATA\r\nSubject: owned\r\n\r\nhello\r\n.\r\n"
)
ENDS = (
    "\n.\n", "\r.\r", "\r\n.\r\n", "\n.\r\n", "\r\n.\n", "\r\n.\r", "\r.\n", "\n\r.\n\r", "\r", "\n", ".\r\n",
    "\0.\0", "\u2028.\u2028", "\x85.\x85", "\x0b.\x0c",
)  # fmt: skip
ATTACKS = [end + STOLEN for end in ENDS] + ["\r\n.\r\n" * 40, "." * 400]
COMMAND = re.compile(
    rb"EHLO post\.lamplight\.example|RSET|DATA|QUIT"
    rb"|MAIL FROM:<bounces\+b-[\w-]+@lamplight\.example> SIZE=\d+|RCPT TO:<reader\d{4}@(?:harbour|ledge|tide)\.example>"
)
HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post",
    "List-Owner", "List-Help", "List-Archive", "List-Post", "Feedback-ID", "Precedence", "X-Auto-Response-Suppress",
    "Auto-Submitted", "Content-Language", "MIME-Version", "Content-Type",
]  # fmt: skip


def storable(database: Database, text: str) -> str:
    """PostgreSQL keeps no NUL."""
    return text if database.is_sqlite else text.replace("\0", "\x01")


def rename(connection: Connection, names: dict[str, str]) -> None:
    """Call these subscribers so."""
    for address, name in names.items():
        statement = sa.update(tables.subscriber).where(tables.subscriber.c.address == address)
        connection.execute(statement.values(name=name))


def attacked(run: Run) -> None:
    """Each reader has an attack for a name, and a variant with it in subject, text and HTML."""
    for reader, delivery, attack in zip(run.audience, run.issue.deliveries, ATTACKS, strict=True):
        attack = storable(run.database, attack)
        run.database.transact(rename, {reader: f"Mara{attack}"})
        run.database.transact(
            have_variant, run.issue.id, [delivery], subject=f"The keeper{attack}",
            text=f"{TEXT}before{attack}after\n", html=f"<p>before{attack}after</p>\n",
        )  # fmt: skip


def talk_of(heard: bytes) -> tuple[list[bytes], list[list[bytes]]]:
    """Commands, and messages as lines, in what one connection has sent; nothing stands outside of CRLF."""
    assert heard.endswith(b"\r\n")
    lines = heard.removesuffix(b"\r\n").split(b"\r\n")
    assert not [line for line in lines if re.search(rb"[\r\n\0]", line)]
    commands: list[bytes] = []
    messages: list[list[bytes]] = []
    while lines:
        commands.append(lines.pop(0))
        if commands[-1] == b"DATA":
            end = lines.index(b".")
            messages.append(lines[:end])
            del lines[: end + 1]
    return commands, messages


def assert_said_only_what_is_ours(server: SmtpServer, count: int) -> None:
    """Every command is one of ours, every message ends where it should."""
    talks = [talk_of(bytes(heard)) for heard in server.heard.values()]
    assert not [command for commands, _ in talks for command in commands if not COMMAND.fullmatch(command)]
    messages = [message for _, messages in talks for message in messages]
    assert len(messages) == count
    for message in messages:
        assert not [line for line in message if line.startswith(b".")]
        assert not [line for line in message if len(line) > 998]
        assert all(line.isascii() for line in message)


@pytest.mark.parametrize("way", WAYS)
def test_nothing_typed_ends_a_message(database: Database, tmp_path: Path, way: str) -> None:
    """Each attack at once in the reader's name, the subject, the text and the HTML: it arrives as what it is, text."""
    with SmtpServer(listens=True, extensions=in_way(way)) as server:
        run = Run(database, tmp_path, server, f"smuggling, {way}", readers=len(ATTACKS))
        attacked(run)
        assert run.send().accepted == len(ATTACKS)
        run.settle()
    assert_said_only_what_is_ours(server, len(ATTACKS))
    for received in server.received:
        attack = storable(database, ATTACKS[run.audience.index(received.recipient)])
        message = email.message_from_bytes(received.data, policy=email.policy.SMTP)
        assert isinstance(message, EmailMessage)
        assert sorted(message.keys()) == sorted(HEADERS)
        assert [address.addr_spec for address in message["To"].addresses] == [received.recipient]
        assert message["Subject"].startswith("The keeper")
        assert lines_of(message, "plain")[3:] == f"before{attack}after".splitlines()
        assert lines_of(message, "html") == f"<p>before{attack}after</p>".splitlines()


def lines_of(message: EmailMessage, subtype: str) -> list[str]:
    """The lines of one part."""
    part = message.get_body((subtype,))
    assert part is not None
    content: str = part.get_content()
    return content.splitlines()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_is_signed_is_what_arrives(database: Database, tmp_path: Path) -> None:
    """The same attacks, with DKIM: dkimpy verifies what the server took."""
    pem = new_private_key("rsa")
    (tmp_path / "dkim.pem").write_bytes(pem)
    record = read_signing_key(pem, "d2026", "rsa", "key").record.encode()
    signing = {"domain": "lamplight.example", "selector": "d2026", "key": "file:dkim.pem"}
    with SmtpServer(listens=True) as server:
        run = Run(database, tmp_path, server, "smuggling, signed", readers=len(ATTACKS), dkim=signing)
        attacked(run)
        run.send()
        run.settle()
    assert_said_only_what_is_ours(server, len(ATTACKS))
    for received in server.received:
        assert dkim.verify(received.data, dnsfunc=lambda *_, **__: record)


INJECTIONS = (
    "a@b.example>\r\nRCPT TO:<victim@bank.example", "a@b.example\r\nDATA", "a@b.example\nRSET", "a@b.example\rQUIT",
    "a@b.example> NOTIFY=NEVER", "<a@b.example>", "a@b.example,victim@bank.example", "a b@c.example", "a@b.example\t",
    "a@b.example\x00", "a@b.example\x0b", "a@b.example\u2028", "a@b.example\x85", "\r\n.\r\n@b.example",
    "a@b.example\u3000",
)  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_no_address_becomes_a_command(database: Database, tmp_path: Path, way: str) -> None:
    """However it came into the database: refused here by name, never written; everybody else has their mail."""
    good = addresses(len(INJECTIONS))
    bad = [storable(database, address) for address in INJECTIONS]
    # By turns, so that each is the next one behind a good one's dot.
    readers = [address for both in zip(good, bad, strict=True) for address in both]
    with SmtpServer(listens=True, extensions=in_way(way)) as server:
        run = Run(database, tmp_path, server, f"commands in addresses, {way}", readers=readers)
        assert run.send().refused == len(bad)
        run.settle(refused=bad)
        assert {run.reply_to(address) for address in bad} == {"the address cannot be written in an SMTP command"}
    assert_said_only_what_is_ours(server, len(good))
