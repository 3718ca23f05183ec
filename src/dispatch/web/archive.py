"""The archive: every issue as a page for anybody, lists of them by date, and a feed. The same for all who ask.

A page is made once and kept until something that it shows changes. Nothing of whoever asked first is in it: it is in
the site's own language, as its issue is, no address on it carries a token, and no GET changes a row.
"""

import asyncio
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dispatch.composing import archive
from dispatch.composing.archive import FoundIssue, FoundIssues
from dispatch.model.schedule import parse_schedule
from dispatch.promoting.archive import promos_of_issue, state_of_books
from dispatch.rendering.atom import MEDIA_TYPE, Feed, FeedEntry, atom, tag_id
from dispatch.rendering.cadence import cadence
from dispatch.rendering.page import IssuePage
from dispatch.rendering.web_issue import issue_text, post_title, share_of, title_for
from dispatch.rendering.words import long_date, short_date
from dispatch.store.archive import PostMark, SentIssue
from dispatch.transport.headers import list_id_of
from dispatch.web.kept import Kept
from dispatch.web.page import Pages, page_route

if TYPE_CHECKING:
    from dispatch.app import Dispatch

MOST_KEPT = 256
IN_FEED = 20
OTHER_TITLES = 4  # beside the lead's, in a list
_NUMBER = re.compile("[1-9][0-9]{0,17}")
_SLUG = re.compile("[a-z0-9-]{1,40}")
_PUBLIC = {"Cache-Control": "public, max-age=300"}


@dataclass(frozen=True, slots=True)
class Made:
    """What an address answers with, to anybody; `etag` is of its octets, `changed_at` None where nobody asks."""

    body: bytes
    headers: Mapping[str, str]
    etag: str
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """An issue in a list. `others` are the titles beside the lead's, `more` how many further ones there are."""

    path: str
    number: int
    date: str
    title: str
    others: tuple[str, ...]
    more: int


def routes(pages: Pages, dispatch: "Dispatch") -> list[Route]:
    """`/issues` and everything below it."""
    shelves = _Archive(pages, dispatch)
    return [
        page_route("/issues", shelves.newsletters),
        page_route("/issues/{newsletter}", shelves.issues),
        page_route("/issues/{newsletter}/feed.atom", shelves.feed),
        page_route("/issues/{newsletter}/{schedule}/{number}", shelves.issue),
    ]


class _Archive:
    """What answers, and what it has made."""

    def __init__(self, pages: Pages, dispatch: "Dispatch") -> None:
        self.pages = pages
        self.settings = dispatch.settings
        self.database = dispatch.database
        self.shelf = dispatch.workshop.shelf
        self.templates = dispatch.workshop.shelf.templates
        self.language = dispatch.settings.site.language
        self.kept = Kept[Made](MOST_KEPT)
        self.texts = Kept[FeedEntry](MOST_KEPT)

    async def newsletters(self, request: Request) -> Response:
        """The newsletters whose issues can be read; where it is one, its issues."""
        slugs = archive.archived_newsletters(self.settings)
        if not slugs:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        if len(slugs) == 1:
            return RedirectResponse(self.pages.path(f"/issues/{slugs[0]}"), HTTPStatus.FOUND, headers=_PUBLIC)
        found = [await archive.find_issues(self.database, self.settings, slug, most=1) for slug in slugs]
        newest = tuple(each for each in found if each is not None)
        return _answer(request, await self.kept.get(newest, lambda: self._newsletters(request, newest)))

    async def issues(self, request: Request) -> Response:
        """One page of a newsletter's issues: of its default schedule, or of `?schedule=`."""
        found = await archive.find_issues(
            self.database,
            self.settings,
            request.path_params["newsletter"],
            _wanted(request, "schedule", _SLUG, ""),
            page=int(_wanted(request, "page", _NUMBER, "1")),
        )
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return _answer(request, await self.kept.get(found, lambda: self._issues(request, found)))

    async def feed(self, request: Request) -> Response:
        """The newest issues as Atom."""
        found = await archive.find_issues(
            self.database,
            self.settings,
            request.path_params["newsletter"],
            _wanted(request, "schedule", _SLUG, ""),
            most=IN_FEED,
        )
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        key = ("feed", found, state_of_books(self.settings))
        return _answer(request, await self.kept.get(key, lambda: self._feed(found)))

    async def issue(self, request: Request) -> Response:
        """One issue."""
        newsletter, schedule, number = (request.path_params[name] for name in ("newsletter", "schedule", "number"))
        if not (_SLUG.fullmatch(schedule) and _NUMBER.fullmatch(number)):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        found = await archive.find_issue(self.database, self.settings, newsletter, schedule, int(number))
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        key = (found, state_of_books(self.settings))
        return _answer(request, await self.kept.get(key, lambda: self._issue(request, found)))

    async def _newsletters(self, request: Request, newest: tuple[FoundIssues, ...]) -> Made:
        shown = []
        for found in newest:
            pages = await archive.read_pages(self.database, self.settings, found.issues)
            listed = [self._listed(sent, page) for sent, page in zip(found.issues, pages, strict=True)]
            name = self.settings.newsletters[found.newsletter].name
            shown.append((name, self.pages.path(f"/issues/{found.newsletter}"), next(iter(listed), None)))
        return self._made(request, "archives", None, canonical=self.pages.url("/issues"), newsletters=shown)

    async def _issues(self, request: Request, found: FoundIssues) -> Made:
        pages = await archive.read_pages(self.database, self.settings, found.issues)
        first = found.page == 1 and pages
        return self._made(
            request,
            "archive",
            found.newsletter,
            canonical=self.pages.url(self._list_path(found, found.page)),
            issues=[self._listed(sent, page) for sent, page in zip(found.issues, pages, strict=True)],
            share=share_of(replace(pages[0], media_url=self.pages.path("/media/")), self.templates) if first else None,
            schedules=self._schedules(found),
            feed_path=self._feed_path(found.newsletter, found.schedule),
            page=found.page,
            pages=found.pages,
            newer=self.pages.path(self._list_path(found, found.page - 1)) if found.page > 1 else "",
            older=self.pages.path(self._list_path(found, found.page + 1)) if found.page < found.pages else "",
            **self._joining(found.newsletter, found.schedule),
        )

    async def _issue(self, request: Request, found: FoundIssue) -> Made:
        sent = found.sent
        books = await promos_of_issue(self.database, self.settings, sent.id, shelf=self.shelf)
        page = await archive.read_page(self.database, self.settings, sent, books)
        # Pictures by their path: a page shows them wherever it is reached.
        local = replace(page, media_url=self.pages.path("/media/"))
        text = await asyncio.to_thread(issue_text, local, self.templates)
        return self._made(
            request,
            "issue",
            sent.newsletter,
            canonical=archive.issue_address(self.settings, sent),
            text=text,
            share=share_of(page, self.templates),
            number=sent.number,
            date=long_date(page.date, self.language),
            published_at=sent.due_at.isoformat(),
            tagline=page.tagline,
            all_path=self.pages.path(f"/issues/{sent.newsletter}"),
            feed_path=self._feed_path(sent.newsletter, sent.schedule),
            before=self._neighbour(sent, found.neighbours.before),
            after=self._neighbour(sent, found.neighbours.after),
            **self._joining(sent.newsletter, sent.schedule),
        )

    async def _feed(self, found: FoundIssues) -> Made:
        slug = found.newsletter
        newsletter = self.settings.newsletters[slug]
        since = await archive.kept_since(self.database, slug)
        if since is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        entries = [await self._entry(sent, marks) for sent, marks in zip(found.issues, found.marks, strict=True)]
        feed = Feed(
            id=tag_id(list_id_of(self.settings, slug), since.date(), f"{found.schedule}"),
            title=newsletter.name,
            subtitle=self.settings.site.tagline,
            author=self.settings.site.name,
            url=self.pages.url(self._below(slug, "/feed.atom", found.schedule)),
            page_url=self.pages.url(self._below(slug, "", found.schedule)),
            language=self.language.replace("_", "-"),
            updated_at=since,
            entries=entries,
        )
        changed_at = max((entry.updated_at for entry in entries), default=since)
        return _made(atom(feed), {"Content-Type": f"{MEDIA_TYPE}; charset=utf-8"}, changed_at)

    async def _entry(self, sent: SentIssue, marks: tuple[PostMark, ...]) -> FeedEntry:
        key = (sent, marks, state_of_books(self.settings))
        return await self.texts.get(key, lambda: self._make_entry(sent))

    async def _make_entry(self, sent: SentIssue) -> FeedEntry:
        books = await promos_of_issue(self.database, self.settings, sent.id, shelf=self.shelf)
        page = await archive.read_page(self.database, self.settings, sent, books)
        text = await asyncio.to_thread(issue_text, page, self.templates, contents=False)
        return FeedEntry(
            id=tag_id(list_id_of(self.settings, sent.newsletter), sent.due_at.date(), f"{sent.schedule}/{sent.number}"),
            title=title_for(page, self.templates),
            url=archive.issue_address(self.settings, sent),
            published_at=sent.due_at,
            updated_at=archive.updated_at(page, sent),
            html=str(text),
        )

    def _made(self, request: Request, template: str, newsletter: str | None, **values: Any) -> Made:
        """A page as everybody gets it, made of a request that says nothing about whoever asked."""
        nobody = Request({**request.scope, "headers": []})
        page = self.pages.answer(nobody, template, language=self.language, newsletter=newsletter, **values)
        kept = {name: page.headers[name] for name in ("content-type", "content-language")}
        return _made(bytes(page.body), kept)

    def _listed(self, sent: SentIssue, page: IssuePage) -> Listed:
        others = [post_title(post, page) for post in page.posts[1:]]
        return Listed(
            path=self._path(sent),
            number=sent.number,
            date=short_date(page.date, self.language),
            title=title_for(page, self.templates),
            others=tuple(others[:OTHER_TITLES]),
            more=len(others[OTHER_TITLES:]),
        )

    def _schedules(self, found: FoundIssues) -> list[tuple[str, str, int, bool]]:
        """The schedules that have sent something: how often, where, how many issues, and whether it is this one."""
        if len(found.counts) < 2:
            return []
        slug = found.newsletter
        return [
            (self._often(slug, name), self._below(slug, "", name), count, name == found.schedule)
            for name, count in found.counts
        ]

    def _joining(self, newsletter: str, schedule: str) -> dict[str, object]:
        path = self.pages.path(f"/subscribe?newsletter={newsletter}")
        return {"join_path": path, "cadence": self._rhythm(newsletter, schedule), "feed_name": self._name(newsletter)}

    def _name(self, newsletter: str) -> str:
        return self.settings.newsletters[newsletter].name

    def _often(self, newsletter: str, schedule: str) -> str:
        if schedule not in self.settings.newsletters[newsletter].schedules:
            return schedule
        return self.pages.often(newsletter, schedule, self.language)

    def _rhythm(self, newsletter: str, schedule: str) -> str:
        if schedule not in self.settings.newsletters[newsletter].schedules:
            return ""
        rhythm = parse_schedule(self.settings.newsletters[newsletter].schedules[schedule].at)
        return cadence(rhythm, self.pages.words(self.language), self.language)

    def _path(self, sent: SentIssue, number: int | None = None) -> str:
        return self.pages.path(f"/issues/{sent.newsletter}/{sent.schedule}/{number or sent.number}")

    def _neighbour(self, sent: SentIssue, number: int | None) -> tuple[int, str] | None:
        return None if number is None else (number, self._path(sent, number))

    def _feed_path(self, newsletter: str, schedule: str) -> str:
        return self.pages.path(self._below(newsletter, "/feed.atom", schedule))

    def _list_path(self, found: FoundIssues, page: int) -> str:
        path = self._below(found.newsletter, "", found.schedule)
        return path if page == 1 else f"{path}{'&' if '?' in path else '?'}page={page}"

    def _below(self, newsletter: str, rest: str, schedule: str) -> str:
        """A path of a newsletter's archive; the default schedule is not named in it."""
        usual = self.settings.newsletters[newsletter].default_schedule
        return f"/issues/{newsletter}{rest}" + ("" if schedule == usual else f"?schedule={schedule}")


def _made(body: bytes, headers: Mapping[str, str], changed_at: datetime | None = None) -> Made:
    return Made(body, headers, f'"{hashlib.sha256(body).hexdigest()[:32]}"', changed_at)


def _wanted(request: Request, name: str, form: re.Pattern[str], unless_given: str) -> str:
    """A parameter of the query; 404 for one that no link of ours has."""
    value = request.query_params.get(name, unless_given)
    if value != unless_given and not form.fullmatch(value):
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return value


def _answer(request: Request, made: Made) -> Response:
    """What was made, or that whoever asks has it already (RFC 9110 §13.1)."""
    headers = {**_PUBLIC, **made.headers, "ETag": made.etag}
    if made.changed_at:
        headers["Last-Modified"] = format_datetime(made.changed_at.replace(microsecond=0), usegmt=True)
    if _has_it(request, made):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(made.body, headers=headers)


def _has_it(request: Request, made: Made) -> bool:
    tags = request.headers.get("If-None-Match")
    if tags is not None:  # and If-Modified-Since then says nothing
        return tags.strip() == "*" or made.etag in (tag.strip().removeprefix("W/") for tag in tags.split(","))
    since = request.headers.get("If-Modified-Since")
    if since is None or made.changed_at is None:
        return False
    try:
        return made.changed_at.replace(microsecond=0) <= parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return False
