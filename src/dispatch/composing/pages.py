"""From an issue's posts to the page that is rendered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from dispatch.composing.cadence import cadence
from dispatch.composing.rules import page_order, split_note
from dispatch.config.settings import Settings
from dispatch.model.book import PromoBlock
from dispatch.model.issue import NumberedPost
from dispatch.model.post import Post
from dispatch.model.schedule import OnPublish, parse_schedule
from dispatch.rendering.page import IssuePage


@dataclass(frozen=True, slots=True)
class IssueFrame:
    """What is the same on every page of an issue; `day` is the local date of its slot."""

    newsletter: str
    schedule: str
    number: int | None
    day: date
    sample: bool = False


@dataclass(frozen=True, slots=True)
class Contents:
    """What a page shows of the posts: the editor's note, and the others in order, the lead first."""

    posts: tuple[Post, ...]
    note: Post | None


def contents_after(posts: Sequence[NumberedPost], from_seq: int, note_category: str | None) -> Contents:
    """What is left of an issue's posts for somebody who has seen those up to `from_seq`."""
    note, others = split_note(page_order(numbered for numbered in posts if numbered.seq > from_seq), note_category)
    return Contents(tuple(others), note)


def local_day(settings: Settings, moment: datetime) -> date:
    """The date of a moment where the site is."""
    return moment.astimezone(ZoneInfo(settings.site.timezone)).date()


def page_of(settings: Settings, frame: IssueFrame, contents: Contents, books: tuple[PromoBlock, ...]) -> IssuePage:
    """The page of one variant."""
    newsletter = settings.newsletters[frame.newsletter]
    rhythm = parse_schedule(newsletter.schedules[frame.schedule].at)
    # Schedules count their issues each by itself, so a number alone names none.
    campaign = "-".join(str(part) for part in (frame.newsletter, frame.schedule, frame.number) if part is not None)
    return IssuePage(
        site_name=settings.site.name,
        site_url=settings.site.url,
        tagline=settings.site.tagline,
        postal_address=settings.site.postal_address,
        newsletter_name=newsletter.name,
        language=settings.site.language,
        number=frame.number,
        date=frame.day,
        posts=contents.posts,
        subject_pattern=newsletter.subject,
        cadence=cadence(rhythm, settings.site.language),
        posts_mode=newsletter.posts,
        max_posts=newsletter.max_posts,
        sections=newsletter.sections,
        note=contents.note,
        books=books,
        share="off" if settings.share.from_mail == "off" else "link",
        campaign=campaign if settings.links.campaign else None,
        media_url=f"{settings.web.public_url.rstrip('/')}/media/",
        sample=frame.sample,
        message="post" if isinstance(rhythm, OnPublish) else "digest",
        look=newsletter.template,
    )
