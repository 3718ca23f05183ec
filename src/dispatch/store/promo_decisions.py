"""What editors decided about promos for one issue: pinned, banned. It holds once, and so stands in the database."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.errors import StoreError
from dispatch.model.book import PromoDecision
from dispatch.model.issue import IssueState
from dispatch.store.promo_tables import promo_decision, promo_placement
from dispatch.store.tables import delivery, issue, issue_audience, promo_choice, variant


@dataclass(frozen=True, slots=True)
class Decisions:
    """The promos pinned to one issue, and those banned from it."""

    pinned: frozenset[str] = frozenset()
    banned: frozenset[str] = frozenset()


def decisions_about(connection: Connection, schedule_id: int, slot: str) -> Decisions:
    """What was decided for the issue of a slot."""
    rows = connection.execute(
        sa.select(promo_decision.c.book, promo_decision.c.decision).where(
            promo_decision.c.schedule_id == schedule_id, promo_decision.c.slot == slot
        )
    ).all()
    return Decisions(
        frozenset(book for book, decision in rows if decision == PromoDecision.PIN),
        frozenset(book for book, decision in rows if decision == PromoDecision.BAN),
    )


def decide_promo(
    connection: Connection, schedule_id: int, slot: str, book: str, decision: PromoDecision | None, now: datetime
) -> None:
    """Pin or ban a promo for the issue of a slot, or (None) leave it to the draw again; the last word holds.

    An issue that is composed is drawn anew. Raises StoreError for one that is on its way, or over.
    """
    _draw_anew(connection, schedule_id, slot)
    here = (
        promo_decision.c.schedule_id == schedule_id,
        promo_decision.c.slot == slot,
        promo_decision.c.book == book,
    )
    connection.execute(sa.delete(promo_decision).where(*here))
    if decision is not None:
        row = {"schedule_id": schedule_id, "slot": slot, "book": book, "decision": decision.value, "decided_at": now}
        connection.execute(sa.insert(promo_decision).values(row))


def _draw_anew(connection: Connection, schedule_id: int, slot: str) -> None:
    """Forget the choices of the slot's issue, and the pages made with them: whoever needs them next makes new ones."""
    found = connection.execute(
        sa.select(issue.c.id, issue.c.state)
        .where(issue.c.schedule_id == schedule_id, issue.c.slot == slot)
        .with_for_update()
    ).one_or_none()
    if found is None:
        return
    under_way = sa.select(delivery.c.id).where(delivery.c.issue_id == found.id).limit(1)
    if found.state != IssueState.COMPOSED or connection.execute(under_way).first() is not None:
        raise StoreError(f"issue {found.id} is {found.state}: its books can no longer be changed")
    # The audience before the variants it names.
    for table in (promo_choice, promo_placement, issue_audience, variant):
        connection.execute(sa.delete(table).where(table.c.issue_id == found.id))
