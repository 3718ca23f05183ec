"""Another process that writes now and then: how long it waits for its turn.

python -m bench.another_writer FILE; it tries every five milliseconds until its standard input ends, waiting as the
store does where the file is locked, and prints its longest wait in seconds.
"""

import json
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.children import ROOT, python
from dispatch.store.database import BUSY_MILLISECONDS

PAUSE = 0.005


@dataclass
class Waited:
    """What the other writer saw, in seconds; known once the context has ended."""

    longest: float = 0.0
    times: int = 0


@contextmanager
def another_writer(file: Path) -> Iterator[Waited]:
    """Have another process write to a database as long as the context lasts."""
    waited = Waited()
    command = python("bench.another_writer", file)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        if process.stdout:
            process.stdout.readline()
        yield waited
        told = json.loads(process.communicate("end\n")[0])
        waited.longest, waited.times = told["longest"], told["times"]


def main(file: str) -> None:
    """Write until told to end."""
    ended = threading.Event()
    threading.Thread(target=_wait_for_the_end, args=(ended,), daemon=True).start()
    longest, times = 0.0, 0
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute(f"pragma busy_timeout={BUSY_MILLISECONDS}")
        print("ready", flush=True)
        while not ended.wait(PAUSE):
            begun = time.perf_counter()
            connection.execute("BEGIN IMMEDIATE")
            longest, times = max(longest, time.perf_counter() - begun), times + 1
            connection.execute("ROLLBACK")
    print(json.dumps({"longest": longest, "times": times}), flush=True)


def _wait_for_the_end(ended: threading.Event) -> None:
    sys.stdin.readline()
    ended.set()


if __name__ == "__main__":
    main(*sys.argv[1:])
