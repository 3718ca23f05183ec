"""Service mail in the sender and its ledger: before digests, over its own relay where it has one, held in doubt."""

import email
import email.policy
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.config.settings import Settings
from dispatch.delivering.relays import roads
from dispatch.model.delivery import DeliveryKind
from dispatch.model.doubt import NOT_SENT_AGAIN
from dispatch.model.issue import Rendering
from dispatch.model.request import Choice, NewRequest, RequestKind
from dispatch.model.service import ServiceMail
from dispatch.model.subscriber import SuppressionReason
from dispatch.store import tables
from dispatch.store.database import Database
from dispatch.store.requests import end_request, insert_request, mark_mailed
from dispatch.store.service_mail import Recipient, end_doubtful_mail, insert_message, queue_mail
from dispatch.store.suppressions import suppress
from tests.delivering.make import NOW, addresses, make_issue, rows_of, settings_for, tally_of
from tests.delivering.test_send import attempts, send
from tests.smtp_server import COMMIT_AND_DROP, SmtpServer, Step, answer, closed_port

QUESTION = Rendering(
    "Please confirm",
    "One button",
    '<p>~ADDRESS~ <a href="https://blank.invalid/CONFIRM">yes</a> <a href="https://blank.invalid/DECLINE">no</a></p>\n',
    "~ADDRESS~\nhttps://blank.invalid/CONFIRM\nhttps://blank.invalid/DECLINE\n",
)


def ask(connection: Connection, names: Sequence[str]) -> list[int]:
    """A question for each of these addresses, queued; the ids of the requests."""
    message_id = insert_message(connection, ServiceMail.CONFIRM, "review", QUESTION, "h", NOW)
    ids = []
    for name in names:
        new = NewRequest(RequestKind.JOIN, name, f"hash of {name}", (Choice("review", "weekly"),))
        request_id = insert_request(connection, new, NOW)
        mark_mailed(connection, request_id, NOW)
        recipient = Recipient(request_id=request_id, address=name, address_hash=f"hash of {name}")
        queue_mail(connection, ServiceMail.CONFIRM, recipient, NOW, message_id=message_id)
        ids.append(request_id)
    return ids


def deliveries(database: Database) -> list[tuple[str, str, str | None]]:
    """State, reason and address of all service mail."""
    rows = rows_of(database, tables.delivery)
    return [(row["state"], row["reason"], row["address"]) for row in rows if row["kind"] == DeliveryKind.SERVICE]


def two_relays(folder: Path, port: int, other_port: int) -> Settings:
    """One relay for digests and letters, another for service mail."""
    settings = settings_for(folder, port, carries=["digests", "letters"])
    other = settings_for(folder, other_port, carries=["service"]).relays["main"]
    return settings.model_copy(update={"relays": {"main": settings.relays["main"], "post": other}})


def test_service_mail_overtakes_a_digest(database: Database, tmp_path: Path) -> None:
    """It stands before everything that waits, whoever came first; its address is forgotten with the reply."""
    database.transact(make_issue, addresses(30))
    database.transact(ask, ["mara@harbour.example"])
    with SmtpServer() as server:
        report = send(database, settings_for(tmp_path, server.port, connections=1))
    assert report.accepted == 31
    assert server.received[0].recipient == "mara@harbour.example"
    assert deliveries(database) == [("accepted", "", None)]
    question = email.message_from_bytes(server.received[0].data, policy=email.policy.default)
    assert question["Auto-Submitted"] == "auto-generated"
    assert question["Precedence"] is None


def test_each_kind_goes_over_the_relay_that_carries_it(database: Database, tmp_path: Path) -> None:
    """At the same time, each with connections and claims of its own."""
    issue = database.transact(make_issue, addresses(12))
    names = [f"new{number}@tide.example" for number in range(7)]
    database.transact(ask, names)
    with SmtpServer() as digests, SmtpServer() as service:
        report = send(database, two_relays(tmp_path, digests.port, service.port))
    assert report.accepted == 19
    assert digests.copies() == dict.fromkeys(addresses(12), 1)
    assert service.copies() == dict.fromkeys(names, 1)
    assert tally_of(database, issue.id).accepted == 12
    assert {row["relay"] for row in rows_of(database, tables.delivery)} == {"main", "post"}


def test_a_relay_that_is_away_holds_only_its_own_mail_up(database: Database, tmp_path: Path) -> None:
    """The digests go; the report says what could not."""
    issue = database.transact(make_issue, addresses(5))
    database.transact(ask, ["mara@harbour.example"])
    with SmtpServer() as digests, closed_port() as nobody:
        report = send(database, two_relays(tmp_path, digests.port, nobody))
    assert (report.accepted, report.due) == (5, 1)
    assert report.problem is not None
    assert tally_of(database, issue.id).accepted == 5
    assert deliveries(database) == [("queued", "", "mara@harbour.example")]


def test_service_mail_that_nobody_carries_goes_with_the_digests(tmp_path: Path) -> None:
    """Shares do not: who gives them no relay does not want them sent."""
    (only,) = roads(settings_for(tmp_path, 2525, carries=["digests"]))
    assert only.kinds == {DeliveryKind.DIGEST, DeliveryKind.SERVICE}


def test_in_doubt_it_is_held_and_ends_by_itself(database: Database, tmp_path: Path) -> None:
    """Whoever waits for a confirmation in vain asks again; nobody gets two."""
    database.transact(ask, ["mara@harbour.example"])

    def script(step: Step) -> object:
        return COMMIT_AND_DROP if step.stage == "dot" else None

    with SmtpServer(script) as server:  # type: ignore[arg-type]
        settings = settings_for(tmp_path, server.port, connections=1)
        report = send(database, settings)
        again = send(database, settings)
    assert (len(report.in_doubt), again.in_doubt) == (1, ())
    assert len(server.received) == 1
    assert deliveries(database) == [("in_doubt", "in doubt", "mara@harbour.example")]
    database.transact(end_doubtful_mail, NOW + timedelta(hours=5))
    assert deliveries(database) == [("suppressed", NOT_SENT_AGAIN, None)]


@pytest.mark.parametrize("why", ["answered", "suppressed", "expired"])
def test_what_nobody_waits_for_any_more_does_not_leave(database: Database, tmp_path: Path, why: str) -> None:
    """Asked again at the claim and in the statement that licenses the dot."""
    (request_id,) = database.transact(ask, ["mara@harbour.example"])
    now = NOW + timedelta(minutes=1)
    if why == "answered":
        from dispatch.model.request import RequestState

        database.transact(end_request, request_id, RequestState.DECLINED, now)
    elif why == "suppressed":
        database.transact(suppress, ["hash of mara@harbour.example"], SuppressionReason.BOUNCED, now)
    else:
        now = NOW + timedelta(hours=5)
    with SmtpServer() as server:
        send(database, settings_for(tmp_path, server.port), now=now)
    assert server.received == []
    state = "refused" if why == "expired" else "suppressed"
    assert deliveries(database) == [(state, why, None)]


def test_a_newsletter_that_is_gone_makes_its_mail_wait(database: Database, tmp_path: Path) -> None:
    """It is tried again later, not at once and for ever, and holds nothing else up."""
    database.transact(ask, ["mara@harbour.example"])
    rename = sa.text("UPDATE message SET newsletter = 'gone'")
    with database.engine.begin() as connection:
        connection.execute(rename)
    issue = database.transact(make_issue, addresses(3))
    with SmtpServer() as server:
        report = send(database, settings_for(tmp_path, server.port, connections=1))
    assert tally_of(database, issue.id).accepted == 3
    assert report.later == 1
    assert [outcome for _, outcome in attempts(database)] == ["turned_away"]


def test_a_relay_that_refuses_it_is_asked_again_later(database: Database, tmp_path: Path) -> None:
    """There is no issue that could be paused: each waits a while by itself."""
    database.transact(ask, [f"new{number}@tide.example" for number in range(3)])

    def script(step: Step) -> object:
        return answer("550 5.7.1 not today") if step.stage == "mail" else None

    with SmtpServer(script) as server:  # type: ignore[arg-type]
        report = send(database, settings_for(tmp_path, server.port, connections=1))
    assert (report.accepted, report.later, report.braked) == (0, 3, ())
