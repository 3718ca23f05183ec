"""One schedule of one newsletter, looked at: which slot is next, and what would become of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dispatch.composing.rules import (
    FullDay,
    SlotDecision,
    SlotRules,
    decide_slot,
    expiry,
    full_day,
    posts_that_count,
    slot_is_open,
)
from dispatch.composing.timetable import Slot, newest_slot_due, next_slots
from dispatch.config.settings import Newsletter, Settings
from dispatch.errors import NotFoundError
from dispatch.model.issue import IssueState, NumberedPost
from dispatch.model.schedule import OnPublish, parse_schedule
from dispatch.store.busy_days import issues_since, waiting_since
from dispatch.store.database import Connection
from dispatch.store.issues import newest_issue
from dispatch.store.newsletters import StoredNewsletter, StoredSchedule, join_at, schedule_of

# Whatever clocks did, yesterday began later than this.
_LATELY = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Desk:
    """A schedule as it is configured and as it is stored, at one moment."""

    slug: str
    newsletter: Newsletter
    stored: StoredNewsletter
    schedule: StoredSchedule
    zone: ZoneInfo
    now: datetime


def desk_for(
    connection: Connection, settings: Settings, slug: str, schedule: str, stored: StoredNewsletter, now: datetime
) -> Desk:
    """Everything that is known of a schedule; raises NotFoundError."""
    zone = ZoneInfo(settings.site.timezone)
    newsletter = newsletter_of(settings, slug)
    return Desk(slug, newsletter, stored, schedule_of(connection, stored.id, schedule), zone, now)


def newsletter_of(settings: Settings, slug: str) -> Newsletter:
    """A newsletter as it is configured; raises NotFoundError."""
    if slug not in settings.newsletters:
        known = ", ".join(settings.newsletters)
        raise NotFoundError(f'there is no newsletter "{slug}" in the configuration; there are: {known}')
    return settings.newsletters[slug]


def open_slot(connection: Connection, desk: Desk, posts: Sequence[NumberedPost]) -> Slot | None:
    """The slot that is to be decided about now: the newest due one if nothing was decided about it or a later one.

    "On publish" is always due while something is new, unless the day is full; its slot is named by the newest post.
    """
    rhythm = parse_schedule(desk.newsletter.schedules[desk.schedule.slug].at)
    if isinstance(rhythm, OnPublish):
        slot = _next_on_publish(connection, desk, posts)
        return slot if slot and slot.due_at <= desk.now else None
    slot = newest_slot_due(rhythm, desk.zone, desk.now)
    newest = newest_issue(connection, desk.schedule.id)
    newest_due_at = newest.due_at if newest else None
    if slot is None or not slot_is_open(slot.due_at, newest_due_at, desk.schedule.created_at, desk.now):
        return None
    return slot


def slot_ahead(connection: Connection, desk: Desk, posts: Sequence[NumberedPost]) -> Slot | None:
    """The slot that is open, else the next one; None for "on publish" with nothing new."""
    return open_slot(connection, desk, posts) or _next_on_publish(connection, desk, posts) or coming_slot(desk)


def coming_slot(desk: Desk) -> Slot | None:
    """The first slot of the timetable later than now; None for "on publish"."""
    rhythm = parse_schedule(desk.newsletter.schedules[desk.schedule.slug].at)
    return None if isinstance(rhythm, OnPublish) else next(iter(next_slots(rhythm, desk.zone, desk.now, 1)), None)


def decision_about(connection: Connection, desk: Desk, slot: Slot, posts: Sequence[NumberedPost]) -> SlotDecision:
    """What becomes of a slot with these new posts; of one still to come, as things stand."""
    configured = desk.newsletter.schedules[desk.schedule.slug]
    when_empty = configured.when_empty or desk.newsletter.when_empty
    rules = SlotRules(desk.newsletter.min_posts, configured.late, when_empty == "hold")
    decision = decide_slot(slot.due_at, desk.now, posts, posts_that_count(posts, desk.newsletter.note), rules)
    kept_back = _kept_back(connection, desk) if decision.state is IssueState.COMPOSED else None
    return replace(decision, reason=kept_back.reason(configured.most_per_day)) if kept_back else decision


def expiry_of(desk: Desk, slot: Slot) -> datetime:
    """When the deliveries of this slot's issue are given up, also of a slot still to come."""
    begun = max(slot.due_at, desk.now)
    following = coming_slot(replace(desk, now=begun))
    return expiry(slot.due_at, begun, following.due_at if following else None)


def _next_on_publish(connection: Connection, desk: Desk, posts: Sequence[NumberedPost]) -> Slot | None:
    """The slot of what is new, due now or when the full day is slept over; None for a timetable."""
    if not posts or not _is_on_publish(desk):
        return None
    full = _full_day(connection, desk)
    return Slot(f"post:{posts[-1].seq}", max(desk.now, full.until) if full else desk.now)


def _kept_back(connection: Connection, desk: Desk) -> FullDay | None:
    """The full day because of which something that is new waits, or has waited; None where nothing has."""
    full = _full_day(connection, desk) if _is_on_publish(desk) else None
    if full is None:
        return None
    since = waiting_since(connection, desk.stored.id, join_at(connection, desk.schedule.id))
    return full if since is not None and since < full.until else None


def _full_day(connection: Connection, desk: Desk) -> FullDay | None:
    most = desk.newsletter.schedules[desk.schedule.slug].most_per_day
    return full_day(issues_since(connection, desk.schedule.id, desk.now - _LATELY), most, desk.zone, desk.now)


def _is_on_publish(desk: Desk) -> bool:
    return isinstance(parse_schedule(desk.newsletter.schedules[desk.schedule.slug].at), OnPublish)
