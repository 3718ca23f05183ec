"""Choosing the books of an issue for audiences of any size, in a new process."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from bench.children import PATIENCE, ContenderError, python, run_child

SLOWEST = 500  # readers a second to make ready; whoever is slower hangs


@dataclass(frozen=True, slots=True)
class Chosen:
    """What it took for so many readers, in seconds; how many cohorts and regions that was; what a report took."""

    readers: int
    seconds: float
    choices: int
    report: float


def choose_once(folder: Path, readers: int) -> Chosen:
    """Choose in a new folder, and remove it; raises ContenderError where the report does not have everybody."""
    folder.mkdir()
    told = run_child(python("bench.choose_books", folder, readers), PATIENCE + readers / SLOWEST)
    shutil.rmtree(folder)
    if told["impressions"] != readers:
        raise ContenderError(f"the report has {told['impressions']:,} impressions of {readers:,}")
    return Chosen(readers, told["seconds"], told["messages"], told["report"])
