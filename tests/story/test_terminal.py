"""What somebody at a terminal sees."""

import os
import pty
import re
import subprocess

from tests.smtp_server import SmtpServer
from tests.story.conftest import MakeMagazine
from tests.story.magazine import FRIDAY, Piece


def test_a_bar_shows_how_far_sending_has_come(make_magazine: MakeMagazine, inbox: SmtpServer) -> None:
    """On a terminal, after a second; the report itself goes to standard output as ever."""
    magazine = make_magazine(connections=1)
    magazine.publish(Piece("ice", "The winter the harbour froze"))
    magazine.subscribe([f"reader{number}@inbox.example" for number in range(60)])
    inbox.delay = 0.05

    ours, theirs = pty.openpty()
    with subprocess.Popen(
        magazine.command(["run", "--once", "--now", FRIDAY]), stdout=subprocess.PIPE, stderr=theirs, text=True
    ) as process:
        os.close(theirs)
        shown = _everything_from(ours)
        output, _ = process.communicate(timeout=60)

    assert "60 accepted" in output
    assert re.search(r"sending .*\d+/60", shown)


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
