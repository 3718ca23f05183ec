"""One connection's worth of sending: it takes one delivery after the other for as long as there are any."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from dispatch.config.settings import Relay
from dispatch.delivering.claims import Claims, domain_of
from dispatch.delivering.ledger import Ledger
from dispatch.delivering.lessons import Lessons
from dispatch.delivering.messages import Messages
from dispatch.delivering.relays import RelayHealth
from dispatch.delivering.rules import Refusals, judge, returned
from dispatch.delivering.waits import RETRY, pause
from dispatch.errors import ConfigurationError
from dispatch.model.address import masked
from dispatch.model.delivery import ClaimedDelivery, DeliveryState, Outcome, Stage, Try, Verdict
from dispatch.store.database import Database
from dispatch.store.deliveries import TRANSIENT_ERRORS, brake_issue
from dispatch.transport.replies import CLOSING
from dispatch.transport.session import Outgoing, SmtpSession

logger = logging.getLogger(__name__)

# An idle connection is closed before the relay does it: SES and others hang up after ten seconds.
IDLE = 5.0


@dataclass
class Counts:
    """What this run came to so far."""

    accepted: int = 0
    deferred: int = 0
    refused: int = 0
    turned_away: int = 0
    in_doubt: list[str] = field(default_factory=list)
    braked: list[str] = field(default_factory=list)
    refusals: dict[int | None, Refusals] = field(default_factory=dict)  # by issue; None: of mail that has none


@dataclass(frozen=True, slots=True)
class Work:
    """What the connections of one run share."""

    database: Database
    owner: str
    claims: Claims
    ledger: Ledger
    messages: Messages
    health: RelayHealth
    lessons: Lessons
    clock: Callable[[], datetime]
    real_clock: Callable[[], datetime]
    stop: asyncio.Event  # somebody wants us to stop
    over: asyncio.Event  # nothing new is begun any more
    relay: Relay
    counts: Counts


@dataclass(frozen=True, slots=True)
class Ready:
    """A delivery whose message is filled (or on its way to the signature)."""

    delivery: ClaimedDelivery
    outgoing: Outgoing


class Line:
    """One connection, made when there is something to send and made anew when it is used up."""

    def __init__(self, work: Work) -> None:
        self._loop = asyncio.get_running_loop()
        self._work = work
        self._session: SmtpSession | None = None
        self._sent = 0
        self._following: ClaimedDelivery | Ready | None = None  # taken already, and the next to go

    async def run(self) -> None:
        """Send until it is over."""
        try:
            while await self._work.health.is_open():
                taken = self._following or await self._next()
                if taken is None:
                    break
                self._following = None
                ready = taken if isinstance(taken, Ready) else await self._filled(taken)
                if ready:
                    await self._deliver(ready)
        finally:
            if self._following:
                self._give_back(self._following)
            await self._hang_up()

    async def _next(self) -> ClaimedDelivery | None:
        asking = asyncio.ensure_future(self._work.claims.next())
        # Not wait_for: what it would cancel may have claimed something already.
        done, _ = await asyncio.wait({asking}, timeout=IDLE)
        if not done:
            await self._hang_up()
        return await asking

    async def _filled(self, delivery: ClaimedDelivery) -> Ready | None:
        try:
            return Ready(delivery, await self._work.messages.of(delivery))
        except ConfigurationError as error:
            if delivery.issue_id is None:
                await self._settle(delivery, Try(Outcome.TURNED_AWAY, Stage.MAIL, reason=str(error)))
                return None
            self._give_back(delivery)
            await self._brake(delivery.issue_id, str(error))
            return None
        except TRANSIENT_ERRORS:
            self._give_back(delivery)
            await pause(self._work.over, RETRY)
            return None

    async def _deliver(self, ready: Ready) -> None:
        work, delivery = self._work, ready.delivery
        session = await self._connected()
        if session is None or work.over.is_set():
            self._give_back(ready)
            await work.health.stand_aside()
            return
        result = await session.send(ready.outgoing, lambda: work.ledger.license(delivery), self._take_following)
        self._sent += 1
        await self._settle(delivery, result)
        if self._sent == 1 and result.stage is Stage.MAIL and result.reply and result.reply.code == CLOSING:
            # Some relays let us in and then say that we are one connection too many.
            await work.health.stand_aside()

    def _take_following(self) -> Outgoing | None:
        """What goes next over this connection, if it is there at once."""
        work = self._work
        if work.over.is_set() or self._sent + 1 >= work.relay.messages_per_connection:
            return None
        if not work.lessons.pipelining.may_pipeline(work.real_clock()):
            return None
        delivery = work.claims.next_at_once()
        outgoing = work.messages.at_once(delivery) if delivery else None
        self._following = Ready(delivery, outgoing) if delivery and outgoing else delivery
        return outgoing

    def _give_back(self, taken: ClaimedDelivery | Ready) -> None:
        self._work.claims.give_back(taken.delivery if isinstance(taken, Ready) else taken)

    async def _connected(self) -> SmtpSession | None:
        used_up = self._sent >= self._work.relay.messages_per_connection
        if self._session is not None and (used_up or not self._session.is_usable):
            await self._hang_up()
        if self._session is None:
            self._session, self._sent = await self._work.health.connected(), 0
        return self._session

    async def _hang_up(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            self._work.health.forget(session)
            await session.close()

    async def _settle(self, delivery: ClaimedDelivery, result: Try) -> None:
        """Write down what a try came to, and draw the conclusions about the issue and the relay."""
        work = self._work
        now = work.clock()
        cut_off = work.stop.is_set() and result.outcome is Outcome.LOST  # by ourselves, so nobody's fault
        verdict = returned(delivery, now) if cut_off else judge(delivery, result, now)
        if verdict is not None:
            work.ledger.record(verdict)
            _count(work.counts, delivery, result, verdict)
        work.claims.done(delivery)
        self._learn(delivery, result)
        if result.outcome is Outcome.UNLICENSED:
            # If the whole issue was stopped, the others need not be tried one by one.
            work.claims.give_back_rest()
        await self._watch_refusals(delivery, result)

    def _learn(self, delivery: ClaimedDelivery, result: Try) -> None:
        work, lessons = self._work, self._work.lessons
        now = self._loop.time()
        lessons.paces.heard(domain_of(delivery), result, now, tried_before=delivery.attempts > 0)
        if result.outcome is Outcome.IN_DOUBT and not work.stop.is_set():
            lessons.pipelining.lost_in_doubt(work.real_clock())
        if lessons.paces.relay.refusal:
            work.health.refuses(lessons.paces.relay.refusal)

    async def _watch_refusals(self, delivery: ClaimedDelivery, result: Try) -> None:
        seen = self._work.counts.refusals
        seen[delivery.issue_id] = seen.get(delivery.issue_id, Refusals()).after(result)
        reason = seen[delivery.issue_id].tripped(result)
        if reason:
            await self._brake(delivery.issue_id, reason)

    async def _brake(self, issue_id: int | None, reason: str) -> None:
        if issue_id is None:
            # Service mail has nothing that could be paused: each message comes back later, until it has expired.
            logger.error("service mail waits: %s", reason)
            return
        try:
            braked = await self._work.database.run(brake_issue, issue_id, reason)
        except TRANSIENT_ERRORS:
            return  # the next refusal asks again
        self._work.claims.give_back_rest()
        if braked:
            self._work.counts.braked.append(f"issue {issue_id} is paused: {reason}")
            logger.error("issue %d is paused: %s", issue_id, reason)


def _count(counts: Counts, delivery: ClaimedDelivery, result: Try, verdict: Verdict) -> None:
    match result.outcome:
        case Outcome.ACCEPTED:
            counts.accepted += 1
        case Outcome.TURNED_AWAY:
            counts.turned_away += 1
        case Outcome.IN_DOUBT:
            counts.in_doubt.append(f"delivery {delivery.id} ({masked(delivery.address)})")
            logger.warning("delivery %d is in doubt: no reply to the final dot", delivery.id)
        case _ if verdict.state is DeliveryState.REFUSED:
            counts.refused += 1
        case _ if verdict.state is DeliveryState.DEFERRED and verdict.due_at not in (None, verdict.at):
            counts.deferred += 1
