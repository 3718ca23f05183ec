"""The ledger at run time: results are written down and dots are licensed together, over all connections.

Each round is one transaction. A result waits a moment for the next license, because on a busy connection the result of
one message and the license of the next share a commit; and no connection gets a license before its last result is
durable, because both stand in one queue. If a commit fails or nobody knows how it ended, there is no dot: results are
kept and written again, licenses are refused, and nothing new is begun until the store works again.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from dispatch.delivering.rules import returned
from dispatch.delivering.waits import pause
from dispatch.model.delivery import ClaimedDelivery, Verdict
from dispatch.store.database import Database
from dispatch.store.deliveries import TRANSIENT_ERRORS
from dispatch.store.rounds import commit_round

logger = logging.getLogger(__name__)

LINGER = 0.02
RETRY = 0.5
# At the end of a run: what cannot be written for so long stays `sending`, and is in doubt for whoever comes next.
PATIENCE = 30.0


class Ledger:
    """Results waiting to be written and licenses waiting to be given. `run` works until `close`."""

    def __init__(
        self,
        database: Database,
        owner: str,
        relay: str,
        clock: Callable[[], datetime],
        real_clock: Callable[[], datetime],
        stop: asyncio.Event,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._database, self._owner, self._relay = database, owner, relay
        self._clock, self._real_clock = clock, real_clock
        self._stop = stop
        self._verdicts: list[Verdict] = []
        self._asked: list[tuple[ClaimedDelivery, asyncio.Future[bool]]] = []
        self._writing = False
        self._work = asyncio.Event()
        self._urgent = asyncio.Event()
        self._has_written = asyncio.Event()
        self._healthy = asyncio.Event()
        self._healthy.set()
        self._gives_up_at: float | None = None

    @property
    def is_empty(self) -> bool:
        """Whether everything is written down."""
        return not (self._verdicts or self._asked or self._writing)

    @property
    def is_healthy(self) -> bool:
        """Whether the store works, as far as is known."""
        return self._healthy.is_set()

    async def is_ready(self, over: asyncio.Event) -> None:
        """Wait until the store works, or until it is over."""
        while not (self._healthy.is_set() or over.is_set()):
            await pause(over, RETRY)

    async def is_written(self, over: asyncio.Event) -> None:
        """Wait until everything is written down, or until it is over; not where the store is away."""
        while self.is_healthy and not (self.is_empty or over.is_set()):
            self._has_written.clear()
            await pause(self._has_written, RETRY)

    def record(self, verdict: Verdict) -> None:
        """Write this down with the next round."""
        self._verdicts.append(verdict)
        self._work.set()

    def license(self, delivery: ClaimedDelivery) -> asyncio.Future[bool]:
        """Whether the final dot of this delivery may be written now; False once stopping."""
        answer: asyncio.Future[bool] = self._loop.create_future()
        if self._stop.is_set():
            answer.set_result(False)
            return answer
        self._asked.append((delivery, answer))
        self._work.set()
        self._urgent.set()
        return answer

    async def run(self) -> None:
        """Work until closed and empty; raises what is no passing trouble of the store."""
        while self._gives_up_at is None or not self.is_empty:
            await self._work.wait()
            if not self._asked and self._gives_up_at is None:
                await pause(self._urgent, LINGER)
            await self._gathered()
            self._work.clear()
            self._urgent.clear()
            if not self.is_empty and not await self._round():
                return

    async def _gathered(self) -> None:
        """Let the others come who are on their way: as long as each turn of the loop brings more, a commit can wait."""
        waiting = -1
        while len(self._asked) > waiting:
            waiting = len(self._asked)
            await asyncio.sleep(0)

    def close(self) -> None:
        """Write what is left, then end."""
        self._gives_up_at = self._loop.time() + PATIENCE
        self._work.set()

    async def _round(self) -> bool:
        """One transaction; False if the store does not work and the time is up."""
        verdicts, asked = self._verdicts, self._asked
        self._verdicts, self._asked = [], []
        self._writing = True
        try:
            licensed = await self._database.run(
                commit_round,
                self._owner,
                self._relay,
                verdicts,
                [delivery.id for delivery, _ in asked],
                self._clock(),
                self._real_clock(),
            )
        except TRANSIENT_ERRORS as error:
            return await self._after_failure(error, verdicts, asked)
        finally:
            self._writing = False
            self._has_written.set()
        self._healthy.set()
        for delivery, answer in asked:
            _tell(answer, delivery.id in licensed)
        return True

    async def _after_failure(
        self, error: Exception, verdicts: list[Verdict], asked: list[tuple[ClaimedDelivery, asyncio.Future[bool]]]
    ) -> bool:
        if self._healthy.is_set():
            logger.error("the store cannot be written (%s); nothing is sent until it can", type(error).__name__)
        self._healthy.clear()
        now = self._clock()
        # Perhaps the commit did happen: what it marked has to come back to the queue as well.
        self._verdicts = [*verdicts, *(returned(delivery, now) for delivery, _ in asked), *self._verdicts]
        for _, answer in asked:
            _tell(answer, False)
        if self._gives_up_at is not None and self._loop.time() > self._gives_up_at:
            return False
        await asyncio.sleep(RETRY)
        self._work.set()
        return True


def _tell(answer: asyncio.Future[bool], licensed: bool) -> None:
    if not answer.done():
        answer.set_result(licensed)
