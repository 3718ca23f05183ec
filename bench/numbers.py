"""The numbers to reach: each with its bar, what was measured, and whether that is enough."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.contenders import Run
from bench.results import Figure, Measured, Results, figure

MILLION = 1_000_000
FLAT_FROM = 10_000
FLAT = 1.1  # the most that memory may grow from FLAT_FROM readers on, to be called flat

DIGEST_RATIO = 0.95
SMALL_RATIO = 0.8
CPU_RATIO = 0.25
SIGNED_RATIO = 0.7
FAR_RATIO = 3.5
PLANNING_SECONDS = 10.0
LOCK_SECONDS = 0.25
MEMORY = 200e6
COMPOSING_SECONDS = 0.5
CHOOSING_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Number:
    """One row: `is_reached` is None where it was not measured."""

    what: str
    bar: str
    measured: str
    is_reached: bool | None

    @property
    def verdict(self) -> str:
        """The row's last word."""
        return "not measured" if self.is_reached is None else "reached" if self.is_reached else "not reached"


def numbers(results: Results) -> Iterator[Number]:
    """Every row, in the order of the table they come from."""
    yield _rate(results, "digest", "60 KB, 20 connections: messages/s ÷ smtp-source's (10 sessions)", DIGEST_RATIO)
    yield _rate(results, "small", "1 KB, 40 connections: messages/s ÷ smtp-source's (10 sessions)", SMALL_RATIO)
    yield _processor(results.measured.get("digest"))
    yield _signed(results.measured.get("signed-small"))
    yield _far([results.measured[name] for name in ("far-small", "far-digest") if name in results.measured])
    yield _planning(results)
    yield _memory(results)
    yield _composing(results)
    yield _choosing(results)


def rate_of(run: Run) -> float:
    """Messages a second."""
    return run.rate


def cpu_of(run: Run) -> float:
    """Processor time of the sender in ms a message."""
    return run.cpu_ms


def _rate(results: Results, name: str, what: str, bar: float) -> Number:
    measured = results.measured.get(name)
    ratio = measured.ratio("dispatch", "smtp-source", rate_of) if measured else None
    return _row(what, f"≥ {bar}", ratio, lambda found: found.median >= bar)


def _processor(measured: Measured | None) -> Number:
    what = "60 KB, CPU a message ÷ that of aiosmtplib send_message · of nodemailer"
    if measured is None:
        return Number(what, f"≤ {CPU_RATIO}", "–", None)
    ratios = [measured.ratio("dispatch", who, cpu_of) for who in ("aiosmtplib send_message", "nodemailer")]
    found = [ratio for ratio in ratios if ratio]
    shown = " · ".join(f"{ratio.median:.2f}" if ratio else "–" for ratio in ratios)
    # Where nodemailer could not be installed, half of the bar is not measured; it can still be missed.
    missed = any(ratio.median > CPU_RATIO for ratio in found)
    return Number(what, f"≤ {CPU_RATIO}", shown, False if missed else True if len(found) == 2 else None)


def _signed(measured: Measured | None) -> Number:
    ratio = measured.ratio_to_signatures("dispatch") if measured else None
    what = "signed RSA-2048, 1 KB: messages/s ÷ signatures/s of OpenSSL on the same cores"
    return _row(what, f"≥ {SIGNED_RATIO}", ratio, lambda found: found.median >= SIGNED_RATIO)


def _far(measured: list[Measured]) -> Number:
    what = "one connection, 50 ms round trip: messages/s ÷ aiosmtplib sendmail's (1 KB · 60 KB)"
    ratios = [each.ratio("dispatch", "aiosmtplib sendmail", rate_of) for each in measured]
    found = [ratio.median for ratio in ratios if ratio]
    shown = " · ".join(f"{ratio:.1f}" for ratio in found) or "–"
    return Number(what, f"≥ {FAR_RATIO}", shown, min(found) >= FAR_RATIO if found else None)


def _planning(results: Results) -> Number:
    what = "planning 1,000,000 deliveries · longest write lock"
    bar = f"≤ {PLANNING_SECONDS:.0f} s · ≤ {LOCK_SECONDS * 1000:.0f} ms"
    found = [audience for audience in results.audiences if audience.readers == MILLION]
    if not found:
        return Number(what, bar, "–", None)
    seconds, lock = found[0].planning, found[0].longest_lock
    shown = f"{seconds:.1f} s · {lock * 1000:.0f} ms"
    return Number(what, bar, shown, seconds <= PLANNING_SECONDS and lock <= LOCK_SECONDS)


def _memory(results: Results) -> Number:
    what, bar = "peak memory while sending to 1,000,000 · growth from 10,000 on", "≤ 200 MB · flat"
    peaks = {audience.readers: audience.sending.memory for audience in results.audiences if audience.sending}
    base, largest = peaks.get(FLAT_FROM), max(peaks, default=0)
    peak = peaks.get(largest)
    if not base or not peak or largest <= FLAT_FROM:
        return Number(what, bar, "–", None)
    growth = peak / base
    shown = f"{peak / 1e6:.0f} MB · × {growth:.2f}" + ("" if largest == MILLION else f" (to {largest:,})")
    return Number(what, bar, shown, peak <= MEMORY and growth <= FLAT if largest == MILLION else None)


def _composing(results: Results) -> Number:
    found = figure([composed.seconds for composed in results.composed])
    what = "an issue of 25 posts: compose + render + compile, once"
    bar = f"≤ {COMPOSING_SECONDS} s"
    return _row(what, bar, found, lambda found: found.median <= COMPOSING_SECONDS, unit=" s")


def _choosing(results: Results) -> Number:
    what, bar = "choosing books for 1,000,000 subscribers", f"≤ {CHOOSING_SECONDS:.0f} s"
    chosen = results.chosen
    if chosen is None:
        return Number(what, bar, "–", None)
    is_whole = chosen.readers == MILLION
    shown = f"{chosen.seconds:.1f} s" + ("" if is_whole else f" (for {chosen.readers:,})")
    return Number(what, bar, shown, chosen.seconds <= CHOOSING_SECONDS if is_whole else None)


def _row(what: str, bar: str, found: Figure | None, is_enough: Callable[[Figure], bool], unit: str = "") -> Number:
    if found is None:
        return Number(what, bar, "–", None)
    return Number(what, bar, f"{found.median:.2f}{unit}{spread(found)}", is_enough(found))


def spread(found: Figure, form: str = ".2f") -> str:
    """Between what a figure lay, in brackets; nothing where it was measured once."""
    return f" ({found.least:{form}}–{found.most:{form}})" if found.least != found.most else ""
