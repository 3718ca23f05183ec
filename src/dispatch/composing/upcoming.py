"""The next issue of a schedule as things stand: what plan, preview and trial mails are made from. Nothing is stored."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from dispatch.composing.desk import Desk, coming_slot, decision_about, desk_for, newsletter_of, open_slot
from dispatch.composing.pages import IssueFrame, contents_after, local_day, page_of
from dispatch.composing.rules import SlotDecision
from dispatch.composing.timetable import Slot
from dispatch.config.settings import Settings
from dispatch.errors import NotFoundError, NothingToDoError
from dispatch.model.book import PromoBlock
from dispatch.model.issue import AudienceKey, Issue, IssueState, NumberedPost
from dispatch.rendering.page import IssuePage
from dispatch.store.database import Connection, Database
from dispatch.store.fan_out import audience_by_key, excluded_by_reason
from dispatch.store.issues import issue_posts, newest_issue, posts_after
from dispatch.store.newsletters import join_at, read_newsletter
from dispatch.store.posts import newest_posts


@dataclass(frozen=True, slots=True)
class Upcoming:
    """The facts of the next issue: the one that is composed and not yet fanned out, else the next slot's.

    `slot` is None for "on publish" with nothing new, `issue_id` is None while there is no such issue. `usual_seq` is
    what most of its readers have seen. `decision` is what the slot becomes, as things stand.
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

    def frame(self, *, sample: bool = False) -> IssueFrame:
        """What is the same on all its pages."""
        return IssueFrame(self.newsletter, self.schedule, self.number, self.day, sample)


async def upcoming_issue(
    database: Database, settings: Settings, newsletter: str, now: datetime, schedule: str | None = None
) -> Upcoming:
    """The next issue of a schedule (the default one, if none is named); raises NotFoundError."""
    configured = newsletter_of(settings, newsletter)
    name = schedule or configured.default_schedule
    if name not in configured.schedules:
        raise NotFoundError(f'"{newsletter}" has no schedule "{name}"; it has: {", ".join(configured.schedules)}')
    return await database.run(_upcoming, settings, newsletter, name, now)


async def preview_page(
    database: Database, settings: Settings, upcoming: Upcoming, books: tuple[PromoBlock, ...] = ()
) -> IssuePage:
    """The page that most readers of the next issue get; with nothing new the newest posts, marked as a sample.

    Raises NothingToDoError only where no post was ever collected.
    """
    configured = settings.newsletters[upcoming.newsletter]
    contents = contents_after(upcoming.posts, upcoming.usual_seq, configured.note)
    if contents.posts:
        return page_of(settings, upcoming.frame(), contents, books)
    newest = await database.run(newest_posts, configured.sources, configured.max_posts)
    if not newest:
        raise NothingToDoError("no post has been collected yet, so there is nothing to show: run `dispatch collect`")
    numbered = [NumberedPost(post.id, post) for post in newest]
    return page_of(settings, upcoming.frame(sample=True), contents_after(numbered, -1, configured.note), books)


def _upcoming(connection: Connection, settings: Settings, newsletter: str, schedule: str, now: datetime) -> Upcoming:
    desk = desk_for(connection, settings, newsletter, schedule, read_newsletter(connection, newsletter), now)
    newest = newest_issue(connection, desk.schedule.id)
    made = newest if newest and newest.state is IssueState.COMPOSED else None
    slot: Slot | None
    if made:
        posts, slot, through = issue_posts(connection, made.id), Slot(made.slot, made.due_at), made.through_seq
        decision = SlotDecision(IssueState.COMPOSED)
    else:
        posts = posts_after(connection, desk.stored.id, join_at(connection, desk.schedule.id))
        slot, through = open_slot(connection, desk, posts) or coming_slot(desk), desk.stored.last_seq
        decision = decision_about(desk, slot, posts) if slot else SlotDecision(IssueState.EMPTY, "nothing new")
    audience = audience_by_key(connection, desk.schedule.id, through) if posts else {}
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
    )


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
