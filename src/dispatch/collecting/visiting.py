"""Visiting a source: ask it, whatever its kind, and read what it lists."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar
from zoneinfo import ZoneInfo

from dispatch.collecting import wordpress
from dispatch.collecting.feeds import read_feed
from dispatch.collecting.fetching import Fetched, FetchError, Reach, fetch
from dispatch.collecting.folder import read_folder
from dispatch.collecting.jsonfeed import read_json_feed
from dispatch.collecting.reading import Reading, ReadingError
from dispatch.collecting.replies import with_replies
from dispatch.config.settings import Settings, Source
from dispatch.errors import CollectError
from dispatch.model.post import Entry, Problem
from dispatch.store.sources import SourceMemory

T = TypeVar("T")

MAX_PAGES = 5  # of new posts, in one visit
ARCHIVE_PAGES = 5  # of old ones, in one visit: a large archive takes several
_JSON = "application/json"
_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Visit:
    """What a visit brought. `listing` is None where nothing has changed since the last one."""

    listing: Reading | None
    archive: list[Entry] = field(default_factory=list)  # older posts, for sharing alone
    archive_page: int = 1  # where the archive goes on next time; 0: it is complete
    etag: str = ""
    last_modified: str = ""
    max_age: timedelta | None = None


def address_of(source: Source) -> str:
    """Where a source is, as its configuration says: an address, or a folder's path."""
    return str(source.path if source.kind == "folder" else source.url)


async def visit(reach: Reach, name: str, memory: SourceMemory, settings: Settings, now: datetime) -> Visit:
    """Read what a source lists; raises CollectError, with a sentence, if it cannot be read."""
    source = settings.sources[name]
    if source.path is not None:
        read = partial(read_folder, name, source.path, settings.site.url, ZoneInfo(settings.site.timezone))
        return Visit(await _in_thread(name, read))
    if source.kind == "wordpress":
        return await _visit_wordpress(reach, name, memory, source, now)
    return await _visit_feed(reach, name, memory, source, now)


async def _visit_feed(reach: Reach, name: str, memory: SourceMemory, source: Source, now: datetime) -> Visit:
    known = memory if memory.address == address_of(source) else SourceMemory(name)
    fetched = await fetch(reach, name, source.url or "", now, etag=known.etag, last_modified=known.last_modified)
    if fetched.not_modified:
        # A 304 need not repeat what it says nothing new about (RFC 9110 §15.4.5).
        etag, last_modified = fetched.etag or known.etag, fetched.last_modified or known.last_modified
        return Visit(None, etag=etag, last_modified=last_modified, max_age=fetched.max_age)
    listing = await _in_thread(name, lambda: _read_document(name, fetched))
    return Visit(listing, etag=fetched.etag, last_modified=fetched.last_modified, max_age=fetched.max_age)


def _read_document(name: str, fetched: Fetched) -> Reading:
    """A feed of whichever kind it is: many sites have changed theirs, few their readers."""
    if fetched.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return read_json_feed(name, fetched.body, fetched.url)
    return read_feed(name, fetched.body, fetched.url, fetched.content_type)


async def _visit_wordpress(reach: Reach, name: str, memory: SourceMemory, source: Source, now: datetime) -> Visit:
    site = source.url or ""
    first, address = await _first_page(reach, name, site, now)
    fetched, pages = [first], [await _posts_on(name, first)]
    total = wordpress.total_pages(first.headers)
    while len(pages) < min(total, MAX_PAGES) and not _far_enough(pages, memory, source, now):
        url = address(site, len(pages) + 1, wordpress.PER_PAGE)
        fetched.append(await fetch(reach, name, url, now, accept=_JSON))
        pages.append(await _posts_on(name, fetched[-1]))
    listing = await with_replies(reach, name, _joined(pages), fetched, now)
    if not source.archive:
        return Visit(listing, max_age=first.max_age, archive_page=memory.archive_page)
    archive, page, problems = await _older_posts(
        reach, name, lambda n: address(site, n, wordpress.ARCHIVE_PER_PAGE), memory, now
    )
    listing.problems.extend(problems)
    return Visit(listing, archive=archive, archive_page=page, max_age=first.max_age)


async def _first_page(
    reach: Reach, name: str, site: str, now: datetime
) -> tuple[Fetched, Callable[[str, int, int], str]]:
    """The newest posts, and the form of address under which this site gives them."""
    forms = (wordpress.posts_url, wordpress.plain_posts_url)
    for address in forms:
        try:
            fetched = await fetch(reach, name, address(site, 1, wordpress.PER_PAGE), now, accept=_JSON)
        except FetchError as error:
            if error.status != _NOT_FOUND:
                raise _explained(error, name, address(site, 1, wordpress.PER_PAGE)) from error
            continue
        return fetched, address
    raise ReadingError(name, wordpress.switched_off(wordpress.posts_url(site, 1)))


def _explained(error: FetchError, name: str, url: str) -> CollectError:
    """Plugins that switch the interface off answer 401 or 403; say so instead of asking for a log-in."""
    return ReadingError(name, wordpress.switched_off(url)) if error.status in (400, 401, 403) else error


async def _posts_on(name: str, page: Fetched) -> Reading:
    return await _in_thread(name, lambda: wordpress.read_posts(name, page.body, page.url))


def _far_enough(pages: list[Reading], memory: SourceMemory, source: Source, now: datetime) -> bool:
    """Whether what may be new is all there: the backlog at first, later what came since the last good visit."""
    if memory.last_good_at is None and isinstance(source.backlog, int):
        return sum(len(page.entries) for page in pages) >= source.backlog
    since = memory.last_good_at - timedelta(days=1) if memory.last_good_at else now - _backlog_age(source)
    dates = [entry.published_at for entry in pages[-1].entries if entry.published_at]
    return not dates or min(dates) < since


def _backlog_age(source: Source) -> timedelta:
    return source.backlog if isinstance(source.backlog, timedelta) else timedelta(0)


def _joined(pages: list[Reading]) -> Reading:
    return replace(
        pages[0],
        entries=[entry for page in pages for entry in page.entries],
        problems=[problem for page in pages for problem in page.problems],
        complete=all(page.complete for page in pages),
    )


async def _older_posts(
    reach: Reach, name: str, address: Callable[[int], str], memory: SourceMemory, now: datetime
) -> tuple[list[Entry], int, list[Problem]]:
    """Some pages of the archive, from where the last visit stopped.

    New posts push older ones to later pages, so pages may overlap between visits, and nothing is left out.
    """
    entries: list[Entry] = []
    problems: list[Problem] = []
    page = memory.archive_page
    for _ in range(ARCHIVE_PAGES if page else 0):
        try:
            fetched = await fetch(reach, name, address(page), now, accept=_JSON)
            reading = wordpress.read_posts(name, fetched.body, fetched.url)
        except CollectError as error:
            what = f"page {page} of the archive could not be read"
            problems.append(Problem(name, what, "it is tried again at the next visit", about=str(error)))
            break
        entries += reading.entries
        problems += reading.problems
        page = page + 1 if page < wordpress.total_pages(fetched.headers) else 0
        if not page:
            break
    return entries, page, problems


async def _in_thread(name: str, read: Callable[[], T]) -> T:
    """Read in a thread; whatever a parser does with a stranger's bytes stays this source's problem."""
    try:
        return await asyncio.to_thread(read)
    except CollectError:
        raise
    except Exception as error:
        what = f"what it sent cannot be read ({type(error).__name__}: {str(error)[:200]})"
        raise ReadingError(name, what) from error
