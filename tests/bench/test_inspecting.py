"""What a contender sent is looked at before it is timed."""

import pytest

from bench.children import ContenderError
from bench.inspecting import look_at
from bench.signing import signed_by_dkimpy
from bench.sink import unwrapped
from dispatch.transport.dkim_keys import new_private_key

MESSAGE = b"From: a@funicular.example\r\nSubject: x\r\n\r\n" + b"x" * 900 + b"\r\n"
DUMP = (
    b"X-Client-Addr: 127.0.0.1\nX-Client-Proto: ESMTP\nX-Helo-Args: here\nX-Mail-Args: <a@b.example>\n"
    b"X-Rcpt-Args: <c@d.example>\nReceived: from here ([127.0.0.1])\n\tby smtp-sink with ESMTP id 54428c19;\n"
    b"\tSun, 22 Nov 2026 21:20:46 +0000 (UTC)\n"
)


def test_what_the_sink_adds_is_taken_off() -> None:
    """The message is what came over the wire."""
    assert unwrapped(DUMP + MESSAGE.replace(b"\r\n", b"\n") + b"\n") == MESSAGE


def test_messages_of_another_size_are_not_compared() -> None:
    """Half as many bytes would be sent twice as fast."""
    look_at("smtplib", [MESSAGE, MESSAGE], MESSAGE, None)
    with pytest.raises(ContenderError, match="bytes, where"):
        look_at("smtplib", [MESSAGE, MESSAGE[:500]], MESSAGE, None)


def test_whoever_builds_its_own_mime_has_its_own_size() -> None:
    """nodemailer is given HTML and text, and writes another header."""
    look_at("nodemailer", [MESSAGE[:500]], MESSAGE, None)


def test_unsigned_messages_do_not_count_as_signed() -> None:
    """A contender whose signing was switched off is not the fastest signer."""
    key = new_private_key("rsa")
    look_at("dispatch", [signed_by_dkimpy(MESSAGE, key)], MESSAGE, key)
    with pytest.raises(ContenderError, match="no signature"):
        look_at("dispatch", [MESSAGE], MESSAGE, key)


def test_a_sink_that_kept_nothing_proves_nothing() -> None:
    """Whoever sent nothing did not pass."""
    with pytest.raises(ContenderError, match="kept no message"):
        look_at("dispatch", [], MESSAGE, None)
