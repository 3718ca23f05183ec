"""Who is left alone for a while: a relay that refuses everything, a domain that defers everything.

The rules and numbers stand in pace_rules.py. Times are seconds of one clock that never goes back (the event loop's).
"""

import logging

from dispatch.delivering.pace_rules import DOMAIN_DEFERRALS, domain_rest

logger = logging.getLogger(__name__)

# Of so many domains it is remembered that they deferred something; the oldest are forgotten first.
_MOST = 10_000
# How long one single message may take to be answered before the next may ask.
_ASKS_FOR = 60.0


class Rest:
    """Somebody who is left alone for a while, and after each while is asked with one single message."""

    def __init__(self) -> None:
        self.rounds = 0
        self._ends = 0.0
        self._answer_by = 0.0

    def wait(self, now: float) -> float:
        """Seconds until a message may go, as far as is known."""
        return max(0.0, self._ends - now, self._answer_by - now)

    def take(self, now: float) -> None:
        """A message goes: no other until it is answered."""
        self._answer_by = now + _ASKS_FOR

    def answered(self) -> None:
        """A message was answered, or did not go after all."""
        self._answer_by = 0.0

    def begins(self, now: float, seconds: float) -> bool:
        """Another round was in vain; what is refused while a rest lasts belongs to the round before it."""
        if now < self._ends:
            return False
        self.rounds += 1
        self._ends = now + seconds
        return True


class _Row:
    """Deferrals in a row of one domain, and how many of them cannot have concerned single readers."""

    __slots__ = ("accepted_before", "deferrals", "troubles")

    def __init__(self, accepted_before: int) -> None:
        self.accepted_before = accepted_before
        self.deferrals = self.troubles = 0


class DomainRests:
    """The domains that deferred something since they last took a message: no such domain holds the others up."""

    def __init__(self) -> None:
        self.resting: dict[str, Rest] = {}  # those that get single messages at most
        self.accepted_in_all = 0
        self._rows: dict[str, _Row] = {}

    def accepted(self, domain: str) -> None:
        """A message to this domain was taken."""
        self.accepted_in_all += 1
        if domain in self._rows:
            del self._rows[domain]
            self.resting.pop(domain, None)

    def deferred(self, domain: str, now: float, *, is_trouble: bool) -> None:
        """A message to this domain was deferred; `is_trouble` unless it may concern one reader."""
        row = self._rows.get(domain) or self._new_row(domain)
        row.deferrals += 1
        row.troubles += is_trouble
        if row.deferrals < DOMAIN_DEFERRALS:
            return
        rest = self.resting.setdefault(domain, Rest())
        rest.answered()
        if row.troubles < DOMAIN_DEFERRALS:
            return
        if rest.begins(now, domain_rest(domain, rest.rounds + 1)) and rest.rounds == 1:
            logger.info("%s defers everything: it gets single messages now and then", domain)

    def others_were_accepted(self, domain: str) -> bool:
        """Whether other domains took messages since this one began to defer everything."""
        row = self._rows.get(domain)
        return row is not None and self.accepted_in_all > row.accepted_before

    def is_alone(self, domain: str) -> bool:
        """Whether this domain defers everything and others do not: then it is not the relay."""
        row = self._rows.get(domain)
        if row is None or row.deferrals < DOMAIN_DEFERRALS:
            return False
        return self.accepted_in_all - row.accepted_before >= DOMAIN_DEFERRALS

    def _new_row(self, domain: str) -> _Row:
        if len(self._rows) >= _MOST:
            oldest = next(iter(self._rows))
            del self._rows[oldest]
            self.resting.pop(oldest, None)
        row = self._rows[domain] = _Row(self.accepted_in_all)
        return row
