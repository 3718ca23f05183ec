"""A trial reaches one address and leaves nothing behind."""

import asyncio
import email
import email.policy
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dispatch.delivering.trial import send_trial
from dispatch.errors import AddressError, RelayError
from dispatch.model.delivery import Reply
from dispatch.model.issue import Rendering
from tests.delivering.make import HTML, TEXT, settings_for
from tests.smtp_server import SmtpServer, answer

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
RENDERING = Rendering("The keeper who would not leave", "", HTML, TEXT)


def trial(server: SmtpServer, folder: Path, address: str = "ines@lamplight.example") -> Reply:
    settings = settings_for(folder, server.port)
    return asyncio.run(send_trial(settings, "review", "weekly", "2026-11-27T07:00", RENDERING, address, NOW))


def test_a_trial_is_marked_and_carries_nobodys_token(tmp_path: Path) -> None:
    """No List-* fields, no VERP, the subject says what it is."""
    with SmtpServer() as server:
        assert trial(server, tmp_path).code == 250
    (received,) = server.received
    message = email.message_from_bytes(received.data, policy=email.policy.default)
    assert (received.sender, received.recipient) == ("bounces@lamplight.example", "ines@lamplight.example")
    assert message["Subject"] == "[TEST] The keeper who would not leave"
    assert message["To"] == "ines@lamplight.example"
    assert [name for name in message if name.startswith(("List-", "Feedback", "Precedence"))] == []
    assert b"/unsubscribe/=\r\ntest=\r\n" in received.data
    assert b"blank.invalid" not in received.data


def test_what_the_relay_says_to_a_trial_is_told(tmp_path: Path) -> None:
    """In its own words, without the address."""
    refusal = answer("550 5.1.1 <ines@lamplight.example> unknown")
    with (
        SmtpServer(lambda step: refusal if step.stage == "rcpt" else None) as server,
        pytest.raises(RelayError, match=r"at RCPT: 550 5.1.1 <\(address\)> unknown"),
    ):
        trial(server, tmp_path)


def test_a_trial_needs_an_address(tmp_path: Path) -> None:
    """Nothing is sent to what is none."""
    with SmtpServer() as server, pytest.raises(AddressError):
        trial(server, tmp_path, "ines@")
    assert server.steps == []
