"""The moments at which a sender is signalled: drawn by a seeded random, brought about by the relay or by the sender.

clock       so many seconds after its start, wherever it is then
commit      right before its n-th commit         committed   right after its n-th commit
a stage     when its n-th message gets there, as the relay sees it, and so many seconds later:
            mail: the reply before was read; data: asks for 354; body: asks for its license; dot: has sent its dot
"""

import asyncio
import os
import random
import signal
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass

from tests.smtp_server import COMMIT_AND_HANG, Act, SmtpServer, Step, answer

STAGES = ("connect", "mail", "data", "body", "dot")
COMMITS = ("commit", "committed")
# A few dozen messages, however they are counted: eight share a commit, and a connection carries many.
MOST = {"commit": 12, "committed": 12, "connect": 8, "mail": 32, "data": 32, "body": 32, "dot": 32}


@dataclass(frozen=True, slots=True)
class Moment:
    """When: its kind, the how-manieth, and how many seconds after that."""

    kind: str
    count: int
    seconds: float

    @property
    def dies_at(self) -> tuple[str, int] | None:
        """For the sender itself to bring about."""
        return (self.kind, self.count) if self.kind in COMMITS else None


def early(chance: random.Random) -> Moment:
    """A moment of the first steps: opening, fan-out (some ten commits), taking over, the first claim."""
    kind = chance.choice(("clock", *COMMITS))
    return Moment(kind, chance.randint(1, 10), chance.uniform(0, 0.04))


def any_moment(chance: random.Random) -> Moment:
    """A moment of sending, now and then an early one; most come before a few dozen messages."""
    return early(chance) if chance.random() < 0.1 else _while_sending(chance, ("clock", *COMMITS, *STAGES))


def outside_moment(chance: random.Random) -> Moment:
    """A moment of sending that does not need the sender's help: for signals it may survive."""
    return _while_sending(chance, ("clock", *STAGES))


def _while_sending(chance: random.Random, kinds: Sequence[str]) -> Moment:
    kind = chance.choice(kinds)
    if kind == "clock":
        return Moment(kind, 0, chance.uniform(0.02, 0.1))
    at_once, soon = 0.0, chance.uniform(0, 0.004)
    return Moment(kind, chance.randint(1, MOST[kind]), chance.choice((at_once, soon)))


@dataclass
class _Aim:
    moment: Moment
    pid: int
    signal: int
    left: int


class Relay(SmtpServer):
    """The relay of these tests: works, answers after `delay`, and signals a process when its moment has come.

    It takes what is for somebody in `hangs_on` and does not answer, the first time; `hung` says to whom it did so. It
    asks for patience where something is for somebody in `defers`.
    """

    def __init__(self, *, delay: float) -> None:
        super().__init__(delay=delay)
        self.extensions = tuple({*self.extensions, "PIPELINING"})
        self.script = self._act
        self.hangs_on: Collection[str] = ()
        self.hung: list[str] = []
        self.defers: Collection[str] = ()
        self.signalled_at = 0.0
        self.recovery = 0.0  # the longest time in seconds from `expect_dot` to a dot
        self._expected_since = 0.0
        self._aim: _Aim | None = None

    def aim(self, moment: Moment, pid: int, number: int = signal.SIGKILL) -> None:
        """Send this signal to this process, just started, at this moment; not one that the sender brings about."""
        aim = self._aim = _Aim(moment, pid, number, moment.count)
        self.signalled_at = 0.0
        if moment.kind == "clock":
            self._loop.call_soon_threadsafe(self._later, aim)

    def disarm(self) -> None:
        """Signal nobody any more; to be called before another process can have the number."""
        self._aim = None

    def expect_dot(self) -> None:
        """A sender starts, or can go on: measure how long its next dot takes."""
        self._expected_since = time.monotonic()

    @property
    def is_quiet(self) -> bool:
        """Whether everybody has hung up, so that nothing more can arrive."""
        return self._open == 0

    def _act(self, step: Step) -> Act | None:
        aim = self._aim
        if step.stage == "dot" and self._expected_since:
            self.recovery = max(self.recovery, time.monotonic() - self._expected_since)
            self._expected_since = 0.0
        if aim is not None and step.stage == aim.moment.kind:
            aim.left -= 1
            if aim.left == 0:
                self._later(aim)
        if step.stage == "dot" and step.nth == 1 and step.recipient in self.hangs_on:
            self.hung.append(step.recipient)
            return COMMIT_AND_HANG
        if step.stage == "rcpt" and step.recipient in self.defers:
            return answer("451 4.7.1 come back later")
        return None

    def _later(self, aim: _Aim) -> None:
        if aim.moment.seconds:
            asyncio.get_running_loop().call_later(aim.moment.seconds, self._signal, aim)
        else:
            self._signal(aim)

    def _signal(self, aim: _Aim) -> None:
        if self._aim is aim:
            self.signalled_at = time.monotonic()
            with suppress(ProcessLookupError):
                os.kill(aim.pid, aim.signal)
