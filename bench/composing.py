"""An issue of 25 posts, composed, rendered and compiled once, in a new process each time."""

from dataclasses import dataclass
from pathlib import Path

from bench.children import python, run_child


@dataclass(frozen=True, slots=True)
class Composed:
    """Seconds in all and by part ("compose", "render", "compile"; the rest is storing); bytes of the message."""

    seconds: float
    parts: dict[str, float]
    size: int


def compose_once(folder: Path) -> Composed:
    """Do it in a new folder; raises ContenderError."""
    folder.mkdir()
    told = run_child(python("bench.compose_issue", folder))
    return Composed(told["seconds"], told["parts"], told["size"])
