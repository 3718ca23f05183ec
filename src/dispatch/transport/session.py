"""One connection to a relay: each message costs one round trip where the relay pipelines (RFC 2920).

    MAIL, RCPT, DATA → 354 → body → (the ledger licenses the dot) → dot, and MAIL, RCPT, DATA of the next → replies …

The final dot is a write of its own, made when the body has left our buffer and the license is there. Until that write
a lost connection is a plain retry: nothing can have arrived. From then until its reply is read nobody can know (RFC
1047), and the delivery is in doubt. Without PIPELINING the same session goes step by step.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from dispatch.model.delivery import Outcome, Stage, Try
from dispatch.transport.access import RelayAccess
from dispatch.transport.connecting import Extensions, connect
from dispatch.transport.header_text import bare
from dispatch.transport.replies import CLOSING, read_reply
from dispatch.transport.wire import RawReply, Wire, WireError

_DOT = b".\r\n"
_GOODBYE = 5.0  # seconds
_STAGES = (Stage.MAIL, Stage.RCPT, Stage.DATA)
# The first digit of the reply with which each command has worked.
_GO_ON = {Stage.MAIL: 2, Stage.RCPT: 2, Stage.DATA: 3}


@dataclass(frozen=True, slots=True)
class Envelope:
    """Where bounces go and whom the message is for, both without angle brackets."""

    sender: str
    recipient: str

    def __repr__(self) -> str:
        return "Envelope(…)"


@dataclass(frozen=True, slots=True, eq=False)
class Outgoing:
    """A message on its way out. Its bytes may still be in the making (signed); `size` is how many they will be.

    They are what DATA wants (RFC 5321 §4.5.2): every line ends with CRLF, and none begins with a dot that is not
    doubled. The compiler's messages are so by construction (transport/quoted_printable.py), at no cost a message.
    """

    envelope: Envelope
    message: bytes | Awaitable[bytes]
    size: int
    is_ascii: bool = True


LicenseDot = Callable[[], Awaitable[bool]]
NextOutgoing = Callable[[], Outgoing | None]


def nothing_more() -> None:
    """What comes next where nothing does."""


class SmtpSession:
    """One connection. `send` one message after the other; what `following` gave has to be the next one sent."""

    def __init__(self, access: RelayAccess, *, pipelines: bool = True) -> None:
        """`pipelines`: whether the next message may be begun before the last one is answered, where it is offered."""
        self._access = access
        self._may_pipeline = pipelines
        times = access.timeouts
        self._patience = {
            Stage.MAIL: times.command,
            Stage.RCPT: times.command,
            Stage.DATA: times.data,
            Stage.DOT: times.dot,
        }
        self._offers = Extensions()
        self._wire: Wire | None = None
        self._begun: Outgoing | None = None  # its MAIL, RCPT and DATA are on their way
        self._needs_reset = False
        self._awaits_reply = False

    @property
    def is_usable(self) -> bool:
        """Whether another message can be sent over it."""
        return self._wire is not None and self._wire.is_open and (self._begun is not None or not self._wire.has_spoken)

    @property
    def is_connected(self) -> bool:
        """Whether the relay is still at the other end."""
        return self._wire is not None and self._wire.is_open

    @property
    def awaits_reply(self) -> bool:
        """Whether a dot has left whose reply was not read yet."""
        return self._awaits_reply

    async def connect(self) -> None:
        """Connect, start TLS, log in; raises RelaySetupError where trying again cannot help, else RelayError."""
        self._wire, self._offers = await connect(self._access)

    async def send(self, outgoing: Outgoing, license_dot: LicenseDot, following: NextOutgoing = nothing_more) -> Try:
        """Try one message. `license_dot` is asked right before the final dot; where it says no, no dot is written.

        `following` is asked where the relay pipelines, and its MAIL, RCPT and DATA go with the dot.
        """
        wire = self._wire
        if wire is None or not self.is_usable:
            return Try(Outcome.LOST, Stage.MAIL)
        refused = self._refused_here(outgoing)
        if refused:
            return refused
        failed = await self._open(wire, outgoing)
        return failed or await self._transmit(wire, outgoing, license_dot, following)

    async def close(self) -> None:
        """Say goodbye if there is time for it, and close."""
        wire, self._wire = self._wire, None
        if wire is None:
            return
        if self._begun is not None or not wire.is_open or wire.has_spoken:
            # After DATA a QUIT would be read as the text of a message.
            wire.abort()
            return
        try:
            wire.write(b"QUIT\r\n")
            await wire.reply(min(_GOODBYE, self._access.timeouts.command))
        except WireError:
            pass  # what the relay says to QUIT changes nothing that it accepted before
        finally:
            wire.close()

    def abort(self) -> None:
        """Close at once: whatever waits for a reply is in doubt, whatever has no dot yet is lost."""
        if self._wire is not None:
            self._wire.abort()

    def _refused_here(self, outgoing: Outgoing) -> Try | None:
        """What need not be asked: the relay has said in EHLO that it cannot."""
        envelope, offers = outgoing.envelope, self._offers
        # Ours go into the command exactly as they are.
        if bare(envelope.recipient) != envelope.recipient:
            return Try(Outcome.REFUSED, Stage.RCPT, reason="the address cannot be written in an SMTP command")
        if 0 < offers.size < outgoing.size:
            reason = f"too large: the relay takes {offers.size} bytes a message, this one has {outgoing.size}"
            return Try(Outcome.TURNED_AWAY, Stage.MAIL, reason=reason)
        if not outgoing.is_ascii and not offers.smtputf8:
            return Try(Outcome.REFUSED, Stage.RCPT, reason="eai-unsupported")
        return None

    async def _open(self, wire: Wire, outgoing: Outgoing) -> Try | None:
        """Begin a message; None once the relay waits for its body, else what became of it."""
        begun, self._begun = self._begun, None
        if begun is None:
            failed = await self._reset(wire)
            if failed:
                return failed
            if not self._offers.pipelining:
                return await self._open_step_by_step(wire, outgoing)
            wire.write(b"".join(self._commands(outgoing)))
        elif begun is not outgoing:
            self.abort()
        return await self._read_group(wire)

    async def _reset(self, wire: Wire) -> Try | None:
        """After a refused recipient the relay still has the transaction open (RFC 5321 §4.1.1.5)."""
        if not self._needs_reset:
            return None
        wire.write(b"RSET\r\n")
        self._needs_reset = False
        return await self._answer(wire, Stage.MAIL)

    async def _open_step_by_step(self, wire: Wire, outgoing: Outgoing) -> Try | None:
        for stage, command in zip(_STAGES, self._commands(outgoing), strict=True):
            if wire.has_spoken:
                # A reply too many must not be taken for the answer to this command.
                self.abort()
                return Try(Outcome.LOST, stage)
            wire.write(command)
            failed = await self._answer(wire, stage)
            if failed:
                self._needs_reset = True
                return failed
        return None

    async def _read_group(self, wire: Wire) -> Try | None:
        """Read the replies to MAIL, RCPT and DATA, all of them: the first "no" counts, the others follow from it."""
        failed = answer = None
        for stage in _STAGES:
            answer = await self._answer(wire, stage)
            if answer and answer.outcome is Outcome.LOST and answer.reply:
                return answer  # of another class: there was a reply too many, and the "no" was to something else
            failed = failed or answer
            if failed and not wire.is_open:
                return failed
        if failed and answer is None:
            # The relay waits for a message to nobody: a lone dot ends it, and it says 554 (RFC 2920 §3.1).
            wire.write(_DOT)
            await self._answer(wire, Stage.DOT)
        elif failed:
            self._needs_reset = True
        return failed

    async def _answer(self, wire: Wire, stage: Stage) -> Try | None:
        """The reply to a command; None where it worked. Closes where nothing can follow."""
        try:
            reply = await wire.reply(self._patience[stage])
        except WireError:
            self.abort()
            return Try(Outcome.LOST, stage)
        if reply.code // 100 == _GO_ON.get(stage):
            return None
        return self._understood(stage, reply)

    def _understood(self, stage: Stage, reply: RawReply) -> Try:
        result = read_reply(stage, reply.code, reply.text)
        if reply.code == CLOSING or result.outcome in (Outcome.LOST, Outcome.IN_DOUBT):
            self.abort()
        return result

    def _commands(self, outgoing: Outgoing) -> tuple[bytes, bytes, bytes]:
        envelope = outgoing.envelope
        size = f" SIZE={outgoing.size}" if self._offers.size_is_wanted else ""
        utf8 = "" if outgoing.is_ascii else " BODY=8BITMIME SMTPUTF8"
        mail = f"MAIL FROM:<{envelope.sender}>{size}{utf8}\r\n"
        return mail.encode(), f"RCPT TO:<{envelope.recipient}>\r\n".encode(), b"DATA\r\n"

    async def _transmit(self, wire: Wire, outgoing: Outgoing, license_dot: LicenseDot, following: NextOutgoing) -> Try:
        """Write the body, have the dot licensed, write it, and read what the relay says."""
        message = outgoing.message if isinstance(outgoing.message, bytes) else await outgoing.message
        wire.write(message)
        if not await wire.drained(self._access.timeouts.block):
            return await self._without_dot(wire)
        if not await license_dot():
            self.abort()
            return Try(Outcome.UNLICENSED, Stage.DATA)
        if not wire.is_open or wire.has_spoken:
            return await self._without_dot(wire)
        upcoming = following() if self._may_pipeline and self._offers.pipelining else None
        if upcoming and self._refused_here(upcoming):
            upcoming = None
        wire.write(_DOT + b"".join(self._commands(upcoming)) if upcoming else _DOT)
        self._begun, self._awaits_reply = upcoming, True
        try:
            return self._understood(Stage.DOT, await wire.reply(self._access.timeouts.dot))
        except WireError:
            self.abort()
            return Try(Outcome.IN_DOUBT, Stage.DOT)
        finally:
            self._awaits_reply = False

    async def _without_dot(self, wire: Wire) -> Try:
        """Give up a message whose dot was not written. What the relay said of its own accord counts, if it did."""
        wire.abort()
        try:
            reply = await wire.reply(0)
        except WireError:
            return Try(Outcome.LOST, Stage.DATA)
        return self._understood(Stage.DATA, reply)
