"""Killed right before and right after each commit, one after the other, from the first to the last."""

import itertools
from collections.abc import Iterator
from pathlib import Path

from dispatch.store.database import Database
from tests.torture.account import Figures, is_thorough, tell
from tests.torture.lives import Nursery
from tests.torture.moments import COMMITS, Moment, Relay
from tests.torture.run import Run

CONNECTIONS = 4
OPTIONS = {"connections": CONNECTIONS}
READERS = 12


def test_killed_at_each_commit_nobody_is_lost(database: Database, nursery: Nursery, tmp_path: Path) -> None:
    """A new issue for each, which the next sender finishes: before the first, after the second, and so on."""
    figures = Figures(connections=CONNECTIONS)
    with Relay(delay=0.001) as relay:
        for place, moment in enumerate(_moments(database)):
            run = Run(database, tmp_path, nursery, relay, count=READERS, weeks=place, relay_options=OPTIONS)
            with run.told():
                if run.live(moment) == 0:
                    break  # it has fewer commits
                figures.faults += 1
                run.account()
                assert run.live() == 0
                run.settled(figures)
    tell(database, f"SIGKILL at each commit up to {moment.count}", figures)
    assert moment.count > 12  # beyond fan-out
    assert figures.doubles <= figures.ambiguous <= figures.bound


def _moments(database: Database) -> Iterator[Moment]:
    """Right before a commit and right after the next; where there is time for it, before and after each one."""
    for number in itertools.count(1, 1 if database.is_sqlite or is_thorough() else 4):
        for kind in COMMITS if is_thorough() else (COMMITS[number // 2 % 2],):
            yield Moment(kind, number, 0)
