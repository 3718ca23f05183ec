"""What a 4xx says besides "not now". The replies are those of common servers and services."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.delivering.not_now import (
    hints_at_speed,
    is_about_everybody,
    may_concern_one_reader,
    says_greylisted,
    says_too_fast,
    wait_named,
)
from dispatch.model.delivery import Outcome, Reply, Stage, Try
from dispatch.transport.replies import make_reply, read_reply

TOO_FAST = [
    "450 4.7.28 Our system has detected an unusual amount of mail",
    "421 4.7.0 Our system has detected an unusual rate of unsolicited mail originating from your IP address",
    "450 4.7.1 Error: too much mail from 192.0.2.7",
    "452 4.7.0 Number of messages per hour exceeded",
    "451 4.7.500 Server busy. Please try again later; you are being throttled",
    "454 Throttling failure: Maximum sending rate exceeded.",
    "451 too many messages, slow down",
    "450 rate-limited, try again in 60 seconds",
    "421 4.7.0 [TSS04] Messages temporarily deferred due to excessive volume; sending limits apply",
]
NOT_TOO_FAST = [
    "452 4.2.2 The email account that you tried to reach is over quota",
    "452 4.2.2 Mailbox size limit exceeded",
    "452 4.5.3 Too many recipients",
    "452 4.3.1 Insufficient system storage",
    "421 4.4.2 too many messages in this connection",
    "421 4.7.0 too many connections from your host",
    "451 4.7.1 Greylisted, see https://mail.example/limits?rate=1",
    "451 4.7.1 try again later, see https://mail.example/limits?rate=1",
    "450 4.1.1 unverified address: the corporate directory does not answer",
    "450 4.2.1 later",
]


def reply(text: str) -> Reply:
    return make_reply(int(text[:3]), text[4:])


@pytest.mark.parametrize("text", TOO_FAST)
def test_a_complaint_about_speed_is_understood(text: str) -> None:
    """By its code, or by the words that servers use."""
    assert says_too_fast(reply(text))
    assert not says_greylisted(reply(text))


@pytest.mark.parametrize("text", NOT_TOO_FAST)
def test_limits_of_something_else_are_no_complaint_about_speed(text: str) -> None:
    """Mailboxes, connections and links."""
    assert not says_too_fast(reply(text))


def test_a_reader_who_gets_too_much_may_be_a_hint() -> None:
    """One alone has to wait; only many at once mean us."""
    one = Reply(450, "4.2.1", "The user you are trying to contact is receiving mail at a rate that prevents more")
    assert hints_at_speed(one)
    assert not is_about_everybody(Try(Outcome.DEFERRED, Stage.RCPT, one))
    assert is_about_everybody(Try(Outcome.DEFERRED, Stage.RCPT, reply(TOO_FAST[0])))
    assert not is_about_everybody(Try(Outcome.LOST, Stage.RCPT))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("451 4.7.1 Greylisting in action, please come back in 00:04:59", 299),
        ("450 4.2.0 Recipient address rejected: Greylisted for 5 minutes", 300),
        ("451 4.7.1 Greylisted, try again in 60 seconds", 60),
        ("450 4.7.1 Please try again after 90s", 90),
        ("451 grey-listed, wait at least 2 hours", 7200),
        ("450 4.2.0 graylisted: retry in about 10 mins", 600),
        ("451 4.7.1 Greylisted, see http://postgrey.example/help.html", None),
        ("451 4.7.1 Try again later", None),
        ("451 4.4.1 host 192.0.2.7 said in 15 words", None),
    ],
)
def test_the_time_that_a_reply_names_is_read(text: str, seconds: int | None) -> None:
    """In digits or in words."""
    assert wait_named(reply(text)) == (timedelta(seconds=seconds) if seconds else None)


@pytest.mark.parametrize(
    ("text", "may_be"),
    [
        ("451 4.7.1 Try again later", True),
        ("451 Temporary failure, please try again later.", True),
        ("450 4.2.0 Recipient address rejected: Greylisted", True),
        ("422 4.2.2 Greylisted, please try again in a few moments.", True),
        ("450 4.4.1 no route to host", False),
        ("452 4.2.2 over quota", True),
        ("452 4.3.1 insufficient system storage", False),
        ("450 4.7.28 unusual rate", False),
        ("452 try again later", True),
    ],
)
def test_what_may_concern_one_reader_says_nothing_of_the_domain(text: str, may_be: bool) -> None:
    """A bare "later" at the first try can be greylisting, a mailbox can be full; a lost route is the domain's."""
    assert may_concern_one_reader(Try(Outcome.DEFERRED, Stage.RCPT, reply(text))) is may_be


def test_what_is_no_deferral_concerns_no_reader() -> None:
    """Neither the relay's own "not now" nor a lost connection."""
    assert not may_concern_one_reader(Try(Outcome.BUSY, Stage.MAIL, Reply(451, "", "greylisted")))
    assert not may_concern_one_reader(Try(Outcome.LOST, Stage.DATA))


@given(st.integers(400, 499), st.text(max_size=600))
def test_any_reply_can_be_read(code: int, text: str) -> None:
    """Whatever a relay writes, and quickly."""
    result = read_reply(Stage.RCPT, code, text)
    assert result.reply is not None
    assert not (says_greylisted(result.reply) and is_about_everybody(result))
    assert isinstance(may_concern_one_reader(result), bool)
