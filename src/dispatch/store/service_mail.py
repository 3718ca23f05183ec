"""Service mail: what has to be written to one reader, and its delivery once it is written.

wanted (a row of wanted_mail) ─write→ message and delivery, in one transaction; the sender does the rest.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.model.delivery import DeliveryKind, DeliveryState
from dispatch.model.doubt import NOT_SENT_AGAIN
from dispatch.model.issue import Rendering
from dispatch.model.request import KEPT
from dispatch.model.service import EXPIRES, EXPIRES_ELSE, ServiceMail
from dispatch.store.conflicts import insert_if_absent
from dispatch.store.reader_tables import message, wanted_mail
from dispatch.store.tables import delivery, newsletter, schedule, subscriber, subscription

PRIORITY = 1  # somebody waits for it
PATIENT_PRIORITY = 9  # after the digests: thousands may be asked at once who wait for nothing


@dataclass(frozen=True, slots=True)
class WantedMail:
    """A message that has to be written, and whom it is for. `address` is set where it is no longer the subscriber's."""

    id: int
    mail: ServiceMail
    subscription_id: int
    subscriber_id: int
    newsletter: str
    schedule: str
    language: str
    address: str | None
    address_hash: str | None


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a service message goes to: a subscriber by their ids, or an address that is none."""

    subscriber_id: int | None = None
    subscription_id: int | None = None
    request_id: int | None = None
    address: str | None = None
    address_hash: str | None = None


def want_mail(
    connection: Connection,
    name: str,
    subscription_id: int,
    now: datetime,
    *,
    address: str | None = None,
    address_hash: str | None = None,
) -> None:
    """Have this message (one of ServiceMail) written to a subscriber, or to an address that was theirs."""
    values = {"subscription_id": subscription_id, "address": address, "address_hash": address_hash}
    connection.execute(sa.insert(wanted_mail).values(name=ServiceMail(name), wanted_at=now, **values))


def mails_since(connection: Connection, name: str, subscription_id: int, since: datetime) -> int:
    """How many such messages a subscription was owed since then, those that are not written yet included."""
    wanted = sa.select(wanted_mail.c.id).where(
        wanted_mail.c.name == name,
        wanted_mail.c.subscription_id == subscription_id,
        wanted_mail.c.wanted_at > since,
    )
    of_name = message.c.name.is_(None) if name == ServiceMail.AGAIN else message.c.name == name
    written = (
        sa.select(delivery.c.id)
        .outerjoin(message, message.c.id == delivery.c.message_id)
        .where(
            delivery.c.kind == DeliveryKind.SERVICE,
            delivery.c.subscription_id == subscription_id,
            delivery.c.created_at > since,
            of_name,
        )
    )
    return sum(
        connection.scalars(sa.select(sa.func.count()).select_from(query.subquery())).one()
        for query in (wanted, written)
    )


def wanted_mails(connection: Connection, limit: int, after: int = 0) -> list[WantedMail]:
    """What has to be written and was noted down after the id `after`, the oldest first."""
    rows = connection.execute(
        sa.select(
            wanted_mail.c.id,
            wanted_mail.c.name.label("mail"),
            wanted_mail.c.subscription_id,
            subscription.c.subscriber_id,
            newsletter.c.slug.label("newsletter"),
            schedule.c.slug.label("schedule"),
            subscriber.c.language,
            wanted_mail.c.address,
            wanted_mail.c.address_hash,
        )
        .join(subscription, subscription.c.id == wanted_mail.c.subscription_id)
        .join(subscriber, subscriber.c.id == subscription.c.subscriber_id)
        .join(newsletter, newsletter.c.id == subscription.c.newsletter_id)
        .join(schedule, schedule.c.id == subscription.c.schedule_id)
        .where(wanted_mail.c.id > after)
        .order_by(wanted_mail.c.id)
        .limit(limit)
    ).mappings()
    return [WantedMail(**(dict(row) | {"mail": ServiceMail(row["mail"])})) for row in rows]


def take_wanted(connection: Connection, wanted_id: int) -> bool:
    """Take one from what has to be written; False if somebody else has."""
    statement = sa.delete(wanted_mail).where(wanted_mail.c.id == wanted_id).returning(wanted_mail.c.id)
    return connection.scalars(statement).first() is not None


def insert_message(
    connection: Connection, mail: ServiceMail, newsletter_slug: str, rendering: Rendering, digest: str, now: datetime
) -> int:
    """Store a rendering under its hash; one that is there already is used again. Returns the message's id."""
    row = {
        "name": mail,
        "newsletter": newsletter_slug,
        "hash": digest,
        "subject": rendering.subject,
        "preheader": rendering.preheader,
        "html": rendering.html,
        "text": rendering.text,
        "created_at": now,
    }
    connection.execute(insert_if_absent(connection, message).values(row))
    same = sa.select(message.c.id).where(message.c.newsletter == newsletter_slug, message.c.hash == digest)
    message_id: int = connection.scalars(same).one()
    return message_id


def queue_mail(
    connection: Connection,
    mail: ServiceMail,
    recipient: Recipient,
    now: datetime,
    *,
    message_id: int | None = None,
    variant_id: int | None = None,
    is_awaited: bool = True,
) -> int:
    """Owe somebody a message (or, once more, a variant of an issue); returns the delivery's id.

    What nobody waits for goes after all other mail, and has as long as a request is kept.
    """
    row = {
        "kind": DeliveryKind.SERVICE,
        "message_id": message_id,
        "variant_id": variant_id,
        "subscriber_id": recipient.subscriber_id,
        "subscription_id": recipient.subscription_id,
        "request_id": recipient.request_id,
        "address": recipient.address,
        "address_hash": recipient.address_hash,
        "state": DeliveryState.QUEUED,
        "priority": PRIORITY if is_awaited else PATIENT_PRIORITY,
        "due_at": now,
        "expires_at": now + (EXPIRES.get(mail, EXPIRES_ELSE) if is_awaited else KEPT),
        "created_at": now,
    }
    delivery_id: int = connection.scalars(sa.insert(delivery).values(row).returning(delivery.c.id)).one()
    return delivery_id


def last_variant(connection: Connection, subscription_id: int) -> int | None:
    """The variant of the newest issue that was accepted for this subscription."""
    query = (
        sa.select(delivery.c.variant_id)
        .where(
            delivery.c.subscription_id == subscription_id,
            delivery.c.kind == DeliveryKind.DIGEST,
            delivery.c.state == DeliveryState.ACCEPTED,
        )
        .order_by(delivery.c.id.desc())
        .limit(1)
    )
    return connection.scalars(query).first()


@dataclass(frozen=True, slots=True)
class SentMail:
    """One service message that was owed to a mailbox, and what became of it."""

    mail: ServiceMail
    state: DeliveryState
    reason: str
    reply: str
    created_at: datetime
    ended_at: datetime | None


def sent_mails(connection: Connection, digest: str) -> list[SentMail]:
    """The service mail of one mailbox, by its keyed hash, the oldest first."""
    name = sa.func.coalesce(message.c.name, ServiceMail.AGAIN.value)
    rows = connection.execute(
        sa.select(
            name.label("mail"),
            delivery.c.state,
            delivery.c.reason,
            delivery.c.reply,
            delivery.c.created_at,
            delivery.c.ended_at,
        )
        .outerjoin(message, message.c.id == delivery.c.message_id)
        .outerjoin(subscriber, subscriber.c.id == delivery.c.subscriber_id)
        .where(delivery.c.kind == DeliveryKind.SERVICE)
        .where(sa.func.coalesce(delivery.c.address_hash, subscriber.c.address_hash) == digest)
        .order_by(delivery.c.id)
    ).mappings()
    return [
        SentMail(**(dict(row) | {"mail": ServiceMail(row["mail"]), "state": DeliveryState(row["state"])}))
        for row in rows
    ]


def end_doubtful_mail(connection: Connection, now: datetime) -> None:
    """Let service mail end of which nobody knows whether it arrived, and which nobody waits for any more."""
    doubtful = sa.and_(
        delivery.c.kind == DeliveryKind.SERVICE,
        delivery.c.state == DeliveryState.IN_DOUBT,
        delivery.c.expires_at <= now,
    )
    connection.execute(
        sa.update(delivery)
        .where(doubtful)
        .values(state=DeliveryState.SUPPRESSED, reason=NOT_SENT_AGAIN, ended_at=now, address=None)
    )
