"""How fast messages may go: configured paces, the pace that the relay taught us, and domains that are left alone.

    wait(domain, now) → take(domain, now) → (give_back(domain) | heard(domain, result, now))

Times are seconds of one clock that never goes back (the event loop's). While nothing is paced, `is_free` is true and
the others cost next to nothing: a busy sender asks ten thousand times a second.
"""

from collections.abc import Collection
from datetime import datetime

from dispatch.config.durations import Rate
from dispatch.config.settings import Relay
from dispatch.delivering.not_now import hints_at_speed, may_concern_one_reader, says_greylisted
from dispatch.delivering.pace_rules import DOMAIN_DEFERRALS
from dispatch.delivering.relay_pace import RelayPace
from dispatch.delivering.rests import DomainRests
from dispatch.model.delivery import Outcome, Reply, Stage, Try
from dispatch.model.relay import LearnedPace

# For so many seconds it is remembered over whose mail the relay complained.
_REMEMBERED = 60.0


class Pace:
    """A fixed pace: one message each so many seconds, and none saved up."""

    def __init__(self, rate: Rate) -> None:
        self.interval = 1 / rate.per_second
        self._free_at = 0.0

    def wait(self, now: float) -> float:
        """Seconds until the next message may go."""
        return max(0.0, self._free_at - now)

    def take(self, now: float) -> None:
        """One message goes."""
        self._free_at = max(self._free_at, now) + self.interval

    def give_back(self) -> None:
        """One message that was to go did not; another may in its place."""
        self._free_at -= self.interval


class Paces:
    """All paces of a relay: over all and of single recipient domains, configured and learned."""

    def __init__(self, relay: Relay, name: str = "") -> None:
        """`name` is how the log calls the relay."""
        self._whole = Pace(relay.pace) if relay.pace else None
        self._domains = {domain.lower(): Pace(rate) for domain, rate in relay.domains.items()}
        self.relay = RelayPace(name, relay.connections)
        self._rests = DomainRests()
        # The domain over whose mail the relay complained lately, and that which taught it its pace; "" for several.
        self._complained: str | None = None
        self._complained_at = 0.0
        self._others_accepted = 0  # since then, for other domains
        self._taught_by: str | None = ""
        self.is_free = False
        self._look()

    @property
    def domains(self) -> Collection[str]:
        """The domains that do not simply go as fast as the relay: not many of their messages are needed at hand."""
        return self._domains.keys() | self._rests.resting.keys()

    def recall(self, remembered: LearnedPace | None, now: float, real_now: datetime) -> None:
        """Begin with what an earlier run has learned."""
        self.relay.recall(remembered, now, real_now)
        self._look()

    def wait(self, domain: str, now: float) -> float:
        """Seconds until a message to this domain may go."""
        if self.is_free:
            return 0.0
        rest = self._rests.resting.get(domain)
        return max(
            self.relay.wait(now),
            self._whole.wait(now) if self._whole else 0.0,
            self._domains[domain].wait(now) if domain in self._domains else 0.0,
            rest.wait(now) if rest else 0.0,
        )

    def wait_for_any(self, now: float) -> float:
        """Seconds until a message to whichever domain may go."""
        if self.is_free:
            return 0.0
        return max(self.relay.wait(now), self._whole.wait(now) if self._whole else 0.0)

    def take(self, domain: str, now: float) -> None:
        """A message to this domain goes; say `heard` or `give_back` afterwards."""
        if self.is_free:
            return
        self.relay.take(now)
        for pace in self._fixed(domain):
            pace.take(now)
        if domain in self._rests.resting:
            self._rests.resting[domain].take(now)

    def give_back(self, domain: str) -> None:
        """A message that was to go was never tried."""
        if self.is_free:
            return
        self.relay.give_back()
        for pace in self._fixed(domain):
            pace.give_back()
        if domain in self._rests.resting:
            self._rests.resting[domain].answered()

    def resting_domains(self, now: float) -> set[str]:
        """The domains to which nothing may go now, though the relay would take something for others."""
        if self.is_free:
            return set()
        paced = {domain for domain, pace in self._domains.items() if pace.wait(now) > 0}
        return paced | {domain for domain, rest in self._rests.resting.items() if rest.wait(now) > 0}

    def left_alone(self, now: float) -> dict[str, float]:
        """The domains that rest because they deferred everything, and for how many seconds: that mail is for later."""
        return {domain: rest.wait(now) for domain, rest in self._rests.resting.items() if rest.rounds}

    def heard(self, domain: str, result: Try, now: float, *, tried_before: bool = False) -> None:
        """What a try came to; `tried_before`: this delivery had been tried, so that a deferral is no greylisting."""
        if result.outcome is Outcome.ACCEPTED:
            self.relay.accepted(now)
            self._rests.accepted(domain)
            if self._complained is not None and domain != self._complained:
                self._others_accepted += 1
                self._doubt_what_one_domain_taught()
        else:
            self._heard_no(domain, result, now, tried_before=tried_before)
        if not self.is_free:
            self._look()

    def _heard_no(self, domain: str, result: Try, now: float, *, tried_before: bool) -> None:
        for rest in (self.relay.rest, self._rests.resting.get(domain)):
            if rest:
                rest.answered()
        if result.outcome is Outcome.REFUSED:
            self.relay.answered(now)
        elif result.outcome in (Outcome.BUSY, Outcome.DEFERRED) and result.reply is not None:
            self._heard_not_now(domain, result, result.reply, now, tried_before=tried_before)
        self._look()

    def _heard_not_now(self, domain: str, result: Try, reply: Reply, now: float, *, tried_before: bool) -> None:
        names_speed = hints_at_speed(reply)
        is_the_relays = result.outcome is Outcome.BUSY or names_speed
        if result.stage is not Stage.MAIL and not says_greylisted(reply):
            # What the relay says of itself is no domain's trouble, unless it says it of that domain alone.
            is_trouble = (
                self._rests.others_were_accepted(domain)
                if is_the_relays
                else tried_before or not may_concern_one_reader(result)
            )
            self._rests.deferred(domain, now, is_trouble=is_trouble)
        if not is_the_relays:
            self.relay.answered(now)
        elif self._is_about_the_relay(domain, result, now):
            before = self.relay.per_second
            self.relay.refused(now, reply, names_speed=names_speed)
            if self.relay.per_second != before:
                self._taught_by = self._complained if before is None or self._taught_by == self._complained else ""

    def _doubt_what_one_domain_taught(self) -> None:
        """It may have been the first to answer, and say nothing any more since it rests."""
        if self._complained and self._taught_by == self._complained and self._rests.is_alone(self._complained):
            self.relay.forget_what_one_domain_taught()
            self._taught_by = ""

    def _is_about_the_relay(self, domain: str, result: Try, now: float) -> bool:
        """Whether a "not now" is no complaint about one domain alone."""
        if now - self._complained_at > _REMEMBERED:
            self._complained, self._others_accepted = None, 0
        self._complained_at = now
        complains_alone = self._complained == domain and self._others_accepted >= DOMAIN_DEFERRALS
        if result.stage is not Stage.MAIL and (complains_alone or self._rests.is_alone(domain)):
            if self._taught_by == domain:
                self.relay.forget_what_one_domain_taught()
            return False
        is_several = result.stage is Stage.MAIL or self._complained not in (None, domain)
        self._complained = "" if is_several else domain
        return True

    def _fixed(self, domain: str) -> list[Pace]:
        return [pace for pace in (self._whole, self._domains.get(domain)) if pace]

    def _look(self) -> None:
        self.is_free = not (self._whole or self._domains or self.relay.holds or self._rests.resting)
