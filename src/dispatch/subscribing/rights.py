"""What everybody may ask for: all that is stored about them, and to be forgotten."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dispatch.errors import NotFoundError
from dispatch.model.service import ServiceMail
from dispatch.model.tokens import Purpose, TokenKeys
from dispatch.store.database import Connection, Database
from dispatch.store.moving import mailbox_of
from dispatch.store.personal import personal_record
from dispatch.store.service_mail import want_mail
from dispatch.store.subscribers import find_subscriber, owner_of
from dispatch.subscribing.suppressing import forget
from dispatch.subscribing.wishes import Who

Document = dict[str, Any]


async def data_of(database: Database, keys: TokenKeys, now: datetime, token: str) -> Document | None:
    """Everything stored about the person a preferences link belongs to; None for a link that is not genuine."""
    subscription_id = keys.verify(Purpose.PREFERENCES, token)
    return None if subscription_id is None else await database.read(_data_of_subscription, subscription_id, now)


async def data_of_address(database: Database, now: datetime, who: Who) -> Document:
    """The same for an operator who was asked for it by letter; raises NotFoundError for who is not a subscriber."""
    document = await database.read(_data_of_digest, who.digest, now)
    if document is None:
        raise NotFoundError(f"{who} is not a subscriber: nothing is stored about them but, at most, a suppression")
    return document


async def erase_by_token(database: Database, keys: TokenKeys, now: datetime, token: str) -> bool:
    """Forget the person a preferences link belongs to; False for a link that is not genuine, or of who is forgotten."""
    subscription_id = keys.verify(Purpose.PREFERENCES, token)
    return subscription_id is not None and await database.run(_erase, subscription_id, now)


def _data_of_subscription(connection: Connection, subscription_id: int, now: datetime) -> Document | None:
    person = owner_of(connection, subscription_id)
    return _document(connection, person.id, now) if person else None


def _data_of_digest(connection: Connection, digest: str, now: datetime) -> Document | None:
    person = find_subscriber(connection, digest)
    return _document(connection, person.id, now) if person else None


def _document(connection: Connection, subscriber_id: int, now: datetime) -> Document:
    record = personal_record(connection, subscriber_id)
    (person,) = record.pop("subscriber")
    others = {name: [_plain(row) for row in rows] for name, rows in record.items()}
    return {"made_at": _moment(now), "subscriber": _plain(person), **others}


def _plain(row: Mapping[str, Any]) -> Document:
    """A row as JSON has it: moments in words, sections as a list."""
    values = {name: _moment(value) if isinstance(value, datetime) else value for name, value in row.items()}
    if "sections_off" in values:
        values["sections_off"] = [label for label in values["sections_off"].split("\n") if label]
    return values


def _moment(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def _erase(connection: Connection, subscription_id: int, now: datetime) -> bool:
    person = owner_of(connection, subscription_id)
    mailbox = mailbox_of(connection, person.id) if person else None
    if mailbox is None or not forget(connection, mailbox.address_hash, now):
        return False
    # Their page can be in hands that it was forwarded to: the owner of the address is told, once, and then it is gone.
    where = {"address": mailbox.address, "address_hash": mailbox.address_hash}
    want_mail(connection, ServiceMail.ERASED, subscription_id, now, **where)
    return True
