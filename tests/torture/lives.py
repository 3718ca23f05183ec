"""Senders in processes of their own, forked by a nursery: begun, signalled, waited for."""

import json
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.torture.life import Life

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
MOST = 4_000  # characters of what senders said, where a test fails


class Nursery:
    """A nursery and whom it forked; `with` starts and ends both."""

    def __init__(self, folder: Path) -> None:
        self._said = folder / "lives.txt"

    def __enter__(self) -> Self:
        with self._said.open("w") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.torture.nursery"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._process.communicate(timeout=PATIENCE)
        finally:
            self._process.kill()

    def start(self, life: Life) -> int:
        """Fork a sender; its process id, which is nobody else's until the next start."""
        pid: int = self._ask({"do": "start", **asdict(life)})["pid"]
        return pid

    def end_of(self, pid: int, *, may_fail: bool = False) -> int:
        """Wait until it has ended; 0, or minus the signal. Whatever went wrong in it is printed, unless it may fail."""
        status = self._ask({"do": "wait", "pid": pid, "seconds": PATIENCE})["status"]
        assert isinstance(status, int), f"a sender has not ended within {PATIENCE} s:\n{self.said()[-MOST:]}"
        assert may_fail or status in (0, -signal.SIGKILL), f"a sender ended with {status}:\n{self.said()[-MOST:]}"
        return status

    def said(self) -> str:
        """What all senders have written to standard error."""
        return self._said.read_text()

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the nursery has ended:\n{self.said()[-MOST:]}"
        answer: dict[str, Any] = json.loads(line)
        return answer
