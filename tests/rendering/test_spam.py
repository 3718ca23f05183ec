"""What a spam filter makes of each message: SpamAssassin's own rules, offline, without a signature.

Needs the command `spamassassin`; without it these tests are skipped, unless DISPATCH_REQUIRE_SPAMASSASSIN forbids that.
"""

import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from dispatch.model.address import EmailAddress
from dispatch.model.blanks import Blank
from dispatch.rendering.lint_message import lint_message
from dispatch.transport.compiler import compile_message
from dispatch.transport.headers import FixedHeaders
from tests.rendering.picturing import MESSAGES, messages

MOST = {"digest": 1.0, "post": 1.0}
MOST_OF_A_LETTER = 2.0
TOKENS = dict.fromkeys(Blank, "4kXr9mQ2vT7sB1nC8dF5gH3jK6pL0wZy4kXr9mQ2vT7s")


def _message(look: str, name: str) -> bytes:
    """A message as the relay would get it, of a sender who did everything right but sign."""
    headers = FixedHeaders(
        sender_name="The Kite",
        sender=EmailAddress("letters", "kite.example"),
        pages="https://post.kite.example",
        returns=EmailAddress("bounces", "kite.example"),
        reply_to=EmailAddress("nell", "kite.example"),
        list_name="The Kite" if name in MOST else "",
        list_id="kite.kite.example" if name in MOST else "",
        language="en-GB",
    )
    values = {**TOKENS, Blank.ADDRESS: "mara@harbour.example", Blank.TO: "Mara Lind <mara@harbour.example>"}
    values[Blank.DATE] = format_datetime(datetime.now(UTC))
    return compile_message(messages(look, "en-GB")[name], headers).fill(values)


@pytest.fixture(scope="session")
def spamassassin() -> str:
    """The command."""
    found = shutil.which("spamassassin")
    if found is None:
        if os.environ.get("DISPATCH_REQUIRE_SPAMASSASSIN"):
            pytest.fail("DISPATCH_REQUIRE_SPAMASSASSIN is set and there is no spamassassin")
        pytest.skip("NOT TESTED: what spam filters make of the mail; there is no spamassassin")
    return found


@pytest.mark.parametrize("look", ["magazine", "plain"])
@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_as_relays_want_it(look: str, name: str) -> None:
    """Two parts, short lines, a whole header, and a way out where there is a list."""
    assert lint_message(_message(look, name), is_list=name in MOST) == []


@pytest.mark.parametrize("name", MESSAGES)
def test_no_message_looks_like_spam(spamassassin: str, name: str) -> None:
    """Under 2.0 without a signature, an issue under 1.0; 5.0 is where filters begin to sort out."""
    command = [spamassassin, "--local", "--test-mode"]
    report = subprocess.run(command, input=_message("magazine", name), capture_output=True, check=True).stdout
    found = re.search(rb"^Content analysis details:\s+\((-?[\d.]+) points", report, re.MULTILINE)
    assert found is not None
    assert float(found[1]) < MOST.get(name, MOST_OF_A_LETTER), report[found.start() :].decode("utf-8", "replace")
