"""Slowing down those who try tokens: after many links that were not genuine, a network is told to come back later.

Nobody could guess one (128 bits of HMAC), but trying costs us work, and says that somebody is up to something. Genuine
links are never counted, so readers behind the same address are not held up.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

MOST_WRONG = 300
PERIOD = timedelta(minutes=10)
# Networks remembered; beyond that the oldest count is forgotten, which lets somebody go on, not somebody wait.
_REMEMBERED = 10_000


class Guesses:
    """How many links of each network were not genuine, within a period that begins with the first."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._wrong: dict[str, tuple[datetime, int]] = {}

    def are_too_many(self, network: str) -> bool:
        """Count one more link of this network that was not genuine; whether it is one too many."""
        now = self._now()
        since, count = self._wrong.pop(network, (now, 0))
        if now - since >= PERIOD:
            since, count = now, 0
        while len(self._wrong) >= _REMEMBERED:
            del self._wrong[next(iter(self._wrong))]
        self._wrong[network] = (since, count + 1)
        return count >= MOST_WRONG
