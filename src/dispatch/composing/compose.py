"""Compose: the newest due slot of each schedule becomes an issue, or a row that says why it did not.

per newsletter, one transaction, its row locked:
    for each schedule: the newest slot that is due and open (desk.open_slot)
        decide: composed, empty, held or skipped
        insert the row; where there is one already, somebody else composed it
        composed: take a number, freeze the posts
"""

from dataclasses import dataclass
from datetime import datetime

from dispatch.composing.desk import Desk, decision_about, desk_for, expiry_of, newsletter_of, open_slot
from dispatch.composing.rules import SlotDecision
from dispatch.composing.timetable import Slot
from dispatch.config.settings import Settings
from dispatch.model.issue import IssueState
from dispatch.store.database import Connection, Database
from dispatch.store.issues import NewIssue, close_overdue_issues, freeze_posts, insert_issue, number_issue, posts_after
from dispatch.store.newsletters import join_at, lock_newsletter, read_newsletter, renumber_returned_posts


@dataclass(frozen=True, slots=True)
class SlotOutcome:
    """What became of one slot; `number` is None where it made no mail."""

    issue_id: int
    newsletter: str
    schedule: str
    slot: str
    state: IssueState
    number: int | None
    posts: int
    reason: str

    def line(self) -> str:
        """The outcome as a sentence for a terminal or a log."""
        where = f"{self.newsletter}, {self.schedule}, {self.slot}"
        if self.state is IssueState.COMPOSED:
            made = f"{where}: issue {self.number} with {self.posts} post{'' if self.posts == 1 else 's'}"
            return f"{made}; {self.reason}" if self.reason else made
        return f"{where}: {self.state}: {self.reason}"


@dataclass(frozen=True, slots=True)
class ComposeReport:
    """What was decided about slots; empty where nothing was due."""

    outcomes: tuple[SlotOutcome, ...]

    @property
    def composed(self) -> tuple[SlotOutcome, ...]:
        """Those that made an issue."""
        return tuple(outcome for outcome in self.outcomes if outcome.state is IssueState.COMPOSED)

    def lines(self) -> list[str]:
        """One sentence for each."""
        return [outcome.line() for outcome in self.outcomes]


async def compose_due(
    database: Database, settings: Settings, now: datetime, *, newsletter: str | None = None
) -> ComposeReport:
    """Decide about the newest due slot of every schedule (of one newsletter, if named); asking again changes nothing.

    Raises NotFoundError for a newsletter that is not configured.
    """
    if newsletter is not None:
        newsletter_of(settings, newsletter)
    await database.run(close_overdue_issues, now)
    outcomes: list[SlotOutcome] = []
    for slug in [newsletter] if newsletter is not None else sorted(settings.newsletters):
        outcomes += await database.run(compose_newsletter, settings, slug, now)
    return ComposeReport(tuple(outcomes))


def compose_newsletter(connection: Connection, settings: Settings, slug: str, now: datetime) -> list[SlotOutcome]:
    """The same for one newsletter, in a transaction that the caller has begun."""
    renumber_returned_posts(connection, lock_newsletter(connection, slug).id, now)
    stored = read_newsletter(connection, slug)  # a post that came back has moved the counter
    outcomes: list[SlotOutcome] = []
    for name in settings.newsletters[slug].schedules:
        outcome = _compose_schedule(connection, desk_for(connection, settings, slug, name, stored, now))
        outcomes += [outcome] if outcome else []
    return outcomes


def _compose_schedule(connection: Connection, desk: Desk) -> SlotOutcome | None:
    reached = join_at(connection, desk.schedule.id)
    posts = posts_after(connection, desk.stored.id, reached)
    slot = open_slot(connection, desk, posts)
    if slot is None:
        return None
    decision = decision_about(connection, desk, slot, posts)
    issue_id = insert_issue(connection, _new_issue(desk, slot, decision, reached), desk.now)
    if issue_id is None:
        return None
    number = None
    if decision.state is IssueState.COMPOSED:
        number = number_issue(connection, issue_id, desk.schedule.id, desk.newsletter.first_number)
        freeze_posts(connection, issue_id, desk.now)
    return SlotOutcome(
        issue_id, desk.slug, desk.schedule.slug, slot.key, decision.state, number, len(posts), decision.reason
    )


def _new_issue(desk: Desk, slot: Slot, decision: SlotDecision, reached: int) -> NewIssue:
    composed = decision.state is IssueState.COMPOSED
    return NewIssue(
        newsletter_id=desk.stored.id,
        schedule_id=desk.schedule.id,
        slot=slot.key,
        due_at=slot.due_at,
        after_seq=reached,
        # Posts of a slot that made no mail are still to come.
        through_seq=desk.stored.last_seq if composed else reached,
        state=decision.state,
        reason=decision.reason,
        expires_at=expiry_of(desk, slot) if composed else None,
    )
