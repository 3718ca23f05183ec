"""Into a relay: aiosmtplib connects, says EHLO, starts TLS and logs in; then the connection is ours.

Whatever goes wrong becomes a sentence that names the relay: RelaySetupError where somebody has to mend something,
RelayError where trying again later may help.
"""

import asyncio
import ssl
from dataclasses import dataclass
from typing import cast

import aiosmtplib

from dispatch.errors import RelayError, RelaySetupError
from dispatch.transport.access import RelayAccess
from dispatch.transport.replies import make_reply, scrubbed
from dispatch.transport.wire import Wire

# The client's words before a line that begins with no code.
_MALFORMED = "Malformed SMTP response line: "
_MOST_SHOWN = 80  # characters of such a line


@dataclass(frozen=True, slots=True)
class Extensions:
    """What the relay has offered in its answer to EHLO; `size` is the largest message it takes (0: it has not said)."""

    pipelining: bool = False  # RFC 2920
    size_is_wanted: bool = False  # RFC 1870
    size: int = 0
    smtputf8: bool = False  # RFC 6531


async def connect(access: RelayAccess) -> tuple[Wire, Extensions]:
    """A connection that is ready for its first message; raises RelayError or RelaySetupError."""
    client = aiosmtplib.SMTP(
        hostname=access.host,
        port=access.port,
        use_tls=access.security == "tls",
        start_tls=False,  # ours to do: the client's own way would log in in clear where STARTTLS is stripped
        local_hostname=access.greeting_name,
        timeout=access.timeouts.command,
    )
    try:
        await _get_in(client, access)
        _heed_cancellation()
        return _take_over(client), _extensions_of(client)
    except BaseException as error:
        client.close()
        if isinstance(error, aiosmtplib.SMTPAuthenticationError):
            raise _login_error(access, error) from error
        if isinstance(error, aiosmtplib.SMTPException | OSError):
            raise _connect_error(access, error) from error
        raise


async def _get_in(client: aiosmtplib.SMTP, access: RelayAccess) -> None:
    await client.connect(timeout=access.timeouts.connect)
    _heed_cancellation()
    await _greet(client, access)
    if access.security == "starttls":
        if not client.supports_extension("starttls"):
            raise RelaySetupError(
                f"{access.place} offers no STARTTLS, so nothing was sent: it would have travelled in clear; "
                'ask its operator, or set security to "tls" or "none" if that is what it wants'
            )
        await client.starttls(timeout=access.timeouts.connect)
        await client.ehlo()
    if access.username is not None:
        if not client.supports_extension("auth"):
            raise RelaySetupError(f"{access.place} offers no log-in: leave out username and password")
        await _log_in(client, access, access.username)


async def _log_in(client: aiosmtplib.SMTP, access: RelayAccess, username: str) -> None:
    """Log in once, in one way: a wrong password sent in every way there is looks like somebody guessing."""
    ways = {"CRAM-MD5": client.auth_crammd5, "PLAIN": client.auth_plain, "LOGIN": client.auth_login}
    # Servers that offer CRAM-MD5 and cannot do it are common; but in clear it is the one that shows no password.
    names = ways if access.security == "none" else ("PLAIN", "LOGIN", "CRAM-MD5")
    for name in names:
        if name.lower() in client.server_auth_methods:
            await ways[name](username, access.password or "")
            return
    raise RelaySetupError(f"{access.place} offers no log-in that dispatch knows, which is one of {', '.join(ways)}")


async def _greet(client: aiosmtplib.SMTP, access: RelayAccess) -> None:
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError as error:
        # A server from before 1995 knows HELO alone (RFC 5321 §3.2); it can neither encrypt nor log us in.
        if access.security == "starttls" or access.username is not None or not 500 <= error.code < 505:
            raise
        await client.helo()


def _heed_cancellation() -> None:
    """Raise the CancelledError that wait_for, which the client uses, can swallow before Python 3.12 (CPython 86296)."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _take_over(client: aiosmtplib.SMTP) -> Wire:
    """From here on the client is not asked any more: it knows nothing of pipelining."""
    transport = cast("asyncio.Transport | None", client.transport)
    if transport is None or transport.is_closing():
        raise aiosmtplib.SMTPServerDisconnected("Connection lost")
    wire = Wire(transport)
    transport.set_protocol(wire)
    return wire


def _extensions_of(client: aiosmtplib.SMTP) -> Extensions:
    limit = client.esmtp_extensions.get("size", "")
    return Extensions(
        pipelining=client.supports_extension("pipelining"),
        size_is_wanted=client.supports_extension("size"),
        size=int(limit) if limit.isdigit() else 0,
        smtputf8=client.supports_extension("smtputf8"),
    )


def _login_error(access: RelayAccess, error: aiosmtplib.SMTPAuthenticationError) -> RelayError:
    reply = make_reply(error.code, error.message)
    if 400 <= error.code < 500:
        return RelayError(f"{access.place} cannot check the log-in at the moment: {reply}")
    return RelaySetupError(f"{access.place} refuses the log-in ({reply}): look at username and password")


def _connect_error(access: RelayAccess, error: aiosmtplib.SMTPException | OSError) -> RelayError:
    place = access.place
    cause = error.__cause__ if isinstance(error, aiosmtplib.SMTPConnectError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return RelaySetupError(f"the certificate of {place} is not good: {cause.verify_message}")
    if isinstance(cause, ssl.SSLError):
        return RelaySetupError(f"{place} does not speak TLS as configured: look at port and security ({cause.reason})")
    if isinstance(error, aiosmtplib.SMTPResponseException) and error.code <= 0:
        said = scrubbed(error.message.removeprefix(_MALFORMED))[:_MOST_SHOWN]
        # Not RelaySetupError: a relay that has worked may lose its head for a moment.
        return RelayError(f"{place} does not speak SMTP (look at host and port); it says: {said}")
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return RelayError(f"{place} does not let us in: {make_reply(error.code, error.message)}")
    if isinstance(error, TimeoutError):
        return RelayError(f"{place} does not answer in time")
    because = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause or error)
    return RelayError(f"{place} cannot be reached: {scrubbed(because)}")
