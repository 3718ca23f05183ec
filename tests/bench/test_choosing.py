"""Choosing books: every cohort of every country, whatever the number of readers, and a report that has everybody."""

from pathlib import Path

from bench.choose_books import REGIONS
from bench.choosing import choose_once
from dispatch.model.address import COHORTS


def test_there_are_as_many_choices_as_cohorts_and_regions(tmp_path: Path) -> None:
    """And nothing is left behind."""
    chosen = choose_once(tmp_path / "books", 1_024)
    assert (chosen.readers, chosen.choices) == (1_024, COHORTS * len(REGIONS))
    assert list(tmp_path.iterdir()) == []
