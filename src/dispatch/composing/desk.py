"""One schedule of one newsletter, looked at: which slot is next, and what would become of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from dispatch.composing.rules import SlotDecision, SlotRules, decide_slot, expiry, posts_that_count, slot_is_open
from dispatch.composing.timetable import Slot, newest_slot_due, next_slots
from dispatch.config.settings import Newsletter, Settings
from dispatch.errors import NotFoundError
from dispatch.model.issue import NumberedPost
from dispatch.model.schedule import OnPublish, parse_schedule
from dispatch.store.database import Connection
from dispatch.store.issues import newest_issue
from dispatch.store.newsletters import StoredNewsletter, StoredSchedule, schedule_of


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

    "On publish" is always due while something is new; its slot is named by the newest post.
    """
    rhythm = parse_schedule(desk.newsletter.schedules[desk.schedule.slug].at)
    if isinstance(rhythm, OnPublish):
        return Slot(f"post:{posts[-1].seq}", desk.now) if posts else None
    slot = newest_slot_due(rhythm, desk.zone, desk.now)
    newest = newest_issue(connection, desk.schedule.id)
    newest_due_at = newest.due_at if newest else None
    if slot is None or not slot_is_open(slot.due_at, newest_due_at, desk.schedule.created_at, desk.now):
        return None
    return slot


def coming_slot(desk: Desk) -> Slot | None:
    """The first slot later than now; None for "on publish"."""
    rhythm = parse_schedule(desk.newsletter.schedules[desk.schedule.slug].at)
    return None if isinstance(rhythm, OnPublish) else next(iter(next_slots(rhythm, desk.zone, desk.now, 1)), None)


def decision_about(desk: Desk, slot: Slot, posts: Sequence[NumberedPost]) -> SlotDecision:
    """What becomes of a slot with these new posts; of one still to come, as things stand."""
    configured = desk.newsletter.schedules[desk.schedule.slug]
    when_empty = configured.when_empty or desk.newsletter.when_empty
    rules = SlotRules(desk.newsletter.min_posts, configured.late, when_empty == "hold")
    return decide_slot(slot.due_at, desk.now, posts, posts_that_count(posts, desk.newsletter.note), rules)


def expiry_of(desk: Desk, slot: Slot) -> datetime:
    """When the deliveries of this slot's issue are given up."""
    following = coming_slot(desk)
    return expiry(slot.due_at, desk.now, following.due_at if following else None)
