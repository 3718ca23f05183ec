"""The standard library's smtplib as a contender: one thread a connection.

python -m bench.send_with_smtplib LETTER PORT CONNECTIONS MESSAGES
"""

import smtplib
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.children import serve, told
from bench.letter import SENDER, Letter, read_letter
from bench.sink import HOST
from bench.stopwatch import Stopwatch


def main(letter: str, port: str, connections: str, messages: str) -> None:
    """Read the letter, then send it to so many readers."""
    wanted = read_letter(Path(letter))
    lines, total = int(connections), int(messages)

    def work() -> dict[str, object]:
        watch = Stopwatch()
        with ThreadPoolExecutor(lines) as threads:
            counts = threads.map(lambda line: _send_some(wanted, int(port), range(line, total, lines)), range(lines))
        return told(watch.effort(), sum(counts))

    serve(work)


def _send_some(letter: Letter, port: int, numbers: range) -> int:
    with smtplib.SMTP(HOST, port) as client:
        for number in numbers:
            client.sendmail(SENDER, [letter.recipient(number)], letter.raw)
    return len(numbers)


if __name__ == "__main__":
    main(*sys.argv[1:])
