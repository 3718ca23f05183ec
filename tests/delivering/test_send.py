"""Sending a whole issue through a real server, well-behaved or not, with both databases."""

import asyncio
import email
import email.policy
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from dispatch.config.settings import Settings
from dispatch.delivering.send import SendReport, send_due
from dispatch.errors import RelayError, RelaySetupError
from dispatch.model.tokens import Purpose, TokenKeys
from dispatch.store import tables
from dispatch.store.database import Database
from tests.delivering.make import (
    NOW,
    MadeIssue,
    addresses,
    change,
    make_issue,
    rows_of,
    settings_for,
    states_of,
    tally_of,
)
from tests.smtp_server import (
    COMMIT_AND_DROP,
    COMMIT_AND_HANG,
    DROP,
    Act,
    Script,
    SmtpServer,
    Step,
    answer,
    closed_port,
    plainly,
)


def real_clock() -> datetime:
    return datetime.now(UTC)


def clock_from(start: datetime) -> Callable[[], datetime]:
    """A decision clock that shows `start` now and runs on from there."""
    begun = real_clock()
    return lambda: start + (real_clock() - begun)


def send(
    database: Database,
    settings: Settings,
    *,
    now: datetime = NOW,
    owner: str = "one",
    stop_when: Callable[[], bool] | None = None,
    until_idle: bool = True,
) -> SendReport:
    """One run of sending, in a loop of its own."""

    async def run() -> SendReport:
        stop = asyncio.Event()
        stopping = asyncio.create_task(set_when(stop, stop_when)) if stop_when else None
        report = await asyncio.wait_for(
            send_due(database, settings, clock_from(now), real_clock, owner=owner, stop=stop, until_idle=until_idle), 60
        )
        if stopping:
            await stopping
        return report

    return asyncio.run(run())


async def set_when(stop: asyncio.Event, happened: Callable[[], bool]) -> None:
    """Set this as soon as that has happened, and after half a minute in any case."""
    for _ in range(6_000):
        if happened():
            break
        await asyncio.sleep(0.005)
    stop.set()


def made(database: Database, count: int, *, expires_at: datetime | None = None) -> MadeIssue:
    return database.transact(make_issue, addresses(count), expires_at=expires_at)


def attempts(database: Database) -> list[tuple[int, str]]:
    return [(row["delivery_id"], row["outcome"]) for row in rows_of(database, tables.attempt)]


def test_everybody_gets_one_message_of_their_own(database: Database, tmp_path: Path) -> None:
    """And a second run finds nothing to do."""
    issue = made(database, 25)
    with SmtpServer() as server:
        settings = settings_for(tmp_path, server.port)
        report = send(database, settings)
        again = send(database, settings)
    assert (report.accepted, report.later, report.problem) == (25, 0, None)
    assert again == SendReport()
    assert server.copies() == dict.fromkeys(addresses(25), 1)
    assert tally_of(database, issue.id).accepted == 25
    assert rows_of(database, tables.issue)[0]["state"] == "sent"
    assert attempts(database) == []


def test_a_message_names_its_delivery_everywhere(database: Database, tmp_path: Path) -> None:
    """Envelope, Message-ID, links and the reader's name: each from the delivery, each token genuine."""
    issue = made(database, 1)
    with SmtpServer() as server:
        send(database, settings_for(tmp_path, server.port))
    (received,) = server.received
    message = email.message_from_bytes(received.data, policy=email.policy.default)
    keys = TokenKeys((b"t" * 40,))
    subscription = rows_of(database, tables.subscription)[0]["id"]
    local, _, domain = received.sender.partition("@")
    assert domain == "lamplight.example"
    assert len(local) <= 64
    assert keys.verify(Purpose.BOUNCE, local.removeprefix("bounces+b-")) == issue.deliveries[0]
    assert keys.verify(Purpose.MESSAGE, message["Message-ID"].strip("<>").partition("@")[0]) == issue.deliveries[0]
    link, mailto = message["List-Unsubscribe"].split(", ")
    token = link.strip("<>").removeprefix("https://post.lamplight.example/unsubscribe/")
    assert keys.verify(Purpose.UNSUBSCRIBE, token) == subscription
    assert mailto == f"<mailto:bounces+u-{token}@lamplight.example>"
    assert message["To"] == "Mara Lind <reader0000@harbour.example>"
    assert abs(message["Date"].datetime - real_clock()) < timedelta(seconds=60)
    assert message["Feedback-ID"] == "weekly-202611270700:review:digest:lamplightexampl"
    text = received.data.decode().replace("=\r\n", "")
    assert f"https://post.lamplight.example/unsubscribe/{token}" in text
    assert "blank.invalid" not in text
    assert "~ADDRESS~" not in text


def test_a_greylisted_reader_is_tried_again_later(database: Database, tmp_path: Path) -> None:
    """The run ends with them waiting; a run five minutes on delivers, with two attempts each."""
    issue = made(database, 6)

    def greylist(step: Step) -> Act | None:
        slow = step.stage == "rcpt" and step.recipient.endswith("@tide.example") and step.nth == 1
        return answer("451 4.7.1 <x@y.example> greylisted") if slow else None

    with SmtpServer(greylist) as server:
        settings = settings_for(tmp_path, server.port)
        first = send(database, settings)
        assert (first.accepted, first.deferred, first.due, first.later) == (4, 2, 0, 2)
        assert first.next_at is not None
        assert timedelta(minutes=5) <= first.next_at - NOW <= timedelta(minutes=7)
        assert tally_of(database, issue.id).waiting == 2
        second = send(database, settings, now=NOW + timedelta(minutes=7))
    assert second.accepted == 2
    assert server.copies() == dict.fromkeys(addresses(6), 1)
    assert sorted(outcome for _, outcome in attempts(database)) == ["accepted"] * 2 + ["deferred"] * 2
    assert "y.example" not in "".join(row["reply"] for row in rows_of(database, tables.attempt))


def test_what_is_deferred_too_long_is_given_up_and_handed_back(database: Database, tmp_path: Path) -> None:
    """Expired counts as refused, with the last reply."""
    issue = made(database, 1, expires_at=NOW + timedelta(minutes=3))
    with SmtpServer(lambda step: answer("450 4.2.1 later") if step.stage == "rcpt" else None) as server:
        send(database, settings_for(tmp_path, server.port))
    (row,) = rows_of(database, tables.delivery)
    assert (row["state"], row["reason"], row["reply"]) == ("refused", "expired", "450 4.2.1 later")
    assert row["handed_back"] == "returned"
    assert tally_of(database, issue.id).refused == 1


def test_a_reader_who_is_not_there_is_refused_and_the_others_are_not(database: Database, tmp_path: Path) -> None:
    """5.1.1 at RCPT is that reader's alone."""
    issue = made(database, 9)
    gone = addresses(9)[4]

    def unknown(step: Step) -> Act | None:
        return answer(f"550 5.1.1 <{gone}> unknown") if (step.stage, step.recipient) == ("rcpt", gone) else None

    with SmtpServer(unknown) as server:
        report = send(database, settings_for(tmp_path, server.port))
    assert (report.accepted, report.refused) == (8, 1)
    assert states_of(database, issue.id)[4] == "refused"
    assert rows_of(database, tables.delivery)[4]["reply"] == "550 5.1.1 <(address)> unknown"
    assert rows_of(database, tables.issue)[0]["state"] == "sent"


@pytest.mark.parametrize(
    ("stage", "reply"), [("mail", "550 5.7.1 not you"), ("rcpt", "550 5.7.1 blocked"), ("dot", "554 spam")]
)
def test_a_relay_that_refuses_everybody_is_braked_and_burns_nobody(
    database: Database, tmp_path: Path, stage: str, reply: str
) -> None:
    """Fifty of one kind without an acceptance pause the issue, in the relay's words."""
    issue = made(database, 80)
    with SmtpServer(lambda step: answer(reply) if step.stage == stage else None) as server:
        report = send(database, settings_for(tmp_path, server.port))
        assert 50 <= server.reached(stage) <= 54
    assert len(report.braked) == 1
    assert reply in report.braked[0]
    row = rows_of(database, tables.issue)[0]
    assert row["state"] == "paused"
    assert reply in row["reason"]
    tally = tally_of(database, issue.id)
    assert (tally.waiting, tally.refused, tally.suppressed) == (80, 0, 0)
    assert set(states_of(database, issue.id)) == {"queued"}


def test_now_and_then_a_421_or_a_lost_connection_stops_nobody(database: Database, tmp_path: Path) -> None:
    """At every stage but the dot: one message each, in one run."""
    issue = made(database, 120)
    chance = random.Random(7)
    faults = [answer("421 4.3.2 bye", drop=True), DROP]

    def now_and_then(step: Step) -> Act | None:
        stages = ("ehlo", "mail", "rcpt", "data", "body")
        return chance.choice(faults) if step.stage in stages and chance.random() < 0.012 else None

    with SmtpServer(now_and_then) as server:
        report = send(database, settings_for(tmp_path, server.port))
    assert report.problem is None
    assert server.copies() == dict.fromkeys(addresses(120), 1)
    assert tally_of(database, issue.id).accepted == 120


@pytest.mark.parametrize("act", [DROP, COMMIT_AND_DROP], ids=["not taken", "taken"])
def test_a_connection_lost_after_the_dot_leaves_doubt_by_name(database: Database, tmp_path: Path, act: Act) -> None:
    """Sent again with the same Message-ID: nobody is lost, and only those in doubt can have it twice."""
    issue = made(database, 30)
    unlucky = {addresses(30)[3], addresses(30)[17]}

    def lose(step: Step) -> Act | None:
        return act if step.stage == "dot" and step.recipient in unlucky and step.nth == 1 else None

    with SmtpServer(lose) as server:
        report = send(database, settings_for(tmp_path, server.port))
    copies = 2 if act.commit else 1
    assert server.copies() == {one: copies if one in unlucky else 1 for one in addresses(30)}
    assert len(report.in_doubt) == 2
    assert "reader" not in "".join(report.in_doubt)
    doubted = [row for row in rows_of(database, tables.attempt) if row["outcome"] == "in_doubt"]
    assert {row["delivery_id"] for row in doubted} == {issue.deliveries[3], issue.deliveries[17]}
    assert all(row["done"] for row in doubted)
    ids: dict[str, set[str]] = {}
    for received in server.received:
        message = email.message_from_bytes(received.data, policy=email.policy.default)
        ids.setdefault(received.recipient, set()).add(str(message["Message-ID"]))
    assert {len(found) for found in ids.values()} == {1}
    assert tally_of(database, issue.id).accepted == 30


def test_a_relay_that_takes_and_hangs_up_every_time_does_not_mail_for_ever(database: Database, tmp_path: Path) -> None:
    """After the third time the delivery is held for an operator."""
    issue = made(database, 1)
    with SmtpServer(lambda step: COMMIT_AND_DROP if step.stage == "dot" else None) as server:
        settings = settings_for(tmp_path, server.port)
        send(database, settings)
        send(database, settings, now=NOW + timedelta(days=1))
    assert len(server.received) == 3
    assert tally_of(database, issue.id).in_doubt == 1
    assert rows_of(database, tables.issue)[0]["state"] == "sending"


def test_a_relay_that_is_not_there_burns_no_attempt(database: Database, tmp_path: Path) -> None:
    """One clear sentence; everybody still waits, and the next run serves them."""
    issue = made(database, 5)
    with closed_port() as port:
        report = send(database, settings_for(tmp_path, port))
        assert isinstance(report.problem, RelayError)
        assert "cannot be reached" in str(report.problem)
    assert report.due == 5
    assert {(row["state"], row["attempts"]) for row in rows_of(database, tables.delivery)} == {("queued", 0)}
    with SmtpServer() as server:
        assert send(database, settings_for(tmp_path, server.port)).accepted == 5
    assert tally_of(database, issue.id).accepted == 5


def test_a_wrong_password_stops_at_once(database: Database, tmp_path: Path) -> None:
    """No hammering, nobody burnt, one error that says what to look at."""
    made(database, 5)
    (tmp_path / "password").write_text("wrong")
    with SmtpServer(login=("lamplight", "right")) as server:
        settings = settings_for(tmp_path, server.port, username="lamplight", password="file:password")
        report = send(database, settings)
        assert server.reached("auth") <= 3
        assert server.reached("mail") == 0
    assert isinstance(report.problem, RelaySetupError)
    assert {(row["state"], row["attempts"]) for row in rows_of(database, tables.delivery)} == {("queued", 0)}


def test_a_relay_that_takes_three_connections_gets_three(database: Database, tmp_path: Path) -> None:
    """421 to the others at the greeting; all is delivered over those that stand."""
    made(database, 40)
    open_now: set[int] = set()

    def at_most_three(step: Step) -> Act | None:
        if step.stage == "connect":
            if len(open_now) >= 3:
                return answer("421 4.7.0 too many connections", drop=True)
            open_now.add(step.connection)
        return None

    with SmtpServer(at_most_three, delay=0.02) as server:
        report = send(database, settings_for(tmp_path, server.port, connections=8))
    assert report.accepted == 40
    assert report.problem is None


def test_one_message_too_large_and_one_address_too_modern_are_told_apart(database: Database, tmp_path: Path) -> None:
    """SIZE is the relay's refusal and waits; SMTPUTF8 is the reader's and ends."""
    issue = database.transact(make_issue, ["zoë@harbour.example", "mara@harbour.example"])
    server = SmtpServer()
    server.extensions = ("8BITMIME",)
    with server:
        send(database, settings_for(tmp_path, server.port))
    assert server.copies() == {"mara@harbour.example": 1}
    first, _ = rows_of(database, tables.delivery)
    assert (first["state"], first["reason"]) == ("refused", "eai-unsupported")
    small = SmtpServer()
    small.extensions = ("SIZE 100",)
    other = database.transact(make_issue, ["ines@harbour.example"], slot="2026-12-04T07:00")
    with small:
        send(database, settings_for(tmp_path, small.port))
    row = rows_of(database, tables.delivery)[2]
    assert row["state"] == "queued"
    assert "too large" in row["reason"]
    assert tally_of(database, other.id).waiting == 1
    assert tally_of(database, issue.id).refused == 1


def test_leaving_while_the_issue_goes_out_counts_at_once(database: Database, tmp_path: Path) -> None:
    """Whoever leaves before their dot gets none."""
    issue = made(database, 30)
    leaver = addresses(30)[20]

    def leave(step: Step) -> Act | None:
        if step.stage == "dot" and step.recipient == addresses(30)[0]:
            ids = [row["id"] for row in rows_of(database, tables.subscriber) if row["address"] == leaver]
            database.transact(change, tables.subscription, ids, state="left")
        return None

    with SmtpServer(leave, delay=0.01) as server:
        send(database, settings_for(tmp_path, server.port, connections=1))
    assert server.copies()[leaver] == 0
    assert len(server.received) == 29
    tally = tally_of(database, issue.id)
    assert (tally.accepted, tally.suppressed) == (29, 1)


def test_a_pace_of_one_domain_holds_nobody_else_up(database: Database, tmp_path: Path) -> None:
    """Ten a second to tide.example; the others have all their mail before."""
    made(database, 30)
    with SmtpServer() as server:
        settings = settings_for(tmp_path, server.port, domains={"tide.example": "10/second"})
        begun = real_clock()
        send(database, settings)
        took = real_clock() - begun
    order = [message.recipient.endswith("@tide.example") for message in server.received]
    assert took >= timedelta(seconds=0.9)
    assert not any(order[-1 - place] is False for place in range(5))
    assert len(order) == 30


def test_connections_are_made_anew_after_so_many_messages(database: Database, tmp_path: Path) -> None:
    """As some relays want it."""
    made(database, 10)
    with SmtpServer() as server:
        send(database, settings_for(tmp_path, server.port, connections=1, messages_per_connection=4))
    assert [message.connection for message in server.received] == [1] * 4 + [2] * 4 + [3] * 2
    assert server.reached("quit") == 3


def test_two_senders_on_one_database_send_everything_once(database: Database, tmp_path: Path) -> None:
    """On SQLite one stands by, on PostgreSQL they share."""
    issue = made(database, 60)

    async def both(settings: Settings) -> tuple[SendReport, SendReport]:
        stop = asyncio.Event()
        clock = clock_from(NOW)
        runs = [
            send_due(database, settings, clock, real_clock, owner=owner, stop=stop, until_idle=True)
            for owner in ("one", "two")
        ]
        first, second = await asyncio.wait_for(asyncio.gather(*runs), 60)
        return first, second

    with SmtpServer(delay=0.01) as server:
        first, second = asyncio.run(both(settings_for(tmp_path, server.port)))
    assert server.copies() == dict.fromkeys(addresses(60), 1)
    assert first.accepted + second.accepted == 60
    assert tally_of(database, issue.id).accepted == 60


def stopping_script(hanging: str) -> Script:
    return lambda step: COMMIT_AND_HANG if step.stage == "dot" and step.recipient == hanging else None


def test_a_stop_waits_for_replies_and_leaves_nothing_in_doubt(database: Database, tmp_path: Path) -> None:
    """Where the relay answers within the grace; the rest waits for the next start."""
    issue = made(database, 200)
    with SmtpServer(delay=0.05) as server:
        settings = settings_for(tmp_path, server.port)
        report = send(database, settings, stop_when=lambda: len(server.received) >= 20)
        assert report.in_doubt == ()
        assert attempts(database) == []
        assert 0 < report.accepted < 200
        assert set(states_of(database, issue.id)) == {"accepted", "queued"}
        assert len(server.received) == report.accepted
        send(database, settings)
    assert server.copies() == dict.fromkeys(addresses(200), 1)


def test_what_is_not_answered_within_the_grace_is_in_doubt_by_name(database: Database, tmp_path: Path) -> None:
    """One reply never comes: that one, and no other."""
    issue = made(database, 50)
    with SmtpServer(stopping_script(addresses(50)[0]), delay=0.05) as server:
        settings = settings_for(tmp_path, server.port, stop_grace="1s")
        report = send(database, settings, stop_when=lambda: server.copies()[addresses(50)[0]] == 1)
    assert report.in_doubt == (f"delivery {issue.deliveries[0]} (r…@harbour.example)",)
    assert attempts(database) == [(issue.deliveries[0], "in_doubt")]
    assert tally_of(database, issue.id).audience == 50


def test_without_a_relay_for_digests_nothing_begins(database: Database, tmp_path: Path) -> None:
    """And the sentence says what to add."""
    settings = settings_for(tmp_path, 25, carries=["shares"])
    with pytest.raises(RelayError, match="no relay carries digests"):
        send(database, settings)


def test_an_issue_of_a_newsletter_that_is_gone_from_the_file_is_paused(database: Database, tmp_path: Path) -> None:
    """It spoils itself, by name, and not the run."""
    issue = made(database, 3)
    with database.engine.begin() as connection:
        connection.execute(sa.update(tables.newsletter).values(slug="gone"))
    with SmtpServer() as server:
        report = send(database, settings_for(tmp_path, server.port))
    assert "newsletters.gone is not configured any more" in report.braked[0]
    assert set(states_of(database, issue.id)) == {"queued"}


def test_the_service_goes_on_until_it_is_stopped(database: Database, tmp_path: Path) -> None:
    """It sends what becomes due while it runs."""
    with SmtpServer(plainly) as server:
        settings = settings_for(tmp_path, server.port)

        async def run() -> None:
            stop = asyncio.Event()
            service = asyncio.create_task(
                send_due(database, settings, clock_from(NOW), real_clock, owner="one", stop=stop, until_idle=False)
            )
            await asyncio.sleep(0.3)
            await database.run(make_issue, addresses(5))
            for _ in range(100):
                if len(server.received) == 5:
                    break
                await asyncio.sleep(0.05)
            stop.set()
            await asyncio.wait_for(service, 10)

        asyncio.run(run())
    assert server.copies() == dict.fromkeys(addresses(5), 1)
