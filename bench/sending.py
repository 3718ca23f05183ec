"""The short bench for those who tune: dispatch beside smtp-source, one size, one number of connections.

python -m bench.sending --connections 20 --size 60000 --messages 10000
"""

import argparse
import statistics
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.children import ContenderError, python, run_child
from bench.inspecting import look_at
from bench.issues import PreparedIssue, prepare_issue
from bench.magazine import Relay, signing_key
from bench.sink import sink
from bench.source import run_source


def main() -> int:
    """Measure and print; returns the exit code."""
    wanted = _arguments()
    with TemporaryDirectory(prefix="bench-") as folder:
        issue = prepare_issue(Path(folder) / "issue", size=wanted.size, messages=wanted.messages)
        if wanted.signed:
            _look(Path(folder), wanted)
        print(f"{wanted.messages:,} messages of {len(issue.message):,} bytes, {wanted.connections} connections")
        for number in range(wanted.rounds):
            _round(issue, Path(folder) / f"round-{number}", wanted)
    return 0


def _look(folder: Path, wanted: argparse.Namespace) -> None:
    """Make sure that what is to be measured as signed is signed."""
    few = prepare_issue(folder / "few", size=wanted.size, messages=20)
    with sink(keeps=True) as target:
        config = few.copy_to(folder / "looked-at", Relay(target.port, signed=True))
        run_child(python("bench.send_with_dispatch", config))
        look_at("dispatch", target.kept(), few.message, signing_key())


def _round(issue: PreparedIssue, folder: Path, wanted: argparse.Namespace) -> None:
    before = _source(issue)
    with sink() as target:
        relay = Relay(target.port, wanted.connections, wanted.durability, signed=wanted.signed)
        told = run_child(python("bench.send_with_dispatch", issue.copy_to(folder, relay)))
        if target.messages != issue.messages:
            raise ContenderError(f"the sink has {target.messages:,} of {issue.messages:,} messages: {told}")
    source = statistics.mean([before, _source(issue)])
    rate, cpu = issue.messages / told["seconds"], 1000 * told["cpu_seconds"] / issue.messages
    print(
        f"dispatch {rate:,.0f}/s, {cpu:.3f} ms CPU a message, {told['peak'] / 1e6:.0f} MB"
        f" ({told['whole_seconds'] - told['seconds']:.2f} s to be sure of the end)"
        f" · smtp-source (10 sessions) {source:,.0f}/s · ratio {rate / source:.2f}",
        flush=True,
    )


def _source(issue: PreparedIssue) -> float:
    with sink() as target:
        effort = run_source(
            target.port, sessions=10, messages=issue.messages, size=len(issue.message), keep_connections=False
        )
    return issue.messages / effort.seconds


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.sending", description=__doc__.partition("\n")[0])
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--size", type=int, default=60_000, help="bytes of a message")
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--durability", choices=("process", "power"), default="process")
    parser.add_argument("--signed", action="store_true", help="with a DKIM signature, RSA-2048")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
