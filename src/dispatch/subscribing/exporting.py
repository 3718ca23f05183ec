"""Subscriptions as CSV that an import takes back, and that no spreadsheet runs."""

import csv
import io
from collections.abc import AsyncIterator, Sequence

from dispatch.model.subscriber import SubscriptionState, SuppressionReason
from dispatch.store.database import Database
from dispatch.store.subscribers import ListedSubscription, list_subscriptions
from dispatch.subscribing.cells import guarded
from dispatch.subscribing.rules import SUPPRESSING, Wanted

HEADER = (
    "email",
    "name",
    "newsletter",
    "schedule",
    "status",
    "region",
    "language",
    "time zone",
    "consent date",
    "source",
)
_STATUS = {
    SubscriptionState.ACTIVE: Wanted.SUBSCRIBED,
    SubscriptionState.UNCONFIRMED: Wanted.UNCONFIRMED,
    SubscriptionState.LEFT: Wanted.UNSUBSCRIBED,
}
_SUPPRESSED = {reason: wanted for wanted, reason in SUPPRESSING.items()}


async def export_csv(
    database: Database,
    *,
    newsletter: str | None = None,
    states: Sequence[SubscriptionState] = (SubscriptionState.ACTIVE,),
    suppressed: bool = False,
) -> AsyncIterator[str]:
    """CSV text in pieces, header first; `suppressed` takes in those who are never mailed, and says so of them."""
    yield _text([HEADER])
    after = 0
    while page := await database.run(
        list_subscriptions, newsletter_slug=newsletter, states=states, suppressed=suppressed, after=after
    ):
        yield _text([_cells(row) for row in page])
        after = page[-1].id


def _cells(row: ListedSubscription) -> tuple[str, ...]:
    return (
        row.address,
        row.name,
        row.newsletter,
        row.schedule,
        _status(row),
        row.region,
        row.language,
        row.zone,
        row.consent_at.isoformat() if row.consent_at else "",
        row.consent_source,
    )


def _status(row: ListedSubscription) -> Wanted:
    if row.suppressed:
        return _SUPPRESSED.get(SuppressionReason(row.suppressed), Wanted.SUPPRESSED)
    return _STATUS[row.state]


def _text(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([[guarded(cell) for cell in row] for row in rows])
    return text.getvalue()
