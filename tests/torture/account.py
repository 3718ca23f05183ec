"""The account of an issue: what the relay took beside what the ledger says, and the line of figures."""

import email
import email.policy
import os
import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

import sqlalchemy as sa

from dispatch.model.delivery import DeliveryState, Outcome
from dispatch.store import tables
from dispatch.store.database import Connection, Database
from tests.delivering.make import tally_of
from tests.smtp_server import Received

THOROUGH = 1_000


@dataclass
class Account:
    """What one issue came to. `doubted` has an entry for each time an address was in doubt."""

    audience: Collection[str]
    copies: Counter[str]
    doubted: Counter[str]
    accepted: Collection[str]
    states: Counter[str]
    taken: list[Received] = field(repr=False)

    @property
    def lost(self) -> list[str]:
        """Who has nothing."""
        return sorted(set(self.audience).difference(self.copies))

    @property
    def stray(self) -> list[str]:
        """Who got something and is not in the audience."""
        return sorted(set(self.copies).difference(self.audience))

    @property
    def false_sent(self) -> list[str]:
        """Who is called accepted without the relay knowing of it."""
        return sorted(set(self.accepted).difference(self.copies))

    @property
    def doubles(self) -> int:
        """How many copies too many there are."""
        return sum(count - 1 for count in self.copies.values())

    @property
    def unnamed(self) -> list[str]:
        """Who has more copies than one and one for each time they were in doubt."""
        return sorted(address for address, count in self.copies.items() if count > 1 + self.doubted[address])


def account_of(database: Database, issue_id: int, audience: Collection[str], taken: list[Received]) -> Account:
    """The account at this moment: promise 2's sum, nobody outside, no false acceptance, no double without its doubt."""
    tally_of(database, issue_id)
    # What is still `sending` will be called in doubt by whoever comes next.
    addresses, states, doubts = database.transact(_ledger, issue_id)
    doubted = Counter({addresses[one]: count for one, count in doubts.items()})
    doubted.update(addresses[one] for one, state in states.items() if state == DeliveryState.SENDING)
    account = Account(
        audience=audience,
        copies=Counter(message.recipient for message in taken),
        doubted=doubted,
        accepted=[addresses[one] for one, state in states.items() if state == DeliveryState.ACCEPTED],
        states=Counter(states.values()),
        taken=taken,
    )
    assert (account.stray, account.false_sent, account.unnamed) == ([], [], [])
    return account


def _ledger(connection: Connection, issue_id: int) -> tuple[dict[int, str], dict[int, str], dict[int, int]]:
    """Of each delivery: whose it is, its state, how often it was in doubt."""
    rows = connection.execute(
        sa.select(tables.delivery.c.id, tables.subscriber.c.address, tables.delivery.c.state)
        .join(tables.subscriber, tables.subscriber.c.id == tables.delivery.c.subscriber_id)
        .where(tables.delivery.c.issue_id == issue_id)
    ).all()
    doubts = connection.execute(
        sa.select(tables.attempt.c.delivery_id, sa.func.count())
        .join(tables.delivery, tables.delivery.c.id == tables.attempt.c.delivery_id)
        .where(tables.delivery.c.issue_id == issue_id, tables.attempt.c.outcome == Outcome.IN_DOUBT)
        .group_by(tables.attempt.c.delivery_id)
    ).all()
    return {row.id: row.address for row in rows}, {row.id: row.state for row in rows}, dict(doubts)


def assert_well_made(taken: list[Received]) -> None:
    """Every message parses and is for whom it went to; all copies of one have its Message-ID, and no other has it."""
    whose: dict[str, str] = {}
    identities: dict[str, str] = {}
    for received in taken:
        message = email.message_from_bytes(received.data, policy=email.policy.default)
        assert not [defect for part in message.walk() for defect in part.defects]
        assert received.recipient in str(message["To"])
        assert re.search(rb"\r\n--=_\w+--\r\n$", received.data), "the message is not whole"
        identity = str(message["Message-ID"])
        assert whose.setdefault(identity, received.recipient) == received.recipient
        assert identities.setdefault(received.recipient, identity) == identity


@dataclass
class Figures:
    """The figures of one or several runs, added up."""

    faults: int = 0
    connections: int = 0
    recipients: int = 0
    lost: int = 0
    stray: int = 0
    false_sent: int = 0
    doubles: int = 0
    ambiguous: int = 0
    most_copies: int = 0
    recovery: float = 0.0
    found: Counter[str] = field(default_factory=Counter)

    def add(self, account: Account, recovery: float) -> None:
        """One more run has ended; `recovery` is the longest so far, in seconds."""
        self.recovery = recovery
        self.recipients += len(account.audience)
        self.lost += len(account.lost)
        self.stray += len(account.stray)
        self.false_sent += len(account.false_sent)
        self.doubles += account.doubles
        self.ambiguous += sum(account.doubted.values())
        self.most_copies = max(self.most_copies, *account.copies.values())

    @property
    def bound(self) -> int:
        """How many doubles there may be, and how many entries in the list of those in doubt."""
        return self.connections * self.faults

    def __str__(self) -> str:
        """The report line."""
        return (
            f"N {self.recipients}, kills/faults {self.faults}, conns {self.connections}, lost {self.lost}, "
            f"stray {self.stray}, false_sent {self.false_sent}, dup {self.doubles}, dup_bound {self.bound}, "
            f"ambiguous {self.ambiguous}, max_copies {self.most_copies}, recovery_s {self.recovery:.2f}"
        )


def tell(database: Database, what: str, figures: object) -> None:
    """Print a line of figures, for those who run with -s."""
    print(f"\n{'sqlite' if database.is_sqlite else 'postgres'}: {what}: {figures}", flush=True)  # noqa: T201


def kills_wanted(database: Database) -> int:
    """How many senders to kill: DISPATCH_KILLS on SQLite, a fifth of it on PostgreSQL, where a start costs more."""
    return _kills() if database.is_sqlite else max(1, _kills() // 5)


def is_thorough() -> bool:
    """Whether there is time for everything (`make torture`)."""
    return _kills() >= THOROUGH


def _kills() -> int:
    return int(os.environ.get("DISPATCH_KILLS", "200"))


def seed() -> int:
    """Of all chance here: DISPATCH_SEED, printed where a test fails."""
    return int(os.environ.get("DISPATCH_SEED", "1"))
