"""What is measured against what: the situations of the table, and who takes part in which."""

from dataclasses import dataclass
from typing import Literal

Who = Literal[
    "dispatch",
    "dispatch, durability power",
    "smtp-source",
    "smtp-source, as many sessions",
    "smtp-source, connections kept",
    "aiosmtplib send_message",
    "aiosmtplib sendmail",
    "smtplib",
    "nodemailer",
    "nodemailer, finished bytes",
]

SMALL, DIGEST = 1_000, 60_000
SOURCE_SESSIONS = 10


@dataclass(frozen=True, slots=True)
class Scenario:
    """One situation; `round_trip` in seconds, `size` in bytes of a message (the smallest there can be has 1.5 KB)."""

    name: str
    size: int
    connections: int
    who: tuple[Who, ...]
    round_trip: float = 0.0
    signed: bool = False
    is_quick: bool = True  # whether it is part of the small version too

    @property
    def title(self) -> str:
        """The situation in words."""
        signed = ", signed RSA-2048" if self.signed else ""
        far = f", {self.round_trip * 1000:.0f} ms round trip" if self.round_trip else ""
        lines = "one connection" if self.connections == 1 else f"{self.connections} connections"
        return f"{'60 KB' if self.size == DIGEST else '1 KB'}, {lines}{signed}{far}"


_EVERYBODY: tuple[Who, ...] = (
    "smtp-source",
    "dispatch",
    "dispatch, durability power",
    "smtp-source, as many sessions",
    "smtp-source, connections kept",
    "aiosmtplib send_message",
    "aiosmtplib sendmail",
    "smtplib",
    "nodemailer",
    "nodemailer, finished bytes",
)
_SIGNERS: tuple[Who, ...] = ("dispatch", "aiosmtplib sendmail", "nodemailer")
_FAR: tuple[Who, ...] = ("dispatch", "aiosmtplib sendmail", "aiosmtplib send_message", "smtplib", "nodemailer")

SCENARIOS = (
    Scenario("digest", DIGEST, 20, _EVERYBODY),
    Scenario("small", SMALL, 40, _EVERYBODY),
    Scenario("signed-small", SMALL, 20, _SIGNERS, signed=True),
    Scenario("signed-digest", DIGEST, 20, _SIGNERS, signed=True, is_quick=False),
    Scenario("far-small", SMALL, 1, _FAR, round_trip=0.05),
    Scenario("far-digest", DIGEST, 1, _FAR, round_trip=0.05),
    Scenario("far-many", DIGEST, 20, ("dispatch", "aiosmtplib sendmail", "nodemailer"), 0.05, is_quick=False),
)

# About how many messages a second each sends here, small and digest, so that every run takes about as long. What
# comes out does not depend on it. The third: round trips a message, as far as they are waited for.
_EXPECTED: dict[Who, tuple[float, float, float]] = {
    "dispatch": (8_000, 4_000, 1),
    "dispatch, durability power": (8_000, 4_000, 1),
    "smtp-source": (12_000, 4_500, 7),
    "smtp-source, as many sessions": (12_000, 4_500, 7),
    "smtp-source, connections kept": (30_000, 5_000, 4),
    "aiosmtplib send_message": (1_000, 300, 4),
    "aiosmtplib sendmail": (5_000, 900, 4),
    "smtplib": (10_000, 2_000, 4),
    "nodemailer": (1_500, 300, 4),
    "nodemailer, finished bytes": (3_000, 800, 4),
}
_SIGNED: dict[Who, float] = {"dispatch": 1_500, "aiosmtplib sendmail": 90, "nodemailer": 500}


def messages_for(scenario: Scenario, who: Who, seconds: float) -> int:
    """How many messages a contender sends in one run, to be busy for about so many seconds."""
    small, digest, round_trips = _EXPECTED[who]
    rate = digest if scenario.size == DIGEST else small
    if scenario.signed:
        rate = min(rate, _SIGNED[who])
    if scenario.round_trip:
        seconds *= 2  # connecting takes some round trips too, and should not be what is measured
        rate = min(rate, scenario.connections / (round_trips * scenario.round_trip))
    return max(2 * scenario.connections, round(rate * seconds))
