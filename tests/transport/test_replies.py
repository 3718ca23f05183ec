"""Whose a reply is, and that nobody's address is kept with it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.model.delivery import Outcome, Reply, Stage
from dispatch.transport.replies import make_reply, read_reply, scrubbed


@pytest.mark.parametrize(
    ("stage", "code", "text", "outcome"),
    [
        (Stage.DOT, 250, "2.0.0 taken", Outcome.ACCEPTED),
        (Stage.RCPT, 450, "4.2.0 greylisted, come back", Outcome.DEFERRED),
        (Stage.RCPT, 451, "later", Outcome.DEFERRED),
        (Stage.RCPT, 452, "4.2.2 mailbox full", Outcome.DEFERRED),
        (Stage.DATA, 451, "4.7.1 later", Outcome.DEFERRED),
        (Stage.DOT, 450, "4.7.28 too fast", Outcome.DEFERRED),
        (Stage.MAIL, 451, "4.7.0 later", Outcome.BUSY),
        (Stage.RCPT, 452, "4.3.1 no room on the disk", Outcome.BUSY),
        (Stage.RCPT, 421, "4.7.0 goodbye", Outcome.BUSY),
        (Stage.DOT, 421, "shutting down", Outcome.BUSY),
        (Stage.RCPT, 550, "5.1.1 no such user", Outcome.REFUSED),
        (Stage.RCPT, 552, "5.2.2 mailbox full", Outcome.REFUSED),
        (Stage.RCPT, 550, "5.7.1 blocked", Outcome.TURNED_AWAY),
        (Stage.RCPT, 550, "relaying denied", Outcome.TURNED_AWAY),
        (Stage.RCPT, 554, "5.7.1 no", Outcome.TURNED_AWAY),
        (Stage.RCPT, 530, "5.1.1 log in first", Outcome.TURNED_AWAY),
        (Stage.MAIL, 550, "5.1.8 sender unknown", Outcome.TURNED_AWAY),
        (Stage.DATA, 554, "5.1.1 no valid recipients", Outcome.TURNED_AWAY),
        (Stage.DOT, 550, "5.2.1 mailbox disabled", Outcome.REFUSED),
        (Stage.DOT, 552, "mailbox full", Outcome.REFUSED),
        (Stage.DOT, 554, "rejected", Outcome.TURNED_AWAY),
        (Stage.DOT, 554, "5.6.0 cannot read this", Outcome.REFUSED),
        (Stage.DOT, 550, "5.7.26 no DKIM", Outcome.TURNED_AWAY),
        (Stage.DOT, 552, "5.3.4 message too big", Outcome.TURNED_AWAY),
        (Stage.DOT, 500, "what?", Outcome.TURNED_AWAY),
        (Stage.RCPT, 999, "nonsense", Outcome.LOST),
        (Stage.DOT, -1, "Malformed SMTP response line", Outcome.IN_DOUBT),
        (Stage.DOT, 354, "go on", Outcome.IN_DOUBT),
    ],
)  # fmt: skip
def test_whose_a_reply_is(stage: Stage, code: int, text: str, outcome: Outcome) -> None:
    """The table of refusals."""
    assert read_reply(stage, code, text).outcome is outcome


def test_the_enhanced_code_stands_apart() -> None:
    """Also where every line of the reply repeats it; one of another class is no enhanced code."""
    assert make_reply(550, "5.1.1 no such\n5.1.1 user here") == Reply(550, "5.1.1", "no such user here")
    assert make_reply(550, "4.1.1 odd") == Reply(550, "", "4.1.1 odd")
    assert make_reply(250, "2.0.0") == Reply(250, "2.0.0", "")


@pytest.mark.parametrize(
    "text",
    [
        "<mara.lind@harbour.example>: unknown",
        "unknown user mara.lind@harbour.example.",
        "user mara.lind%harbour.example is not here",
        "user mara.lind+news@harbour.example",
        'no "mara.lind"@harbour.example',
        "bounces+b-token=mara.lind=harbour.example@relay.example refused",
        "mara.lind=harbour.example",
        "mara.lind@[192.0.2.1] unknown",
        "mara.lind%40harbour.example",
        "für mara.lind@härbour.example",
    ],
)
def test_no_address_is_kept_with_a_reply(text: str) -> None:
    """In whichever form relays write it."""
    assert "lind" not in scrubbed(text)


@given(st.text(max_size=3_000), st.sampled_from(Stage), st.integers(-1, 1_000))
def test_any_reply_has_a_meaning(text: str, stage: Stage, code: int) -> None:
    """Total, bounded, one line."""
    reply = read_reply(stage, code, text).reply
    assert reply is not None
    assert len(reply.text) <= 500
    assert not any(ord(character) < 32 for character in str(reply))


def test_a_hostile_line_costs_no_time() -> None:
    """The search for addresses is bounded."""
    assert len(scrubbed("a" * 1_000_000 + "@" * 1_000_000)) <= 500
