"""A trial: one issue to one address, marked as such. It leaves no row, no token of anybody, and reaches nobody else."""

from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime

from dispatch.config.settings import Settings
from dispatch.delivering.relays import access_to, relay_for
from dispatch.errors import RelayError
from dispatch.model.address import parse_address
from dispatch.model.blanks import Blank
from dispatch.model.delivery import Outcome, Reply
from dispatch.model.issue import Rendering
from dispatch.transport.compiler import compile_message
from dispatch.transport.dkim import signer_for
from dispatch.transport.headers import headers_for
from dispatch.transport.session import Envelope, Outgoing, SmtpSession

MARK = "[TEST]"


async def send_trial(
    settings: Settings,
    newsletter: str,
    schedule: str,
    slot: str,
    rendering: Rendering,
    address: str,
    real_now: datetime,
) -> Reply:
    """Send a rendering to one address through the relay that carries digests; returns what the relay answered.

    Its links to unsubscribe and to preferences lead to those pages without anybody's token. Raises AddressError, and
    RelayError with the relay's words where it did not take the message.
    """
    recipient = parse_address(address)
    name, relay = relay_for(settings, "digests")
    headers = replace(headers_for(settings, newsletter, schedule, slot), list_id="")
    compiled = compile_message(replace(rendering, subject=f"{MARK} {rendering.subject}"), headers)
    message = compiled.fill(
        {
            Blank.ADDRESS: str(recipient),
            Blank.TO: f"<{recipient}>",
            Blank.UNSUBSCRIBE: "test",
            Blank.PREFERENCES: "test",
            Blank.MESSAGE_ID: f"test{real_now:%Y%m%d%H%M%S%f}x{compiled.hash[:16]}",
            Blank.DATE: format_datetime(real_now),
        }
    )
    signer = signer_for(relay, name)
    if signer:
        message = signer.signed(message, real_now)
    outgoing = Outgoing(Envelope(str(headers.returns), str(recipient)), message, len(message), message.isascii())
    return await _hand_over(SmtpSession(access_to(settings, name)), outgoing)


async def _hand_over(session: SmtpSession, outgoing: Outgoing) -> Reply:
    await session.connect()
    try:
        result = await session.send(outgoing, _always)
    finally:
        await session.close()
    if result.outcome is Outcome.ACCEPTED and result.reply:
        return result.reply
    said = str(result.reply or result.reason or "the connection was lost")
    raise RelayError(f"the relay did not take the trial at {result.stage.upper()}: {said}")


async def _always() -> bool:
    """A trial has no ledger that could refuse."""
    return True
