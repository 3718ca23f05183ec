"""What was read of a source: the same shape whatever kind it is."""

from dataclasses import dataclass, field

from dispatch.errors import CollectError
from dispatch.model.post import Entry, Problem

MAX_ENTRIES = 2_000  # of one document; a site with more at once is shown its newest


@dataclass(frozen=True, slots=True)
class Reading:
    """A source's entries in the order it lists them, and what it says of itself."""

    entries: list[Entry]
    title: str = ""
    site_url: str = ""  # the home page it names
    language: str = ""
    problems: list[Problem] = field(default_factory=list)
    # Whether everything that is listed was understood; else what is missing does not count as withdrawn.
    complete: bool = True
    # Whether this is all there is (a folder), not a window on the newest.
    whole: bool = False


class ReadingError(CollectError):
    """A document is not what its source's kind says; the message says what it is instead."""


def first_entries(source: str, entries: list[Entry], problems: list[Problem]) -> list[Entry]:
    """The entries that are read at most; says so in `problems` where some are left out."""
    if len(entries) > MAX_ENTRIES:
        problems.append(
            Problem(source, f"lists {len(entries)} entries at once", f"only the first {MAX_ENTRIES} were read")
        )
    return entries[:MAX_ENTRIES]
