"""Contenders run in processes of their own, and tell in JSON lines what happened.

child → {"ready": true}         everything is imported, opened and prepared
bench → go
child → {"seconds": …, "cpu_seconds": …, "messages": …, …}
"""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, cast

from bench.stopwatch import Effort, memory_of

HERE = Path(__file__).parent
ROOT = HERE.parent  # where `bench` can be imported
PATIENCE = 180.0  # seconds for what should take a few


class ContenderError(Exception):
    """A contender that did not do what it should have done."""


class UnavailableError(Exception):
    """A contender that cannot take part here; its message says why."""


class Child:
    """A child that is ready."""

    def __init__(self, process: subprocess.Popen[str], command: Sequence[str]) -> None:
        self._process = process
        self._command = command
        self._answer(PATIENCE)

    def go(self, patience: float = PATIENCE) -> dict[str, Any]:
        """Let it work; returns what it told, and `peak`, the most memory it had, in bytes.

        Raises ContenderError where it ends early, or does not end within `patience` seconds.
        """
        to_child = cast("IO[str]", self._process.stdin)
        with suppress(BrokenPipeError):  # where it is gone already, it does not answer either
            to_child.write("go\n")
            to_child.flush()
        # It stays until it is told to end, so that it can still be looked at.
        return self._answer(patience) | {"peak": memory_of(self._process.pid)[1]}

    def _answer(self, patience: float) -> dict[str, Any]:
        watchdog = threading.Timer(patience, self._process.kill)
        watchdog.start()
        try:
            answer: dict[str, Any] = json.loads(cast("IO[str]", self._process.stdout).readline())
        except ValueError:
            name = " ".join(self._command[:4])
            raise ContenderError(f"{name} … ended early, or not in {patience:.0f} s; what it said is above") from None
        finally:
            watchdog.cancel()
        return answer


@contextmanager
def child(command: Sequence[str]) -> Iterator[Child]:
    """A child for as long as the context lasts; raises ContenderError where it does not get ready."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield Child(process, command)
        finally:
            with suppress(BrokenPipeError):
                cast("IO[str]", process.stdin).close()


def run_child(command: Sequence[str], patience: float = PATIENCE) -> dict[str, Any]:
    """Have a child get ready and work; returns what `Child.go` does."""
    with child(command) as ready:
        return ready.go(patience)


def python(module: str, *arguments: object) -> list[str]:
    """The command line of a Python child."""
    return [sys.executable, "-m", module, *map(str, arguments)]


def serve(work: Callable[[], Mapping[str, object]]) -> None:
    """The child's side of it: say ready, wait for go, work, tell, stay until told to end."""
    print(json.dumps({"ready": True}), flush=True)
    sys.stdin.readline()
    print(json.dumps(work()), flush=True)
    sys.stdin.read()


def told(effort: Effort, messages: int, **more: object) -> dict[str, object]:
    """What a child tells of its work."""
    return {"seconds": effort.seconds, "cpu_seconds": effort.cpu_seconds, "messages": messages, **more}
