"""From an issue's posts to the page that is rendered."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from dispatch.composing.rules import page_order, split_note, without_sections
from dispatch.config.settings import Newsletter, Settings
from dispatch.model.book import PromoBlock
from dispatch.model.issue import AudienceKey, NumberedPost
from dispatch.model.post import Post
from dispatch.model.schedule import OnPublish, parse_schedule
from dispatch.rendering.languages import page_language
from dispatch.rendering.page import IssuePage
from dispatch.rendering.templates import open_templates

ANYBODY = AudienceKey(0)


@dataclass(frozen=True, slots=True)
class IssueFrame:
    """What is the same on every page of an issue; `day` is the local date of its slot.

    `languages` are those that there are words for; without any, all pages are in the site's language.
    """

    newsletter: str
    schedule: str
    number: int | None
    day: date
    sample: bool = False
    languages: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Contents:
    """What a page shows of the posts: the editor's note, and the others in order, the lead first."""

    posts: tuple[Post, ...]
    note: Post | None


def contents_after(posts: Sequence[NumberedPost], from_seq: int, note_category: str | None) -> Contents:
    """What is left of an issue's posts for somebody who has seen those up to `from_seq`."""
    note, others = split_note(page_order(numbered for numbered in posts if numbered.seq > from_seq), note_category)
    return Contents(tuple(others), note)


def contents_for(newsletter: Newsletter, posts: Sequence[NumberedPost], reader: AudienceKey) -> Contents:
    """What is left of an issue's posts for this kind of reader; no post, where nothing of it is for them.

    A section that they leave out takes no editor's note with it: that goes with whatever else is left.
    """
    contents = contents_after(posts, reader.from_seq, newsletter.note)
    off = frozenset(reader.sections_off.splitlines())
    return replace(contents, posts=without_sections(contents.posts, newsletter.sections, off))


def languages_of(settings: Settings) -> frozenset[str]:
    """The languages that mail can be in; raises RenderError where look.templates or a label do not exist."""
    return open_templates(settings.look.templates, settings.look.labels).languages()


def local_day(settings: Settings, moment: datetime) -> date:
    """The date of a moment where the site is."""
    return moment.astimezone(ZoneInfo(settings.site.timezone)).date()


def web_url(settings: Settings, newsletter: str, schedule: str, number: int | None) -> str:
    """Where anybody can read an issue; "" where it has no number, or its newsletter shows none."""
    if number is None or not settings.newsletters[newsletter].archive:
        return ""
    return f"{settings.web.public_url.rstrip('/')}/issues/{newsletter}/{schedule}/{number}"


def page_of(
    settings: Settings,
    frame: IssueFrame,
    contents: Contents,
    books: tuple[PromoBlock, ...],
    reader: AudienceKey = ANYBODY,
) -> IssuePage:
    """The page of one variant, as this kind of reader likes to read it."""
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
        language=page_language(reader.language, settings.site.language, frame.languages),
        posts_language=settings.site.language,
        larger_type=reader.larger_type,
        number=frame.number,
        date=frame.day,
        posts=contents.posts,
        subject_pattern=newsletter.subject,
        rhythm=rhythm,
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
        web_url="" if frame.sample else web_url(settings, frame.newsletter, frame.schedule, frame.number),
    )
