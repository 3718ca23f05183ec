"""One delivery's bytes: its variant compiled once, its blanks filled for its reader."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

from dispatch.config.settings import Settings
from dispatch.errors import ConfigurationError
from dispatch.model.address import EmailAddress
from dispatch.model.blanks import Blank
from dispatch.model.delivery import ClaimedDelivery
from dispatch.model.tokens import Purpose, TokenKeys
from dispatch.store.database import Database
from dispatch.store.deliveries import variant_to_send
from dispatch.transport.compiler import CompiledMessage, compile_message
from dispatch.transport.headers import headers_for
from dispatch.transport.session import Envelope, Outgoing
from dispatch.transport.signing import Signing

KEPT = 64  # variants in memory; an issue has a handful


@dataclass(slots=True)
class Edition:
    """A compiled variant, and the address it comes from."""

    message: CompiledMessage
    returns: EmailAddress  # where bounces come back to
    signature: int | None = None  # octets that signing adds, once known


class Messages:
    """Makes the envelope and the message of a delivery; keeps the newest compiled variants."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        real_clock: Callable[[], datetime],
        signing: Signing | None = None,
    ) -> None:
        self._database, self._settings, self._real_clock = database, settings, real_clock
        self._signing = signing
        self._keys = TokenKeys(tuple(key.read_key() for key in settings.web.token_keys))
        # The oldest key signs these, so that a key added between two tries does not change the Message-ID.
        self._lasting_keys = TokenKeys(self._keys.keys[-1:])
        self._editions: OrderedDict[int, Edition] = OrderedDict()

    async def of(self, delivery: ClaimedDelivery) -> Outgoing:
        """The envelope and the bytes; raises ConfigurationError if its newsletter is not configured any more."""
        return self._filled(delivery, await self._edition(delivery.variant_id))

    def at_once(self, delivery: ClaimedDelivery) -> Outgoing | None:
        """The same where the variant is compiled already, else None."""
        edition = self._editions.get(delivery.variant_id)
        return self._filled(delivery, edition) if edition else None

    def _filled(self, delivery: ClaimedDelivery, edition: Edition) -> Outgoing:
        returns = edition.returns
        bounce = self._keys.sign(Purpose.BOUNCE, delivery.id)
        envelope = Envelope(f"{returns.local}+b-{bounce}@{returns.domain}", delivery.address)
        message = edition.message.fill(self._values(delivery, edition))
        is_ascii = delivery.address.isascii()  # the rest of a message always is
        if self._signing is None:
            return Outgoing(envelope, message, len(message), is_ascii)
        if edition.signature is None:
            edition.signature = self._signing.added_to(message)
        return Outgoing(envelope, self._signing.signed(message), len(message) + edition.signature, is_ascii)

    def _values(self, delivery: ClaimedDelivery, edition: Edition) -> dict[Blank, str]:
        values = {
            Blank.ADDRESS: delivery.address,
            Blank.TO: f"{delivery.name} <{delivery.address}>",
            Blank.UNSUBSCRIBE: self._keys.sign(Purpose.UNSUBSCRIBE, delivery.subscription_id),
            Blank.MESSAGE_ID: self._lasting_keys.sign(Purpose.MESSAGE, delivery.id),
            Blank.DATE: _date_field(self._real_clock().replace(microsecond=0)),
        }
        if Blank.PREFERENCES in edition.message.blanks:
            values[Blank.PREFERENCES] = self._keys.sign(Purpose.PREFERENCES, delivery.subscription_id)
        return values

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
        return Edition(compile_message(found.rendering, headers), headers.returns)


@lru_cache(maxsize=1)  # thousands of messages leave within a second
def _date_field(second: datetime) -> str:
    return format_datetime(second)
