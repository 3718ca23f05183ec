"""SIGKILL at hundreds of random moments: nobody is lost, and whoever may have it twice is named.

DISPATCH_KILLS says how many (200; `make torture` takes more), DISPATCH_SEED which. After each kill the relay's own
account is held against the ledger. `pytest -s` shows the figures.
"""

import random
from pathlib import Path

from dispatch.model.delivery import DeliveryState
from dispatch.model.issue import IssueState
from dispatch.store.database import Database
from tests.torture.account import Account, Figures, kills_wanted, seed, tell
from tests.torture.lives import Nursery
from tests.torture.moments import Relay, any_moment, early
from tests.torture.run import Run

CONNECTIONS = 8
OPTIONS = {"connections": CONNECTIONS}
READERS = 2_000  # on PostgreSQL, where fewer are killed, half of it
DELAY = 0.003  # of the relay's reply to a dot, so that there are dots to be in doubt about
EARLY = 0.1  # of all kills, in each issue: while it is fanned out
ENOUGH = 40  # kills, to have hit everything


def test_killed_at_any_moment_nobody_is_lost_and_every_double_is_named(
    database: Database, nursery: Nursery, tmp_path: Path
) -> None:
    """Lost 0, doubles at most a connection's worth a kill, each listed in doubt, the list no longer than that."""
    chance = random.Random(seed())
    figures = Figures(connections=CONNECTIONS)
    count = READERS if database.is_sqlite else READERS // 2
    with Relay(delay=DELAY) as relay:
        weeks = 0
        while figures.faults < kills_wanted(database):
            run = Run(database, tmp_path, nursery, relay, count=count, weeks=weeks, relay_options=OPTIONS)
            with run.told():
                _kill_until_sent(run, chance, figures)
                run.settled(figures)
            weeks += 1
    tell(database, f"SIGKILL, {weeks} issues", figures)
    tell(database, "found at death", dict(figures.found))
    assert (figures.lost, figures.stray, figures.false_sent) == (0, 0, 0)
    assert figures.doubles <= figures.ambiguous <= figures.bound
    assert figures.faults < ENOUGH or {"fan-out", "claimed", "licensed"} <= set(figures.found)


def _kill_until_sent(run: Run, chance: random.Random, figures: Figures) -> None:
    """Kill until it is sent or we have killed enough; then let one live."""
    kills = 0
    while figures.faults < kills_wanted(run.database):
        moment = early(chance) if kills < EARLY * kills_wanted(run.database) else any_moment(chance)
        if run.live(moment, durability=chance.choice(("power", "process"))) == 0:
            return
        kills += 1
        figures.faults += 1
        account = run.account()
        assert account.states[DeliveryState.SENDING] <= CONNECTIONS
        figures.found[_found(run, account)] += 1
        if chance.random() < 0.5:
            run.database.engine.dispose()  # the next one to open the file is the first, and recovers it
    assert run.live() == 0


def _found(run: Run, account: Account) -> str:
    """Where it was, as its death left the ledger."""
    if run.state == IssueState.COMPOSED:
        return "fan-out"
    if account.states[DeliveryState.SENDING]:
        return "licensed"
    return "claimed" if account.states[DeliveryState.CLAIMED] else "nothing in hand"
