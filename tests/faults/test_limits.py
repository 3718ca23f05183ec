"""What a relay cannot take, or not so much of: said here before anything is asked, and the others go their way."""

from pathlib import Path

import pytest

from dispatch.model.delivery import DeliveryState
from dispatch.store.database import Database
from tests.delivering.make import HTML, addresses
from tests.faults.runs import CONNECTIONS, READERS, WAYS, Run, have_variant, in_way
from tests.smtp_server import Act, SmtpServer, Step, answer

LIMIT = 20_000
EVERYBODY = addresses(READERS)


@pytest.mark.parametrize("way", WAYS)
def test_messages_that_are_too_large_wait_and_the_others_go(database: Database, tmp_path: Path, way: str) -> None:
    """SIZE says so before MAIL; every eighth reader's variant is larger. They have it once the relay takes more."""
    large = EVERYBODY[3::8]
    with SmtpServer(extensions=(*in_way(way)[:-1], f"SIZE {LIMIT}")) as server:
        run = Run(database, tmp_path, server, f"SIZE too small for some, {way}")
        ids = [run.issue.deliveries[EVERYBODY.index(address)] for address in large]
        database.transact(have_variant, run.issue.id, ids, html=HTML + "<p>and another thing</p>\n" * 1000)
        report = run.send()
        assert (report.accepted, report.turned_away, report.braked) == (READERS - len(large), len(large), ())
        assert run.those(DeliveryState.QUEUED) == large
        assert run.reply_to(large[0]).startswith(f"too large: the relay takes {LIMIT} bytes a message, this one has ")
        assert not {step.recipient for step in server.steps}.intersection(large)
        server.extensions = in_way(way)
        run.settle()


@pytest.mark.parametrize("way", WAYS)
def test_an_address_that_the_relay_cannot_write_is_that_readers_alone(
    database: Database, tmp_path: Path, way: str
) -> None:
    """Without SMTPUTF8 the reader is refused here; it says why, and MAIL is never sent for them."""
    readers = [*addresses(20), "zoë@harbour.example", "żaba@ledge.example"]
    ascii_only = tuple(word for word in in_way(way) if word != "SMTPUTF8")
    with SmtpServer(extensions=ascii_only) as server:
        run = Run(database, tmp_path, server, f"no SMTPUTF8, {way}", readers=readers)
        run.send()
        assert run.reply_to(readers[20]) == "eai-unsupported"
        assert server.reached("mail") == 20
        run.settle(refused=readers[20:])


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("act", [answer("421 4.7.0 too many", drop=True), Act(reset=True)], ids=["421", "RST"])
def test_a_relay_that_serves_fewer_connections_serves_everybody(database: Database, tmp_path: Path, act: Act) -> None:
    """Two of eight are let in, the others are turned away with a word or without: nobody is charged for it."""
    server = SmtpServer(delay=0.005)

    def two_at_most(step: Step) -> Act | None:
        return act if step.stage == "connect" and server.open_now > 2 else None

    server.script = two_at_most
    with server:
        run = Run(database, tmp_path, server, "two connections at most", connections=2 * CONNECTIONS)
        report = run.send()
        assert (report.accepted, report.problem) == (READERS, None)
        assert run.attempts == READERS
        assert len({message.connection for message in server.received}) <= 2
        run.settle()
