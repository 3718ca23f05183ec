"""What is printed."""

from bench.contenders import Run
from bench.results import Measured, Results
from bench.scenarios import SCENARIOS
from bench.table import markdown, table


def test_columns_are_as_wide_as_they_need_to_be() -> None:
    """Names stand to the left, figures to the right."""
    assert markdown(("who", "messages/s"), [("dispatch", "1,200")]).splitlines() == [
        "| who      | messages/s |",
        "| -------- | ---------: |",
        "| dispatch |      1,200 |",
    ]


def test_whoever_did_not_take_part_is_named_with_the_reason() -> None:
    """A contender that is missing is not silently missing, and neither is one that broke."""
    results = Results(missing={"nodemailer": "npm is not there"}, broken=["smtplib: it ended early"])
    assert "nodemailer did not take part: npm is not there" in table(results)
    assert "BROKEN: smtplib: it ended early" in table(results)


def test_a_contender_stands_beside_its_reference() -> None:
    """Rate, ratio, processor time and memory, each row named as it was run."""
    rounds = [{"dispatch": Run(1_000, 1.0, 0.25, 70_000_000), "smtp-source": Run(1_000, 2.0, 0.05)}]
    results = Results({"digest": Measured(SCENARIOS[0], 59_975, rounds)})  # type: ignore[arg-type]
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table(results).splitlines()]
    assert ["dispatch", "1,000", "2.00", "0.250", "70"] in lines
    assert ["smtp-source (10 sessions)", "500", "1.00", "0.050", "–"] in lines
