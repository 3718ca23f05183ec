"""`in_doubt = "hold"`: nobody gets anything twice, and whoever may have missed it has a name."""

import json

from tests.smtp_server import COMMIT_AND_DROP, DROP, SmtpServer
from tests.story.conftest import MakeMagazine
from tests.story.magazine import FRIDAY, Magazine, Piece, adds_up, kill, wait_until

READERS = [f"reader{number}@inbox{number % 7}.example" for number in range(200)]
TAKEN, NOT_TAKEN = READERS[3], READERS[17]


def _holding(make_magazine: MakeMagazine, database_address: str) -> Magazine:
    magazine = make_magazine(database_url=database_address)
    config = magazine.folder / "config.toml"
    config.write_text(config.read_text().replace("[newsletters.review]\n", '[newsletters.review]\nin_doubt = "hold"\n'))
    magazine.publish(Piece("ice", "The winter the harbour froze"))
    magazine.subscribe(READERS)
    return magazine


def _undecided(magazine: Magazine) -> set[str]:
    """Who is in doubt, undecided; the arithmetic holds."""
    (issue,) = [issue for issue in magazine.status() if issue["audience"]]
    assert adds_up(issue)
    shown = json.loads(magazine.dispatch("issues", "show", "1", "--json"))["in_doubt"]
    assert issue["in_doubt"] == len(shown)
    return {one["address"] for one in shown if one["undecided"]}


def test_a_lost_connection_after_the_dot_doubles_nobody(
    make_magazine: MakeMagazine, inbox: SmtpServer, database_address: str
) -> None:
    """Neither whose mail was taken nor whose was not; `resend` then reaches who missed it."""
    magazine = _holding(make_magazine, database_address)
    acts = {TAKEN: COMMIT_AND_DROP, NOT_TAKEN: DROP}
    inbox.script = lambda step: acts.get(step.recipient) if step.stage == "dot" and step.nth == 1 else None
    magazine.dispatch("run", "--once", "--now", FRIDAY)
    assert _undecided(magazine) == {TAKEN, NOT_TAKEN}
    assert inbox.copies() == dict.fromkeys(set(READERS) - {NOT_TAKEN}, 1)

    magazine.dispatch("issues", "resolve", "1", "resend", NOT_TAKEN)
    magazine.dispatch("issues", "resolve", "1", "hold", TAKEN)
    magazine.dispatch("send", "--now", FRIDAY)
    assert inbox.copies() == dict.fromkeys(READERS, 1)


def test_a_kill_while_sending_doubles_nobody(make_magazine: MakeMagazine, inbox: SmtpServer) -> None:
    """What the dead sender left waits for an operator; everybody else has it once."""
    inbox.delay = 0.01
    magazine = _holding(make_magazine, "")
    process = magazine.start("run", "--once", "--now", FRIDAY)
    try:
        wait_until(lambda: len(inbox.received) >= 60, 60)
    finally:
        kill(process)
    magazine.dispatch("run", "--once", "--now", FRIDAY)
    copies = inbox.copies()
    assert set(copies.values()) == {1}
    undecided = _undecided(magazine)
    assert len(undecided) <= magazine.connections
    assert set(READERS) - set(copies) <= undecided
