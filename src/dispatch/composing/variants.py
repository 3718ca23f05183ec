"""Variants: what each kind of subscriber of an issue sees, each distinct page rendered once."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass
from datetime import datetime

from dispatch.composing.pages import IssueFrame, contents_for, languages_of, local_day, page_of
from dispatch.composing.press import HashOf, Press, Printed, Render
from dispatch.config.settings import Settings
from dispatch.model.book import PromoBlock
from dispatch.model.issue import AudienceKey, Issue, NumberedPost
from dispatch.model.post import Problem
from dispatch.store.database import Connection, Database
from dispatch.store.fan_out import keys_without_variant, subscription_bounds
from dispatch.store.issues import drop_withdrawn_posts, issue_posts, reach_back, read_issue
from dispatch.store.variants import insert_audience, insert_variant

PromosFor = Callable[[AudienceKey], tuple[PromoBlock, ...]]


@dataclass(frozen=True, slots=True)
class VariantReport:
    """How many kinds of subscriber were decided about, how many distinct pages that took, and what was left out."""

    kinds: int
    pages: int
    problems: tuple[Problem, ...]


async def make_variants(
    database: Database,
    settings: Settings,
    now: datetime,
    issue_id: int,
    *,
    promos_for: PromosFor,
    render: Render,
    hash_of: HashOf,
    keys: list[AudienceKey] | None = None,
) -> VariantReport:
    """Decide what every kind of subscriber sees who is owed this issue and has no variant yet, or only these `keys`.

    Posts are read again: corrections go out corrected, and what was withdrawn meanwhile does not go. Raises RenderError
    where a template is at fault; a post that is gets left out and is named in the report.
    """
    if keys is None:
        keys = await undecided_kinds(database, issue_id)
    issue, posts = await database.run(_gather, issue_id, keys, now)
    press = Press(render, hash_of)
    printed = await asyncio.to_thread(_print_all, settings, issue, posts, keys, promos_for, press)
    await database.run(_keep, issue_id, printed)
    pages = {page.hash for page in printed.values() if page}
    return VariantReport(len(keys), len(pages), tuple(press.problems))


async def undecided_kinds(database: Database, issue_id: int) -> list[AudienceKey]:
    """The kinds of subscriber that are owed an issue for which nobody has decided yet what they see.

    Two readers go through one half of the subscriptions each: of a million that takes a second less.
    """
    bounds = await database.read(subscription_bounds, issue_id)
    if bounds is None:
        return []
    low, high = bounds
    middle = (low + high) // 2
    halves = ((low, middle), (middle + 1, high))
    found = await asyncio.gather(*(database.read(keys_without_variant, issue_id, half) for half in halves))
    return sorted({key for keys in found for key in keys}, key=astuple)


def _gather(
    connection: Connection, issue_id: int, keys: list[AudienceKey], now: datetime
) -> tuple[Issue, list[NumberedPost]]:
    drop_withdrawn_posts(connection, issue_id, now)
    if keys:
        reach_back(connection, issue_id, min(key.from_seq for key in keys), now)
    return read_issue(connection, issue_id), issue_posts(connection, issue_id)


def _print_all(
    settings: Settings,
    issue: Issue,
    posts: list[NumberedPost],
    keys: list[AudienceKey],
    promos_for: PromosFor,
    press: Press,
) -> dict[AudienceKey, Printed | None]:
    day, languages = local_day(settings, issue.due_at), languages_of(settings)
    frame = IssueFrame(issue.newsletter, issue.schedule, issue.number, day, languages=languages)
    newsletter = settings.newsletters[issue.newsletter]
    printed: dict[AudienceKey, Printed | None] = {}
    for key in keys:
        contents = contents_for(newsletter, posts, key)
        books = promos_for(key) if key.books and contents.posts else ()
        printed[key] = press.printed(page_of(settings, frame, contents, books, key)) if contents.posts else None
    return printed


def _keep(connection: Connection, issue_id: int, printed: Mapping[AudienceKey, Printed | None]) -> None:
    shown = {post_id for page in printed.values() if page for post_id in page.post_ids}
    if not shown <= {numbered.post.id for numbered in issue_posts(connection, issue_id)}:
        return  # something was withdrawn while it was being rendered; whoever asks again gets it without
    ids: dict[str, int] = {}
    for page in printed.values():
        if page and page.hash not in ids:
            ids[page.hash] = insert_variant(
                connection, issue_id, page.rendering, page.hash, post_ids=page.post_ids, books=page.books
            )
    insert_audience(connection, issue_id, {key: ids[page.hash] if page else None for key, page in printed.items()})
