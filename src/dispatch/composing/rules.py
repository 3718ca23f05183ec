"""What decides about issues: which posts count, in which order, and whether a slot becomes mail."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dispatch.model.issue import IssueState, NumberedPost
from dispatch.model.post import Post
from dispatch.model.sections import section_of
from dispatch.model.zones import instant

_DAY = timedelta(days=1)
# When what "on publish" kept back goes out, on the site's clock: as a morning paper does.
MORNING = time(7)
# Mail that was not accepted in this time is old news; the next issue carries its posts.
MAX_RETRY = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class SlotRules:
    """What a newsletter and its schedule say about making an issue or not."""

    min_posts: int
    late: timedelta
    hold_when_empty: bool


@dataclass(frozen=True, slots=True)
class SlotDecision:
    """What becomes of a slot: composed, empty, held or skipped, and why, in words."""

    state: IssueState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FullDay:
    """A local day on which an "on publish" schedule made all the issues it may; what comes later waits `until` then."""

    day: date
    issues: int
    until: datetime

    def reason(self, most_per_day: int) -> str:
        """Why posts wait, or have waited, in words."""
        made = f"{self.issues} issue{'' if self.issues == 1 else 's'} went out on {self.day}"
        rest = f"what came later goes together at {MORNING:%H:%M} on {self.day + _DAY}"
        return f"{made}, and most_per_day = {most_per_day}: {rest}"


def full_day(made: Iterable[datetime], most_per_day: int, zone: ZoneInfo, now: datetime) -> FullDay | None:
    """Today or yesterday, if so many of the issues due at these moments were on it; today first.

    Posts wait until the morning after a full day, also those that come out in the night before it.
    """
    counts = Counter(moment.astimezone(zone).date() for moment in made)
    today = now.astimezone(zone).date()
    for day in (today, today - _DAY):
        if counts[day] >= most_per_day:
            return FullDay(day, counts[day], instant(datetime.combine(day + _DAY, MORNING), zone))
    return None


def without_sections(
    posts: Iterable[Post], sections: Mapping[str, Collection[str]], off: Collection[str]
) -> tuple[Post, ...]:
    """The posts but those of sections that are left out, by their labels; a post of no section always stays."""
    return tuple(post for post in posts if not off or section_of(post.categories, sections) not in off)


def is_left_out(post: Post, skip: Collection[str]) -> bool:
    """Whether one of the post's categories is one that the newsletter skips; capitals do not matter."""
    skipped = {_folded(category) for category in skip}
    return any(_folded(category) in skipped for category in post.categories)


def release_order(posts: Iterable[Post]) -> list[Post]:
    """Posts in the order in which they get their numbers: as they were published."""
    return sorted(posts, key=lambda post: (post.published_at, post.id))


def page_order(posts: Iterable[NumberedPost]) -> list[NumberedPost]:
    """Posts in the order in which a page shows them: newest first; of one moment, the one released last."""
    return sorted(posts, key=lambda numbered: (numbered.post.published_at, numbered.seq), reverse=True)


def split_note(posts: Sequence[NumberedPost], category: str | None) -> tuple[Post | None, list[Post]]:
    """The editor's note (the newest post of its category) and the other posts, in the order given.

    A note needs something to introduce: where it is alone, it is a post like any other, so that nobody misses it.
    """
    notes = [numbered for numbered in posts if category and _has_category(numbered.post, category)]
    if not notes or len(posts) == 1:
        return None, [numbered.post for numbered in posts]
    note = max(notes, key=lambda numbered: (numbered.post.published_at, numbered.seq))
    return note.post, [numbered.post for numbered in posts if numbered is not note]


def posts_that_count(posts: Sequence[NumberedPost], category: str | None) -> int:
    """How many of these posts count towards `min_posts`: all but the editor's note."""
    has_note = any(category and _has_category(numbered.post, category) for numbered in posts)
    return len(posts) - (1 if has_note else 0)


def slot_is_open(due_at: datetime, newest_due_at: datetime | None, created_at: datetime, now: datetime) -> bool:
    """Whether the newest due slot may still become an issue.

    Not if the schedule's newest issue is of this slot or a later one, and not if the slot was before the schedule:
    unless `now` itself is before the schedule was made, as under a clock that was set back on purpose.
    """
    if newest_due_at is not None and due_at <= newest_due_at:
        return False
    return due_at >= created_at or now < created_at


def decide_slot(
    due_at: datetime, now: datetime, posts: Sequence[NumberedPost], counted: int, rules: SlotRules
) -> SlotDecision:
    """What becomes of an open slot. Posts of a slot that made no mail wait for the next one."""
    overdue = now - due_at
    if overdue > rules.late:
        return SlotDecision(
            IssueState.SKIPPED,
            f"missed by {in_words(overdue)}, and late = {in_words(rules.late)}: its posts wait for the next issue",
        )
    if not posts:
        if rules.hold_when_empty:
            return SlotDecision(IssueState.HELD, "nothing new, and when_empty is hold")
        return SlotDecision(IssueState.EMPTY, "nothing new")
    if counted < rules.min_posts:
        found = f"{counted} new post{'' if counted == 1 else 's'}"
        return SlotDecision(
            IssueState.SKIPPED, f"{found}, and min_posts = {rules.min_posts}: what is new waits for the next issue"
        )
    return SlotDecision(IssueState.COMPOSED)


def expiry(due_at: datetime, now: datetime, next_due_at: datetime | None) -> datetime:
    """When deliveries are given up: at the schedule's next slot, at most three days after they could begin."""
    latest = max(due_at, now) + MAX_RETRY
    return latest if next_due_at is None else min(latest, next_due_at)


def in_words(length: timedelta) -> str:
    """A length of time as a person says it, in its two largest units: "2 days 3 hours"."""
    minutes = max(int(length.total_seconds()) // 60, 0)
    parts = [(minutes // 1440, "day"), (minutes // 60 % 24, "hour"), (minutes % 60, "minute")]
    said = [f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in parts if count]
    return " ".join(said[:2]) or "less than a minute"


def _has_category(post: Post, category: str) -> bool:
    return _folded(category) in {_folded(own) for own in post.categories}


def _folded(category: str) -> str:
    return " ".join(category.split()).casefold()
