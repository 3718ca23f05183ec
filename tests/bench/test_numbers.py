"""The numbers to reach: reached, not reached, not measured."""

import pytest

from bench.audience import Audience
from bench.composing import Composed
from bench.contenders import Run
from bench.numbers import Number, numbers
from bench.results import Measured, Results, Signatures
from bench.scenarios import SCENARIOS, Who

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


def run(rate: float, cpu_ms: float = 1.0, memory: int = 70_000_000) -> Run:
    """A run of a thousand messages at this rate."""
    return Run(1_000, 1_000 / rate, cpu_ms, memory)


def results_of(name: str, runs: dict[Who, Run]) -> Results:
    """One situation, measured once."""
    measured = Measured(BY_NAME[name], 1_489, [runs], [Signatures(500, 1_000, 2)])
    return Results({name: measured})


def row(results: Results, beginning: str) -> Number:
    """The row that begins with these words."""
    (found,) = (number for number in numbers(results) if number.what.startswith(beginning))
    return found


def test_what_was_not_measured_is_neither_reached_nor_missed() -> None:
    """All nine rows are there, whatever was run."""
    rows = list(numbers(Results()))
    assert len(rows) == 9
    assert {number.verdict for number in rows} == {"not measured"}


@pytest.mark.parametrize(("rate", "verdict"), [(95, "reached"), (94, "not reached")])
def test_the_digest_is_held_against_smtp_source(rate: float, verdict: str) -> None:
    """0.95 of what smtp-source sends."""
    results = results_of("digest", {"dispatch": run(rate), "smtp-source": run(100)})
    assert row(results, "60 KB, 20 connections").verdict == verdict


def test_processor_time_has_to_be_a_quarter_of_both() -> None:
    """A quarter of one of them is not enough, and without nodemailer nobody knows."""
    runs: dict[Who, Run] = {"dispatch": run(1, 0.5), "aiosmtplib send_message": run(1, 3.0)}
    assert row(results_of("digest", runs), "60 KB, CPU").verdict == "not measured"
    assert row(results_of("digest", {**runs, "nodemailer": run(1, 2.0)}), "60 KB, CPU").verdict == "reached"
    assert row(results_of("digest", {**runs, "nodemailer": run(1, 1.9)}), "60 KB, CPU").verdict == "not reached"


def test_signing_is_held_against_all_cores() -> None:
    """0.7 of OpenSSL's thousand on both cores."""
    assert row(results_of("signed-small", {"dispatch": run(700)}), "signed").verdict == "reached"
    assert row(results_of("signed-small", {"dispatch": run(690)}), "signed").verdict == "not reached"


@pytest.mark.parametrize(
    ("seconds", "lock", "verdict"), [(9.0, 0.2, "reached"), (9.0, 0.3, "not reached"), (11.0, 0.2, "not reached")]
)
def test_planning_has_to_be_quick_and_to_let_others_write(seconds: float, lock: float, verdict: str) -> None:
    """Both, for a million."""
    results = Results(audiences=[Audience(1_000_000, seconds, lock, 1.0, None)])
    assert row(results, "planning").verdict == verdict


def test_memory_is_judged_at_a_million_only() -> None:
    """Up to a hundred thousand it is shown, and said to be that; at a million it has to be small and flat."""
    small = [Audience(10_000, 1, 0, 0, run(1)), Audience(100_000, 1, 0, 0, run(1, memory=71_000_000))]
    shown = row(Results(audiences=small), "peak memory")
    assert (shown.measured, shown.verdict) == ("71 MB · × 1.01 (to 100,000)", "not measured")
    flat = Results(audiences=[*small, Audience(1_000_000, 1, 0, 0, run(1, memory=75_000_000))])
    assert row(flat, "peak memory").verdict == "reached"
    grown = Results(audiences=[*small, Audience(1_000_000, 1, 0, 0, run(1, memory=90_000_000))])
    assert row(grown, "peak memory").verdict == "not reached"


def test_composing_is_the_median_of_its_rounds() -> None:
    """One slow round does not fail it."""
    results = Results(composed=[Composed(seconds, {}, 1) for seconds in (0.4, 0.45, 2.0)])
    assert row(results, "an issue").verdict == "reached"
