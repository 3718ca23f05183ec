"""A real SMTP server on this machine that keeps whatever it is given."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from dispatch.web.mail_reading import ReceivedMessage
from dispatch.web.serving import LOOPBACK

MOST_OCTETS = 10_000_000


@dataclass
class Mailbox:
    """Every message received, in the order of arrival; each is a file in `folder` too, named after its recipient."""

    folder: Path
    clock: Callable[[], datetime]
    port: int = 0
    messages: list[ReceivedMessage] = field(default_factory=list)

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep the message, once for each recipient, before saying so."""
        raw = envelope.original_content or b""
        for recipient in envelope.rcpt_tos:
            message = ReceivedMessage(len(self.messages) + 1, self.clock(), envelope.mail_from or "", recipient, raw)
            await asyncio.to_thread(self._file_for(recipient).write_bytes, raw)
            self.messages.append(message)
        return "250 2.0.0 kept"

    def _file_for(self, recipient: str) -> Path:
        name = re.sub(r"[^\w.+-]+", "-", recipient.replace("@", "-at-")).strip("-.") or "nobody"
        earlier = sum(message.recipient == recipient for message in self.messages)
        return self.folder / (f"{name}-{earlier + 1}.eml" if earlier else f"{name}.eml")


@contextlib.asynccontextmanager
async def receiving(folder: Path, clock: Callable[[], datetime]) -> AsyncIterator[Mailbox]:
    """Receive mail on a free port of this machine; `clock` says when a message arrived."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    mailbox = Mailbox(folder, clock)
    loop = asyncio.get_running_loop()
    factory = partial(SMTP, mailbox, hostname="localhost", ident="a reader's mailbox", enable_SMTPUTF8=True,
                      data_size_limit=MOST_OCTETS, loop=loop)  # fmt: skip
    server = await loop.create_server(factory, LOOPBACK, 0)
    mailbox.port = server.sockets[0].getsockname()[1]
    try:
        yield mailbox
    finally:
        server.close()
        await server.wait_closed()
