"""The pace that a relay has taught us, and its rests, while sending. The rules and numbers stand in pace_rules.py.

Times are seconds of one clock that never goes back (the event loop's); only `learned` and `recall` speak of dates.
"""

import logging
from datetime import datetime, timedelta

from dispatch.delivering.pace_rules import (
    DEAF,
    DECREASE,
    DECREASE_EVERY,
    GIVE_UP_ROUNDS,
    GOES_STALE,
    IN_VAIN,
    INCREASE_EVERY,
    IS_USED,
    MATTERS_NAMED,
    MATTERS_UNNAMED,
    MATTERS_WHILE_LEARNED,
    STILL_REFUSED,
    lately,
    matters,
    pace_in_words,
    raised,
    relay_rest,
    slowed,
    still_holds,
)
from dispatch.delivering.rests import Rest
from dispatch.model.delivery import Reply
from dispatch.model.relay import LearnedPace

logger = logging.getLogger(__name__)

# So much of a second may be saved up: at thousands a second a loop is never on time for each single message.
_SAVED_UP = 0.05
# What lies longer back than so many seconds is half forgotten, and a pause as long as this begins a new stretch.
_STRETCH, _PAUSE = 60.0, 5.0


class _Share:
    """What part of the latest tries was refused, older ones counting less and less."""

    def __init__(self, tries: int) -> None:
        self._fading = 1 - 1 / tries
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self.good = 0  # since the last refusal
        self.tries = self.refused = self.naming_speed = 0.0

    def add_refusal(self, *, names_speed: bool) -> None:
        """One more, and the good ones before it."""
        faded = self._fading**self.good
        self.tries = self.tries * faded + (1 - faded) / (1 - self._fading)
        self.tries = self.tries * self._fading + 1
        self.refused = self.refused * faded * self._fading + 1
        self.naming_speed = self.naming_speed * faded * self._fading + names_speed
        self.good = 0


class RelayPace:
    """One relay's learned pace and rests. `per_second` is None while nothing is learned."""

    def __init__(self, name: str, connections: int) -> None:
        self.per_second: float | None = None
        self.rest: Rest | None = None
        self.has_news = False  # something to be remembered
        self._name, self._connections = name, connections
        self._free_at = 0.0
        # The stretch over which it is counted what goes through.
        self._began = self._last = 0.0
        self._accepted = 0.0
        # The complaints.
        self._share = _Share(lately(connections))
        self._in_a_row = 0
        self._decreased_at = self._deaf_until = -DEAF
        self._in_vain = self._tries_since = self._refused_since = 0
        self._reply = self._last_reply = ""
        self._since = self._said_at = self._logged_at = 0.0
        # The way up again.
        self._once_taken = 0.0
        self._steps_beyond = 0
        self._step_began, self._step_tries, self._step_complaints, self._held_back = 0.0, 0, 0, False

    @property
    def holds(self) -> bool:
        """Whether a message may have to wait."""
        return self.per_second is not None or self.rest is not None

    @property
    def refusal(self) -> str:
        """What it has answered to everything for a minute and a half, "" as long as there is hope."""
        return self._last_reply if self.rest and self.rest.rounds >= GIVE_UP_ROUNDS else ""

    def wait(self, now: float) -> float:
        """Seconds until a message may go."""
        if self.per_second is not None and now - self._said_at >= GOES_STALE.total_seconds():
            self._forget("it has not complained for a day")
        paced = self._free_at - now if self.per_second is not None else 0.0
        self._held_back = self._held_back or paced > 0
        return max(0.0, paced, self.rest.wait(now) if self.rest else 0.0)

    def take(self, now: float) -> None:
        """A message goes."""
        if self.per_second is not None:
            self._free_at = max(self._free_at, now - _SAVED_UP) + 1 / self.per_second
        if self.rest:
            self.rest.take(now)

    def give_back(self) -> None:
        """A message that was to go did not."""
        if self.per_second is not None:
            self._free_at -= 1 / self.per_second
        if self.rest:
            self.rest.answered()

    def accepted(self, now: float) -> None:
        """The relay took a message."""
        self.answered(now)
        self._accepted += 1

    def answered(self, now: float) -> None:
        """The relay works: it took a message, or refused one reader."""
        if now - self._last > _PAUSE or now - self._began > _STRETCH:
            self._pass_time(now)
        self._last = now
        self._share.good += 1
        self._in_a_row = 0
        self.rest = None
        if self.per_second is not None:
            self._step(now)

    def refused(self, now: float, reply: Reply, *, names_speed: bool) -> None:
        """The relay said "not now"."""
        self._pass_time(now)
        self._last = now
        self._in_a_row += 1
        self._last_reply = str(reply)
        if self._rests(now) or now - self._decreased_at < DECREASE_EVERY:
            return
        if now < self._deaf_until and not names_speed:
            return
        if self.per_second is not None:
            self._step_complaints += names_speed
            self._refused_since += 1
            self._step(now)
        share = self._share
        share.add_refusal(names_speed=names_speed)
        named = matters(share.naming_speed, share.tries, MATTERS_NAMED)
        if named or matters(share.refused, share.tries, MATTERS_UNNAMED):
            self._decrease(now, names_speed=named)

    def learned(self, now: float, real_now: datetime) -> LearnedPace | None:
        """What is to be remembered."""
        if self.per_second is None:
            return None
        since, said_at = (real_now - timedelta(seconds=now - then) for then in (self._since, self._said_at))
        return LearnedPace(self.per_second, since, said_at, self._reply)

    def recall(self, remembered: LearnedPace | None, now: float, real_now: datetime) -> None:
        """Begin with what an earlier run has learned, unless it has gone stale."""
        pace = still_holds(remembered, real_now)
        if pace is None:
            return
        self.per_second, self._reply = pace.per_second, pace.reply
        self._once_taken = pace.per_second / DECREASE
        # A clock that was set back since then makes nothing younger than now.
        self._since = now - max(0.0, (real_now - pace.since).total_seconds())
        self._said_at = now - max(0.0, (real_now - pace.said_at).total_seconds())
        self._begin_stretch(now)

    def forget_what_one_domain_taught(self) -> None:
        """It was that domain's complaint and not the relay's."""
        self._forget("one domain alone had complained")

    def _rests(self, now: float) -> bool:
        """Whether it refuses everything: one connection has been refused twice, and none has had a message taken."""
        if self.rest is None and self._in_a_row < max(self._connections + 2, 3):
            return False
        was_resting, self.rest = self.rest is not None, self.rest or Rest()
        self.rest.answered()
        self.rest.begins(now, relay_rest(self.rest.rounds + 1))
        return was_resting

    def _decrease(self, now: float, *, names_speed: bool) -> None:
        if not self._accepted:
            return  # with nothing taken since the last time, there is nothing to go slower with
        achieved = self._accepted / max(now - self._began, 1.0)
        pace = slowed(self.per_second, achieved, names_speed=names_speed)
        if self._was_in_vain(now, names_speed=names_speed) or pace is None:
            self._share.forget()
            return
        if self.per_second is None:
            self._since = now
        self.per_second, self._once_taken = pace, max(achieved, pace)
        # What was measured in so short a time may be far from what the relay takes in the long run.
        self._steps_beyond = int(now - self._began < INCREASE_EVERY)
        self._tries_since = self._refused_since = 0
        self._decreased_at = self._said_at = now
        self._reply, self.has_news = self._last_reply, True
        self._share.forget()
        self._begin_stretch(now)
        if now - self._logged_at >= 60 or not self._logged_at:
            self._logged_at = now
            logger.warning(
                "relay %s: at most %s from now on: it answered %s", self._name, pace_in_words(pace), self._reply
            )

    def _was_in_vain(self, now: float, *, names_speed: bool) -> bool:
        """Whether going slower has so often not helped that speed cannot be what is the matter."""
        is_no_better = self.per_second is not None and self._refused_since >= STILL_REFUSED * self._tries_since
        self._in_vain = self._in_vain + 1 if is_no_better and not names_speed else 0
        if self._in_vain < IN_VAIN:
            return False
        self._in_vain, self._deaf_until = 0, now + DEAF
        self._forget("going slower has changed nothing")
        return True

    def _forget(self, because: str) -> None:
        if self.per_second is not None:
            logger.info("relay %s: as fast as it goes again: %s", self._name, because)
            self.per_second, self.has_news = None, True

    def _pass_time(self, now: float) -> None:
        gap = now - self._last
        # A pause is no part of the stretch, unless it was the relay that wanted it.
        if self.rest is None and gap > max(_PAUSE, 3 / self.per_second if self.per_second else 0.0):
            self._begin_stretch(now)
        while now - self._began > _STRETCH:
            self._began = now - (now - self._began) / 2
            self._accepted /= 2

    def _begin_stretch(self, now: float) -> None:
        self._began = self._last = now
        self._accepted = 0.0
        self._begin_step(now)

    def _begin_step(self, now: float) -> None:
        self._step_began, self._step_tries, self._step_complaints, self._held_back = now, 0, 0, False

    def _step(self, now: float) -> None:
        """Every so often the pace rises, or is forgotten where it holds nobody back."""
        self._step_tries += 1
        self._tries_since += 1
        took, tries = now - self._step_began, self._step_tries
        if took < INCREASE_EVERY or tries < 3 or self.per_second is None:
            return
        if matters(self._step_complaints, tries, MATTERS_WHILE_LEARNED):
            self._decrease(now, names_speed=True)
        elif self._step_complaints == 0 and self._held_back:
            self._steps_beyond += self._steps_beyond > 0 or self.per_second >= self._once_taken
            self.per_second = raised(self.per_second, self._once_taken, self._steps_beyond)
            self.has_news = True
        elif self._step_complaints == 0 and tries >= IS_USED * self.per_second * took:
            self._forget("it takes all that we send")
        self._begin_step(now)
