"""One delivery's bytes: its variant compiled once, its blanks filled for its reader."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from dispatch.config.settings import Settings
from dispatch.errors import ConfigurationError
from dispatch.model.address import MAX_LOCAL_OCTETS, EmailAddress, parse_address
from dispatch.model.blanks import Blank
from dispatch.model.delivery import ClaimedDelivery
from dispatch.model.tokens import Purpose, TokenKeys
from dispatch.store.database import Database
from dispatch.store.deliveries import variant_to_send
from dispatch.transport.compiler import CompiledMessage, compile_message
from dispatch.transport.headers import headers_for
from dispatch.transport.session import Envelope

TOKEN_LENGTH = 44  # model/tokens.py
KEPT = 64  # variants in memory; an issue has a handful


@dataclass(frozen=True, slots=True)
class Edition:
    """A compiled variant, and the address it comes from."""

    message: CompiledMessage
    sender: EmailAddress


class Messages:
    """Makes the envelope and the message of a delivery; keeps the newest compiled variants."""

    def __init__(self, database: Database, settings: Settings, real_clock: Callable[[], datetime]) -> None:
        self._database, self._settings, self._real_clock = database, settings, real_clock
        self._keys = TokenKeys(tuple(key.read_key() for key in settings.web.token_keys))
        # The oldest key signs these, so that a key added between two tries does not change the Message-ID.
        self._lasting_keys = TokenKeys(self._keys.keys[-1:])
        self._pages = settings.web.public_url.rstrip("/")
        self._editions: OrderedDict[int, Edition] = OrderedDict()

    async def of(self, delivery: ClaimedDelivery) -> tuple[Envelope, bytes]:
        """The envelope and the bytes; raises ConfigurationError if its newsletter is not configured any more."""
        edition = await self._edition(delivery.variant_id)
        mailbox = return_mailbox(self._settings, edition.sender)
        bounce = self._keys.sign(Purpose.BOUNCE, delivery.id)
        envelope = Envelope(f"{mailbox.local}+b-{bounce}@{mailbox.domain}", delivery.address)
        return envelope, edition.message.fill(self._values(delivery, edition.sender, mailbox))

    def _values(self, delivery: ClaimedDelivery, sender: EmailAddress, mailbox: EmailAddress) -> dict[Blank, str]:
        leaving = self._keys.sign(Purpose.UNSUBSCRIBE, delivery.subscription_id)
        choosing = self._keys.sign(Purpose.PREFERENCES, delivery.subscription_id)
        return {
            Blank.ADDRESS: delivery.address,
            Blank.TO: f"{delivery.name} <{delivery.address}>",
            Blank.UNSUBSCRIBE: f"{self._pages}/unsubscribe/{leaving}",
            Blank.PREFERENCES: f"{self._pages}/preferences/{choosing}",
            Blank.UNSUBSCRIBE_MAILTO: f"{mailbox.local}+u-{leaving}@{mailbox.domain}",
            Blank.MESSAGE_ID: f"{self._lasting_keys.sign(Purpose.MESSAGE, delivery.id)}@{sender.domain}",
            Blank.DATE: format_datetime(self._real_clock()),
        }

    async def _edition(self, variant_id: int) -> Edition:
        if variant_id not in self._editions:
            self._editions[variant_id] = await self._compiled(variant_id)
            while len(self._editions) > KEPT:
                self._editions.popitem(last=False)
        self._editions.move_to_end(variant_id)
        return self._editions[variant_id]

    async def _compiled(self, variant_id: int) -> Edition:
        found = await self._database.run(variant_to_send, variant_id)
        if found.newsletter not in self._settings.newsletters:
            raise ConfigurationError(
                [f"newsletters.{found.newsletter} is not configured any more: put it back, or cancel its issue"]
            )
        headers = headers_for(self._settings, found.newsletter, found.schedule, found.slot)
        return Edition(compile_message(found.rendering, headers), headers.sender)


def return_mailbox(settings: Settings, sender: EmailAddress) -> EmailAddress:
    """Where bounces and unsubscribe mails come back to; raises ConfigurationError if its name is too long."""
    mailbox = parse_address(settings.outcomes.mailbox) if settings.outcomes.mailbox else None
    if mailbox is None:
        return EmailAddress("bounces", sender.domain)
    room = MAX_LOCAL_OCTETS - len("+b-") - TOKEN_LENGTH
    if len(mailbox.local.encode()) > room:
        raise ConfigurationError(
            [f"outcomes.mailbox: the part before the @ has at most {room} characters, because a token follows it"]
        )
    return mailbox
