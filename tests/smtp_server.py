"""A real SMTP server on a free loopback port that misbehaves on request, with its own account of what it took.

    with SmtpServer(script) as server:      # script: Step → Act, the plain answer where it returns None
        …
        server.received                     # every message committed, in order
        server.steps                        # everything clients said, with the number of their connection

It runs in a thread of its own, so that it serves this process and others alike.
"""

import asyncio
import os
import re
import socket
import ssl
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self, SupportsIndex

CERTIFICATE = Path(__file__).parent / "transport" / "localhost.pem"


@dataclass(frozen=True, slots=True)
class Step:
    """One moment of a conversation. `nth` counts how often this stage was reached for this recipient (or at all)."""

    stage: str  # connect, ehlo, starttls, auth, mail, rcpt, data, body (some of it is there), dot, rset, quit
    connection: int
    recipient: str = ""
    nth: int = 1
    line: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """What to do instead of the plain answer."""

    reply: bytes | None = None  # sent instead; None: say nothing
    drop: bool = False  # then close the connection
    commit: bool = False  # at the dot: the message counts as taken, whatever is answered
    wait: float = 0  # seconds before answering
    byte_by_byte: float = 0  # seconds between two octets of the reply
    hold: bool = False  # before answering, wait for `release`
    take: int = 0  # after the reply, read so many octets
    then: bytes = b""  # and say this of our own accord
    pause: float = 0  # seconds before that
    endless: bool = False  # say it again and again until the client hangs up
    reset: bool = False  # then end the connection with RST, which may overtake what was said before
    in_clear: bool = False  # what is said is written beside TLS


def answer(text: str, *, drop: bool = False, wait: float = 0) -> Act:
    """Answer with this line (or these lines)."""
    return Act(reply=b"".join(line.encode() + b"\r\n" for line in text.split("\n")), drop=drop, wait=wait)


DROP = Act(drop=True)
RESET = Act(reset=True)
HANG = Act()
COMMIT_AND_DROP = Act(drop=True, commit=True)
COMMIT_AND_RESET = Act(reset=True, commit=True)
COMMIT_AND_HANG = Act(commit=True)

Script = Callable[[Step], Act | None]


def plainly(step: Step) -> Act | None:
    """The script of a server that works."""
    return None


@dataclass(frozen=True, slots=True)
class Received:
    """A message this server took responsibility for."""

    sender: str
    recipient: str
    data: bytes
    connection: int
    options: str


@dataclass
class _Conversation:
    number: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    encrypted: bool = False
    sender: str = ""
    options: str = ""
    recipient: str = ""


class _Ear(asyncio.StreamReader):
    """A reader that keeps what it hears, if it is to."""

    def __init__(self, keeps: bool) -> None:
        super().__init__()
        self.heard = bytearray()
        self._keeps = keeps

    def feed_data(self, data: Iterable[SupportsIndex]) -> None:
        """Hear something (asyncio.StreamReader)."""
        if self._keeps:
            self.heard.extend(data)
        super().feed_data(data)


def _reset(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class _Over(Exception):  # noqa: N818 - the end of a conversation is no error
    pass


@dataclass
class SmtpServer:
    """The server; `with` starts and stops it."""

    script: Script = plainly
    extensions: tuple[str, ...] = ("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "SIZE 10000000")
    starttls: bool = False
    login: tuple[str, str] | None = None
    delay: float = 0  # seconds before each reply to a dot
    waits_for_nobody: bool = False  # DATA without a recipient is answered 354, and the lone dot 554 (RFC 2920 §3.1)
    port: int = 0
    received: list[Received] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    most_connections: int = 0
    before_tls: list[str] = field(default_factory=list)
    certificate: Path = CERTIFICATE
    implicit_tls: bool = False
    listens: bool = False  # whether every octet that arrives is kept in `heard`, by connection
    heard: dict[int, bytearray] = field(default_factory=dict)
    endless_octets: int = 0  # how much was said endlessly
    receive_buffer: int = 0  # octets that the kernel keeps for us, if it is told

    def __enter__(self) -> Self:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._open = 0
        self._numbers = 0
        self._released = asyncio.Event()
        started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(started)), daemon=True)
        self._thread.start()
        assert started.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(10)

    def release(self) -> None:
        """Answer whoever was told to hold on; for scripts and for other threads."""
        self._loop.call_soon_threadsafe(self._released.set)

    def leave(self) -> None:
        """Close every connection and take no new one; for scripts and for other threads."""
        self._loop.call_soon_threadsafe(self._leave)

    def come_back(self) -> None:
        """Take connections again, at the same port."""
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop)

    @property
    def open_now(self) -> int:
        """How many conversations there are at the moment."""
        return self._open

    def copies(self) -> Counter[str]:
        """How many messages each address got."""
        return Counter(message.recipient for message in self.received)

    def reached(self, stage: str) -> int:
        """How often clients came to this stage."""
        return sum(step.stage == stage for step in list(self.steps))

    async def _serve(self, started: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        await self._listen()
        started.set()
        await self._stopping.wait()
        self._leave()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _listen(self) -> None:
        context = self._tls_context() if self.implicit_tls else None
        self._server = await self._loop.create_server(self._protocol, "127.0.0.1", self.port, backlog=1000, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]
        if self.receive_buffer:
            self._server.sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)

    def _leave(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()

    def _protocol(self) -> asyncio.StreamReaderProtocol:
        return asyncio.StreamReaderProtocol(_Ear(self.listens), self._accept)

    def _tls_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        return context

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._converse(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._numbers += 1
        self._open += 1
        self.most_connections = max(self.most_connections, self._open)
        talk = _Conversation(self._numbers, reader, writer, encrypted=self.implicit_tls)
        if isinstance(reader, _Ear):
            self.heard[talk.number] = reader.heard
        try:
            await self._answer(talk, "connect", b"220 inbox.example ESMTP\r\n")
            while line := await reader.readline():
                # Every command is answered in its turn, however many of them came at once (RFC 2920).
                await self._obey(talk, line.decode("utf-8", "replace").strip())
        except (_Over, OSError, ssl.SSLError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open -= 1
            talk.writer.close()
            with suppress(OSError, ssl.SSLError):
                await talk.writer.wait_closed()

    async def _obey(self, talk: _Conversation, line: str) -> None:
        verb = line.partition(" ")[0].upper()
        if not talk.encrypted:
            self.before_tls.append(verb)
        handler = getattr(self, f"_on_{verb.lower()}", None)
        if handler is None:
            await self._say(talk, b"500 5.5.1 unknown command\r\n")
            return
        await handler(talk, line)

    async def _on_ehlo(self, talk: _Conversation, line: str) -> None:
        words = [*self.extensions]
        if self.starttls and not talk.encrypted:
            words.append("STARTTLS")
        if self.login and (talk.encrypted or not self.starttls):
            words.append("AUTH PLAIN LOGIN")
        lines = ["inbox.example", *words]
        reply = "".join(f"250{'-' if place < len(lines) - 1 else ' '}{word}\r\n" for place, word in enumerate(lines))
        await self._answer(talk, "ehlo", reply.encode(), line)

    async def _on_helo(self, talk: _Conversation, line: str) -> None:
        await self._answer(talk, "helo", b"250 inbox.example\r\n", line)

    async def _on_starttls(self, talk: _Conversation, line: str) -> None:
        if await self._answer(talk, "starttls", b"220 go ahead\r\n", line):
            await talk.writer.start_tls(self._tls_context())
            talk.encrypted = True

    async def _on_auth(self, talk: _Conversation, line: str) -> None:
        import base64

        user, password = self.login or ("", "")
        token = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        good = line == f"AUTH PLAIN {token}"
        await self._answer(
            talk, "auth", b"235 2.7.0 welcome\r\n" if good else b"535 5.7.8 wrong password\r\n", "AUTH …"
        )

    async def _on_mail(self, talk: _Conversation, line: str) -> None:
        found = re.match(r"MAIL FROM:<([^>]*)>\s*(.*)", line, re.IGNORECASE)
        assert found, line
        if talk.sender:
            await self._say(talk, b"503 5.5.1 nested MAIL\r\n")
            return
        if await self._answer(talk, "mail", b"250 2.1.0 ok\r\n", line):
            talk.sender, talk.options = found[1], found[2]

    async def _on_rcpt(self, talk: _Conversation, line: str) -> None:
        found = re.match(r"RCPT TO:<([^>]*)>", line, re.IGNORECASE)
        assert found, line
        if not talk.sender:
            await self._say(talk, b"503 5.5.1 MAIL first\r\n")
            return
        if await self._answer(talk, "rcpt", b"250 2.1.5 ok\r\n", line, found[1]):
            talk.recipient = found[1]

    async def _on_data(self, talk: _Conversation, line: str) -> None:
        if not talk.recipient:
            await self._on_data_for_nobody(talk)
            return
        if not await self._answer(talk, "data", b"354 go on\r\n", line, talk.recipient):
            return
        # "body" is reached once some of the message is there.
        first = await talk.reader.readline()
        if not first:
            raise _Over
        await self._answer(talk, "body", b"", "", talk.recipient)
        lines = [first]
        while (text := await talk.reader.readline()) != b".\r\n":
            if not text:
                raise _Over
            lines.append(text)
        if self.delay:
            await asyncio.sleep(self.delay)
        data = b"".join(line.removeprefix(b".") if line.startswith(b".") else line for line in lines)
        message = Received(talk.sender, talk.recipient, data, talk.number, talk.options)
        await self._answer(talk, "dot", b"250 2.0.0 taken\r\n", "", talk.recipient, message)
        talk.sender = talk.recipient = ""

    async def _on_data_for_nobody(self, talk: _Conversation) -> None:
        if self.waits_for_nobody:
            await self._say(talk, b"354 go on\r\n")
            assert await talk.reader.readline() == b".\r\n"
            talk.sender = ""
        await self._say(talk, b"554 5.5.1 no valid recipients\r\n")

    async def _on_rset(self, talk: _Conversation, line: str) -> None:
        talk.sender = talk.recipient = ""
        await self._answer(talk, "rset", b"250 2.0.0 ok\r\n", line)

    async def _on_quit(self, talk: _Conversation, line: str) -> None:
        await self._answer(talk, "quit", b"221 2.0.0 bye\r\n", line)
        raise _Over

    async def _answer(
        self,
        talk: _Conversation,
        stage: str,
        plain: bytes,
        line: str = "",
        recipient: str = "",
        message: Received | None = None,
    ) -> bool:
        """Answer as the script wants it; whether the command succeeded."""
        self._counts[stage, recipient] += 1
        step = Step(stage, talk.number, recipient, self._counts[stage, recipient], line)
        self.steps.append(step)
        act = self.script(step)
        if message and (act is None or act.commit or (act.reply or b"").startswith(b"250")):
            self.received.append(message)
        if act is None:
            await self._say(talk, plain)
            return True
        await asyncio.sleep(act.wait)
        if act.hold:
            await self._released.wait()
        await self._speak(talk, act)
        if act.reset:
            _reset(talk.writer)
        if act.drop or act.reset:
            raise _Over
        if act.reply is None:
            await asyncio.sleep(3600)
        return (act.reply or b"").startswith((b"2", b"3"))

    async def _speak(self, talk: _Conversation, act: Act) -> None:
        if act.in_clear:
            os.write(talk.writer.get_extra_info("socket").fileno(), act.reply or b"")
        elif act.reply is not None:
            await self._say(talk, act.reply, act.byte_by_byte)
        if act.take:
            await talk.reader.readexactly(act.take)
        if act.then:
            await asyncio.sleep(act.pause)
            await self._say(talk, act.then)
        while act.endless:
            await self._say(talk, act.then or act.reply or b"")
            self.endless_octets += len(act.then or act.reply or b"")

    async def _say(self, talk: _Conversation, reply: bytes, pause: float = 0) -> None:
        pieces = [reply[place : place + 1] for place in range(len(reply))] if pause else [reply]
        for piece in pieces:
            talk.writer.write(piece)
            await talk.writer.drain()
            if pause:
                await asyncio.sleep(pause)


@contextmanager
def closed_port() -> Iterator[int]:
    """A loopback port that refuses connections."""
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
