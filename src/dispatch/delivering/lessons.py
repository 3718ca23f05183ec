"""What a relay teaches us while sending, remembered between runs: its pace, and whether pipelining is safe there."""

import asyncio
import logging
from datetime import datetime

from dispatch.config.settings import Relay
from dispatch.delivering.pace_rules import is_pipelined, stepwise_after
from dispatch.delivering.paces import Paces
from dispatch.delivering.waits import persistently
from dispatch.model.relay import RelayMemory
from dispatch.store.database import Database
from dispatch.store.deliveries import TRANSIENT_ERRORS
from dispatch.store.relays import recall_relay, remember_relay

logger = logging.getLogger(__name__)


class Pipelining:
    """Whether the next message may be on its way before this one's reply is here. Times are real, in UTC."""

    def __init__(self, name: str) -> None:
        self.lost_at: datetime | None = None
        self.stepwise_since: datetime | None = None
        self.has_news = False
        self._name = name

    def may_pipeline(self, now: datetime) -> bool:
        """Whether it may now."""
        return is_pipelined(self.stepwise_since, now)

    def lost_in_doubt(self, now: datetime) -> None:
        """A living connection was lost between dot and reply: not one that we closed ourselves."""
        since = stepwise_after(self.lost_at, self.stepwise_since, now)
        if since != self.stepwise_since:
            logger.warning(
                "relay %s lost two connections between dot and reply within an hour: for a day it gets one message "
                "after the other over each connection, so that less is in doubt when it happens again",
                self._name,
            )
        self.lost_at, self.stepwise_since, self.has_news = now, since, True

    def recall(self, known: RelayMemory) -> None:
        """What earlier runs and other senders have lost at this relay counts as well."""
        self.lost_at = max(filter(None, (self.lost_at, known.lost_at)), default=None)
        self.stepwise_since = max(filter(None, (self.stepwise_since, known.stepwise_since)), default=None)


class Lessons:
    """What one relay teaches us: `paces` and `pipelining` learn; `recall` and `save` are the memory."""

    def __init__(self, name: str, relay: Relay) -> None:
        self.paces = Paces(relay, name)
        self.pipelining = Pipelining(name)
        self._name = name

    async def recall(self, database: Database, stop: asyncio.Event, now: float, real_now: datetime) -> None:
        """Go on with what earlier runs have learned. `now` is the event loop's time, by which paces go."""
        known = await persistently(stop, database, recall_relay, self._name)
        if known is None:
            return
        self.paces.recall(known.pace, now, real_now)
        self.pipelining.recall(known)

    async def save(self, database: Database, now: float, real_now: datetime) -> None:
        """Remember what is new, if anything is; what cannot be written now stays new."""
        learned, pipelining = self.paces.relay, self.pipelining
        if not (learned.has_news or pipelining.has_news):
            return
        pace = learned.learned(now, real_now)
        memory = RelayMemory(self._name, pace, pipelining.lost_at, pipelining.stepwise_since)
        # What happens while this is being written is new again.
        learned.has_news = pipelining.has_news = False
        try:
            pipelining.recall(await database.run(remember_relay, memory))
        except TRANSIENT_ERRORS:
            learned.has_news = pipelining.has_news = True
