"""In doubt: an operator decides, and what they read about it is what happened."""

import json
from email import message_from_bytes
from typing import Any

import pytest

from tests.smtp_server import COMMIT_AND_DROP, SmtpServer, Step, plainly
from tests.story.conftest import MakeMagazine
from tests.story.magazine import FRIDAY, Magazine, Piece, adds_up

READERS = [f"reader{number}@inbox.example" for number in range(6)]
UNLUCKY = READERS[2]


def _undecided(make_magazine: MakeMagazine, inbox: SmtpServer, database_address: str = "") -> Magazine:
    """An issue of which one reader has three copies, all in doubt; from now on the relay answers again."""
    magazine = make_magazine(database_url=database_address)
    magazine.publish(Piece("ice", "The winter the harbour froze"))
    magazine.subscribe(READERS)
    inbox.script = lambda step: COMMIT_AND_DROP if _is_dot_of_unlucky(step) else None
    magazine.dispatch("run", "--once", "--now", FRIDAY)
    inbox.script = plainly
    assert inbox.copies() == {reader: 3 if reader == UNLUCKY else 1 for reader in READERS}
    issue = _issue(magazine)
    assert (issue["state"], issue["accepted"], issue["in_doubt"]) == ("sending", 5, 1)
    return magazine


def _is_dot_of_unlucky(step: Step) -> bool:
    return (step.stage, step.recipient) == ("dot", UNLUCKY)


def _issue(magazine: Magazine) -> dict[str, Any]:
    """The one issue, whose arithmetic holds."""
    (issue,) = [issue for issue in magazine.status() if issue["audience"]]
    assert adds_up(issue)
    return issue


def _shown(magazine: Magazine) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(magazine.dispatch("issues", "show", "1", "--json"))["in_doubt"]
    return found


def _message_ids(inbox: SmtpServer, reader: str) -> set[str]:
    return {message_from_bytes(one.data)["Message-ID"] for one in inbox.received if one.recipient == reader}


def test_held_it_is_never_sent_again_and_the_issue_is_over(
    make_magazine: MakeMagazine, inbox: SmtpServer, database_address: str
) -> None:
    """After three times nobody sends it by itself; `hold` decides, and nothing more leaves."""
    magazine = _undecided(make_magazine, inbox, database_address)
    magazine.dispatch("run", "--once", "--now", FRIDAY)
    assert inbox.copies()[UNLUCKY] == 3
    assert "1 delivery is in doubt and undecided" in magazine.dispatch("status")
    assert [(one["undecided"], bool(one["done"])) for one in _shown(magazine)] == [(False, True)] * 2 + [(True, False)]

    told = magazine.dispatch("issues", "resolve", "1", "hold")
    assert told.startswith(f"issue 1: 1 delivery is not sent again:\n  {UNLUCKY}\n")
    magazine.dispatch("run", "--once", "--now", FRIDAY)

    assert inbox.copies()[UNLUCKY] == 3
    issue = _issue(magazine)
    assert (issue["state"], issue["accepted"], issue["suppressed"], issue["in_doubt"]) == ("sent", 5, 1, 0)
    assert {one["address"] for one in _shown(magazine)} == {UNLUCKY}
    assert _shown(magazine)[2]["done"].startswith("not sent again, as an operator decided at 20")
    assert "in doubt" not in magazine.dispatch("status").partition("\n")[2]


def test_resent_it_leaves_once_more_with_the_same_message_id(
    make_magazine: MakeMagazine, inbox: SmtpServer, database_address: str
) -> None:
    """Exactly one more copy, and the relay's acceptance settles it."""
    magazine = _undecided(make_magazine, inbox, database_address)
    assert "would be sent again" in magazine.dispatch("issues", "resolve", "1", "resend", "--dry-run")
    magazine.dispatch("run", "--once", "--now", FRIDAY)
    assert inbox.copies()[UNLUCKY] == 3

    magazine.dispatch("issues", "resolve", "1", "resend")
    assert _issue(magazine)["waiting"] == 1
    magazine.dispatch("send", "--now", FRIDAY)

    assert inbox.copies() == {reader: 4 if reader == UNLUCKY else 1 for reader in READERS}
    assert len(_message_ids(inbox, UNLUCKY)) == 1
    issue = _issue(magazine)
    assert (issue["state"], issue["accepted"], issue["in_doubt"]) == ("sent", 6, 0)
    assert "; accepted at " in _shown(magazine)[2]["done"]


def test_resent_in_vain_it_is_an_operators_again(make_magazine: MakeMagazine, inbox: SmtpServer) -> None:
    """One copy a decision, never three."""
    magazine = _undecided(make_magazine, inbox)
    inbox.script = lambda step: COMMIT_AND_DROP if _is_dot_of_unlucky(step) else None
    magazine.dispatch("issues", "resolve", "1", "resend", UNLUCKY.upper())
    magazine.dispatch("send", "--now", FRIDAY)
    assert inbox.copies()[UNLUCKY] == 4
    assert _issue(magazine)["in_doubt"] == 1
    assert [one["undecided"] for one in _shown(magazine)] == [False, False, False, True]
    assert "; in doubt again at " in _shown(magazine)[2]["done"]


def test_a_cancelled_issue_can_only_be_closed(make_magazine: MakeMagazine, inbox: SmtpServer) -> None:
    """And whoever may have its posts does not get them again with the next issue."""
    magazine = _undecided(make_magazine, inbox)
    magazine.dispatch("issues", "cancel", "1")
    magazine.dispatch("issues", "resolve", "1", "resend", expect=1)
    assert _issue(magazine)["in_doubt"] == 1
    magazine.dispatch("issues", "resolve", "1", "hold")
    issue = _issue(magazine)
    assert (issue["state"], issue["suppressed"], issue["in_doubt"]) == ("cancelled", 1, 0)
    magazine.dispatch("run", "--once", "--now", "2026-12-04T12:01:00Z")
    assert inbox.copies()[UNLUCKY] == 3


def test_of_a_paused_issue_it_leaves_once_the_issue_is_resumed(make_magazine: MakeMagazine, inbox: SmtpServer) -> None:
    """The decision is kept until then."""
    magazine = _undecided(make_magazine, inbox)
    magazine.dispatch("issues", "pause", "1")
    assert "`dispatch issues resume 1`" in magazine.dispatch("issues", "resolve", "1", "resend")
    magazine.dispatch("send", "--now", FRIDAY)
    assert inbox.copies()[UNLUCKY] == 3
    assert _shown(magazine)[2]["done"].startswith("waits until the issue is resumed, to be sent again")
    magazine.dispatch("issues", "resume", "1")
    magazine.dispatch("send", "--now", FRIDAY)
    assert inbox.copies()[UNLUCKY] == 4
    assert _issue(magazine)["state"] == "sent"


@pytest.mark.parametrize(
    ("decision", "then"),
    [("resend", "They may have it more than once, with the same Message-ID."), ("hold", "They may have it, or not.")],
)
def test_explain_tells_it_in_words(make_magazine: MakeMagazine, inbox: SmtpServer, decision: str, then: str) -> None:
    """Since when, why, what is to be decided, what was decided and what came of it."""
    magazine = _undecided(make_magazine, inbox)
    before = magazine.dispatch("explain", UNLUCKY, "1")
    assert "nobody can know whether it arrived" in before
    assert "In doubt since 2026-11-27 07:01 EST (the connection was lost after the last byte, before a reply)" in before
    assert "held until `dispatch issues resolve 1 resend|hold` decides" in before
    magazine.dispatch("issues", "resolve", "1", decision)
    magazine.dispatch("send", "--now", FRIDAY)
    assert magazine.dispatch("explain", UNLUCKY, "1").endswith(f"{then}\n")
