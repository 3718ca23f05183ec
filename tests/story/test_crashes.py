"""Kill it, stop it, run two of it: nobody is lost, and doubles are bounded and named."""

import json
import signal
import time
from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa

from dispatch.store import tables
from dispatch.store.database import Database
from tests.smtp_server import SmtpServer
from tests.story.conftest import MakeMagazine
from tests.story.magazine import FRIDAY, Magazine, Piece, adds_up, kill, wait_until

READERS = [f"reader{number}@inbox{number % 7}.example" for number in range(400)]


def _ready(make_magazine: MakeMagazine, database_address: str, **options: object) -> Magazine:
    magazine = make_magazine(database_url=database_address, **options)
    magazine.publish(Piece("ice", "The winter the harbour froze"), Piece("ferry", "What the ferry knows"))
    magazine.subscribe(READERS)
    return magazine


def test_two_processes_make_one_issue_and_one_delivery_each(
    make_magazine: MakeMagazine, inbox: SmtpServer, database_address: str
) -> None:
    """Both are told to do everything, at the same time, on one database."""
    magazine = _ready(make_magazine, database_address)
    both = [magazine.start("run", "--once", "--now", FRIDAY) for _ in range(2)]
    for process in both:
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0, output

    assert inbox.copies() == Counter(READERS)
    [issue] = [issue for issue in magazine.status() if issue["audience"]]
    assert (issue["accepted"], issue["state"]) == (len(READERS), "sent")


@pytest.mark.parametrize(
    ("database_address", "after"), [("sqlite", 1), ("sqlite", 200), ("postgres", 60)], indirect=["database_address"]
)
def test_a_kill_while_sending_loses_nobody_and_names_every_double(
    make_magazine: MakeMagazine, inbox: SmtpServer, database_address: str, after: int
) -> None:
    """SIGKILL with connections open: everybody has it after the next run, at most one double a connection."""
    inbox.delay = 0.01
    magazine = _ready(make_magazine, database_address)
    process = magazine.start("run", "--once", "--now", FRIDAY)
    wait_until(lambda: len(inbox.received) >= after, 60)
    kill(process)
    if database_address:
        _let_lease_run_out_in(3, database_address)

    magazine.dispatch("run", "--once", "--now", FRIDAY)

    copies = inbox.copies()
    assert set(copies) == set(READERS)
    doubles = {address for address, count in copies.items() if count > 1}
    assert len(doubles) <= magazine.connections
    [issue] = [issue for issue in magazine.status() if issue["audience"]]
    assert adds_up(issue)
    assert issue["accepted"] == len(READERS)
    shown = json.loads(magazine.dispatch("issues", "show", str(issue["id"]), "--json"))
    assert doubles <= {one["address"] for one in shown["in_doubt"]}
    identities = Counter((message.recipient, _message_id(message.data)) for message in inbox.received)
    assert len(identities) == len(READERS)


@pytest.mark.parametrize("after", [0.1, 0.4, 0.7, 1.0, 1.3, 1.6, 2.0])
def test_a_kill_at_any_moment_before_loses_nobody(make_magazine: MakeMagazine, inbox: SmtpServer, after: float) -> None:
    """SIGKILL while starting, collecting, composing, rendering or fanning out."""
    magazine = _ready(make_magazine, "")
    process = magazine.start("run", "--once", "--now", FRIDAY)
    time.sleep(after)
    kill(process)

    magazine.dispatch("run", "--once", "--now", FRIDAY)

    copies = inbox.copies()
    assert set(copies) == set(READERS)
    assert sum(copies.values()) - len(READERS) <= magazine.connections


def test_a_stop_leaves_nothing_in_doubt(make_magazine: MakeMagazine, inbox: SmtpServer, database_address: str) -> None:
    """SIGTERM while sending: it leaves by itself, and the next run sends to the others only."""
    inbox.delay = 0.01
    magazine = _ready(make_magazine, database_address)
    process = magazine.start("run", "--once", "--now", FRIDAY)
    wait_until(lambda: len(inbox.received) >= 50, 60)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0, output
    assert 50 <= len(inbox.received) < len(READERS)

    magazine.dispatch("run", "--once", "--now", FRIDAY)

    assert inbox.copies() == Counter(READERS)


def _let_lease_run_out_in(seconds: int, database_address: str) -> None:
    """Take the rest of its minute from the dead sender's lease, which then runs out while the next one waits for it."""
    database = Database(database_address)
    with database.engine.begin() as connection:
        leases = sa.select(sa.func.count()).where(tables.delivery.c.lease_until > sa.func.clock_timestamp())
        assert connection.scalars(leases).one() > 0
        soon = sa.func.clock_timestamp() + sa.literal(timedelta(seconds=seconds), sa.Interval())
        held = tables.delivery.c.lease_until.is_not(None)
        connection.execute(sa.update(tables.delivery).where(held).values(lease_until=soon))
    database.close()


def _message_id(data: bytes) -> bytes:
    return next(line for line in data.split(b"\r\n") if line.lower().startswith(b"message-id:"))
