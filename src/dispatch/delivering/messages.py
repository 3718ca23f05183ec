"""One delivery's bytes: what it carries compiled once, its blanks filled for its reader."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

from dispatch.config.settings import Settings
from dispatch.errors import ConfigurationError
from dispatch.model.address import EmailAddress
from dispatch.model.blanks import Blank
from dispatch.model.delivery import ClaimedDelivery
from dispatch.model.issue import Rendering
from dispatch.model.tokens import Purpose, TokenKeys
from dispatch.store.database import Database
from dispatch.store.deliveries import message_to_send, variant_to_send
from dispatch.transport.compiler import CompiledMessage, compile_message
from dispatch.transport.headers import FixedHeaders, headers_for, headers_of_message
from dispatch.transport.session import Envelope, Outgoing
from dispatch.transport.signing import Signing

KEPT = 64  # compiled renderings in memory; an issue has a handful

Carried = tuple[int | None, int | None]  # the id of a variant, or of a message


_Tokens = tuple[tuple[Blank, Purpose], ...]
_OF_SUBSCRIPTION: _Tokens = ((Blank.UNSUBSCRIBE, Purpose.UNSUBSCRIBE), (Blank.PREFERENCES, Purpose.PREFERENCES))
_OF_REQUEST: _Tokens = ((Blank.CONFIRM, Purpose.CONFIRM), (Blank.DECLINE, Purpose.DECLINE))


@dataclass(slots=True)
class Edition:
    """A compiled rendering, and the address it comes from."""

    message: CompiledMessage
    returns: EmailAddress  # where bounces come back to
    signature: int | None = None  # octets that signing adds, once known


class Messages:
    """Makes the envelope and the message of a delivery; keeps the newest compiled renderings."""

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
        self._editions: OrderedDict[Carried, Edition] = OrderedDict()

    async def of(self, delivery: ClaimedDelivery) -> Outgoing:
        """The envelope and the bytes; raises ConfigurationError if its newsletter is not configured any more."""
        return self._filled(delivery, await self._edition(_carried(delivery)))

    def at_once(self, delivery: ClaimedDelivery) -> Outgoing | None:
        """The same where what it carries is compiled already, else None."""
        edition = self._editions.get(_carried(delivery))
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
            Blank.MESSAGE_ID: self._lasting_keys.sign(Purpose.MESSAGE, delivery.id),
            Blank.DATE: _date_field(self._real_clock().replace(microsecond=0)),
        }
        values.update(self._tokens(delivery.subscription_id, _OF_SUBSCRIPTION, edition))
        values.update(self._tokens(delivery.request_id, _OF_REQUEST, edition))
        return values

    def _tokens(self, subject: int | None, which: _Tokens, edition: Edition) -> Iterator[tuple[Blank, str]]:
        if subject is not None:
            for blank, purpose in which:
                if blank in edition.message.blanks:
                    yield blank, self._keys.sign(purpose, subject)

    async def _edition(self, carried: Carried) -> Edition:
        if carried not in self._editions:
            self._editions[carried] = await self._compiled(carried)
            while len(self._editions) > KEPT:
                self._editions.popitem(last=False)
        self._editions.move_to_end(carried)
        return self._editions[carried]

    async def _compiled(self, carried: Carried) -> Edition:
        variant_id, message_id = carried
        if variant_id is not None:
            variant = await self._database.run(variant_to_send, variant_id)
            self._refuse_unknown(variant.newsletter, "put it back, or cancel its issue")
            headers = headers_for(self._settings, variant.newsletter, variant.schedule, variant.slot)
            return _edition_of(variant.rendering, headers)
        message = await self._database.run(message_to_send, message_id or 0)
        self._refuse_unknown(message.newsletter, "put it back; its mail waits")
        return _edition_of(message.rendering, headers_of_message(self._settings, message.newsletter, message.name))

    def _refuse_unknown(self, newsletter: str, remedy: str) -> None:
        if newsletter not in self._settings.newsletters:
            raise ConfigurationError([f"newsletters.{newsletter} is not configured any more: {remedy}"])


def _carried(delivery: ClaimedDelivery) -> Carried:
    return delivery.variant_id, delivery.message_id


def _edition_of(rendering: Rendering, headers: FixedHeaders) -> Edition:
    return Edition(compile_message(rendering, headers), headers.returns)


@lru_cache(maxsize=1)  # thousands of messages leave within a second
def _date_field(second: datetime) -> str:
    return format_datetime(second)
