"""What a site says about itself: its name, language and zone, and where its posts are to be had.

WordPress's REST interface knows most and is asked first; then the feeds that the home page names; then the addresses
where feeds usually are. Whatever is said here was written by strangers: it comes out as short text on one line.
"""

import contextlib
import html
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Literal
from urllib.parse import urljoin
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import lxml.html
from lxml import etree

from dispatch.collecting.feeds import advertised_feeds, read_feed
from dispatch.collecting.fetching import Fetched, Reach, fetch
from dispatch.collecting.jsonfeed import Lenient, Text, load_json, read_json_feed
from dispatch.collecting.reading import Reading
from dispatch.collecting.wordpress import plain_posts_url, posts_url, read_posts
from dispatch.errors import CollectError

USUAL_FEEDS = ("feed/", "rss.xml", "feed.xml", "atom.xml", "index.xml", "rss/", "feed.json")
MAX_TRIED = 6  # of the feeds that a page names: a page can name as many as it likes
MAX_TEXT = 200
_PAGE_TYPES = "text/html, application/xhtml+xml, */*;q=0.5"

Ask = Callable[[str], Awaitable[Fetched]]


@dataclass(frozen=True, slots=True)
class Discovered:
    """A site as it describes itself ("" where it says nothing), and the source its posts come from."""

    kind: Literal["wordpress", "feed", "jsonfeed"]
    url: str  # of the source: wordpress: the site; else the feed
    home: str
    name: str = ""
    tagline: str = ""
    language: str = ""
    timezone: str = ""


@dataclass(frozen=True, slots=True)
class _Page:
    """What a home page says in its head."""

    url: str
    title: str = ""
    name: str = ""
    description: str = ""
    language: str = ""
    rest: str = ""  # where WordPress's REST interface is
    feeds: tuple[str, ...] = ()


class _Root(Lenient):
    """The root of WordPress's REST interface, as far as we want it."""

    name: Text = ""
    description: Text = ""
    home: Text = ""
    timezone_string: Text = ""
    gmt_offset: Text = ""


async def discover(reach: Reach, site: str, now: datetime) -> Discovered:
    """Find out about a site; `site` may also be the address of a feed.

    Raises CollectError if it cannot be reached, or if no posts can be found there.
    """
    ask = partial(_ask, reach, site, now)
    fetched = await fetch(reach, site, site, now, accept=_PAGE_TYPES)
    if _reads_as_feed(site, fetched):
        return await _from_feed(ask, site, fetched)
    page = _read_page(fetched)
    found = await _wordpress(ask, site, page) or await _first_feed(ask, site, page)
    if found is None:
        raise CollectError(
            site, "no WordPress and no feed was found there: give the address of its feed (RSS, Atom or JSON Feed)"
        )
    return found


async def _ask(reach: Reach, site: str, now: datetime, url: str) -> Fetched:
    return await fetch(reach, site, url, now)


async def _from_feed(ask: Ask, site: str, fetched: Fetched) -> Discovered:
    """A site given by its feed: the feed names the home page, if that can be read."""
    kind, reading = _read(site, fetched)
    page = _Page(reading.site_url or site)
    if reading.site_url:
        with contextlib.suppress(CollectError):
            page = _read_page(await ask(reading.site_url))
    return _with_feed(page, fetched.url, kind, reading)


async def _wordpress(ask: Ask, site: str, page: _Page) -> Discovered | None:
    """The site as WordPress describes it, if it is one and gives its posts away."""
    with contextlib.suppress(CollectError, ValueError):
        fetched = await ask(page.rest or urljoin(_folder(page.url), "wp-json/"))
        root = _Root.model_validate(load_json(site, fetched.body, fetched.url))
        home = root.home if root.home.startswith(("http://", "https://")) else page.url
        await _check_posts(ask, site, home)
        return Discovered(
            kind="wordpress",
            url=home,
            home=home,
            name=_line(root.name) or page.name or page.title,
            tagline=_line(root.description) or page.description,
            language=page.language,
            timezone=_zone(root.timezone_string, root.gmt_offset),
        )
    return None


async def _check_posts(ask: Ask, site: str, home: str) -> None:
    """Raise CollectError unless the posts are there, at either of the two addresses a WordPress may have them at."""
    try:
        fetched = await ask(posts_url(home, page=1, per_page=1))
    except CollectError:
        fetched = await ask(plain_posts_url(home, page=1, per_page=1))
    read_posts(site, fetched.body, fetched.url)


async def _first_feed(ask: Ask, site: str, page: _Page) -> Discovered | None:
    """The first address that has a feed: those the page names (comments last), then the usual ones."""
    named = sorted(page.feeds, key=lambda url: "comment" in url.lower())[:MAX_TRIED]
    for url in dict.fromkeys([*named, *(urljoin(_folder(page.url), path) for path in USUAL_FEEDS)]):
        with contextlib.suppress(CollectError):
            fetched = await ask(url)
            kind, reading = _read(site, fetched)
            return _with_feed(page, fetched.url, kind, reading)
    return None


def _with_feed(page: _Page, url: str, kind: Literal["feed", "jsonfeed"], reading: Reading) -> Discovered:
    return Discovered(
        kind=kind,
        url=url,
        home=page.url,
        name=page.name or _line(reading.title) or page.title,
        tagline=page.description,
        language=page.language or _language(reading.language),
    )


def _reads_as_feed(site: str, fetched: Fetched) -> bool:
    try:
        _read(site, fetched)
    except CollectError:
        return False
    return True


def _read(site: str, fetched: Fetched) -> tuple[Literal["feed", "jsonfeed"], Reading]:
    if fetched.body.lstrip()[:1] == b"{":
        return "jsonfeed", read_json_feed(site, fetched.body, fetched.url)
    return "feed", read_feed(site, fetched.body, fetched.url, fetched.content_type)


def _read_page(fetched: Fetched) -> _Page:
    try:
        document = lxml.html.document_fromstring(fetched.body)
    except (etree.ParserError, ValueError):
        return _Page(fetched.url)
    rest = next((link.get("href") for link in document.iter("link") if link.get("rel") == "https://api.w.org/"), None)
    return _Page(
        url=fetched.url,
        title=_line(document.findtext(".//title") or ""),
        name=_meta(document, "og:site_name"),
        description=_meta(document, "description") or _meta(document, "og:description"),
        language=_language(document.get("lang") or ""),
        rest=urljoin(fetched.url, rest) if rest else "",
        feeds=tuple(advertised_feeds(fetched.body, fetched.url)),
    )


def _meta(document: Any, name: str) -> str:
    contents = (
        meta.get("content", "") for meta in document.iter("meta") if name in (meta.get("name"), meta.get("property"))
    )
    return _line(next(contents, ""))


def _line(text: str) -> str:
    """Text as it can stand in one line of a configuration."""
    words = " ".join(html.unescape(text).split())
    return "".join(character for character in words if character.isprintable())[:MAX_TEXT].rstrip()


def _language(text: str) -> str:
    tag = text.strip().replace("_", "-")
    return tag if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", tag) else ""


def _zone(name: str, offset: str) -> str:
    """A zone's name; WordPress may know an offset alone, and POSIX counts those the other way round."""
    hours = re.fullmatch(r"([+-]?)0*(\d{1,2})(\.0*)?", offset)
    if not name and hours:
        name = f"Etc/GMT{'-' if hours[1] != '-' else '+'}{hours[2]}" if int(hours[2]) else "UTC"
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ""
    return name


def _folder(url: str) -> str:
    """The address that relative addresses of a home page belong to."""
    return f"{url.partition('?')[0].partition('#')[0].rstrip('/')}/"
