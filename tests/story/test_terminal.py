"""What somebody at a terminal sees."""

import os
import pty
import re
import socket
import subprocess
import threading
import time

from tests.smtp_server import SmtpServer
from tests.story.conftest import MakeMagazine
from tests.story.magazine import FRIDAY, Piece


def test_a_bar_shows_how_far_sending_has_come(make_magazine: MakeMagazine, inbox: SmtpServer) -> None:
    """On a terminal, after a second; the report itself goes to standard output as ever."""
    magazine = make_magazine(connections=1)
    magazine.publish(Piece("ice", "The winter the harbour froze"))
    magazine.subscribe([f"reader{number}@inbox.example" for number in range(60)])
    inbox.delay = 0.05

    output, shown = _at_a_terminal(magazine.command(["run", "--once", "--now", FRIDAY]))

    assert "60 accepted" in output
    assert re.search(r"sending .*\d+/60", shown)


def test_a_slow_source_is_waited_for_in_sight(make_magazine: MakeMagazine) -> None:
    """Collecting says that it is at work; the report goes to standard output."""
    magazine = make_magazine()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        threading.Thread(target=_answer_late, args=[silent], daemon=True).start()
        config = magazine.folder / "config.toml"
        slow = f"http://127.0.0.1:{silent.getsockname()[1]}/feed.xml"
        config.write_text(config.read_text().replace(f"{magazine.site}/feed.xml", slow))
        output, shown = _at_a_terminal(magazine.command(["collect"]))

    assert "404" in output
    assert "collecting" in shown


def _answer_late(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(4096)
        time.sleep(2.5)
        connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")


def _at_a_terminal(command: list[str]) -> tuple[str, str]:
    """Run a command whose standard error is a terminal: what it prints, and what the terminal shows."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, text=True) as process:
        os.close(theirs)
        shown = _everything_from(ours)
        output, _ = process.communicate(timeout=60)
    return output, shown


def _everything_from(terminal: int) -> str:
    pieces: list[bytes] = []
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # how Linux says that the other side has closed
            piece = b""
        if not piece:
            os.close(terminal)
            return b"".join(pieces).decode()
        pieces.append(piece)
