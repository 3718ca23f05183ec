"""Log-ins that fail, from the start or suddenly: somebody is told once, nobody is burnt, the relay is not hammered."""

from pathlib import Path
from typing import Any

import pytest

from dispatch.errors import RelayError, RelaySetupError
from dispatch.store.database import Database
from tests.faults.runs import CONNECTIONS, READERS, Run, always
from tests.smtp_server import Act, SmtpServer, Step, answer

LOG_IN = ("lamplight", "right")
WRONG = answer("535 5.7.8 Authentication credentials invalid")
# More would look like somebody guessing, and some relays lock us out.
MOST_ATTEMPTS = 3


def logging_in(database: Database, folder: Path, server: SmtpServer, fault: str, **relay: Any) -> Run:
    """A run whose relay wants a password."""
    (folder / "password").write_text(LOG_IN[1])
    return Run(database, folder, server, fault, username=LOG_IN[0], password="file:password", **relay)


def test_a_password_that_is_wrong_is_tried_once(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One connection, one error that says what to look at, no delivery tried; with the right one all go."""
    with SmtpServer(login=LOG_IN) as server:
        run = logging_in(database, tmp_path, server, "535 from the start")
        (tmp_path / "password").write_text("guessed")
        report = run.send()
        assert type(report.problem) is RelaySetupError
        assert str(report.problem).endswith(
            "refuses the log-in (535 5.7.8 wrong password): look at username and password"
        )
        assert (server.reached("connect"), server.reached("auth"), server.reached("mail")) == (1, 1, 0)
        assert (report.due, run.attempts) == (READERS, 0)
        assert caplog.text.count("refuses the log-in") == 1
        assert "guessed" not in caplog.text
        (tmp_path / "password").write_text(LOG_IN[1])
        run.settle()


def test_a_password_that_stops_working_stops_the_run(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Changed while an issue goes out: at most three more log-ins, and who has no mail yet still waits for it."""

    def changed(step: Step) -> Act | None:
        return WRONG if step.stage == "auth" and step.nth > CONNECTIONS else None

    with SmtpServer(changed, login=LOG_IN) as server:
        run = logging_in(database, tmp_path, server, "535 from the middle", messages_per_connection=5)
        report = run.send()
        assert type(report.problem) is RelaySetupError
        assert server.reached("auth") <= CONNECTIONS + MOST_ATTEMPTS
        assert 0 < report.accepted < READERS
        assert (report.accepted + report.due, run.attempts) == (READERS, report.accepted)
        assert caplog.text.count("refuses the log-in") == 1
        run.settle()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (answer("454 4.7.0 try later"), "cannot check the log-in at the moment: 454 4.7.0 try later"),
        (answer("421 4.3.2 bye", drop=True), "cannot check the log-in at the moment: 421 4.3.2 bye"),
        (Act(drop=True), "cannot be reached"),
        (Act(), "does not answer in time"),
    ],
    ids=["454", "421", "closed", "silent"],
)
@pytest.mark.usefixtures("impatient")
def test_a_log_in_that_cannot_be_checked_is_no_wrong_password(
    database: Database, tmp_path: Path, act: Act, sentence: str
) -> None:
    """The relay may be able to later: nobody has to mend anything, and nobody is charged."""
    with SmtpServer(always("auth", act), login=LOG_IN) as server:
        run = logging_in(database, tmp_path, server, "log-in not checked")
        with run.when_said("deliveries wait", run.stop):
            report = run.send()
        assert type(report.problem) is RelayError
        assert sentence in str(report.problem)
        assert (report.due, run.attempts) == (READERS, 0)
        run.settle()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_log_in_in_no_way_that_we_know_is_said_so(database: Database, tmp_path: Path) -> None:
    """A relay that takes only tokens of its own."""
    server = SmtpServer()
    server.extensions = (*server.extensions, "AUTH XOAUTH2")
    with server:
        run = logging_in(database, tmp_path, server, "no log-in that we know")
        report = run.send()
        assert type(report.problem) is RelaySetupError
        assert "offers no log-in that dispatch knows, which is one of CRAM-MD5, PLAIN, LOGIN" in str(report.problem)
        assert server.reached("connect") == 1
        server.login = LOG_IN
        run.settle()
