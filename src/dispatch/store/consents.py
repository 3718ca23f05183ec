"""The proof of what somebody agreed to and changed: written down once, never altered, blanked when they are erased."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.model.subscriber import ConsentAct
from dispatch.store.reader_tables import consent
from dispatch.store.tables import subscription


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


def blank_consents(connection: Connection, subscriber_id: int) -> None:
    """Forget where an erased person agreed, and to what; that and when somebody did stays."""
    mine = sa.select(subscription.c.id).where(subscription.c.subscriber_id == subscriber_id)
    nothing = dict.fromkeys(("wording", "page", "network"), "")
    connection.execute(sa.update(consent).where(consent.c.subscription_id.in_(mine)).values(**nothing))
