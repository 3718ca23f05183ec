"""Replies that say no, at each stage: to some, to everybody, in every form that servers give them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dispatch.store.database import Database
from tests.delivering.make import addresses, tally_of
from tests.faults.runs import (
    CONNECTIONS,
    READERS,
    WAYS,
    Run,
    always,
    any_of,
    at_times,
    first_time,
    in_way,
    then_stop,
)
from tests.smtp_server import Act, Script, SmtpServer, answer

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
EVERYBODY = addresses(READERS)
STAGES = ("connect", "ehlo", "mail", "rcpt", "data", "dot")
# Who is hit at which stage; far apart, so that the relay seems neither too busy nor gone.
HIT = {"rcpt": EVERYBODY[21:22], "data": EVERYBODY[31:32], "dot": EVERYBODY[41:42]}
MAIL_HIT = 12
CONNECTIONS_HIT = {"connect": 2, "ehlo": 3}

# Each reply, and the stages at which it is a refusal of that reader. Everywhere else they are tried again.
REPLIES: dict[str, tuple[str, ...]] = {
    "421 4.3.2 shutting down": (),
    "421 bye": (),
    "450 4.2.0 later": (),
    "451-4.7.1 wait\n451 4.7.1 a little": (),
    "451 later": (),
    "452 4.2.2 full for now": (),
    "452-no\n452-room\n452 now": (),
    "550 no": ("dot",),
    "550-5.1.1 nobody\n550 5.1.1 here": ("rcpt", "dot"),
    "550 5.7.1 blocked": (),
    "552 5.2.2 full": ("rcpt", "dot"),
    "552 too much": ("dot",),
    "554 no": (),
    "554 5.7.1 spam": (),
}  # fmt: skip


def to_some(act: Act) -> Script:
    """Two connections, one MAIL, and one reader at each later stage are answered like this, once."""
    return any_of(
        *(at_times(stage, act, {place}) for stage, place in CONNECTIONS_HIT.items()),
        at_times("mail", act, {MAIL_HIT}),
        *(first_time(stage, act, whom) for stage, whom in HIT.items()),
    )


def refused_with(reply: str) -> list[str]:
    """Whom that script costs the issue."""
    return [address for stage in REPLIES[reply] for address in HIT[stage]]


def one_line(reply: str) -> str:
    return " / ".join(reply.split("\n"))


@ON_SQLITE
@pytest.mark.parametrize(
    ("reply", "way"),
    [(reply, "pipelined") for reply in REPLIES] + [(reply, "step by step") for reply in list(REPLIES)[::3]],
    ids=one_line,
)
def test_a_reply_to_some_is_theirs_alone(database: Database, tmp_path: Path, reply: str, way: str) -> None:
    """At each of six stages, once: the others notice nothing, and who was not refused for good has it in the end."""
    script = to_some(answer(reply, drop=reply.startswith("421")))
    with SmtpServer(script, extensions=in_way(way)) as server:
        run = Run(database, tmp_path, server, f"{one_line(reply)}, to some, {way}")
        first = run.send()
        assert first.braked == ()
        assert first.accepted >= READERS - sum(map(len, HIT.values())) - 1
        run.settle(refused=refused_with(reply))
    for address in refused_with(reply):
        assert run.reply_to(address).startswith(reply[:3])
        assert run.tries_of(address) <= 2
    # Nobody is charged for what was said before MAIL. A 421 ends what was begun behind it as well.
    faults = 1 + sum(map(len, HIT.values()))
    assert READERS < run.attempts <= READERS + faults + (faults if reply.startswith("421") else 0)


# What is answered to everybody, one after the other; and where it is each reader's own refusal.
TO_EVERYBODY = [
    "421 4.3.2 bye", "450 later", "451 4.7.1 later", "452 4.3.1 full",
    "530 5.7.0 log in first", "550 no", "550 5.7.1 blocked", "552 too much", "554 5.7.1 spam", "554 no",
    "550 5.1.1 nobody here",
]  # fmt: skip
THEIR_OWN = {"rcpt": {"550 5.1.1 nobody here"}, "dot": {"550 no", "552 too much", "550 5.1.1 nobody here"}}
BRAKE_AT = 50


def relays_own(stage: str) -> list[str]:
    """Those answers to everybody that say nothing about readers at this stage."""
    return [reply for reply in TO_EVERYBODY if reply not in THEIR_OWN.get(stage, ())]


@ON_SQLITE
@pytest.mark.parametrize("stage", ["connect", "ehlo"])
def test_nobody_is_let_in_and_nobody_is_charged(database: Database, tmp_path: Path, stage: str) -> None:
    """Every reply in turn: the sentence has the relay's words, no delivery was tried, and all go later."""
    with SmtpServer() as server:
        run = Run(database, tmp_path, server, f"every reply to everybody at {stage}")
        for reply in relays_own(stage):
            server.script = always(stage, answer(reply, drop=True))
            with run.when_said("deliveries wait", run.stop):
                report = run.send()
            assert f"does not let us in: {reply}" in str(report.problem)
            assert (report.due, run.attempts, run.state[0]) == (READERS, 0, "sending")
        assert server.reached("connect") == len(relays_own(stage))
        run.settle()


@ON_SQLITE
@pytest.mark.parametrize("stage", STAGES[2:])
def test_a_reply_to_everybody_burns_nobody(database: Database, tmp_path: Path, stage: str) -> None:
    """A 4xx until somebody stops the run; a 5xx until the brake pauses the issue with the reply in words."""
    with SmtpServer() as server:
        run = Run(database, tmp_path, server, f"every reply to everybody at {stage}", readers=BRAKE_AT + 10)
        for reply in relays_own(stage):
            everybody = always(stage, answer(reply, drop=reply.startswith("421")))
            is_passing = reply.startswith("4")
            server.script = then_stop(run, everybody, after=CONNECTIONS) if is_passing else everybody
            before = server.reached(stage)
            report = run.send(after=run.until_all_is_due())
            assert (report.accepted, report.refused, server.received) == (0, 0, [])
            if not is_passing:
                assert_braked(run, reply)
                # What the connections had begun when the fiftieth was refused.
                assert BRAKE_AT <= server.reached(stage) - before <= BRAKE_AT + CONNECTIONS
        run.settle()


def assert_braked(run: Run, reply: str) -> None:
    """The issue is paused in the relay's words, nobody is refused; then somebody lets it go on."""
    state, reason = run.state
    assert state == "paused"
    assert reply in reason
    assert reply in run.reports[-1].braked[0]
    tally = tally_of(run.database, run.issue.id)
    assert (tally.refused, tally.suppressed, tally.waiting) == (0, 0, len(run.audience))
    run.resume()


@pytest.mark.parametrize("way", WAYS)
def test_the_brake_holds_on_both_databases(database: Database, tmp_path: Path, way: str) -> None:
    """Spam, says the relay to everybody, fifty times; and then it has an open ear again."""
    with SmtpServer(always("dot", answer("550 5.7.1 spam")), extensions=in_way(way)) as server:
        run = Run(database, tmp_path, server, f"550 5.7.1 at every dot, {way}", readers=BRAKE_AT + 10)
        run.send()
        assert_braked(run, "550 5.7.1 spam")
        assert BRAKE_AT <= server.reached("dot") <= BRAKE_AT + CONNECTIONS
        run.settle()


@ON_SQLITE
@pytest.mark.parametrize(("stage", "reply"), [("rcpt", "550 5.1.1 nobody here"), ("dot", "552 too much")])
def test_readers_who_are_all_refused_stay_readers(database: Database, tmp_path: Path, stage: str, reply: str) -> None:
    """The issue is over for them; no address is suppressed for what one relay said once."""
    with SmtpServer(always(stage, answer(reply))) as server:
        run = Run(database, tmp_path, server, f"{reply} to everybody at {stage}")
        assert run.send().refused == READERS
        assert run.attempts == READERS
        run.settle(refused=EVERYBODY)


@ON_SQLITE
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("reply", ["450 4.2.0 later", "550 5.1.1 nobody", "554 no"])
def test_a_relay_that_answers_and_hangs_up_is_heard(database: Database, tmp_path: Path, reply: str, way: str) -> None:
    """What it said before it went counts, at every stage; what was begun behind it goes over another connection."""
    with SmtpServer(to_some(answer(reply, drop=True)), extensions=in_way(way)) as server:
        run = Run(database, tmp_path, server, f"{reply} and closes, to some, {way}")
        run.send()
        refused = [*HIT["rcpt"], *HIT["dot"]] if reply.startswith("550") else []
        run.settle(refused=refused)
    for address in refused:
        assert run.reply_to(address) == reply


@ON_SQLITE
@pytest.mark.parametrize("waits_for_nobody", [True, False], ids=["354", "554"])
def test_readers_refused_in_a_group_spoil_nothing(database: Database, tmp_path: Path, waits_for_nobody: bool) -> None:
    """Every sixth is unknown; the relay takes DATA all the same, or not (RFC 2920 §3.1). No connection is lost."""
    unknown = EVERYBODY[2::6]
    script = first_time("rcpt", answer("550 5.1.1 nobody"), unknown)
    with SmtpServer(script, waits_for_nobody=waits_for_nobody) as server:
        run = Run(database, tmp_path, server, f"550 5.1.1 in a group, then {'354' if waits_for_nobody else '554'}")
        run.send()
        assert server.reached("connect") <= CONNECTIONS
        assert run.attempts == READERS
        run.settle(refused=unknown)


Garbage = Callable[[str], Act]


def good(stage: str) -> bytes:
    """What a relay that works says here."""
    code = {"connect": b"220", "data": b"354"}.get(stage, b"250")
    return code + b" go on\r\n"


GARBAGE: dict[str, Garbage] = {
    "nonsense": lambda _stage: Act(reply=b"complete nonsense\r\n"),
    "a code that is none": lambda _stage: Act(reply=b"999 go on\r\n"),
    "NUL in the code": lambda _stage: Act(reply=b"2\x0050 go on\r\n"),
    "a line without end": lambda _stage: Act(reply=b"250 go on" * 1000, endless=True),
    "a reply without end": lambda _stage: Act(reply=b"250-go on\r\n" * 1000, endless=True),
    "half a reply": lambda stage: Act(reply=good(stage)[:-1], drop=True),
    "two codes in a reply": lambda stage: Act(reply=good(stage).replace(b" ", b"-") + b"451 no\r\n"),
    "another class": lambda stage: Act(reply=b"250 go on\r\n" if stage == "data" else b"354 go on\r\n"),
    "an octet a second": lambda stage: Act(reply=good(stage), byte_by_byte=1),
}


@ON_SQLITE
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("kind", "way"),
    [(kind, "pipelined") for kind in GARBAGE] + [(kind, "step by step") for kind in list(GARBAGE)[::4]],
)
def test_garbage_is_no_answer(database: Database, tmp_path: Path, kind: str, way: str) -> None:
    """Once at each stage: before the dot it is tried again; after the dot, which the relay took, it is in doubt."""
    garbage = GARBAGE[kind]
    with SmtpServer(extensions=in_way(way)) as server:
        server.script = any_of(
            *(at_times(stage, garbage(stage), {place}) for stage, place in CONNECTIONS_HIT.items()),
            at_times("mail", garbage("mail"), {MAIL_HIT}),
            *(first_time(stage, garbage(stage), HIT[stage]) for stage in ("rcpt", "data")),
            first_time("dot", taken(garbage("dot")), HIT["dot"]),
        )
        # A connection for each and two more, so that what takes its time is waited for at once.
        run = Run(database, tmp_path, server, f"{kind} at each stage, {way}", connections=2 * CONNECTIONS)
        report = run.send()
        assert (report.refused, report.turned_away, report.deferred) == (0, 0, 0)
        account = run.settle(doubles=1)
    assert list(account.doubted) == HIT["dot"]
    assert account.doubles == 1
    assert server.endless_octets < 100_000_000  # what the kernels keep for us is most of it


def taken(act: Act) -> Act:
    """The same at a dot whose message counts as taken."""
    return replace(act, commit=True)


@ON_SQLITE
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("second", ["250 go on", "354 go on", "550 5.1.1 nobody", "421 bye"])
def test_a_reply_too_many_is_nobody_elses(database: Database, tmp_path: Path, second: str, way: str) -> None:
    """Behind the right reply at once another one: nobody is refused for it and nobody called accepted."""
    with SmtpServer(extensions=in_way(way)) as server:
        stages = {stage: Act(reply=good(stage) + second.encode() + b"\r\n") for stage in STAGES}
        server.script = any_of(
            at_times("connect", stages["connect"], {2}),
            at_times("mail", stages["mail"], {MAIL_HIT}),
            *(first_time(stage, stages[stage], HIT[stage]) for stage in HIT),
        )
        run = Run(database, tmp_path, server, f"{second} behind each reply, {way}")
        run.send()
        run.settle()
