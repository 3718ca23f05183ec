"""What is sent: messages of the wanted size, a delivery for everybody, the same bytes for every contender."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
import sqlalchemy as sa

from bench.issues import prepare_issue
from bench.letter import Letter, read_letter, write_letter
from bench.magazine import Relay, open_magazine
from bench.scenarios import DIGEST, SMALL
from dispatch.store.tables import delivery, subscriber


@pytest.mark.parametrize(
    ("size", "least", "most"), [(SMALL, 1_000, 2_000), (5_000, 4_750, 5_250), (DIGEST, 57_000, 63_000)]
)
def test_a_message_has_the_wanted_size(tmp_path: Path, size: int, least: int, most: int) -> None:
    """To within five hundredths; the smallest message has what its own header takes. All of it is sound MIME."""
    message = prepare_issue(tmp_path / "issue", size=size, messages=2).message
    assert least <= len(message) <= most
    parsed = message_from_bytes(message, EmailMessage, policy=default)
    assert [part.defects for part in parsed.walk()] == [[], [], []]


def test_everybody_has_one_delivery_that_waits(tmp_path: Path) -> None:
    """As many as were asked for, each for an address of its own; the copy is told where to send."""
    issue = prepare_issue(tmp_path / "issue", size=SMALL, messages=250)
    settings, database = open_magazine(issue.copy_to(tmp_path / "run", Relay(2525, 7, "power", signed=True)))
    with database.engine.begin() as connection:
        waiting = connection.scalars(sa.select(sa.func.count()).where(delivery.c.state == "queued")).one()
        addresses = set(connection.scalars(sa.select(subscriber.c.address)))
    database.close()
    assert (waiting, len(addresses)) == (250, 250)
    relay = settings.relays["main"]
    assert (relay.port, relay.connections, settings.store.durability) == (2525, 7, "power")
    assert relay.dkim is not None
    assert relay.dkim.key.read().startswith("-----BEGIN PRIVATE KEY-----")


def test_a_letter_comes_back_as_it_was(tmp_path: Path) -> None:
    """Every contender sends the same bytes."""
    message = prepare_issue(tmp_path / "issue", size=SMALL, messages=1).message
    write_letter(tmp_path / "letter.json", Letter(message, b"key"))
    assert read_letter(tmp_path / "letter.json") == Letter(message, b"key")
