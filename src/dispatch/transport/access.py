"""What is known of a relay before anybody talks to it: where it is, how to get in, how long to wait."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for the relay (RFC 5321 §4.5.3.2); after the dot it may be working on the message for minutes."""

    connect: float = 60
    command: float = 300
    data: float = 120
    block: float = 180
    dot: float = 600


@dataclass(frozen=True, slots=True)
class RelayAccess:
    """How to reach a relay. `greeting_name` is what we call ourselves in EHLO."""

    name: str
    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    greeting_name: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeouts: Timeouts = Timeouts()

    @property
    def place(self) -> str:
        """How a sentence names it."""
        return f"relay {self.name} ({self.host}:{self.port})"
