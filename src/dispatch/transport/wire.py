"""The wire: bytes out, SMTP replies in, with a limit on everything a relay may send and on how long it may take.

    data_received → lines → replies, in order → whoever waits

It knows nothing of what was asked: which reply belongs to which command is the session's business. Replies that were
read before the connection ended are still handed out.
"""

import asyncio
from collections import deque
from typing import NamedTuple

MAX_LINE = 4096  # RFC 5321 §4.5.3.1.5 asks for 512 octets
MAX_REPLY = 65_536
MAX_UNREAD = 16  # replies; we never wait for more than four at once
_CODES = frozenset(b"%d" % code for code in range(200, 600))
_BETWEEN = (b" ", b"-", b"\r", b"")  # RFC 5321 §4.2: a code may stand alone


class RawReply(NamedTuple):
    """A reply as it was read: its code, and its lines without codes."""

    code: int
    lines: tuple[bytes, ...]

    @property
    def text(self) -> str:
        """Its lines as text; what is no UTF-8 is replaced."""
        return b"\n".join(self.lines).decode("utf-8", "replace")


class WireError(Exception):
    """The connection is of no use any more: it ended, went silent, or what came was no SMTP."""


class Wire(asyncio.Protocol):
    """One connection's bytes. After an error of any kind only `abort` makes sense."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        # Then the transport tells us each time its buffer is empty again (with 0, TLS would call an empty one full).
        transport.set_write_buffer_limits(high=1, low=0)
        self._replies: deque[RawReply] = deque()
        self._lines: list[bytes] = []  # of a reply that is not complete yet, and its code
        self._code = b""
        self._octets = 0  # of the same
        self._rest = b""  # a line that is not complete yet
        self._is_full = False
        self._has_ended = False
        self._waiter: asyncio.Future[None] | None = None
        self._deadline = 0.0
        self._watch: asyncio.TimerHandle | None = None

    @property
    def is_open(self) -> bool:
        """Whether it can be written to."""
        return not (self._has_ended or self._transport.is_closing())

    @property
    def has_spoken(self) -> bool:
        """Whether there is something to read, if only a part of it."""
        return bool(self._replies or self._lines or self._rest)

    def write(self, data: bytes) -> None:
        """Send this, or keep it until it can be sent."""
        self._transport.write(data)

    def abort(self) -> None:
        """Close at once; whoever waits gets a WireError."""
        self._end()
        self._transport.abort()

    def close(self) -> None:
        """Close once everything written is out."""
        self._end()
        self._transport.close()

    async def reply(self, seconds: float) -> RawReply:
        """The next reply, whole; raises WireError if there is none within this time."""
        if not self._replies:
            self._deadline = self._loop.time() + seconds
        while not self._replies:
            if self._has_ended:
                raise WireError
            await self._news()
        return self._replies.popleft()

    async def drained(self, seconds: float) -> bool:
        """Wait until everything written has left our buffer; False if the relay speaks, hangs up or takes too long."""
        if self._is_full:
            self._deadline = self._loop.time() + seconds
        while not (self.has_spoken or self._has_ended):
            if not self._is_full:
                return True
            await self._news()
        return False

    def data_received(self, data: bytes) -> None:
        """Read replies (asyncio.Protocol)."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        try:
            for line in lines:
                self._read_line(line)
            self._octets_are_fine(len(self._rest))
        except WireError:
            self.abort()
        self._wake()

    def eof_received(self) -> None:
        """The relay has nothing more to say (asyncio.Protocol)."""
        self._end()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 asyncio names it
        """The connection is gone (asyncio.Protocol)."""
        self._end()

    def pause_writing(self) -> None:
        """Something stays in the buffer (asyncio.Protocol)."""
        self._is_full = True

    def resume_writing(self) -> None:
        """The buffer is empty (asyncio.Protocol)."""
        self._is_full = False
        self._wake()

    def _read_line(self, line: bytes) -> None:
        self._octets_are_fine(len(line))
        code, between, text = line[:3], line[3:4], line[4:].removesuffix(b"\r")
        if code not in _CODES or between not in _BETWEEN or (self._lines and code != self._code):
            raise WireError
        self._lines.append(text)
        if between == b"-":
            self._code = code
            self._octets += len(line)
            return
        if len(self._replies) == MAX_UNREAD:
            raise WireError
        self._replies.append(RawReply(int(code), tuple(self._lines)))
        self._lines, self._octets = [], 0

    def _octets_are_fine(self, line: int) -> None:
        if line > MAX_LINE or self._octets + line > MAX_REPLY:
            raise WireError

    async def _news(self) -> None:
        """Wait until something changes, at most until the deadline: after that the connection has ended."""
        self._watch_deadline()
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _watch_deadline(self) -> None:
        # One timer serves many waits: it looks again when it fires, instead of being made anew for each reply.
        if self._watch is not None and self._watch.when() > self._deadline:
            self._watch.cancel()
            self._watch = None
        if self._watch is None:
            self._watch = self._loop.call_at(self._deadline, self._look_at_deadline)

    def _look_at_deadline(self) -> None:
        self._watch = None
        if self._waiter is None:
            return
        if self._loop.time() >= self._deadline:
            self.abort()
        else:
            self._watch_deadline()

    def _end(self) -> None:
        self._has_ended = True
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
