"""One connection to a relay: aiosmtplib connects, starts TLS and logs in; each message goes step by step.

    MAIL → RCPT → DATA → 354 → body → (the ledger licenses the dot) → dot → reply

Until the dot is written a lost connection is a plain retry: nothing can have arrived. From then until its reply is read
nobody can know (RFC 1047), and the delivery is in doubt. The final dot is a write of its own for that reason.
A pipelined session can stand in this one's place: it has the three methods of `SmtpSession`.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal, Protocol, cast

import aiosmtplib

from dispatch.errors import RelayError, RelaySetupError
from dispatch.model.delivery import Outcome, Stage, Try
from dispatch.transport.header_text import bare
from dispatch.transport.replies import CLOSING, make_reply, read_reply, scrubbed

LicenseDot = Callable[[], Awaitable[bool]]
# The first digit of the reply with which each command has worked.
_GO_ON = {Stage.MAIL: 2, Stage.RCPT: 2, Stage.DATA: 3}
_FLUSH_STEP = 0.01


@dataclass(frozen=True, slots=True)
class Envelope:
    """Where bounces go and whom the message is for, both without angle brackets."""

    sender: str
    recipient: str

    def __repr__(self) -> str:
        return "Envelope(…)"


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for the relay (RFC 5321 §4.5.3.2); after the dot it may be working on the message for minutes."""

    connect: float = 60
    command: float = 300
    block: float = 180
    dot: float = 600


@dataclass(frozen=True, slots=True)
class RelayAccess:
    """How to reach a relay. `greeting_name` is what we call ourselves in EHLO."""

    name: str
    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    greeting_name: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeouts: Timeouts = Timeouts()

    @property
    def place(self) -> str:
        """How a sentence names it."""
        return f"relay {self.name} ({self.host}:{self.port})"


class SmtpSession(Protocol):
    """What sending needs of a connection."""

    @property
    def is_usable(self) -> bool:
        """Whether another message can be sent over it."""

    @property
    def awaits_reply(self) -> bool:
        """Whether a dot has left whose reply was not read yet."""

    async def connect(self) -> None:
        """Connect, start TLS, log in; raises RelaySetupError where trying again cannot help, else RelayError."""

    async def send(self, envelope: Envelope, message: bytes, license_dot: LicenseDot) -> Try:
        """Try one message. `license_dot` is asked right before the final dot; where it says no, no dot is written."""

    async def close(self) -> None:
        """Say goodbye if there is time for it, and close."""

    def abort(self) -> None:
        """Close at once: whatever waits for a reply is in doubt, whatever has no dot yet is lost."""


class StepwiseSession:
    """A connection on which each command waits for its reply."""

    def __init__(self, access: RelayAccess) -> None:
        self._access = access
        self._client = aiosmtplib.SMTP(
            hostname=access.host,
            port=access.port,
            use_tls=access.security == "tls",
            start_tls=False,  # ours to do: the client's own way would log in in clear where STARTTLS is stripped
            local_hostname=access.greeting_name,
            timeout=access.timeouts.command,
        )
        self._awaits_reply = False

    @property
    def is_usable(self) -> bool:
        """Whether another message can be sent over it."""
        return self._client.is_connected

    @property
    def awaits_reply(self) -> bool:
        """Whether a dot has left whose reply was not read yet."""
        return self._awaits_reply

    async def connect(self) -> None:
        """Connect, start TLS, log in; raises RelaySetupError where trying again cannot help, else RelayError."""
        try:
            await self._open()
        except RelayError:
            self._client.close()
            raise
        except aiosmtplib.SMTPAuthenticationError as error:
            self._client.close()
            raise self._login_error(error) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            self._client.close()
            raise self._connect_error(error) from error

    async def send(self, envelope: Envelope, message: bytes, license_dot: LicenseDot) -> Try:
        """Try one message. `license_dot` is asked right before the final dot; where it says no, no dot is written."""
        refused = self._refused_here(envelope, message)
        if refused:
            return refused
        for stage, command in self._commands(envelope, message):
            try:
                response = await self._client.execute_command(*command)
            except aiosmtplib.SMTPResponseException as error:
                return await self._answered(stage, error.code, error.message)
            except (aiosmtplib.SMTPException, OSError):
                self.abort()
                return Try(Outcome.LOST, stage)
            if response.code // 100 != _GO_ON[stage]:
                return await self._answered(stage, response.code, response.message)
        return await self._send_body(message, license_dot)

    async def close(self) -> None:
        """Say goodbye if there is time for it, and close."""
        # What the relay says to QUIT changes nothing that it accepted before.
        with suppress(aiosmtplib.SMTPException, OSError):
            await self._client.quit(timeout=min(5, self._access.timeouts.command))
        self._client.close()

    def abort(self) -> None:
        """Close at once: whatever waits for a reply is in doubt, whatever has no dot yet is lost."""
        self._client.close()

    async def _open(self) -> None:
        access = self._access
        await self._client.connect(timeout=access.timeouts.connect)
        await self._client.ehlo()
        if access.security == "starttls":
            if not self._client.supports_extension("starttls"):
                raise RelaySetupError(
                    f"{access.place} offers no STARTTLS, so nothing was sent: it would have travelled in clear; "
                    'ask its operator, or set security to "tls" or "none" if that is what it wants'
                )
            await self._client.starttls(timeout=access.timeouts.connect)
            await self._client.ehlo()
        if access.username is not None:
            if not self._client.supports_extension("auth"):
                raise RelaySetupError(f"{access.place} offers no log-in: leave out username and password")
            await self._client.login(access.username, access.password or "")

    def _login_error(self, error: aiosmtplib.SMTPAuthenticationError) -> RelayError:
        reply = make_reply(error.code, error.message)
        if 400 <= error.code < 500:
            return RelayError(f"{self._access.place} cannot check the log-in at the moment: {reply}")
        return RelaySetupError(f"{self._access.place} refuses the log-in ({reply}): look at username and password")

    def _connect_error(self, error: aiosmtplib.SMTPException | OSError) -> RelayError:
        place = self._access.place
        cause = error.__cause__ if isinstance(error, aiosmtplib.SMTPConnectError) else error
        if isinstance(cause, ssl.SSLCertVerificationError):
            return RelaySetupError(f"the certificate of {place} is not good: {cause.verify_message}")
        if isinstance(cause, ssl.SSLError):
            return RelaySetupError(
                f"{place} does not speak TLS as configured: look at port and security ({cause.reason})"
            )
        if isinstance(error, aiosmtplib.SMTPResponseException):
            return RelayError(f"{place} does not let us in: {make_reply(error.code, error.message)}")
        if isinstance(error, TimeoutError):
            return RelayError(f"{place} does not answer in time")
        because = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause or error)
        return RelayError(f"{place} cannot be reached: {scrubbed(because)}")

    def _refused_here(self, envelope: Envelope, message: bytes) -> Try | None:
        """What need not be asked: the relay has said in EHLO that it cannot."""
        # aiosmtplib would pick an address out of anything; ours go into the command exactly as they are.
        if bare(envelope.recipient) != envelope.recipient:
            return Try(Outcome.REFUSED, Stage.RCPT, reason="the address cannot be written in an SMTP command")
        limit = self._client.esmtp_extensions.get("size", "")
        if limit.isdigit() and 0 < int(limit) < len(message):
            reason = f"too large: the relay takes {limit} bytes a message, this one has {len(message)}"
            return Try(Outcome.TURNED_AWAY, Stage.MAIL, reason=reason)
        ascii_only = envelope.recipient.isascii() and envelope.sender.isascii() and message.isascii()
        if not ascii_only and not self._client.supports_extension("smtputf8"):
            return Try(Outcome.REFUSED, Stage.RCPT, reason="eai-unsupported")
        return None

    def _commands(self, envelope: Envelope, message: bytes) -> tuple[tuple[Stage, tuple[bytes, ...]], ...]:
        options = []
        if self._client.supports_extension("size"):
            options.append(b"SIZE=%d" % len(message))
        if not message.isascii():
            options += [b"BODY=8BITMIME", b"SMTPUTF8"]
        return (
            (Stage.MAIL, (b"MAIL", b"FROM:<%s>" % envelope.sender.encode(), *options)),
            (Stage.RCPT, (b"RCPT", b"TO:<%s>" % envelope.recipient.encode())),
            (Stage.DATA, (b"DATA",)),
        )

    async def _answered(self, stage: Stage, code: int, text: str) -> Try:
        result = read_reply(stage, code, text)
        if code == CLOSING or result.outcome is Outcome.LOST:
            self.abort()
        else:
            await self._reset()
        return result

    async def _reset(self) -> None:
        try:
            await self._client.rset()
        except (aiosmtplib.SMTPException, OSError):
            self.abort()

    async def _send_body(self, message: bytes, license_dot: LicenseDot) -> Try:
        protocol, transport = self._client.protocol, cast("asyncio.WriteTransport | None", self._client.transport)
        if protocol is None or transport is None:
            return Try(Outcome.LOST, Stage.DATA)
        # Reading starts before anything is written, so that a relay that hangs up or answers too early is noticed.
        reply = asyncio.create_task(protocol.read_response())
        try:
            await asyncio.sleep(0)
            transport.write(dot_stuffed(message))
            if not await self._flushed(transport, reply):
                return await self._without_dot(reply, Outcome.LOST)
            if not await license_dot():
                return await self._without_dot(reply, Outcome.UNLICENSED)
            if reply.done() or transport.is_closing():
                return await self._without_dot(reply, Outcome.LOST)
            self._awaits_reply = True
            transport.write(b".\r\n")
            return await self._dot_answered(reply)
        finally:
            self._awaits_reply = False
            reply.cancel()

    async def _flushed(self, transport: asyncio.WriteTransport, reply: asyncio.Task[aiosmtplib.SMTPResponse]) -> bool:
        """Wait until the body has left our buffer; False if the relay answered, hung up or took too long."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + self._access.timeouts.block
        # A transport tells its protocol alone when its buffer is empty, and that protocol is aiosmtplib's.
        while transport.get_write_buffer_size() and not reply.done() and loop.time() < ends:  # noqa: ASYNC110
            await asyncio.sleep(_FLUSH_STEP)
        return not (reply.done() or transport.is_closing() or transport.get_write_buffer_size())

    async def _without_dot(self, reply: asyncio.Task[aiosmtplib.SMTPResponse], otherwise: Outcome) -> Try:
        """Give up a message whose dot was not written. What the relay said of its own accord counts, if it did."""
        self.abort()
        if not reply.done() or reply.exception() or otherwise is Outcome.UNLICENSED:
            return Try(otherwise, Stage.DATA)
        return read_reply(Stage.DATA, reply.result().code, reply.result().message)

    async def _dot_answered(self, reply: asyncio.Task[aiosmtplib.SMTPResponse]) -> Try:
        try:
            response = await asyncio.wait_for(reply, self._access.timeouts.dot)
        except aiosmtplib.SMTPResponseException as error:
            result = read_reply(Stage.DOT, error.code, error.message)
        except (aiosmtplib.SMTPException, OSError):
            result = Try(Outcome.IN_DOUBT, Stage.DOT)
        else:
            result = read_reply(Stage.DOT, response.code, response.message)
        if result.outcome is Outcome.IN_DOUBT or (result.reply and result.reply.code == CLOSING):
            self.abort()
        return result


def dot_stuffed(message: bytes) -> bytes:
    """The body as DATA wants it (RFC 5321 §4.5.2); the compiler's messages come out as they went in."""
    stuffed = message.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed
