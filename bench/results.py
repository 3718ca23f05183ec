"""What a run of the bench found, as plain data: what the table, the numbers to reach and --json are made from."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.audience import Audience
from bench.choosing import Chosen
from bench.composing import Composed
from bench.contenders import Run
from bench.scenarios import Scenario, Who


@dataclass(frozen=True, slots=True)
class Signatures:
    """RSA-2048 signatures a second that OpenSSL makes: on one core, and on all that there are."""

    one_core: float
    all_cores: float
    cores: int


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure measured several times: its median, and between what it lay."""

    median: float
    least: float
    most: float


@dataclass(slots=True)
class Measured:
    """One situation: a dict for each round, from contender to its run; OpenSSL's figure of the same round."""

    scenario: Scenario
    message_size: int
    rounds: list[dict[Who, Run]] = field(default_factory=list)
    signatures: list[Signatures] = field(default_factory=list)

    def figure(self, who: Who, value: Callable[[Run], float]) -> Figure | None:
        """Something about a contender over all rounds; None if it has none."""
        return figure([value(runs[who]) for runs in self.rounds if who in runs])

    def ratio(self, who: Who, to: Who, value: Callable[[Run], float]) -> Figure | None:
        """The same divided by another contender's of the same round."""
        pairs = [(value(runs[who]), value(runs[to])) for runs in self.rounds if who in runs and to in runs]
        return figure([mine / theirs for mine, theirs in pairs if theirs])

    def ratio_to_signatures(self, who: Who) -> Figure | None:
        """Messages a second divided by the signatures a second that OpenSSL made in the same round."""
        pairs = zip(self.rounds, self.signatures, strict=False)
        return figure([runs[who].rate / signs.all_cores for runs, signs in pairs if who in runs])


@dataclass(slots=True)
class Results:
    """Everything that was measured; `missing` says why somebody did not take part, `broken` what went wrong."""

    measured: dict[str, Measured] = field(default_factory=dict)
    audiences: list[Audience] = field(default_factory=list)
    composed: list[Composed] = field(default_factory=list)
    chosen: Chosen | None = None
    missing: dict[str, str] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)


def figure(values: Sequence[float]) -> Figure | None:
    """The median and the ends of some values; None of none."""
    return Figure(statistics.median(values), min(values), max(values)) if values else None
