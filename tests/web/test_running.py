"""The service as an operator runs it: a process, a relay, a reader who joins over HTTP, and a signal in between."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from tests.correspondence import token_in
from tests.smtp_server import SmtpServer
from tests.web.opening import SITE, configuration

FORM = "application/x-www-form-urlencoded"
READER = "reader@example.net"


class Inbox(SmtpServer):
    """A relay whose mail can be waited for."""

    def wait_for(self, count: int) -> list[EmailMessage]:
        """The first so many messages, once they are there."""
        nothing, left = threading.Event(), 600
        while len(self.received) < count and left:
            nothing.wait(0.1)
            left -= 1
        found = [message_from_bytes(one.data, policy=policy.default) for one in self.received[:count]]
        assert len(found) == count, f"{len(found)} of {count} messages came within a minute"
        return found


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """The relay, which is where all mail arrives."""
    with Inbox() as serving:
        yield serving


def configured(folder: Path, relay_port: int) -> tuple[Path, int]:
    """A magazine on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    config = configuration(folder, relay_port=relay_port)
    config.write_text(config.read_text().replace("[web]", f'[web]\nlisten = "127.0.0.1:{port}"'))
    return config, port


@contextmanager
def running(config: Path, *only: str) -> Iterator[subprocess.Popen[str]]:
    """`dispatch run`, once it says that it runs; killed in the end if it still does."""
    command = [sys.executable, "-m", "dispatch", "--config", str(config), "run"]
    for part in only:
        command += ["--only", part]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
    with process:
        try:
            assert process.stdout is not None
            assert "running" in process.stdout.readline()
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def stopped(process: subprocess.Popen[str]) -> str:
    """End it as an operator does; what it complained of."""
    process.send_signal(signal.SIGTERM)
    _, complaints = process.communicate(timeout=60)
    assert process.returncode == 0, complaints
    return complaints


def post(port: int, path: str, fields: dict[str, str]) -> str:
    """Post a form from the site's own page; where that leads to."""
    headers = {"Content-Type": FORM, "Origin": SITE}
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", urlencode(fields).encode(), headers)
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return urlsplit(str(answer.url)).path


def rows(config: Path, query: str) -> list[tuple[object, ...]]:
    """What the database of an installation says."""
    with closing(sqlite3.connect(config.parent / "data" / "dispatch.db")) as connection:
        return connection.execute(query).fetchall()


def press(port: int, path: str) -> str:
    """Open a page and press its button; the page after it."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as shown:
        form_token = shown.read().decode().partition('name="form_token" value="')[2].partition('"')[0]
    return post(port, path, {"form_token": form_token})


def test_somebody_joins_a_running_service_and_is_welcomed(inbox: Inbox, tmp_path: Path) -> None:
    """All of it in one process, which a signal ends in the middle of a form that somebody is still sending."""
    config, port = configured(tmp_path, inbox.port)
    with running(config) as process:
        assert post(port, "/subscribe", {"email": READER}) == "/subscribe/sent"
        (question,) = inbox.wait_for(1)
        confirm = f"/confirm/{token_in(question, 'confirm')}"
        assert press(port, confirm) == confirm
        _, welcome = inbox.wait_for(2)
        assert "Welcome" in welcome["Subject"]
        with socket.create_connection(("127.0.0.1", port)) as slow:
            head = (
                f"POST /unsubscribe/{token_in(welcome, 'unsubscribe')} HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\n"
            )
            slow.sendall(f"{head}Content-Length: 26\r\nExpect: 100-continue\r\n\r\n".encode())
            assert slow.recv(12) == b"HTTP/1.1 100"
            slow.sendall(b"List-Unsubscribe=One-Clic")
            assert "Traceback" not in stopped(process)
    assert rows(config, "select state from subscription") == [("active",)]
    assert rows(config, "select act from consent order by id") == [("asked",), ("confirmed",)]
    assert rows(config, "select state from delivery") == [("accepted",)] * 2
    assert rows(config, "pragma integrity_check") == [("ok",)]


def test_the_question_arrives_where_pages_and_mail_are_processes_of_their_own(inbox: Inbox, tmp_path: Path) -> None:
    """`run --only web` beside `run --only send`, on one database file."""
    config, port = configured(tmp_path, inbox.port)
    with running(config, "send") as sending, running(config, "web") as serving:
        assert post(port, "/subscribe", {"email": READER}) == "/subscribe/sent"
        (question,) = inbox.wait_for(1)
        assert question["To"] == READER
        press(port, f"/confirm/{token_in(question, 'confirm')}")
        _, welcome = inbox.wait_for(2)
        assert "Welcome" in welcome["Subject"]
        for process in (serving, sending):
            assert "Traceback" not in stopped(process)
    assert rows(config, "select state from subscription") == [("active",)]
