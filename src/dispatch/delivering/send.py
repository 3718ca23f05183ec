"""Send what is due: claim, fill the blanks, hand to the relay, write down what it said.

take the sender's lock (SQLite), take over what dead senders left
each connection, until nothing is due or somebody says stop:
    take a delivery as paces allow
    MAIL, RCPT, DATA, body; have the ledger license the dot; dot; reply
    the result goes to the ledger, which commits it with the next license
put back what was claimed and not begun
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatch.config.settings import Settings
from dispatch.delivering.claims import Claims
from dispatch.delivering.ledger import Ledger
from dispatch.delivering.lessons import Lessons
from dispatch.delivering.line import Counts, Line, Work
from dispatch.delivering.messages import Messages
from dispatch.delivering.relays import RelayHealth, Road, access_to, roads
from dispatch.delivering.rules import RESENT_KINDS
from dispatch.delivering.sender_lock import SenderLock
from dispatch.delivering.waits import pause, persistently
from dispatch.errors import RelayError
from dispatch.store.database import Database
from dispatch.store.deliveries import TRANSIENT_ERRORS, Waiting, finish_issues, waiting
from dispatch.store.leases import (
    owner_over,
    recover_everything,
    recover_expired,
    recover_own,
    release_claims,
    renew_leases,
)
from dispatch.transport.access import RelayAccess
from dispatch.transport.dkim import signer_for
from dispatch.transport.signing import Signing

logger = logging.getLogger(__name__)

HEARTBEAT = 10.0  # seconds; a lease lasts 60
STAND_BY = 0.5
BATCH_PER_CONNECTION = 20

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class SendReport:
    """What a run of sending came to. `later` deliveries wait for a retry, the earliest at `next_at`."""

    accepted: int = 0
    deferred: int = 0
    refused: int = 0
    turned_away: int = 0
    in_doubt: tuple[str, ...] = ()  # one masked address with its delivery's id for each time
    braked: tuple[str, ...] = ()  # one sentence for each issue that was paused
    due: int = 0  # what would have been sent now, had there been no stop and no problem
    later: int = 0
    next_at: datetime | None = None
    problem: RelayError | None = None  # why the relay could not be used, where the run ended for it or waited for it


async def send_due(
    database: Database,
    settings: Settings,
    clock: Clock,
    real_clock: Clock,
    *,
    owner: str,
    stop: asyncio.Event,
    until_idle: bool,
) -> SendReport:
    """Send until `stop`, or with `until_idle` until nothing is due by `clock` and no other sender holds anything.

    `owner` names this process among all that send, and no two at once. Leases and Date go by `real_clock`. Raises
    RelayError if no relay carries digests, ConfigurationError if a secret is missing or no key. Where several relays
    share the mail (`carries`), each has connections, pace and ledger of its own.
    """
    ways = roads(settings)
    held = [slug for slug, newsletter in settings.newsletters.items() if newsletter.in_doubt == "hold"]
    lock = SenderLock(database.file) if database.file else None
    signings: list[Signing] = []
    works: list[Work] = []
    try:
        for road in ways:
            signer = signer_for(road.relay, road.name)
            signings += [Signing(signer, real_clock)] if signer else []
            # Claims are put back by their owner's name, so each relay's are its own.
            its_owner = owner if road is ways[0] else owner_over(owner, road.name)
            messages = Messages(database, settings, real_clock, signings[-1] if signer else None)
            desk = _Desk(database, its_owner, clock, real_clock, stop, messages, held)
            works.append(
                _work_for(road, access_to(settings, road.name), desk, until_idle=until_idle, alone=len(ways) == 1)
            )
        if await _may_begin(database, lock, clock, stop, until_idle=until_idle):
            await _take_over(database, owner, clock, real_clock, stop, held, alone=lock is not None)
            for work in works:
                await work.lessons.recall(database, stop, asyncio.get_running_loop().time(), real_clock())
            await _all_of([_run(work) for work in works])
    finally:
        for signing in signings:
            signing.close()
        if lock:
            lock.release()
    return await _report(works)


@dataclass(frozen=True, slots=True)
class _Desk:
    """What sending over one relay shares with the others, and whose name it claims in."""

    database: Database
    owner: str
    clock: Clock
    real_clock: Clock
    stop: asyncio.Event
    messages: Messages
    held: Collection[str]


def _work_for(road: Road, access: RelayAccess, desk: _Desk, *, until_idle: bool, alone: bool) -> Work:
    over = asyncio.Event()
    ledger = Ledger(desk.database, desk.owner, road.name, desk.clock, desk.real_clock, desk.stop)
    lessons = Lessons(road.name, road.relay)
    claims = Claims(
        desk.database,
        desk.owner,
        desk.clock,
        desk.real_clock,
        paces=lessons.paces,
        ledger=ledger,
        batch=BATCH_PER_CONNECTION * road.relay.connections,
        held=desk.held,
        over=over,
        until_idle=until_idle,
        kinds=None if alone else road.kinds,
    )
    return Work(
        database=desk.database,
        owner=desk.owner,
        claims=claims,
        ledger=ledger,
        messages=desk.messages,
        health=RelayHealth(access, over, gives_up=until_idle),
        lessons=lessons,
        clock=desk.clock,
        real_clock=desk.real_clock,
        stop=desk.stop,
        over=over,
        relay=road.relay,
        counts=Counts(),
    )


async def _all_of(runs: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Run them side by side; raises what the first that fails raises."""
    try:
        async with asyncio.TaskGroup() as group:
            for run in runs:
                group.create_task(run)
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None


async def _may_begin(
    database: Database, lock: SenderLock | None, clock: Clock, stop: asyncio.Event, *, until_idle: bool
) -> bool:
    """Wait for our turn; False once stopping, or where the other sender has left nothing to do."""
    while lock is not None and not lock.acquire():
        await pause(stop, STAND_BY)
        left = await persistently(stop, database, waiting, clock())
        if left is None or stop.is_set() or (until_idle and left.due == 0 and left.held == 0):
            return False
    return not stop.is_set()


async def _take_over(
    database: Database,
    owner: str,
    clock: Clock,
    real_clock: Clock,
    stop: asyncio.Event,
    held: Collection[str],
    *,
    alone: bool,
) -> None:
    if alone:
        found = await persistently(stop, database, recover_everything, clock(), RESENT_KINDS, held)
    else:
        found = await persistently(stop, database, recover_own, owner, clock(), RESENT_KINDS, held)
        await persistently(stop, database, recover_expired, owner, clock(), real_clock(), RESENT_KINDS, held)
    if found and found.in_doubt:
        logger.warning(
            "an earlier sender ended between dot and reply: %d deliveries were in doubt (ids %s)",
            len(found.in_doubt),
            ", ".join(map(str, found.in_doubt)),
        )


async def _run(work: Work) -> None:
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(work.ledger.run())
            besides = [group.create_task(_keep_leases(work)), group.create_task(_heed_stop(work))]
            await asyncio.wait([group.create_task(Line(work).run()) for _ in range(work.relay.connections)])
            await work.claims.close()
            work.ledger.close()
            for task in besides:
                task.cancel()
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    await work.lessons.save(work.database, asyncio.get_running_loop().time(), work.real_clock())
    # What cannot be put back now comes back by itself: with the lock, or when the lease is over.
    with suppress(*TRANSIENT_ERRORS):
        await work.database.run(release_claims, work.owner)
        await work.database.run(finish_issues, work.clock())


async def _keep_leases(work: Work) -> None:
    while True:
        await asyncio.sleep(HEARTBEAT)
        with suppress(*TRANSIENT_ERRORS):
            await work.database.run(renew_leases, work.owner, work.real_clock())
        await work.lessons.save(work.database, asyncio.get_running_loop().time(), work.real_clock())


async def _heed_stop(work: Work) -> None:
    """On stop: close what has no dot yet, wait for outstanding replies, then close those too."""
    await work.stop.wait()
    work.over.set()
    for session in list(work.health.sessions):
        if not session.awaits_reply:
            session.abort()
    await asyncio.sleep(work.relay.stop_grace.total_seconds())
    for session in list(work.health.sessions):
        session.abort()


async def _report(works: Sequence[Work]) -> SendReport:
    main = works[0]
    left = await persistently(main.stop, main.database, waiting, main.clock()) or Waiting(0, 0, 0, None)
    counts = [work.counts for work in works]
    problems = [work.health.gave_up_for for work in works]
    if main.stop.is_set() and left.due:
        # A connection that failed when nobody needed it any more is nobody's problem.
        problems += [work.health.problem for work in works]
    return SendReport(
        accepted=sum(one.accepted for one in counts),
        deferred=sum(one.deferred for one in counts),
        refused=sum(one.refused for one in counts),
        turned_away=sum(one.turned_away for one in counts),
        in_doubt=tuple(name for one in counts for name in one.in_doubt),
        braked=tuple(sentence for one in counts for sentence in one.braked),
        due=left.due,
        later=left.later,
        next_at=left.next_at,
        problem=next((problem for problem in problems if problem), None),
    )
