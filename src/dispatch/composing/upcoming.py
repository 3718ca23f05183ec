"""The next issue of a schedule as things stand: what plan, preview and trial mails are made from. Nothing is stored."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from dispatch.composing.desk import Desk, decision_about, desk_for, expiry_of, newsletter_of, slot_ahead
from dispatch.composing.pages import ANYBODY, IssueFrame, contents_for, languages_of, local_day, page_of
from dispatch.composing.rules import SlotDecision
from dispatch.composing.timetable import Slot
from dispatch.config.settings import Settings
from dispatch.errors import NotFoundError, NothingToDoError
from dispatch.model.book import PromoBlock
from dispatch.model.issue import AudienceKey, Issue, IssueState, NumberedPost
from dispatch.model.zones import own_times
from dispatch.rendering.page import IssuePage
from dispatch.store.database import Connection, Database
from dispatch.store.fan_out import audience_by_key, excluded_by_reason, zones_by_key
from dispatch.store.issues import issue_posts, newest_issue, posts_after
from dispatch.store.newsletters import join_at, read_newsletter
from dispatch.store.posts import newest_posts


@dataclass(frozen=True, slots=True)
class Upcoming:
    """The facts of the next issue: the one that is composed and not yet fanned out, else the next slot's.

    `slot` is None for "on publish" with nothing new, `issue_id` is None while there is no such issue. `usual_seq` is
    what most of its readers have seen. `decision` is what the slot becomes, as things stand. `own_times` has the zones
    in which it is due later than where the site is, `zones` how many of each kind of reader live in which zone.
    """

    newsletter: str
    schedule: str
    day: date
    slot: Slot | None
    issue_id: int | None
    number: int
    posts: tuple[NumberedPost, ...]
    usual_seq: int
    audience: Mapping[AudienceKey, int]
    excluded: Mapping[str, int]
    decision: SlotDecision
    languages: frozenset[str]
    zones: Mapping[AudienceKey, Mapping[str, int]]
    own_times: Mapping[str, datetime]

    def frame(self, *, sample: bool = False) -> IssueFrame:
        """What is the same on all its pages."""
        return IssueFrame(self.newsletter, self.schedule, self.number, self.day, sample, self.languages)


async def upcoming_issue(
    database: Database, settings: Settings, newsletter: str, now: datetime, schedule: str | None = None
) -> Upcoming:
    """The next issue of a schedule (the default one, if none is named); raises NotFoundError."""
    configured = newsletter_of(settings, newsletter)
    name = schedule or configured.default_schedule
    if name not in configured.schedules:
        raise NotFoundError(f'"{newsletter}" has no schedule "{name}"; it has: {", ".join(configured.schedules)}')
    upcoming = await database.run(_upcoming, settings, newsletter, name, now)
    return replace(upcoming, languages=languages_of(settings))


async def preview_page(
    database: Database,
    settings: Settings,
    upcoming: Upcoming,
    books: tuple[PromoBlock, ...] = (),
    reader: AudienceKey = ANYBODY,
) -> IssuePage:
    """The page that such a reader of the next issue gets who has seen what most have seen.

    With nothing new it has the newest posts, marked as a sample. Raises NothingToDoError where no post was ever
    collected, or all of them are of sections that this reader leaves out.
    """
    configured = settings.newsletters[upcoming.newsletter]
    contents = contents_for(configured, upcoming.posts, replace(reader, from_seq=upcoming.usual_seq))
    if contents.posts:
        return page_of(settings, upcoming.frame(), contents, books, reader)
    newest = await database.run(newest_posts, configured.sources, configured.max_posts)
    if not newest:
        raise NothingToDoError("no post has been collected yet, so there is nothing to show: run `dispatch collect`")
    numbered = [NumberedPost(post.id, post) for post in newest]
    contents = contents_for(configured, numbered, replace(reader, from_seq=-1))
    if not contents.posts:
        raise NothingToDoError("every post is of a section that is left out, so there is nothing to show")
    return page_of(settings, upcoming.frame(sample=True), contents, books, reader)


def _upcoming(connection: Connection, settings: Settings, newsletter: str, schedule: str, now: datetime) -> Upcoming:
    desk = desk_for(connection, settings, newsletter, schedule, read_newsletter(connection, newsletter), now)
    newest = newest_issue(connection, desk.schedule.id)
    made = newest if newest and newest.state is IssueState.COMPOSED else None
    slot: Slot | None
    if made:
        posts, slot, through = issue_posts(connection, made.id), Slot(made.slot, made.due_at), made.through_seq
        decision = SlotDecision(IssueState.COMPOSED, made.reason)
    else:
        posts = posts_after(connection, desk.stored.id, join_at(connection, desk.schedule.id))
        slot, through = slot_ahead(connection, desk, posts), desk.stored.last_seq
        nothing = SlotDecision(IssueState.EMPTY, "nothing new")
        decision = decision_about(connection, desk, slot, posts) if slot else nothing
    audience = audience_by_key(connection, desk.schedule.id, through) if posts else {}
    zones = zones_by_key(connection, desk.schedule.id, through) if posts else {}
    return Upcoming(
        newsletter=newsletter,
        schedule=schedule,
        day=local_day(settings, slot.due_at if slot else now),
        slot=slot,
        issue_id=made.id if made else None,
        number=_number_of(desk, made),
        posts=tuple(posts),
        usual_seq=_usual_seq(audience, posts),
        audience=audience,
        excluded=excluded_by_reason(connection, desk.schedule.id, through),
        decision=decision,
        languages=frozenset(),
        zones=zones,
        own_times=_own_times(desk, slot, zones),
    )


def _own_times(desk: Desk, slot: Slot | None, zones: Mapping[AudienceKey, Mapping[str, int]]) -> dict[str, datetime]:
    names = sorted({zone for counts in zones.values() for zone in counts})
    return own_times(names, slot.key, slot.due_at, expiry_of(desk, slot)) if slot else {}


def _number_of(desk: Desk, made: Issue | None) -> int:
    if made and made.number:
        return made.number
    return max(desk.schedule.last_number + 1, desk.newsletter.first_number)


def _usual_seq(audience: Mapping[AudienceKey, int], posts: list[NumberedPost]) -> int:
    counts = Counter[int]()
    for key, count in audience.items():
        counts[key.from_seq] += count
    if counts:
        return counts.most_common(1)[0][0]
    return min((numbered.seq for numbered in posts), default=1) - 1
