"""What is said about a delivery."""

from datetime import UTC, datetime, timedelta

import pytest

from dispatch.delivering.words import done_about, doubt, ended, retried, said
from dispatch.model.doubt import NOT_SENT_AGAIN, InDoubt
from dispatch.model.report import Ended, Retried

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
AGAIN = "sent again, with the same Message-ID"


def in_doubt(**changes: object) -> InDoubt:
    values: dict[str, object] = {
        "delivery_id": 7, "issue_id": 12, "address": "ann@reef.example", "at": NOON, "why": "the wire broke",
        "decided": AGAIN, "then": "", "then_at": None, "then_reply": "", "state": "queued", "reason": "in doubt",
        "state_at": NOON + timedelta(hours=1), "issue_state": "sending",
    }  # fmt: skip
    return InDoubt(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, f"waits to be {AGAIN}"),
        ({"issue_state": "paused"}, f"waits until the issue is resumed, to be {AGAIN}"),
        ({"state": "deferred"}, f"waits to be {AGAIN}; next try at 2026-11-27 13:00 UTC"),
        ({"then": "accepted", "then_at": NOON, "state": "accepted"}, f"{AGAIN}; accepted at 2026-11-27 12:00 UTC"),
        ({"then": "in_doubt", "then_at": NOON}, f"{AGAIN}; in doubt again at 2026-11-27 12:00 UTC"),
        (
            {"then": "refused", "then_at": NOON, "then_reply": "550 5.1.1 gone", "state": "refused"},
            f"{AGAIN}; refused at 2026-11-27 12:00 UTC: 550 5.1.1 gone",
        ),
        ({"state": "accepted"}, "its reply was read after all: accepted at 2026-11-27 13:00 UTC"),
        ({"state": "suppressed", "reason": "left"}, "not sent again, because they left"),
        ({"state": "suppressed", "reason": "cancelled"}, "not sent again, because the issue was cancelled"),
        ({"state": "refused", "reason": "expired"}, "not sent again, because its time was over"),
        ({"state": "suppressed", "reason": NOT_SENT_AGAIN, "decided": "not sent again"}, "not sent again"),
        ({"state": "in_doubt", "decided": ""}, ""),
    ],
)  # fmt: skip
def test_what_was_done_about_a_doubt_is_what_happened(changes: dict[str, object], words: str) -> None:
    """The decision first, then what came of it; nothing while it is undecided."""
    assert done_about(in_doubt(**changes), "UTC") == words


@pytest.mark.parametrize(("issue_state", "choice"), [("sending", "resend|hold"), ("cancelled", "hold")])
def test_what_is_undecided_says_how_to_decide(issue_state: str, choice: str) -> None:
    """With what can be decided, in the reader's zone."""
    undecided = in_doubt(state="in_doubt", decided="", issue_state=issue_state)
    held = f"held until `dispatch issues resolve 12 {choice}` decides"
    assert doubt(undecided, "America/New_York") == f"in doubt since 2026-11-27 07:00 EST (the wire broke): {held}"


def test_a_doubt_that_another_followed_leaves_the_words_to_it() -> None:
    """The next line tells when it was in doubt again."""
    told = doubt(in_doubt(then="in_doubt", then_at=NOON, state="in_doubt"), "UTC")
    assert told == f"in doubt at 2026-11-27 12:00 UTC (the wire broke): {AGAIN}"


def test_a_reply_is_the_relays_and_everything_else_is_ours() -> None:
    """So that nobody asks the relay about words it never said."""
    assert said("451 4.7.1 come back.") == " The relay said: 451 4.7.1 come back."
    assert said("the connection was lost at DATA") == " What happened: the connection was lost at DATA."
    assert "SMTPUTF8" in said("eai-unsupported")
    assert said("") == ""


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (Ended("a@b.example", "suppressed", "left", "", NOON), "not sent, because they left."),
        (
            Ended("a@b.example", "suppressed", NOT_SENT_AGAIN, "", NOON),
            "it was in doubt and is not sent again, as an operator decided.",
        ),
        (
            Ended("a@b.example", "refused", "expired", "450 later", NOON),
            "given up at 2026-11-27 12:00 UTC, because its time was over. The relay said: 450 later.",
        ),
        (
            Ended("a@b.example", "refused", "", "550 5.1.1 gone", NOON),
            "refused at 2026-11-27 12:00 UTC. The relay said: 550 5.1.1 gone.",
        ),
    ],
)
def test_an_end_has_its_reason(one: Ended, words: str) -> None:
    """The relay's words or ours."""
    assert ended(one, "UTC") == words


@pytest.mark.parametrize(("attempts", "tries"), [(1, "once"), (3, "3 times")])
def test_what_is_tried_again_says_when(attempts: int, tries: str) -> None:
    """And what the last try came to."""
    one = Retried("a@b.example", attempts, "451 4.7.1 later", NOON)
    assert retried(one, "UTC") == f"tried {tries}, next try at 2026-11-27 12:00 UTC. The relay said: 451 4.7.1 later."
