"""The archive: which issues anybody can read, and what the page of each shows. Everything here only reads.

Finding is cheap and says all that a page depends on: where it finds the same again, the page made before still holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil

from dispatch.composing.pages import IssueFrame, contents_after, local_day, page_of, web_url
from dispatch.config.settings import Settings
from dispatch.model.book import PromoBlock
from dispatch.rendering.messages.welcome import LastIssue
from dispatch.rendering.page import IssuePage
from dispatch.rendering.templates import TemplateFolder
from dispatch.rendering.web_issue import title_for
from dispatch.store import archive
from dispatch.store.archive import Neighbours, PostMark, SentIssue
from dispatch.store.database import Connection, Database

MOST_LISTED = 30


@dataclass(frozen=True, slots=True)
class FoundIssue:
    """An issue with everything its page depends on; `marks` are of its posts."""

    sent: SentIssue
    neighbours: Neighbours
    marks: tuple[PostMark, ...]


@dataclass(frozen=True, slots=True)
class FoundIssues:
    """One page of a schedule's issues, newest first, with everything it depends on.

    `counts` are how many issues each schedule of the newsletter has sent, `marks` those of the issues' posts; pages
    count from 1, and there is always a first.
    """

    newsletter: str
    schedule: str
    counts: tuple[tuple[str, int], ...]
    issues: tuple[SentIssue, ...]
    marks: tuple[tuple[PostMark, ...], ...]
    page: int
    pages: int


def archived_newsletters(settings: Settings) -> tuple[str, ...]:
    """The newsletters whose issues anybody can read, as they are configured."""
    return tuple(slug for slug, newsletter in settings.newsletters.items() if newsletter.archive)


async def find_issue(
    database: Database, settings: Settings, newsletter: str, schedule: str, number: int
) -> FoundIssue | None:
    """One issue that went out; None where there is none, or its newsletter shows none."""
    if newsletter not in archived_newsletters(settings):
        return None
    return await database.read(_find_issue, newsletter, schedule, number)


async def find_issues(
    database: Database,
    settings: Settings,
    newsletter: str,
    schedule: str = "",
    *,
    page: int = 1,
    most: int = MOST_LISTED,
) -> FoundIssues | None:
    """One page of a newsletter's issues; None where there is no such page, or the newsletter shows none.

    Of the schedule named, else of the default one; where that has sent nothing yet, of one that has.
    """
    if newsletter not in archived_newsletters(settings):
        return None
    usual = settings.newsletters[newsletter].default_schedule
    return await database.read(_find_issues, newsletter, schedule, usual, page, most)


async def read_pages(database: Database, settings: Settings, issues: Sequence[SentIssue]) -> list[IssuePage]:
    """What the pages of these issues show, without books: posts as they are now, those withdrawn left out."""
    return await database.read(_pages, settings, issues)


async def read_page(
    database: Database, settings: Settings, sent: SentIssue, books: tuple[PromoBlock, ...] = ()
) -> IssuePage:
    """What the page of one issue shows."""
    return await database.read(_page, settings, sent, books)


async def kept_since(database: Database, newsletter: str) -> datetime | None:
    """When a newsletter began, which never changes; None where it is not stored."""
    return await database.read(archive.kept_since, newsletter)


def last_issue(
    connection: Connection, settings: Settings, newsletter: str, schedule: str, templates: TemplateFolder
) -> LastIssue | None:
    """The newest issue of a schedule that went out, as a welcome shows it; None where none has or none can be read."""
    sent = archive.last_issue(connection, newsletter, schedule)
    if sent is None or not settings.newsletters[newsletter].archive:
        return None
    page = _page(connection, settings, sent, ())
    return LastIssue(title_for(page, templates), sent.number, page.date, issue_address(settings, sent))


def updated_at(page: IssuePage, sent: SentIssue) -> datetime:
    """When an issue last changed for those who read it: it went out, or one of its posts was corrected."""
    posts = (*page.posts, *([page.note] if page.note else []))
    return max(sent.due_at, *(post.updated_at for post in posts if post.updated_at), sent.due_at)


def issue_address(settings: Settings, sent: SentIssue) -> str:
    """The whole address of an issue's page."""
    return web_url(settings, sent.newsletter, sent.schedule, sent.number)


def _find_issue(connection: Connection, newsletter: str, schedule: str, number: int) -> FoundIssue | None:
    sent = archive.sent_issue(connection, newsletter, schedule, number)
    if sent is None:
        return None
    marks = archive.post_marks(connection, [sent])
    return FoundIssue(sent, archive.neighbours(connection, sent), marks[sent.id])


def _find_issues(
    connection: Connection, newsletter: str, schedule: str, usual: str, page: int, most: int
) -> FoundIssues | None:
    counts = archive.sent_counts(connection, newsletter)
    shown = schedule or (usual if usual in counts or not counts else next(iter(counts)))
    pages = max(1, ceil(counts.get(shown, 0) / most))
    if (schedule and schedule not in counts) or not 1 <= page <= pages:
        return None
    issues = archive.sent_issues(connection, newsletter, shown, count=most, offset=most * (page - 1))
    marks = archive.post_marks(connection, issues)
    of_each = tuple(marks[sent.id] for sent in issues)
    return FoundIssues(newsletter, shown, tuple(counts.items()), tuple(issues), of_each, page, pages)


def _pages(connection: Connection, settings: Settings, issues: Sequence[SentIssue]) -> list[IssuePage]:
    return [_page(connection, settings, sent, ()) for sent in issues]


def _page(connection: Connection, settings: Settings, sent: SentIssue, books: tuple[PromoBlock, ...]) -> IssuePage:
    newsletter = settings.newsletters[sent.newsletter]
    # The issues of a schedule that is not configured any more can still be read.
    schedule = sent.schedule if sent.schedule in newsletter.schedules else newsletter.default_schedule
    frame = IssueFrame(sent.newsletter, schedule, sent.number, local_day(settings, sent.due_at))
    contents = contents_after(archive.posts_of(connection, sent), sent.floor_seq, newsletter.note)
    return replace(page_of(settings, frame, contents, books), web_url=issue_address(settings, sent))
