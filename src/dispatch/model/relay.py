"""What a relay has taught us, as it is remembered between two runs."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LearnedPace:
    """So many messages a second and no more, because the relay said that more was too fast. Times are UTC."""

    per_second: float
    since: datetime
    said_at: datetime  # when it said so last
    reply: str  # what it said, addresses taken out


@dataclass(frozen=True, slots=True)
class RelayMemory:
    """A relay as the last runs left it; a new one has taught us nothing. Times are UTC."""

    name: str
    pace: LearnedPace | None = None
    lost_at: datetime | None = None  # the last connection lost between dot and reply
    stepwise_since: datetime | None = None  # two were lost within the hour: since then one message at a time
