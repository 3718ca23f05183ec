"""One connection to a relay, against a real server that misbehaves on request."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from dispatch.errors import RelayError, RelaySetupError
from dispatch.model.delivery import Outcome, Stage, Try
from dispatch.transport.access import RelayAccess, Timeouts
from dispatch.transport.session import Envelope, Outgoing, SmtpSession
from tests.smtp_server import (
    CERTIFICATE,
    COMMIT_AND_DROP,
    COMMIT_AND_HANG,
    DROP,
    HANG,
    Act,
    Script,
    SmtpServer,
    Step,
    answer,
    closed_port,
    plainly,
)

ENVELOPE = Envelope("bounces+b-token@lamplight.example", "mara@harbour.example")
MESSAGE = b"Subject: hello\r\n\r\nfirst\r\nlast\r\n"
STEPWISE = ("8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "SIZE 10000000")
PIPELINED = ("PIPELINING", *STEPWISE)
QUICK = Timeouts(connect=5, command=0.5, data=0.5, block=5, dot=0.5)


def access(server: SmtpServer, **changes: object) -> RelayAccess:
    values: dict[str, object] = {
        "name": "main", "host": "localhost", "port": server.port, "security": "none",
        "greeting_name": "post.lamplight.example", "timeouts": QUICK,
    }  # fmt: skip
    return RelayAccess(**(values | changes))  # type: ignore[arg-type]


def outgoing(message: bytes = MESSAGE, envelope: Envelope = ENVELOPE) -> Outgoing:
    return Outgoing(envelope, message, len(message), message.isascii() and envelope.recipient.isascii())


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


def send(
    script: Script,
    *,
    message: bytes = MESSAGE,
    envelope: Envelope = ENVELOPE,
    license_dot: Callable[[], Awaitable[bool]] = yes,
    extensions: tuple[str, ...] | None = None,
    again: bool = False,
) -> tuple[Try, SmtpServer, bool]:
    """One try (or two) over one connection; the last result, the server, and whether the connection is still good."""

    async def talk(server: SmtpServer) -> tuple[Try, bool]:
        session = SmtpSession(access(server))
        await session.connect()
        result = await session.send(outgoing(message, envelope), license_dot)
        if again:
            result = await session.send(outgoing(message, envelope), license_dot)
        usable = session.is_usable
        await session.close()
        return result, usable

    server = SmtpServer(script)
    if extensions is not None:
        server.extensions = extensions
    with server:
        result, usable = asyncio.run(talk(server))
    return result, server, usable


def at(stage: str, act: Act) -> Script:
    return lambda step: act if step.stage == stage else None


def test_a_message_arrives_byte_for_byte() -> None:
    """A second one goes over the same connection."""
    result, server, usable = send(plainly, again=True)
    assert result.outcome is Outcome.ACCEPTED
    assert [received.data for received in server.received] == [MESSAGE, MESSAGE]
    assert {received.connection for received in server.received} == {1}
    assert server.received[0].sender == ENVELOPE.sender
    assert f"SIZE={len(MESSAGE)}" in server.received[0].options
    assert "8BITMIME" not in server.received[0].options
    assert usable


@pytest.mark.parametrize(
    ("stage", "act", "outcome", "arrived", "usable"),
    [
        ("mail", answer("451 4.3.2 later"), Outcome.BUSY, 0, True),
        ("mail", answer("550 5.7.1 not you"), Outcome.TURNED_AWAY, 0, True),
        ("mail", answer("421 4.3.2 bye", drop=True), Outcome.BUSY, 0, False),
        ("mail", DROP, Outcome.LOST, 0, False),
        ("mail", HANG, Outcome.LOST, 0, False),
        ("rcpt", answer("450-4.2.0 greylisted\n450 4.2.0 come back"), Outcome.DEFERRED, 0, True),
        ("rcpt", answer("550 5.1.1 <mara@harbour.example> unknown"), Outcome.REFUSED, 0, True),
        ("rcpt", answer("421 4.7.0 too many"), Outcome.BUSY, 0, False),
        ("rcpt", DROP, Outcome.LOST, 0, False),
        ("rcpt", answer("complete nonsense"), Outcome.LOST, 0, False),
        ("rcpt", Act(reply=b"250 " + b"x" * 1_000_000), Outcome.LOST, 0, False),
        ("data", answer("451 4.7.1 later"), Outcome.DEFERRED, 0, True),
        ("data", answer("554 5.5.1 no valid recipients"), Outcome.TURNED_AWAY, 0, True),
        ("data", DROP, Outcome.LOST, 0, False),
        ("data", HANG, Outcome.LOST, 0, False),
        ("dot", answer("450 4.2.1 later"), Outcome.DEFERRED, 0, True),
        ("dot", answer("552 5.2.2 full"), Outcome.REFUSED, 0, True),
        ("dot", answer("554 spam"), Outcome.TURNED_AWAY, 0, True),
        ("dot", answer("421 4.3.2 bye"), Outcome.BUSY, 0, False),
        ("dot", DROP, Outcome.IN_DOUBT, 0, False),
        ("dot", HANG, Outcome.IN_DOUBT, 0, False),
        ("dot", COMMIT_AND_DROP, Outcome.IN_DOUBT, 1, False),
        ("dot", COMMIT_AND_HANG, Outcome.IN_DOUBT, 1, False),
        ("dot", Act(reply=b"what?\r\n", commit=True), Outcome.IN_DOUBT, 1, False),
        ("dot", Act(reply=b"354 go on\r\n", commit=True), Outcome.IN_DOUBT, 1, False),
        ("rcpt", Act(reply=b"250-" + b"x" * 70 + b"\r\n250-") , Outcome.LOST, 0, False),
        ("rcpt", Act(reply=b"250-more\r\n" * 10_000), Outcome.LOST, 0, False),
        ("rcpt", Act(reply=b"250-ok\r\n550 no\r\n"), Outcome.LOST, 0, False),
        ("rcpt", Act(reply=b"250 \x00\xff\r\n"), Outcome.ACCEPTED, 1, True),
        ("rcpt", Act(reply=b"250\r\n"), Outcome.ACCEPTED, 1, True),
        ("rcpt", Act(reply=b"250 ok\n"), Outcome.ACCEPTED, 1, True),
        ("rcpt", Act(reply=b"250 one octet after the other\r\n", byte_by_byte=0.1), Outcome.LOST, 0, False),
        ("mail", answer("354 go on"), Outcome.LOST, 0, False),
        ("data", answer("250 ok"), Outcome.LOST, 0, False),
        ("dot", answer("250 2.0.0 taken", wait=0.3), Outcome.ACCEPTED, 1, True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("extensions", [PIPELINED, STEPWISE], ids=["pipelined", "step by step"])
def test_what_a_fault_means(
    stage: str, act: Act, outcome: Outcome, arrived: int, usable: bool, extensions: tuple[str, ...]
) -> None:
    """Before the dot lost, after it in doubt; a reply is what it says; 421 and garbage end the connection."""
    result, server, still_usable = send(at(stage, act), extensions=extensions)
    assert result.outcome is outcome
    assert len(server.received) == arrived
    assert still_usable is usable
    assert "harbour" not in str(result.reply)


def test_a_refused_recipient_leaves_the_connection_fit_for_the_next() -> None:
    """RSET is sent in between."""

    def first_only(step: Step) -> Act | None:
        return answer("550 5.1.1 unknown") if step.stage == "rcpt" and step.nth == 1 else None

    result, server, _ = send(first_only, again=True)
    assert result.outcome is Outcome.ACCEPTED
    assert server.reached("rset") == 1
    assert server.reached("connect") == 1


def test_no_dot_leaves_without_a_license() -> None:
    """The ledger says no after the body was written: the connection closes and nothing has arrived."""
    result, server, usable = send(plainly, license_dot=no)
    assert result.outcome is Outcome.UNLICENSED
    assert server.received == []
    assert server.reached("body") == 1
    assert not usable


def test_a_relay_that_hangs_up_while_the_license_is_asked_is_lost_and_not_in_doubt() -> None:
    """The dot was never written."""

    async def slow() -> bool:
        await asyncio.sleep(0.3)
        return True

    result, server, _ = send(at("body", DROP), license_dot=slow)
    assert result == Try(Outcome.LOST, Stage.DATA)
    assert server.received == []


def test_what_a_relay_says_in_the_middle_of_the_body_counts() -> None:
    """A 552 that cannot wait for the dot is that refusal, not a lost connection."""

    async def slow() -> bool:
        await asyncio.sleep(0.3)
        return True

    result, _, _ = send(at("body", answer("552 5.3.4 too big", drop=True)), license_dot=slow)
    assert result.outcome is Outcome.TURNED_AWAY


def test_a_message_larger_than_the_relay_takes_is_not_offered() -> None:
    """SIZE (RFC 1870) is known before MAIL."""
    result, server, usable = send(plainly, extensions=("SIZE 20",))
    assert result.outcome is Outcome.TURNED_AWAY
    assert "too large: the relay takes 20 bytes" in result.reason
    assert server.reached("mail") == 0
    assert usable


def test_an_address_outside_ascii_needs_smtputf8() -> None:
    """Without it the recipient is refused here; with it MAIL says so, and only for them."""
    unicode = Envelope(ENVELOPE.sender, "zoë@harbour.example")
    message = "To: zoë@harbour.example\r\n\r\nhello\r\n".encode()
    without, server, usable = send(plainly, envelope=unicode, message=message, extensions=("8BITMIME",))
    assert (without.outcome, without.reason, usable) == (Outcome.REFUSED, "eai-unsupported", True)
    assert server.reached("mail") == 0
    result, server, _ = send(plainly, envelope=unicode, message=message)
    assert result.outcome is Outcome.ACCEPTED
    assert server.received[0].recipient == "zoë@harbour.example"
    assert "SMTPUTF8" in server.received[0].options


@pytest.mark.parametrize(
    "recipient", ["a@b.example>\r\nRCPT TO:<c@d.example", "a@b.example> NOTIFY=NEVER", "a b@c.example"]
)
def test_no_recipient_becomes_a_command(recipient: str) -> None:
    """What could end the command is refused before it is written."""
    result, server, _ = send(plainly, envelope=Envelope(ENVELOPE.sender, recipient))
    assert result.outcome is Outcome.REFUSED
    assert server.received == []
    assert server.reached("rcpt") == 0


def test_a_slow_answer_octet_by_octet_is_read() -> None:
    """Slow is not wrong."""
    result, _, _ = send(at("rcpt", Act(reply=b"250 ok\r\n", byte_by_byte=0.02)))
    assert result.outcome is Outcome.ACCEPTED


def test_closing_while_a_reply_is_awaited_leaves_doubt() -> None:
    """As a stop does once its grace is over."""

    async def talk(server: SmtpServer) -> Try:
        session = SmtpSession(access(server, timeouts=Timeouts()))
        await session.connect()
        sending = asyncio.create_task(session.send(outgoing(), yes))
        while not session.awaits_reply:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        session.abort()
        return await sending

    with SmtpServer(at("dot", HANG)) as server:
        assert asyncio.run(talk(server)).outcome is Outcome.IN_DOUBT


def send_two(server: SmtpServer, **changes: object) -> tuple[list[Try], bool]:
    """Two messages, the second begun with the first one's dot where that is possible; what became of them."""

    async def talk() -> tuple[list[Try], bool]:
        session = SmtpSession(access(server), **changes)  # type: ignore[arg-type]
        await session.connect()
        first, second = outgoing(), outgoing(envelope=Envelope(ENVELOPE.sender, "noor@tide.example"))
        results = [await session.send(first, yes, lambda: second)]
        if session.is_usable:
            results.append(await session.send(second, yes))
        usable = session.is_usable
        await session.close()
        return results, usable

    with server:
        return asyncio.run(talk())


def outcomes(results: list[Try]) -> list[Outcome]:
    return [result.outcome for result in results]


def of_second(stage: str, act: Act) -> Script:
    return lambda step: act if step.stage == stage and step.recipient == "noor@tide.example" else None


class Listener:
    """A server that notes what arrives together, and answers each piece as it is told."""

    def __init__(self, answers: list[bytes]) -> None:
        self.answers, self.pieces = answers, list[bytes]()
        self.port = 0

    async def __aenter__(self) -> "Listener":
        self._done = asyncio.Event()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def has_read_the_body(self) -> bool:
        """A license for the dot, given once the body has arrived alone."""
        while self.pieces[-1] != MESSAGE:  # noqa: ASYNC110
            await asyncio.sleep(0)
        return True

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._done.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 inbox.example\r\n")
        for text in self.answers:
            self.pieces.append(await reader.read(65_536))
            writer.write(text)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        self._done.set()


@pytest.mark.parametrize("pipelines", [True, False])
def test_a_message_costs_one_round_trip(pipelines: bool) -> None:
    """The dot leaves with MAIL, RCPT and DATA of the next, unless the relay has lost our trust in that."""

    async def talk() -> list[bytes]:
        ehlo, group, taken = b"250-hi\r\n250 PIPELINING\r\n", b"250 ok\r\n250 ok\r\n354 go on\r\n", b"250 taken\r\n"
        answers = [ehlo, group, b"", taken + group] if pipelines else [ehlo, group, b"", taken, group]
        async with Listener(answers) as server:
            place = access(SmtpServer(port=server.port), host="127.0.0.1")
            session = SmtpSession(place, pipelines=pipelines)
            await session.connect()
            first, second = outgoing(), outgoing()
            assert (await session.send(first, server.has_read_the_body, lambda: second)).outcome is Outcome.ACCEPTED
            assert (await session.send(second, no)).outcome is Outcome.UNLICENSED
        return server.pieces

    group = b"MAIL FROM:<bounces+b-token@lamplight.example>\r\nRCPT TO:<mara@harbour.example>\r\nDATA\r\n"
    end = [b".\r\n" + group] if pipelines else [b".\r\n", group]
    assert asyncio.run(talk()) == [b"EHLO post.lamplight.example\r\n", group, MESSAGE, *end]


def test_without_pipelining_each_command_waits_for_its_reply() -> None:
    """And the next message is begun when the last one is answered."""

    async def talk() -> list[bytes]:
        async with Listener(
            [b"250 hi\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go on\r\n", b"", b"250 taken\r\n"]
        ) as server:
            session = SmtpSession(access(SmtpServer(port=server.port), host="127.0.0.1"))
            await session.connect()
            assert (await session.send(outgoing(), server.has_read_the_body, outgoing)).outcome is Outcome.ACCEPTED
            session.abort()
        return server.pieces

    pieces = asyncio.run(talk())
    assert [piece.partition(b" ")[0].strip() for piece in pieces[1:4]] == [b"MAIL", b"RCPT", b"DATA"]
    assert pieces[4:] == [MESSAGE, b".\r\n"]


@pytest.mark.parametrize("extensions", [PIPELINED, STEPWISE], ids=["pipelined", "step by step"])
def test_two_messages_arrive_over_one_connection(extensions: tuple[str, ...]) -> None:
    """Each with its own envelope."""
    server = SmtpServer(extensions=extensions)
    assert outcomes(send_two(server)[0]) == [Outcome.ACCEPTED, Outcome.ACCEPTED]
    assert [one.recipient for one in server.received] == ["mara@harbour.example", "noor@tide.example"]
    assert server.reached("connect") == 1


@pytest.mark.parametrize("waits_for_nobody", [True, False], ids=["354", "554"])
def test_a_refused_recipient_in_a_group_spoils_nothing(waits_for_nobody: bool) -> None:
    """Whether the relay then takes DATA and waits for a lone dot, or refuses it (RFC 2920 §3.1)."""
    server = SmtpServer(of_second("rcpt", answer("550 5.1.1 unknown")), waits_for_nobody=waits_for_nobody)
    results, usable = send_two(server)
    assert outcomes(results) == [Outcome.ACCEPTED, Outcome.REFUSED]
    assert usable
    assert [one.recipient for one in server.received] == ["mara@harbour.example"]


@pytest.mark.parametrize(
    ("script", "expected", "arrived"),
    [
        (at("dot", answer("421 4.3.2 bye", drop=True)), [Outcome.BUSY], 0),
        (at("dot", DROP), [Outcome.IN_DOUBT], 0),
        (at("dot", COMMIT_AND_DROP), [Outcome.IN_DOUBT], 1),
        (at("dot", answer("552 5.2.2 full")), [Outcome.REFUSED, Outcome.REFUSED], 0),
        (of_second("rcpt", answer("421 4.7.0 too many", drop=True)), [Outcome.ACCEPTED, Outcome.BUSY], 1),
        (of_second("data", DROP), [Outcome.ACCEPTED, Outcome.LOST], 1),
    ],
)  # fmt: skip
def test_what_a_fault_does_to_the_message_that_was_begun(script: Script, expected: list[Outcome], arrived: int) -> None:
    """Until its own dot nothing of it can have arrived, whatever becomes of the one before."""
    server = SmtpServer(script)
    assert outcomes(send_two(server)[0]) == expected
    assert len(server.received) == arrived


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "dot"])
@pytest.mark.parametrize("extensions", [PIPELINED, STEPWISE], ids=["pipelined", "step by step"])
def test_a_reply_too_many_is_never_taken_for_another(stage: str, extensions: tuple[str, ...]) -> None:
    """After it nothing is called accepted that was not."""
    plain = {"data": "354 go on\n250 and more"}.get(stage, "250 ok\n250 and more")
    server = SmtpServer(
        lambda step: answer(plain) if step.stage == stage and step.nth == 1 else None, extensions=extensions
    )
    results, _ = send_two(server)
    assert outcomes(results).count(Outcome.ACCEPTED) <= len(server.received)
    assert Outcome.ACCEPTED not in outcomes(results)[1:]


def test_a_goodbye_is_not_read_as_the_text_of_a_message() -> None:
    """Closing where the next message was begun drops the connection instead."""

    async def talk(server: SmtpServer) -> None:
        session = SmtpSession(access(server))
        await session.connect()
        await session.send(outgoing(), yes, outgoing)
        await session.close()

    with SmtpServer() as server:
        asyncio.run(talk(server))
    assert server.reached("quit") == 0
    assert len(server.received) == 1


def test_a_server_that_knows_helo_alone_is_spoken_to() -> None:
    """RFC 5321 §3.2; nothing it did not offer is used."""
    result, server, _ = send(at("ehlo", answer("502 5.5.1 what?")))
    assert result.outcome is Outcome.ACCEPTED
    assert server.reached("helo") == 1
    assert server.received[0].options == ""


def connect(server: SmtpServer, **changes: object) -> None:
    async def talk() -> None:
        session = SmtpSession(access(server, **changes))
        await session.connect()
        first, second = outgoing(), outgoing()
        assert (await session.send(first, yes, lambda: second)).outcome is Outcome.ACCEPTED
        assert (await session.send(second, yes)).outcome is Outcome.ACCEPTED
        await session.close()

    asyncio.run(talk())


def test_starttls_and_log_in_come_before_the_first_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but EHLO and STARTTLS travels in clear."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with SmtpServer(starttls=True, login=("lamplight", "secret")) as server:
        connect(server, security="starttls", username="lamplight", password="secret")
    assert server.before_tls == ["EHLO", "STARTTLS"]
    assert server.reached("auth") == 1


@pytest.mark.parametrize(
    ("server", "changes", "sentence"),
    [
        (SmtpServer(starttls=False), {"security": "starttls"}, "offers no STARTTLS"),
        (SmtpServer(starttls=True), {"security": "starttls"}, "the certificate of relay main"),
        (SmtpServer(), {"security": "tls"}, "does not speak TLS as configured"),
        (SmtpServer(login=("mara", "other")), {"username": "mara", "password": "secret"}, "refuses the log-in"),
        (SmtpServer(), {"username": "lamplight", "password": "secret"}, "offers no log-in"),
    ],
    ids=["STARTTLS stripped", "unknown certificate", "no TLS there", "wrong password", "no log-in offered"],
)  # fmt: skip
def test_what_somebody_has_to_mend_is_said_in_a_sentence(
    server: SmtpServer, changes: dict[str, object], sentence: str
) -> None:
    """RelaySetupError names the relay; no MAIL and no password is sent; the password is in no sentence."""
    with server, pytest.raises(RelaySetupError, match=sentence) as caught:
        connect(server, **changes)
    assert server.reached("mail") == 0
    assert "secret" not in str(caught.value)
    if changes.get("security") == "starttls":
        assert set(server.before_tls) <= {"EHLO", "STARTTLS"}


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (answer("421 4.3.2 too many connections", drop=True), "does not let us in: 421 4.3.2 too many connections"),
        (answer("554 5.7.1 go away", drop=True), "does not let us in: 554 5.7.1 go away"),
        (DROP, "cannot be reached"),
        (answer("hello"), "does not speak SMTP .*; it says: hello"),
    ],
    ids=["421", "554", "dropped", "garbage"],
)
def test_a_relay_that_does_not_let_us_in_may_do_so_later(act: Act, sentence: str) -> None:
    """RelayError, and not one that needs somebody's hand."""
    with SmtpServer(at("connect", act)) as server, pytest.raises(RelayError, match=sentence) as caught:
        connect(server)
    assert not isinstance(caught.value, RelaySetupError)


def test_a_relay_that_is_not_there_is_named() -> None:
    """Refused connections and names that do not resolve."""
    with closed_port() as port, pytest.raises(RelayError, match=rf"relay main \(localhost:{port}\) cannot be reached"):
        connect(SmtpServer(port=port))
    with pytest.raises(RelayError, match="cannot be reached"):
        connect(SmtpServer(port=2525), host="no-such-relay.invalid")


def test_a_relay_that_never_greets_is_given_up() -> None:
    """The time to connect is limited."""
    with SmtpServer(at("connect", HANG)) as server, pytest.raises(RelayError, match="does not answer in time"):
        connect(server, timeouts=Timeouts(connect=0.3))


def test_the_certificate_in_the_tests_is_a_certificate() -> None:
    """It loads, so that a refusal above is about trust and not about the file."""
    ssl.create_default_context(cafile=str(CERTIFICATE))


class Inbox:
    """What aiosmtpd hands its messages to."""

    def __init__(self) -> None:
        self.taken: list[Any] = []

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:  # noqa: ARG002, N802
        self.taken.append(envelope)
        return "250 2.0.0 taken"


def test_another_server_than_our_own_takes_the_same_message() -> None:
    """aiosmtpd reads what we write."""
    inbox = Inbox()
    with closed_port() as port:
        pass
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        connect(SmtpServer(port=port), host="127.0.0.1")
    finally:
        controller.stop()
    taken, _ = inbox.taken
    assert (taken.mail_from, taken.rcpt_tos, taken.content) == (ENVELOPE.sender, [ENVELOPE.recipient], MESSAGE)
