"""What readers do for themselves: one method a wish, wired as Dispatch is. The pages call nothing else.

A method that takes a token answers None (or False) where the token is not genuine, and changes nothing. Nothing here
sends mail: what has to be told is written down with what happened, and `keep_writing_mail` turns it into deliveries.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.composing.rules import expiry
from dispatch.composing.timetable import next_slots
from dispatch.config.settings import Settings
from dispatch.model.joining import Confirmation, JoinAnswer, JoinAsked, Offer, OfferedRhythm
from dispatch.model.schedule import Timetable, parse_schedule
from dispatch.model.tokens import Purpose, TokenKeys
from dispatch.model.zones import own_times
from dispatch.rendering.cadence import cadence
from dispatch.store.database import Database
from dispatch.store.deliveries import TRANSIENT_ERRORS
from dispatch.subscribing import joining, leaving, moving, rights
from dispatch.subscribing.answering import forget_unanswered, write_service_mail
from dispatch.subscribing.choices import Choices, choices
from dispatch.subscribing.choosing import AgainAnswer, Chosen, Saved, choose, send_again
from dispatch.subscribing.leaving import Leaving
from dispatch.subscribing.moving import MoveAnswer
from dispatch.workshop import Workshop

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0  # seconds: somebody waits before their inbox
FORGET_EVERY = timedelta(minutes=10)
_A_DAY, _SLOTS = timedelta(days=1), 50  # more than any day has


class Readers:
    """What Dispatch has for its readers."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        address_key: bytes,
        now: Callable[[], datetime],
        workshop: Workshop,
    ) -> None:
        self._settings, self._database, self._workshop = settings, database, workshop
        self._address_key, self._now = address_key, now
        self._told: set[str] = set()
        self._forget_at: datetime | None = None

    @cached_property
    def keys(self) -> TokenKeys:
        """The keys of links, newest first; raises ConfigurationError where one is missing."""
        return TokenKeys(tuple(key.read_key() for key in self._settings.web.token_keys))

    def offers(self, language: str) -> tuple[Offer, ...]:
        """The newsletters that one can join, their rhythms in words of a language."""
        words = self._workshop.templates.words(language)
        return tuple(
            Offer(
                newsletter=slug,
                name=shape.name,
                rhythms=tuple(
                    OfferedRhythm(name, cadence(parse_schedule(schedule.at), words, language))
                    for name, schedule in shape.schedules.items()
                ),
                default_schedule=shape.default_schedule,
            )
            for slug, shape in self._settings.newsletters.items()
        )

    async def ask_to_join(self, asked: JoinAsked) -> JoinAnswer:
        """Write down what somebody asked for."""
        return await joining.ask_to_join(self._database, self._settings, self._address_key, self._now(), asked)

    async def confirmation(self, token: str) -> Confirmation | None:
        """What the question behind a link of a confirmation mail is about."""
        return await joining.confirmation(self._database, self.keys, token)

    async def confirm(self, token: str, network: str) -> Confirmation | None:
        """Say yes."""
        return await joining.confirm(self._database, self._settings, self.keys, self._now(), token, network)

    async def decline(self, token: str) -> bool:
        """Say no."""
        return await joining.decline(self._database, self.keys, self._now(), token)

    def preferences_token(self, subscription_id: int) -> str:
        """The token of somebody's own page, for the page that has just learnt who they are."""
        return self.keys.sign(Purpose.PREFERENCES, subscription_id)

    async def leaving(self, token: str) -> Leaving | None:
        """What an unsubscribe link is about."""
        return await leaving.leaving(self._database, self._settings, self.keys, self._now(), token, self.next_mail)

    async def leave(self, token: str, *, one_click: bool, network: str = "") -> Leaving | None:
        """End a subscription."""
        where = (self._database, self._settings, self.keys, self._now(), token, self.next_mail)
        return await leaving.leave(*where, one_click=one_click, network=network)

    async def write_less(self, token: str, schedule: str, network: str = "") -> Leaving | None:
        """Switch to a schedule that writes less often."""
        where = (self._database, self._settings, self.keys, self._now(), token, self.next_mail)
        return await leaving.write_less(*where, schedule=schedule, network=network)

    async def come_back(self, token: str, network: str = "") -> Leaving | None:
        """Take leaving back."""
        where = (self._database, self._settings, self.keys, self._now(), token, self.next_mail)
        return await leaving.come_back(*where, network=network)

    async def choices(self, token: str) -> Choices | None:
        """What somebody's own page shows."""
        return await choices(self._database, self._settings, self.keys, self._now(), token, self.next_mail)

    async def choose(self, token: str, chosen: Chosen, network: str = "") -> Saved | None:
        """Save what somebody chose on it."""
        where = (self._database, self._settings, self.keys, self._now(), token, self.next_mail)
        return await choose(*where, chosen, network=network)

    async def move_address(self, token: str, address: str, network: str = "") -> MoveAnswer | None:
        """Ask at another address whether mail should go there."""
        where = (self._database, self._address_key, self.keys, self._now(), token)
        return await moving.move_address(*where, address, network)

    async def send_again(self, token: str) -> AgainAnswer | None:
        """Send somebody their last issue once more."""
        return await send_again(self._database, self.keys, self._now(), token)

    async def data_of(self, token: str) -> dict[str, Any] | None:
        """Everything that is stored about somebody."""
        return await rights.data_of(self._database, self.keys, self._now(), token)

    async def erase(self, token: str) -> bool:
        """Forget somebody."""
        return await rights.erase_by_token(self._database, self.keys, self._now(), token)

    def next_mail(self, newsletter: str, schedule: str, zone: str, after: datetime) -> datetime | None:
        """When a schedule next writes to a reader in this zone; None where only a new post says so."""
        shape = self._settings.newsletters[newsletter].schedules.get(schedule)
        rhythm = parse_schedule(shape.at) if shape else None
        if not isinstance(rhythm, Timetable):
            return None
        # A slot of the day before may still be to come where the reader is.
        slots = next_slots(rhythm, ZoneInfo(self._settings.site.timezone), after - _A_DAY, _SLOTS)
        dues = (
            own_times([zone], slot.key, slot.due_at, expiry(slot.due_at, slot.due_at, following.due_at)).get(
                zone, slot.due_at
            )
            for slot, following in pairwise(slots)
        )
        return next((due for due in sorted(dues) if due > after), None)

    async def write_mail(self) -> list[str]:
        """Write what readers asked for and have to be told, all of it; returns what could not be written, in words."""
        now = self._now()
        if self._forget_at is None or now >= self._forget_at:
            await forget_unanswered(self._database, now)
            self._forget_at = now + FORGET_EVERY
        return await write_service_mail(self._database, self._settings, now, self._workshop.writer(now))

    async def keep_writing_mail(self, stop: asyncio.Event) -> None:
        """Do so again and again until `stop`; what cannot be written is logged once, and tried again."""
        while not stop.is_set():
            try:
                problems = await self.write_mail()
            except TRANSIENT_ERRORS:
                problems = []  # the store is away; whoever sends has said so
            except Exception as error:
                # One bad second must not end it for everybody who joins afterwards.
                problems = [f"service mail waits, and is tried again: {type(error).__name__}"]
                if problems[0] not in self._told:
                    log.exception("service mail could not be written")
            for problem in problems:
                if problem not in self._told:
                    log.warning("%s", problem)
            self._told = set(problems)
            try:
                await asyncio.wait_for(stop.wait(), LOOK_EVERY)
            except TimeoutError:
                continue
