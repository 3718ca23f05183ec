"""A process that has imported everything and forks a sender on request, so that a killed one costs a fork and no start.

    python -m tests.torture.nursery         one order a line on standard input, one answer a line on standard output
    {"do": "start", …a life (life.py)}      → {"pid": 4711}
    {"do": "wait", "pid": 4711}             → {"status": -9}: an exit code, or minus the signal; null after `seconds`

It has one thread, no event loop and no open database, so that forking it is safe. Who ended is buried with the next
start: until then nobody else can have its number. When standard input ends, it kills whom it still has, and ends.
"""

import gc
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

from tests.torture.life import Life, live

LOOK_AGAIN = 0.001  # seconds


def _born(order: dict[str, Any]) -> NoReturn:
    code = 1
    try:
        _let_go_of_the_pipes()
        live(Life(**order))
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it is, the test prints it
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _let_go_of_the_pipes() -> None:
    """So that they end with the nursery, whoever of its children is still there."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (sys.stdin.fileno(), sys.stdout.fileno()):
        os.dup2(nowhere, number)
    os.close(nowhere)


class _Children:
    """Whom this process has forked and not buried."""

    def __init__(self) -> None:
        self._all: set[int] = set()
        self._ended: set[int] = set()

    def start(self, order: dict[str, Any]) -> dict[str, Any]:
        for pid in self._ended:
            os.waitpid(pid, 0)
            self._all.discard(pid)
        self._ended.clear()
        pid = os.fork()
        if pid == 0:
            _born(order)
        self._all.add(pid)
        return {"pid": pid}

    def wait(self, order: dict[str, Any]) -> dict[str, Any]:
        until = time.monotonic() + order["seconds"]
        while time.monotonic() < until:
            found = os.waitid(os.P_PID, order["pid"], os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if found is not None:
                self._ended.add(order["pid"])
                return {"status": found.si_status if found.si_code == os.CLD_EXITED else -found.si_status}
            time.sleep(LOOK_AGAIN)
        return {"status": None}

    def end(self) -> None:
        for pid in self._all:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def main() -> None:
    """Obey until standard input ends."""
    assert threading.active_count() == 1
    # A SIGTERM that comes before a child can heed it waits until then, instead of ending the child unheard.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    gc.freeze()
    children = _Children()
    orders: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {"start": children.start, "wait": children.wait}
    try:
        for line in sys.stdin:
            order = json.loads(line)
            sys.stdout.write(json.dumps(orders[order.pop("do")](order)) + "\n")
            sys.stdout.flush()
    finally:
        children.end()


if __name__ == "__main__":
    main()
