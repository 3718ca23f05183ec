"""The whole bench, in one run: python -m bench [--quick | --full] [--only NAME …] [--json FILE]."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.audience import serve_audience
from bench.children import ContenderError, UnavailableError
from bench.choosing import choose_once
from bench.composing import compose_once
from bench.contenders import Workshop
from bench.numbers import FLAT_FROM, MILLION, numbers
from bench.results import Measured, Results, Signatures
from bench.scenarios import SCENARIOS, Scenario, Who
from bench.signing import cores, openssl_signatures
from bench.sink import program
from bench.table import table

DONE, BROKEN, CANNOT = 0, 1, 2
PARTS = (*(scenario.name for scenario in SCENARIOS), "audience", "books", "composing")


class Bench:
    """One run of the bench: what is wanted, and what was found so far."""

    def __init__(self, wanted: argparse.Namespace, folder: Path) -> None:
        self.results = Results()
        self._only, self._quick, self._full = wanted.only or PARTS, wanted.quick, wanted.full
        self._rounds, self._seconds = (1, 0.7) if wanted.quick else (3, 3.0)
        self._folder = folder
        self._workshop = Workshop(folder, self._seconds)

    def run(self) -> None:
        """Measure every part that is wanted."""
        for scenario in SCENARIOS:
            if scenario.name in self._only and (scenario.is_quick or not self._quick):
                self._measure(scenario)
        if "audience" in self._only:
            for readers in self._audiences():
                self._guarded(f"{readers:,} readers", partial(self._serve, readers))
        if "books" in self._only:
            readers = FLAT_FROM if self._quick else MILLION
            self._guarded("choosing books", partial(self._choose, readers))
        if "composing" in self._only:
            for number in range(self._rounds):
                self._guarded("an issue of 25 posts", partial(self._compose, number))

    def _measure(self, scenario: Scenario) -> None:
        measured = Measured(scenario, len(self._workshop.issue(scenario).message))
        self.results.measured[scenario.name] = measured
        inspect, title = self._workshop.inspect, scenario.title
        fit = [who for who in scenario.who if self._guarded(who, partial(inspect, scenario, who), title)]
        for number in range(self._rounds):
            measured.rounds.append({})
            if scenario.signed:
                self._guarded("OpenSSL", partial(self._sign, measured))
            # Every other round goes the other way round, so that nobody is always measured after the same one.
            for who in fit[:: 1 if number % 2 == 0 else -1]:
                self._guarded(who, partial(self._run, measured, scenario, who), title)

    def _run(self, measured: Measured, scenario: Scenario, who: Who) -> None:
        run = self._workshop.run(scenario, who)
        measured.rounds[-1][who] = run
        say(f"{scenario.title}: {who}: {run.rate:,.0f}/s, {run.cpu_ms:.3f} ms")

    def _sign(self, measured: Measured) -> None:
        seconds = 1 if self._quick else 3
        one, every = (openssl_signatures(processes=count, seconds=seconds) for count in (1, cores()))
        measured.signatures.append(Signatures(one, every, cores()))

    def _audiences(self) -> list[int]:
        return [1_000, FLAT_FROM, 100_000, *([] if self._quick else [MILLION])]

    def _serve(self, readers: int) -> None:
        send = self._full or readers <= (FLAT_FROM if self._quick else 100_000)
        audience = serve_audience(self._folder / f"audience-{readers}", readers, send=send)
        self.results.audiences.append(audience)
        say(f"{readers:,} readers: planned in {audience.planning:.2f} s" + (", sent" if send else ""))

    def _choose(self, readers: int) -> None:
        self.results.chosen = chosen = choose_once(self._folder / "books", readers)
        say(f"books for {readers:,} readers: {chosen.seconds:.2f} s")

    def _compose(self, number: int) -> None:
        composed = compose_once(self._folder / f"compose-{number}")
        self.results.composed.append(composed)
        say(f"an issue of 25 posts: {composed.seconds:.2f} s")

    def _guarded(self, who: str, step: Callable[[], None], where: str = "") -> bool:
        """Take a step, and say whether it went well; whoever breaks is named and holds nobody else up."""
        if who in self.results.missing:
            return False
        try:
            step()
        except (UnavailableError, FileNotFoundError) as error:
            self.results.missing[who] = str(error)
            say(f"{who} DOES NOT TAKE PART: {error}")
            return False
        except ContenderError as error:
            self.results.broken.append(f"{where}{': ' if where else ''}{who}: {error}")
            say(f"BROKEN: {self.results.broken[-1]}")
            return False
        return True


def main() -> int:
    """Measure and print; returns the exit code: 1 if somebody broke, 2 if nothing could be measured."""
    wanted = _arguments()
    try:
        for name in ("smtp-sink", "smtp-source"):
            program(name)
    except FileNotFoundError as error:
        say(str(error))
        return CANNOT
    with TemporaryDirectory(prefix="bench-") as folder:
        bench = Bench(wanted, Path(folder))
        bench.run()
    results = bench.results
    print(table(results))
    if wanted.json:
        found = asdict(results) | {"numbers": [asdict(number) for number in numbers(results)]}
        wanted.json.write_text(json.dumps(found, indent=1, ensure_ascii=False), encoding="utf-8")
    return BROKEN if results.broken else DONE


def say(line: str) -> None:
    """Tell whoever waits."""
    print(line, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure dispatch beside what else there is.")
    parser.add_argument("--quick", action="store_true", help="a small version, in less than two minutes")
    parser.add_argument("--full", action="store_true", help="send to a million readers too, which takes minutes")
    parser.add_argument("--only", action="append", choices=PARTS, metavar="NAME", help=f"one of {', '.join(PARTS)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured there as well")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
