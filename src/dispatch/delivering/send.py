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
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from dispatch.config.settings import Settings
from dispatch.delivering.claims import Claims
from dispatch.delivering.ledger import Ledger
from dispatch.delivering.lessons import Lessons
from dispatch.delivering.line import Counts, Line, Work
from dispatch.delivering.messages import Messages
from dispatch.delivering.relays import RelayHealth, access_to, relay_for
from dispatch.delivering.rules import RESENT_KINDS
from dispatch.delivering.sender_lock import SenderLock
from dispatch.delivering.waits import pause, persistently
from dispatch.errors import RelayError
from dispatch.store.database import Database
from dispatch.store.deliveries import TRANSIENT_ERRORS, Waiting, finish_issues, waiting
from dispatch.store.leases import recover_everything, recover_expired, recover_own, release_claims, renew_leases
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
    RelayError if no relay carries digests, ConfigurationError if a secret is missing or no key.
    """
    name, relay = relay_for(settings, "digests")
    over = asyncio.Event()
    health = RelayHealth(access_to(settings, name), over, gives_up=until_idle)
    ledger = Ledger(database, owner, name, clock, real_clock, stop)
    held = [slug for slug, newsletter in settings.newsletters.items() if newsletter.in_doubt == "hold"]
    lessons = Lessons(name, relay)
    claims = Claims(
        database,
        owner,
        clock,
        real_clock,
        paces=lessons.paces,
        ledger=ledger,
        batch=BATCH_PER_CONNECTION * relay.connections,
        held=held,
        over=over,
        until_idle=until_idle,
    )
    signer = signer_for(relay, name)
    signing = Signing(signer, real_clock) if signer else None
    messages = Messages(database, settings, real_clock, signing)
    work = Work(database, claims, ledger, messages, health, lessons, clock, real_clock, stop, over, relay, Counts())
    lock = SenderLock(database.file) if database.file else None
    try:
        if await _may_begin(database, lock, clock, stop, until_idle=until_idle):
            await _take_over(database, owner, clock, real_clock, stop, held, alone=lock is not None)
            await lessons.recall(database, stop, asyncio.get_running_loop().time(), real_clock())
            await _run(work, owner, real_clock)
    finally:
        if signing:
            signing.close()
        if lock:
            lock.release()
    return await _report(work)


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


async def _run(work: Work, owner: str, real_clock: Clock) -> None:
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(work.ledger.run())
            besides = [group.create_task(_keep_leases(work, owner, real_clock)), group.create_task(_heed_stop(work))]
            await asyncio.wait([group.create_task(Line(work).run()) for _ in range(work.relay.connections)])
            await work.claims.close()
            work.ledger.close()
            for task in besides:
                task.cancel()
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    await work.lessons.save(work.database, asyncio.get_running_loop().time(), real_clock())
    # What cannot be put back now comes back by itself: with the lock, or when the lease is over.
    with suppress(*TRANSIENT_ERRORS):
        await work.database.run(release_claims, owner)
        await work.database.run(finish_issues, work.clock())


async def _keep_leases(work: Work, owner: str, real_clock: Clock) -> None:
    while True:
        await asyncio.sleep(HEARTBEAT)
        with suppress(*TRANSIENT_ERRORS):
            await work.database.run(renew_leases, owner, real_clock())
        await work.lessons.save(work.database, asyncio.get_running_loop().time(), real_clock())


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


async def _report(work: Work) -> SendReport:
    counts = work.counts
    left = await persistently(work.stop, work.database, waiting, work.clock()) or Waiting(0, 0, 0, None)
    # A connection that failed when nobody needed it any more is nobody's problem.
    waited_for = work.health.problem if work.stop.is_set() and left.due else None
    return SendReport(
        accepted=counts.accepted,
        deferred=counts.deferred,
        refused=counts.refused,
        turned_away=counts.turned_away,
        in_doubt=tuple(counts.in_doubt),
        braked=tuple(counts.braked),
        due=left.due,
        later=left.later,
        next_at=left.next_at,
        problem=work.health.gave_up_for or waited_for,
    )
