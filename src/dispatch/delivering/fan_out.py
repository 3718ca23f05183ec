"""Fan out: an issue and its schedule's subscriptions become deliveries, each exactly once.

    end the pauses that are over
    until nobody is owed the issue:
        have variants made for the kinds of subscriber that have none
        for each range of subscriptions, one transaction: insert deliveries, each due at its reader's own time of day,
        and move seen_seq
    the issue is sending

Every step is safe to repeat and to run in several processes: a kill between two of them loses and doubles nothing.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from dispatch.errors import StoreError
from dispatch.store.database import Database
from dispatch.store.fan_out import fan_out_range, finish_fan_out, has_audience, lacks_variants, subscription_bounds
from dispatch.store.issues import close_overdue_issues
from dispatch.store.pauses import return_from_pause
from dispatch.store.zones import own_due_times

# Long enough to be worth a transaction, short enough that other writers never wait for a quarter of a second.
RANGE = 5_000

MakeVariants = Callable[[int], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class FanOutReport:
    """How many subscriptions an issue moved on: those with a delivery, and those with nothing left to get."""

    issue_id: int
    served: int


async def fan_out(database: Database, now: datetime, issue_id: int, make_variants: MakeVariants) -> FanOutReport:
    """Make all deliveries of a composed issue; `make_variants(issue_id)` decides what each kind of subscriber sees.

    An issue in any other state, or one whose time is over, gets none. Raises what `make_variants` raises; what was made
    until then stands, and the next call goes on from there.
    """
    await database.run(close_overdue_issues, now)
    while await database.run(return_from_pause, now):
        pass
    served, stuck = 0, False
    # Mostly everything is decided when an issue is composed: whoever is left after a round lacks a variant.
    decided = await database.read(has_audience, issue_id)
    while not await database.run(finish_fan_out, issue_id):
        if not decided:
            await _have_variants(database, issue_id, make_variants)
        moved = await _all_ranges(database, issue_id, now)
        if stuck and not moved:
            raise StoreError(f"issue {issue_id}: some subscriptions are owed it and cannot get it; please report this")
        served, stuck, decided = served + moved, not (moved or decided), False
    return FanOutReport(issue_id, served)


async def _have_variants(database: Database, issue_id: int, make_variants: MakeVariants) -> None:
    if await database.read(lacks_variants, issue_id):
        await make_variants(issue_id)


async def _all_ranges(database: Database, issue_id: int, now: datetime) -> int:
    bounds = await database.run(subscription_bounds, issue_id)
    if bounds is None:
        return 0
    low, high = bounds
    due_times = await database.read(own_due_times, issue_id)
    return sum(
        [
            await database.run_trusted(fan_out_range, issue_id, start, start + RANGE - 1, now, due_times)
            for start in range(low, high + 1, RANGE)
        ]
    )
