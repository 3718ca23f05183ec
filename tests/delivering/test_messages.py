"""One delivery's bytes."""

import asyncio
import email
import email.policy
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path

import pytest

from dispatch.config.settings import Settings
from dispatch.delivering.messages import Messages
from dispatch.errors import ConfigurationError
from dispatch.model.address import EmailAddress
from dispatch.store.database import Database
from dispatch.store.deliveries import claim
from dispatch.transport.headers import return_mailbox
from dispatch.transport.session import Envelope
from tests.delivering.make import NOW, make_issue, settings_for

SENDER = EmailAddress("review", "lamplight.example")


def message_of(database: Database, settings: Settings) -> tuple[Envelope, Message]:
    """The first delivery's envelope and message; it is back in the queue afterwards."""
    with database.engine.connect() as connection, connection.begin() as transaction:
        (delivery,) = claim(connection, "one", limit=1, now=NOW, real_now=NOW)
        transaction.rollback()
    messages = Messages(database, settings, lambda: datetime.now(UTC))
    outgoing = asyncio.run(messages.of(delivery))
    assert isinstance(outgoing.message, bytes)
    return outgoing.envelope, email.message_from_bytes(outgoing.message, policy=email.policy.default)


def test_a_repeat_carries_the_same_message_id_also_after_a_new_key(database: Database, tmp_path: Path) -> None:
    """A key is put in front of the others; links are signed with it, the Message-ID stays."""
    database.transact(make_issue, ["mara@harbour.example"])
    settings = settings_for(tmp_path, 25)
    before, first = message_of(database, settings)
    (tmp_path / "new.key").write_text("n" * 40)
    after, second = message_of(database, settings_for(tmp_path, 25, keys=["new.key", "token.key"]))
    assert first["Message-ID"] == second["Message-ID"]
    assert first["List-Unsubscribe"] != second["List-Unsubscribe"]
    assert before.recipient == after.recipient == "mara@harbour.example"


def test_bounces_go_where_the_file_says(tmp_path: Path) -> None:
    """bounces@ the From domain if it says nothing; a name too long for a token is refused by name."""
    assert return_mailbox(settings_for(tmp_path, 25), SENDER) == EmailAddress("bounces", "lamplight.example")
    changed = settings_for(tmp_path, 25, mailbox="returns@post.lamplight.example")
    assert return_mailbox(changed, SENDER) == EmailAddress("returns", "post.lamplight.example")
    long = settings_for(tmp_path, 25, mailbox="a-rather-long-mailbox@lamplight.example")
    with pytest.raises(ConfigurationError, match=r"outcomes.mailbox: .* at most 17 characters"):
        return_mailbox(long, SENDER)
