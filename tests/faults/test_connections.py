"""Connections that end, hang, crawl, or are not to be had: before the dot nothing is in doubt, after it by name."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from dispatch.delivering.relays import access_to
from dispatch.errors import RelayError
from dispatch.model.delivery import DeliveryState, Stage
from dispatch.model.doubt import Decision
from dispatch.store.database import Database
from dispatch.store.doubts import resolve
from dispatch.store.stopping import pause_issue
from dispatch.transport.access import Timeouts
from tests.delivering.make import HTML, NOW, addresses, settings_for
from tests.faults.conftest import Patience
from tests.faults.runs import (
    CONNECTIONS,
    READERS,
    WAYS,
    Run,
    any_of,
    at_times,
    first_time,
    have_variant,
    in_way,
)
from tests.smtp_server import (
    COMMIT_AND_DROP,
    COMMIT_AND_HANG,
    COMMIT_AND_RESET,
    DROP,
    HANG,
    RESET,
    Act,
    SmtpServer,
    Step,
    answer,
    closed_port,
)

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
EVERYBODY = addresses(READERS)
# More than the kernels take off our hands, so that somebody has to read it before the dot can follow.
LONG = HTML + "<p>The keeper would not leave, and the ferry would not come.</p>\n" * 80_000
SMALL_WINDOW = 8_192
GO_ON = b"354 go on\r\n"


def with_long_messages(run: Run, whom: list[str]) -> None:
    """Give these readers a message that takes its time."""
    ids = [run.issue.deliveries[run.audience.index(address)] for address in whom]
    run.database.transact(have_variant, run.issue.id, ids, html=LONG)


@ON_SQLITE
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("act", [DROP, RESET], ids=["FIN", "RST"])
def test_a_connection_that_ends_before_the_dot_costs_one_more_try(
    database: Database, tmp_path: Path, act: Act, way: str
) -> None:
    """At every command and when some of the body is there: all in one run, none twice."""
    script = any_of(
        at_times("mail", act, {5, 30}),
        first_time("rcpt", act, EVERYBODY[8::20]),
        first_time("data", act, EVERYBODY[12::20]),
        first_time("body", act, EVERYBODY[16::20]),
    )
    with SmtpServer(script, extensions=in_way(way)) as server:
        run = Run(database, tmp_path, server, f"{'RST' if act.reset else 'FIN'} before the dot, {way}")
        report = run.send()
        assert (report.accepted, report.later, report.problem) == (READERS, 0, None)
        # A dot may have been on its way to who had read the body's first line only.
        assert len(report.in_doubt) <= len(EVERYBODY[16::20])
        run.settle()


@ON_SQLITE
@pytest.mark.parametrize("way", WAYS)
def test_inside_a_body_nothing_is_in_doubt(database: Database, tmp_path: Path, way: str) -> None:
    """After so many octets of a message that has not been read whole: no dot can have left."""
    cuts = {
        EVERYBODY[7]: Act(reply=GO_ON, take=1, drop=True),
        EVERYBODY[19]: Act(reply=GO_ON, take=60_000, drop=True),
        EVERYBODY[31]: Act(reply=GO_ON, take=1_000, reset=True),
        EVERYBODY[43]: Act(reply=GO_ON, take=90_000, then=b"421 4.3.2 bye\r\n"),
    }
    script = any_of(*(first_time("data", act, {address}) for address, act in cuts.items()))
    with SmtpServer(script, extensions=in_way(way), receive_buffer=SMALL_WINDOW) as server:
        run = Run(database, tmp_path, server, f"FIN, RST and 421 inside a long body, {way}")
        with_long_messages(run, list(cuts))
        report = run.send()
        assert (report.accepted, report.in_doubt) == (READERS, ())
        assert {run.tries_of(address) for address in cuts} == {2}
        run.settle()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("policy", ["resend", "hold"])
def test_after_the_dot_each_doubt_has_its_name(database: Database, tmp_path: Path, policy: str, way: str) -> None:
    """Four of a hundred, taken or not, FIN or RST: `resend` doubles the two that were taken, `hold` none."""
    readers = addresses(96)
    lost = dict(zip(readers[11::24], [DROP, COMMIT_AND_DROP, RESET, COMMIT_AND_RESET], strict=True))
    script = any_of(*(first_time("dot", act, {address}) for address, act in lost.items()))
    with SmtpServer(script, extensions=in_way(way)) as server:
        run = Run(database, tmp_path, server, f"lost after the dot, {policy}, {way}", readers=readers, in_doubt=policy)
        report = run.send()
        assert len(report.in_doubt) == len(lost)
        if policy == "hold":
            account = run.account()
            assert (account.doubles, run.those(DeliveryState.IN_DOUBT)) == (0, list(lost))
            assert run.state == ("sending", "")
            run.tell(account)
            decided = database.transact(resolve, run.issue.id, Decision.RESEND, {}, NOW)
            assert decided.addresses == tuple(lost)
        account = run.settle(doubles=2)
    assert sorted(account.doubted) == sorted(lost)
    assert account.doubles == sum(act.commit for act in lost.values())


@ON_SQLITE
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("way", WAYS)
def test_a_relay_that_falls_silent_is_given_up(database: Database, tmp_path: Path, way: str) -> None:
    """At each stage once, and in the middle of a long body; only behind the dot it is in doubt."""
    taken, not_taken, long = EVERYBODY[24], EVERYBODY[32], EVERYBODY[40]
    script = any_of(
        at_times("connect", HANG, {2}),
        at_times("ehlo", HANG, {3}),
        at_times("mail", HANG, {6}),
        first_time("rcpt", HANG, {EVERYBODY[12]}),
        first_time("data", HANG, {EVERYBODY[18]}),
        first_time("dot", COMMIT_AND_HANG, {taken}),
        first_time("dot", HANG, {not_taken}),
        first_time("body", HANG, {long}),
    )
    with SmtpServer(script, extensions=in_way(way), receive_buffer=SMALL_WINDOW) as server:
        # A connection for each silence, so that all of them are waited for at once.
        run = Run(database, tmp_path, server, f"silence at each stage, {way}", connections=2 * CONNECTIONS)
        with_long_messages(run, [long])
        report = run.send()
        assert (report.accepted, report.problem) == (READERS, None)
        account = run.settle(doubles=1)
    assert (sorted(account.doubted), account.doubles) == (sorted([taken, not_taken]), 1)


def test_a_relay_has_the_time_that_the_standard_gives_it(tmp_path: Path) -> None:
    """RFC 5321 §4.5.3.2: commands five minutes, DATA two, a block three, the final dot ten."""
    times = access_to(settings_for(tmp_path, 25), "main").timeouts
    assert 30 <= times.connect <= 300
    assert (times.command, times.data, times.block, times.dot) == (300, 120, 180, 600)


@ON_SQLITE  # the wait is the session's; no transaction is open meanwhile
@pytest.mark.parametrize("way", WAYS)
def test_a_dot_that_is_answered_late_is_answered(
    database: Database, tmp_path: Path, patience: Patience, way: str
) -> None:
    """Later than any command may be: nothing is in doubt, nothing is sent twice."""
    patience(replace(Timeouts(), command=1, data=1))
    late = first_time("dot", answer("250 2.0.0 taken", wait=1.5), {EVERYBODY[9], EVERYBODY[10]})
    with SmtpServer(late, extensions=in_way(way)) as server:
        run = Run(database, tmp_path, server, f"250 late after the dot, {way}")
        report = run.send()
        assert (report.accepted, report.in_doubt) == (READERS, ())
        run.settle()


@pytest.mark.parametrize("way", WAYS)
def test_a_slow_connection_holds_no_other_up(database: Database, tmp_path: Path, way: str) -> None:
    """One dot is answered when everybody else's is, but for the message that was begun behind it."""
    slow = EVERYBODY[5]
    others = READERS - 1 - (way == "pipelined")
    server = SmtpServer(extensions=in_way(way))

    def script(step: Step) -> Act | None:
        if step.stage != "dot":
            return None
        if step.recipient == slow:
            return Act(reply=b"250 2.0.0 taken\r\n", hold=True)
        if sum(one.stage == "dot" and one.recipient != slow for one in server.steps) == others:
            server.release()
        return None

    server.script = script
    with server:
        run = Run(database, tmp_path, server, f"one slow connection, {way}")
        assert run.send().accepted == READERS
        run.settle()


@ON_SQLITE
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("pause", [0, 0.02], ids=["at once", "later"])
def test_a_421_to_who_is_idle_is_nobodys(database: Database, tmp_path: Path, pause: float, way: str) -> None:
    """Said between two messages, behind the 250 or when nothing is under way: the next goes over a new connection."""
    idle = Act(reply=b"250 2.0.0 taken\r\n", then=b"421 4.4.2 idle for too long\r\n", pause=pause, drop=True)
    script = first_time("dot", idle, EVERYBODY[3::6])
    with SmtpServer(script, extensions=in_way(way)) as server:
        run = Run(database, tmp_path, server, f"421 between messages, {way}", pace="60/second")
        report = run.send()
        assert (report.accepted, report.in_doubt, report.problem) == (READERS, (), None)
        # Who had just begun the next message was too early to hear it.
        assert run.attempts <= READERS + len(EVERYBODY[3::6])
        assert server.reached("connect") >= 1 + len(EVERYBODY[3::6]) // CONNECTIONS
        run.settle()


@ON_SQLITE
def test_a_421_while_the_body_is_written_is_heard(database: Database, tmp_path: Path) -> None:
    """Right behind the 354: never in doubt, and the delivery goes over another connection."""
    bye = Act(reply=GO_ON, then=b"421 4.3.2 bye\r\n", drop=True)
    with SmtpServer(first_time("data", bye, EVERYBODY[5::16])) as server:
        run = Run(database, tmp_path, server, "421 behind 354")
        report = run.send()
        assert (report.accepted, report.in_doubt) == (READERS, ())
        run.settle()


@ON_SQLITE
@pytest.mark.parametrize("way", WAYS)
def test_a_relay_that_does_not_stop_talking_is_hung_up_on(database: Database, tmp_path: Path, way: str) -> None:
    """One reply after the other to who has asked for none: what it says is not kept, its 250 was read."""
    chatter = Act(reply=b"250 2.0.0 taken\r\n", then=b"250 and another thing\r\n" * 1000, endless=True)
    with SmtpServer(first_time("dot", chatter, EVERYBODY[4:5]), extensions=in_way(way)) as server:
        run = Run(database, tmp_path, server, f"endless replies to nobody, {way}", readers=12, pace="20/second")
        report = run.send()
        assert (report.accepted, report.in_doubt, run.attempts) == (12, (), 12)
        run.settle()
    # What the kernels keep for us is most of it; read, it would be a hundred megabytes a second.
    assert server.endless_octets < 20_000_000


@ON_SQLITE
@pytest.mark.usefixtures("impatient")
def test_how_a_relay_takes_its_leave_changes_nothing(database: Database, tmp_path: Path) -> None:
    """Each connection carries six messages; each QUIT is answered worse than the one before."""
    goodbyes = [DROP, RESET, HANG, answer("500 5.5.1 what?"), Act(reply=b"bye" * 1000, endless=True), answer("bye")]
    script = any_of(*(at_times("quit", act, {place + 1}) for place, act in enumerate(goodbyes)))
    with SmtpServer(script) as server:
        run = Run(database, tmp_path, server, "every QUIT", messages_per_connection=6)
        report = run.send()
        assert (report.accepted, report.in_doubt, report.problem) == (READERS, (), None)
        assert server.reached("quit") >= len(goodbyes)
        assert run.attempts == READERS
        run.settle()


@ON_SQLITE
def test_a_relay_that_cannot_be_found_or_reached_burns_nobody(database: Database, tmp_path: Path) -> None:
    """A name that does not resolve, then a port that refuses: a clear sentence, no delivery tried; then it is there."""
    with SmtpServer() as server, closed_port() as port:
        run = Run(database, tmp_path, server, "no such name, connection refused")
        good = run.settings
        for relay in ({"host": "no-such-relay.invalid"}, {"port": port}):
            main = good.relays["main"].model_copy(update=relay)
            run.settings = good.model_copy(update={"relays": {"main": main}})
            with run.when_said("deliveries wait", run.stop):
                report = run.send()
            assert "cannot be reached" in str(report.problem)
            assert (report.due, run.attempts) == (READERS, 0)
        run.settings = good
        run.settle()


# What listens where somebody has mistaken the port.
STRANGERS = {
    "HTTP": (b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n", "HTTP/1.1 400 Bad Request"),
    "IMAP": (b"* OK [CAPABILITY IMAP4rev1] ready\r\n", "* OK [CAPABILITY IMAP4rev1] ready"),
    "POP3": (b"+OK <1896.697170952@harbour.example>\r\n", "+OK <(address)>"),
    "a line of megabytes": (b"x" * 5_000_000 + b"\r\n", "Response too long"),
    "a long line": (b"x" * 8_000 + b"\r\n", "x" * 80),
    "a code below all": (b"-12 go on\r\n", "go on"),
}


@ON_SQLITE
def test_what_does_not_speak_smtp_is_said_so(database: Database, tmp_path: Path) -> None:
    """In its own words, and not in many of them; nobody is tried, and all go once the port is right."""
    with SmtpServer() as server:
        run = Run(database, tmp_path, server, "no SMTP at this port")
        for greeting, shown in STRANGERS.values():
            server.script = at_times("connect", Act(reply=greeting, drop=True), {server.reached("connect") + 1})
            with run.when_said("deliveries wait", run.stop):
                report = run.send()
            place = f"relay main (127.0.0.1:{server.port})"
            assert str(report.problem) == f"{place} does not speak SMTP (look at host and port); it says: {shown}"
            assert (type(report.problem), report.due, run.attempts) == (RelayError, READERS, 0)
        run.settle()


def test_a_problem_that_nobody_waits_for_any_more_is_none(database: Database, tmp_path: Path) -> None:
    """The one connection is refused, and before the next is tried an operator pauses the issue: nothing is due."""
    with SmtpServer(at_times("connect", RESET, {1})) as server:
        run = Run(database, tmp_path, server, "refused at the end", connections=1)
        with run.when_said("deliveries wait", lambda: database.transact(pause_issue, run.issue.id, "by hand")):
            report = run.send()
        assert (report.problem, report.due, run.attempts) == (None, 0, 0)
        assert server.reached("connect") == 1
        run.settle()


@pytest.mark.parametrize("way", WAYS)
def test_a_relay_that_goes_away_in_the_middle_is_waited_for(database: Database, tmp_path: Path, way: str) -> None:
    """It hangs up on everybody and refuses connections; once it is back the same run goes on."""
    server = SmtpServer(extensions=in_way(way))

    def script(step: Step) -> Act | None:
        if step.stage != "dot":
            return None
        if server.reached("dot") == READERS // 2:
            server.leave()
        if len({*server.copies(), step.recipient}) == READERS:
            run.stop()
        return None

    server.script = script
    with server:
        run = Run(database, tmp_path, server, f"gone and back in the middle, {way}")
        with run.when_said("deliveries wait", server.come_back):
            report = run.send(until_idle=False)
        assert report.problem is None
        run.settle(doubles=CONNECTIONS)


STORM = (
    answer("451 4.7.1 later"), answer("what?"), answer("421 4.3.2 bye", drop=True), DROP, RESET,
    COMMIT_AND_DROP, COMMIT_AND_RESET,
)  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_a_relay_that_fails_in_every_way_loses_nobody(database: Database, tmp_path: Path, way: str) -> None:
    """At every stage but the first, one time in twenty, over eight connections: each double was in doubt."""
    chance = random.Random(20)
    committed: list[str] = []

    def storm(step: Step) -> Act | None:
        if step.stage not in (*Stage, "ehlo", "body", "rset") or chance.random() > 0.05:
            return None
        # Who speaks inside a body and then takes it has lied: no client can know.
        act = chance.choice(STORM[-5:] if step.stage == "body" else STORM)
        if act.commit and step.stage == "dot":
            committed.append(step.recipient)
        return act

    readers = addresses(120)
    with SmtpServer(storm, extensions=in_way(way)) as server:
        run = Run(database, tmp_path, server, f"everything at 5 %, {way}", readers=readers, connections=2 * CONNECTIONS)
        run.send()
        if run.those(DeliveryState.IN_DOUBT):
            # Tried three times in all, and in doubt the last time: that is for an operator to decide.
            database.transact(resolve, run.issue.id, Decision.RESEND, {}, NOW)
        account = run.settle(doubles=len(committed))
    assert account.doubles == len(committed)
