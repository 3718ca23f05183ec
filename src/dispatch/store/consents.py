"""The proof of what somebody agreed to and changed: written down once, never altered, blanked when they are erased."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.model.subscriber import ConsentAct
from dispatch.store.reader_tables import consent
from dispatch.store.tables import newsletter, subscription


@dataclass(frozen=True, slots=True)
class RecordedConsent:
    """One act: of whose subscription, when, and what the page said. `network` is the keyed hash of an address block."""

    subscription_id: int
    newsletter: str
    at: datetime
    act: ConsentAct
    wording: str
    page: str
    network: str


def insert_consent(
    connection: Connection,
    subscription_ids: Collection[int],
    act: ConsentAct,
    now: datetime,
    *,
    wording: str = "",
    page: str = "",
    network: str = "",
) -> None:
    """Write down one act, for each of these subscriptions."""
    row = {"at": now, "act": act.value, "wording": wording, "page": page, "network": network}
    rows = [{"subscription_id": one, **row} for one in subscription_ids]
    if rows:
        connection.execute(sa.insert(consent), rows)


def consents_of(connection: Connection, subscriber_id: int) -> list[RecordedConsent]:
    """Every act of one subscriber, oldest first."""
    query = _CONSENTS.where(subscription.c.subscriber_id == subscriber_id).order_by(consent.c.at, consent.c.id)
    return [RecordedConsent(*row[:3], ConsentAct(row.act), *row[4:]) for row in connection.execute(query)]


def blank_consents(connection: Connection, subscriber_id: int) -> None:
    """Forget where an erased person agreed, and to what; that and when somebody did stays."""
    mine = sa.select(subscription.c.id).where(subscription.c.subscriber_id == subscriber_id)
    nothing = dict.fromkeys(("wording", "page", "network"), "")
    connection.execute(sa.update(consent).where(consent.c.subscription_id.in_(mine)).values(**nothing))


_CONSENTS = (
    sa.select(
        consent.c.subscription_id,
        newsletter.c.slug,
        consent.c.at,
        consent.c.act,
        consent.c.wording,
        consent.c.page,
        consent.c.network,
    )
    .join(subscription, subscription.c.id == consent.c.subscription_id)
    .join(newsletter, newsletter.c.id == subscription.c.newsletter_id)
)
