"""Medians, spreads, and ratios of one round."""

from bench.contenders import Run
from bench.numbers import cpu_of, rate_of
from bench.results import Figure, Measured, Signatures, figure
from bench.scenarios import SCENARIOS, Who

DIGEST = SCENARIOS[0]


def run(rate: float, cpu_ms: float = 1.0) -> Run:
    """A run of a thousand messages at this rate."""
    return Run(1_000, 1_000 / rate, cpu_ms, 50_000_000)


def measured(*rounds: dict[Who, Run]) -> Measured:
    """These rounds of the digest."""
    return Measured(DIGEST, 60_000, list(rounds))


def test_a_figure_is_its_median_and_its_ends() -> None:
    """One wild round does not move it."""
    assert figure([3.0, 1.0, 100.0]) == Figure(3.0, 1.0, 100.0)
    assert figure([]) is None


def test_a_ratio_is_of_one_round() -> None:
    """A machine that is twice as fast in one round is so for both, and changes nothing."""
    rounds = measured(
        {"dispatch": run(100), "smtp-source": run(200)},
        {"dispatch": run(200), "smtp-source": run(400)},
        {"dispatch": run(50), "smtp-source": run(100)},
    )
    ratio = rounds.ratio("dispatch", "smtp-source", rate_of)
    assert ratio is not None
    assert (round(ratio.least, 9), round(ratio.most, 9)) == (0.5, 0.5)


def test_a_round_without_one_of_them_makes_no_ratio() -> None:
    """Who broke in a round is left out of it, not compared with another round's."""
    rounds = measured({"dispatch": run(100, 2.0)}, {"dispatch": run(100, 3.0), "nodemailer": run(10, 6.0)})
    assert rounds.ratio("dispatch", "nodemailer", cpu_of) == Figure(0.5, 0.5, 0.5)
    assert rounds.ratio("smtplib", "nodemailer", cpu_of) is None


def test_signing_is_compared_with_openssl_of_the_same_round() -> None:
    """All cores, not one."""
    rounds = measured({"dispatch": run(900)}, {"dispatch": run(1_800)})
    rounds.signatures = [Signatures(600, 1_000, 2), Signatures(1_200, 2_000, 2)]
    ratio = rounds.ratio_to_signatures("dispatch")
    assert ratio is not None
    assert round(ratio.median, 9) == 0.9
