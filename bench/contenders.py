"""One run of one contender in one situation: a fresh sink, a fresh process, every message counted at the sink."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.children import ContenderError, python, run_child
from bench.inspecting import look_at
from bench.issues import PreparedIssue, prepare_issue
from bench.letter import Letter, write_letter
from bench.magazine import Relay, signing_key
from bench.node import node_command
from bench.proxy import distance
from bench.scenarios import SOURCE_SESSIONS, Scenario, Who, messages_for
from bench.sink import sink
from bench.source import run_source

INSPECTED = 40  # messages; as many as there are connections at most, so that each of them is seen


@dataclass(frozen=True, slots=True)
class Run:
    """What one run came to: memory in bytes (None where nobody looked), processor time in ms a message."""

    messages: int
    seconds: float
    cpu_ms: float
    memory: int | None = None

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds


class Workshop:
    """Where runs are made ready: one prepared issue a situation, copied for each run. `seconds` is a run's length."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self._folder = folder
        self._seconds = seconds
        self._issues: dict[tuple[int, int], PreparedIssue] = {}
        self._inspected: set[tuple[int, bool, Who]] = set()
        self._copies = 0

    def run(self, scenario: Scenario, who: Who) -> Run:
        """Let a contender send; raises UnavailableError, or ContenderError if the sink counts others."""
        messages = messages_for(scenario, who, self._seconds)
        issue = self.issue(scenario)
        with sink() as target, distance(target.port, scenario.round_trip) as port:
            run = self._send(scenario, who, port, messages, issue)
            if not target.messages == run.messages == messages:
                raise ContenderError(f"{who} says {run.messages:,}, the sink has {target.messages:,} of {messages:,}")
        return run

    def inspect(self, scenario: Scenario, who: Who) -> None:
        """Let a contender send a few messages, and look at them; raises what `run` does, or if they are not right."""
        seen = scenario.size, scenario.signed, who
        if seen in self._inspected:
            return
        issue = self._issue(scenario.size, INSPECTED)
        with sink(keeps=True) as target:
            self._send(scenario, who, target.port, INSPECTED, issue)
            look_at(who, target.kept(), issue.message, signing_key() if scenario.signed else None)
        self._inspected.add(seen)

    def issue(self, scenario: Scenario) -> PreparedIssue:
        """The issue that dispatch sends in a situation, made at the first call."""
        return self._issue(scenario.size, messages_for(scenario, "dispatch", self._seconds))

    def _issue(self, size: int, messages: int) -> PreparedIssue:
        if (size, messages) not in self._issues:
            folder = self._folder / f"issue-{size}-{messages}"
            self._issues[size, messages] = prepare_issue(folder, size=size, messages=messages)
        return self._issues[size, messages]

    def _send(self, scenario: Scenario, who: Who, port: int, messages: int, issue: PreparedIssue) -> Run:
        if who.startswith("smtp-source"):
            return _source(scenario, who, port, messages, len(issue.message))
        if who.startswith("dispatch"):
            relay = Relay(port, scenario.connections, "power" if "power" in who else "process", signed=scenario.signed)
            return self._dispatch(issue, relay)
        letter = self._letter(issue, signed=scenario.signed)
        command = [*_program(who), str(letter), str(port), str(scenario.connections), str(messages)]
        return run_of(run_child(command))

    def _dispatch(self, issue: PreparedIssue, relay: Relay) -> Run:
        self._copies += 1
        config = issue.copy_to(self._folder / f"copy-{self._copies}", relay)
        run = run_of(run_child(python("bench.send_with_dispatch", config)))
        shutil.rmtree(config.parent)
        return run

    def _letter(self, issue: PreparedIssue, *, signed: bool) -> Path:
        file = issue.folder.with_suffix(".signed.json" if signed else ".json")
        if not file.exists():
            write_letter(file, Letter(issue.message, signing_key() if signed else None))
        return file


def run_of(told: dict[str, Any]) -> Run:
    """What a child told, as a run."""
    cpu_ms = 1000 * told["cpu_seconds"] / max(1, told["messages"])
    return Run(told["messages"], told["seconds"], cpu_ms, told["peak"])


def _source(scenario: Scenario, who: Who, port: int, messages: int, size: int) -> Run:
    sessions = SOURCE_SESSIONS if who == "smtp-source" else scenario.connections
    kept = who == "smtp-source, connections kept"
    effort = run_source(port, sessions=sessions, messages=messages, size=size, keep_connections=kept)
    return Run(messages, effort.seconds, 1000 * effort.cpu_seconds / messages)


def _program(who: Who) -> list[str]:
    if who.startswith("aiosmtplib"):
        return python("bench.send_with_aiosmtplib", who.partition(" ")[2])
    if who == "smtplib":
        return python("bench.send_with_smtplib")
    return [*node_command(), "raw" if "bytes" in who else "message"]
