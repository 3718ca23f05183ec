"""Plan: what the next issue will be, to whom it goes and why not to others, before anything is stored or sent."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from dispatch.composing.pages import contents_for, page_of
from dispatch.composing.press import HashOf, Press, Printed, Render
from dispatch.composing.rules import page_order
from dispatch.composing.upcoming import Upcoming
from dispatch.composing.variants import PromosFor
from dispatch.config.settings import Settings
from dispatch.model.issue import AudienceKey, IssueState
from dispatch.model.post import Problem
from dispatch.store.fan_out import NOTHING_LEFT


@dataclass(frozen=True, slots=True)
class PlannedVariant:
    """One rendering of the plan, and how many get it."""

    hash: str
    subject: str
    posts: int
    books: tuple[str, ...]
    audience: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be sent. `hash` is that of the only variant, else SHA-256 over the hashes of all of them, sorted.

    `reasons` has a line for each book: for how many cohorts, and why it is there. `later` is how many get it at the
    time of day of their own zone, the last of them at `until`.
    """

    upcoming: Upcoming
    variants: tuple[PlannedVariant, ...]
    excluded: Mapping[str, int]
    problems: tuple[Problem, ...]
    reasons: tuple[str, ...] = ()
    later: int = 0
    until: datetime | None = None

    @property
    def hash(self) -> str:
        """The same as long as the same bytes would go out."""
        hashes = sorted({variant.hash for variant in self.variants})
        return hashes[0] if len(hashes) == 1 else hashlib.sha256("\n".join(hashes).encode()).hexdigest()

    @property
    def audience(self) -> int:
        """How many it would go to."""
        return sum(variant.audience for variant in self.variants)

    @property
    def books(self) -> tuple[str, ...]:
        """The books that some variant shows."""
        return tuple(sorted({book for variant in self.variants for book in variant.books}))

    def as_json(self) -> dict[str, object]:
        """The plan as `dispatch plan --json` has it."""
        slot = self.upcoming.slot
        return {
            "hash": self.hash,
            "newsletter": self.upcoming.newsletter,
            "schedule": self.upcoming.schedule,
            "slot": slot.key if slot else None,
            "due": _iso(slot.due_at) if slot else None,
            "number": self.upcoming.number,
            "decision": self.upcoming.decision.state.value,
            "reason": self.upcoming.decision.reason,
            "posts": [
                {"seq": numbered.seq, "title": numbered.post.title, "url": numbered.post.url}
                for numbered in page_order(self.upcoming.posts)
            ],
            "books": list(self.books),
            "why_these_books": list(self.reasons),
            "variants": [
                {
                    "hash": variant.hash,
                    "subject": variant.subject,
                    "posts": variant.posts,
                    "books": list(variant.books),
                    "audience": variant.audience,
                }
                for variant in self.variants
            ],
            "audience": self.audience,
            "later": self.later,
            "until": _iso(self.until),
            "excluded": dict(self.excluded),
            "problems": [f"{problem.where}: {problem.what}" for problem in self.problems],
        }

    def lines(self) -> list[str]:
        """The plan in words, for a terminal."""
        upcoming = self.upcoming
        when = f"{upcoming.slot.key} ({upcoming.slot.due_at:%Y-%m-%d %H:%M} UTC)" if upcoming.slot else "when published"
        lines = [f"{upcoming.newsletter}, {upcoming.schedule}, {when}: number {upcoming.number}"]
        if upcoming.decision.state is not IssueState.COMPOSED:
            lines.append(f"as things stand it will be {upcoming.decision.state}: {upcoming.decision.reason}")
        elif upcoming.decision.reason:
            lines.append(upcoming.decision.reason)
        lines += [f"  {numbered.post.title}" for numbered in page_order(upcoming.posts)]
        lines.append(f"books: {', '.join(self.books) or 'none'}")
        lines += [f"  {reason}" for reason in self.reasons]
        lines.append(f"goes to {self.audience} in {len(self.variants)} variant{'' if len(self.variants) == 1 else 's'}")
        lines += [f"  {variant.audience}: “{variant.subject}”" for variant in self.variants]
        if self.until:
            lines.append(f"{self.later} of them later, in their own time zones, until {self.until:%Y-%m-%d %H:%M} UTC")
        lines += [f"left out, {reason}: {count}" for reason, count in self.excluded.items()]
        lines += [f"problem: {problem.where}: {problem.what}" for problem in self.problems]
        return [*lines, f"hash {self.hash}"]


async def plan_issue(
    settings: Settings, upcoming: Upcoming, *, promos_for: PromosFor, render: Render, hash_of: HashOf
) -> Plan:
    """Render every variant of the next issue, and count who gets which; nothing is stored."""
    return await asyncio.to_thread(_plan, settings, upcoming, promos_for, Press(render, hash_of))


def _plan(settings: Settings, upcoming: Upcoming, promos_for: PromosFor, press: Press) -> Plan:
    newsletter = settings.newsletters[upcoming.newsletter]
    pages: dict[str, Printed] = {}
    audience: dict[str, int] = {}
    nothing_left = 0
    later: list[tuple[datetime, int]] = []
    for key, count in upcoming.audience.items():
        contents = contents_for(newsletter, upcoming.posts, key)
        books = promos_for(key) if key.books and contents.posts else ()
        page = press.printed(page_of(settings, upcoming.frame(), contents, books, key)) if contents.posts else None
        if page is None:
            nothing_left += count
            continue
        later += _later(upcoming, key)
        pages[page.hash] = page
        audience[page.hash] = audience.get(page.hash, 0) + count
    excluded = dict(upcoming.excluded)
    if nothing_left:
        excluded[NOTHING_LEFT] = excluded.get(NOTHING_LEFT, 0) + nothing_left
    variants = tuple(
        PlannedVariant(page.hash, page.rendering.subject, len(page.post_ids), page.books, audience[page.hash])
        for page in pages.values()
    )
    until = max((due_at for due_at, _ in later), default=None)
    counts = sum(count for _, count in later)
    return Plan(upcoming, variants, excluded, tuple(press.problems), later=counts, until=until)


def _later(upcoming: Upcoming, key: AudienceKey) -> list[tuple[datetime, int]]:
    """When this kind of reader gets it later than others, and how many of them."""
    zones = upcoming.zones.get(key, {})
    return [(upcoming.own_times[zone], count) for zone, count in zones.items() if zone in upcoming.own_times]


def _iso(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
