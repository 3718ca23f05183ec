"""What this process has claimed and not begun: kept filled from the store, handed out as paces allow."""

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from dispatch.delivering.ledger import Ledger
from dispatch.delivering.paces import Paces
from dispatch.delivering.rules import RESENT_KINDS, returned
from dispatch.delivering.waits import pause
from dispatch.model.delivery import ClaimedDelivery, DeliveryKind
from dispatch.store.database import Database
from dispatch.store.deliveries import (
    TRANSIENT_ERRORS,
    Waiting,
    claim,
    finish_issues,
    put_off,
    waiting,
)
from dispatch.store.leases import recover_expired, release_claims

# Seconds between two looks in vain: where somebody waits for the end, and in the service.
LOOK_AGAIN = 0.25
LOOK_AGAIN_IN_SERVICE = 1.0
SMALLEST_BATCH = 4
URGENT_KINDS = frozenset({DeliveryKind.SHARE, DeliveryKind.SERVICE})  # they overtake what is claimed already
# Seconds for which a claim is believed. What is older is claimed anew: its reader may have left meanwhile, and must not
# even be named to the relay five seconds later; and a share may have come that goes first.
FRESH = 3.0


class Claims:
    """Deliveries for the connections of one process to take. With `until_idle` it sets `over` when nothing is due."""

    def __init__(
        self,
        database: Database,
        owner: str,
        clock: Callable[[], datetime],
        real_clock: Callable[[], datetime],
        *,
        paces: Paces,
        ledger: Ledger,
        batch: int,
        held: Collection[str],
        over: asyncio.Event,
        until_idle: bool,
        kinds: Collection[DeliveryKind] | None = None,
    ) -> None:
        """`kinds` are those that go over this relay, None for all there are."""
        # Kept, because asking for it costs a system call, and this is asked for every message.
        self._loop = asyncio.get_running_loop()
        self._database, self._owner = database, owner
        self._clock, self._real_clock = clock, real_clock
        self._paces, self._ledger, self._batch, self._held = paces, ledger, batch, held
        self._over, self._until_idle, self._kinds = over, until_idle, kinds
        self._most = batch
        self._claimed: deque[tuple[float, ClaimedDelivery]] = deque()  # with the time of the claim
        self._begun: set[int] = set()
        self._is_sure = True  # that we know everything that stands in our name
        self._lock = asyncio.Lock()
        self._refilling: asyncio.Task[None] | None = None
        self._look_again = LOOK_AGAIN if until_idle else LOOK_AGAIN_IN_SERVICE
        self._look_again_at = 0.0
        self._has_news = False  # the last of what was begun has ended

    async def next(self) -> ClaimedDelivery | None:
        """The next delivery to try, waited for if need be; None once it is over. Say `done` when it is done with."""
        while not self._over.is_set():
            await self._ledger.is_ready(self._over)
            async with self._lock:
                delivery = self._take()
                if delivery is None and await self._look():
                    delivery = self._take()
                if delivery is not None:
                    self._begun.add(delivery.id)
                    return delivery
            await pause(self._over, self._nap())
        return None

    def next_at_once(self) -> ClaimedDelivery | None:
        """The next delivery if it need not be waited for; more are claimed in time."""
        if len(self._claimed) < self._batch // 2 and (self._refilling is None or self._refilling.done()):
            self._refilling = asyncio.ensure_future(self._refill())
        delivery = self._take() if self._ledger.is_healthy else None
        if delivery is not None:
            self._begun.add(delivery.id)
        return delivery

    async def close(self) -> None:
        """Wait for a claim that is under way."""
        if self._refilling is not None:
            await self._refilling

    async def _refill(self) -> None:
        async with self._lock:
            await self._look()

    def done(self, delivery: ClaimedDelivery) -> None:
        """A delivery that `next` gave is done with; what became of it is in the ledger."""
        self._begun.discard(delivery.id)
        if not self._begun:
            self._has_news = True

    def give_back(self, delivery: ClaimedDelivery) -> None:
        """Put this delivery back into the queue, and everything that was not begun; then it is done with."""
        self._ledger.record(returned(delivery, self._clock()))
        self._paces.give_back(domain_of(delivery))
        self.done(delivery)
        self.give_back_rest()

    def give_back_rest(self) -> None:
        """Put back what was not begun, to be claimed again if it is still to be sent then."""
        now = self._clock()
        for _, delivery in self._claimed:
            self._ledger.record(returned(delivery, now))
        self._claimed.clear()

    def _take(self) -> ClaimedDelivery | None:
        """The first delivery whose pace allows it now."""
        now = self._loop.time()
        if self._paces.wait_for_any(now) > 0:
            return None
        for place, (claimed_at, delivery) in enumerate(self._claimed):
            if now - claimed_at > FRESH:
                return None
            domain = domain_of(delivery)
            if self._paces.wait(domain, now) <= 0:
                self._paces.take(domain, now)
                del self._claimed[place]
                return delivery
        return None

    async def _look(self) -> bool:
        """Claim more; whether there was any. Does not look again at once where it looked in vain."""
        self._forget_stale()
        # Of a domain with a pace of its own no more is claimed than goes soon; the others overtake it.
        domains = [domain_of(delivery) for _, delivery in self._claimed]
        resting = self._paces.resting_domains(self._loop.time())
        slow = {domain for domain in domains if domain in self._paces.domains} | resting
        enough = sum(domain not in slow for domain in domains) >= self._batch // 2
        if enough or (self._loop.time() < self._look_again_at and not self._has_news):
            return False
        self._has_news = False
        if not (self._begun or self._claimed):
            # What was put back can only be claimed, and that nothing is left only be seen, once it is written.
            await self._ledger.is_written(self._over)
        found: list[ClaimedDelivery] = []
        try:
            found = await self._claim(slow)
            self._let_go()
            if not self._claimed:
                await self._look_around()
        except TRANSIENT_ERRORS:
            self._is_sure = False
        if not found:
            self._look_again_at = self._loop.time() + self._look_again
        return bool(found)

    def _forget_stale(self) -> None:
        """Let go of everything once something was claimed too long ago, and claim less at once from then on."""
        oldest = self._loop.time() - FRESH
        if any(claimed_at < oldest for claimed_at, _ in self._claimed):
            self._claimed.clear()
            self._is_sure = False
            self._batch = max(self._batch // 4, SMALLEST_BATCH)

    async def _claim(self, slow: Collection[str]) -> list[ClaimedDelivery]:
        if not self._is_sure:
            # A claim whose end nobody knows may have happened: what we do not know of goes back to the queue.
            known = self._begun.union(delivery.id for _, delivery in self._claimed)
            await self._database.run(release_claims, self._owner, known)
            self._is_sure = True
        found = await self._database.run(
            claim,
            self._owner,
            limit=self._batch,
            now=self._clock(),
            real_now=self._real_clock(),
            without_domains=slow,
            held=self._held,
            kinds=self._kinds,
        )
        self._batch = min(2 * self._batch, self._most)
        claimed = [(self._loop.time(), delivery) for delivery in found]
        self._claimed.extendleft(one for one in reversed(claimed) if one[1].kind in URGENT_KINDS)
        self._claimed.extend(one for one in claimed if one[1].kind not in URGENT_KINDS)
        return found

    def _let_go(self) -> None:
        """Put back what is for domains that are left alone: it would be in the way of the others."""
        resting = self._paces.left_alone(self._loop.time())
        if not resting:
            return
        now = self._clock()
        for one in [one for one in self._claimed if domain_of(one[1]) in resting]:
            self._ledger.record(returned(one[1], now))
            self._claimed.remove(one)

    async def _look_around(self) -> None:
        """Nothing to claim: finish what is finished, take over from the dead, and see whether that is all."""
        now = self._clock()
        if self._until_idle:
            # Nobody waits at the end of a run for a domain that rests: it is for later.
            for domain, seconds in self._paces.left_alone(self._loop.time()).items():
                await self._database.run(put_off, domain, now, now + timedelta(seconds=seconds))
        await self._database.run(finish_issues, now)
        await self._database.run(recover_expired, self._owner, now, self._real_clock(), RESENT_KINDS, self._held)
        left = await self._database.run(waiting, now, self._kinds)
        if self._until_idle and self._is_idle(left):
            self._over.set()

    def _is_idle(self, left: Waiting) -> bool:
        return not self._begun and self._ledger.is_empty and left.due == 0 and left.held == 0

    def _nap(self) -> float:
        now = self._loop.time()
        waits = [self._paces.wait(domain_of(delivery), now) for _, delivery in self._claimed]
        return min([self._look_again, *waits])


def domain_of(delivery: ClaimedDelivery) -> str:
    """The recipient's domain."""
    return delivery.address.rpartition("@")[2]
