"""RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0: bytes → entries.

feedparser reads them without its sanitiser (cleaning.py does that, for every kind of source) and without resolving
links in texts. It is always given a stream: bytes or strings it would try as the name of a local file first.
"""

import io
import re
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from html import escape
from typing import Any, cast
from urllib.parse import urljoin

import feedparser
import lxml.html
from lxml import etree

from dispatch.collecting.reading import Reading, ReadingError, first_entries
from dispatch.collecting.screening import TooBusyError, check_work, has_feed_root, in_one_encoding
from dispatch.model.post import Entry, Problem

Parsed = Any  # feedparser's dictionaries are untyped

_END = re.compile(rb"</(?:\w+:)?(?:rss|feed|rdf|channel)\s*>\s*(?:<!--.{0,2000}-->\s*)*$", re.IGNORECASE | re.DOTALL)
_WEB_PAGE = re.compile(rb"<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>]", re.IGNORECASE)
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml")
_TAIL_BYTES = 4096
_HEAD_BYTES = 65536


def read_feed(source: str, body: bytes, url: str, content_type: str = "") -> Reading:
    """Read an RSS or Atom document; raises ReadingError if it is something else, and says what.

    One entry that cannot be read becomes a problem and stops no other.
    """
    body = in_one_encoding(body)
    parsed = _parsed(source, body, url, content_type)
    if not parsed.entries and not _is_feed(parsed):
        raise ReadingError(source, _what_it_is(body, url))
    problems: list[Problem] = []
    entries = list(_entries(source, parsed.entries, url, problems))
    if not entries and parsed.bozo and not _ends_properly(body):
        raise ReadingError(source, f"{url} breaks off or is not well-formed, and no entry in it can be read")
    return Reading(
        entries=first_entries(source, entries, problems),
        title=_plain(parsed.feed.get("title")),
        site_url=_site_url(parsed.feed, url),
        language=_plain(parsed.feed.get("language")),
        problems=problems,
        complete=not problems and (not parsed.bozo or _ends_properly(body)),
    )


def advertised_feeds(page: bytes, url: str) -> list[str]:
    """The feeds that a web page names in its head, as absolute addresses."""
    try:
        document = lxml.html.document_fromstring(page[: _HEAD_BYTES * 4])
    except (etree.ParserError, ValueError):
        return []
    found = [
        urljoin(url, link.get("href", ""))
        for link in document.iter("link")
        if "alternate" in (link.get("rel") or "").lower() and (link.get("type") or "").lower() in _FEED_TYPES
    ]
    return [address for address in found if address.startswith(("http://", "https://"))]


def _parsed(source: str, body: bytes, url: str, content_type: str) -> Parsed:
    if not has_feed_root(body):
        raise ReadingError(source, _what_it_is(body, url))
    try:
        check_work(body)
    except TooBusyError as error:
        raise ReadingError(source, f"{url}: {error}") from error
    return feedparser.parse(
        io.BytesIO(body),
        response_headers={"content-location": url, "content-type": content_type},
        sanitize_html=False,
        resolve_relative_uris=False,
    )


def _is_feed(parsed: Parsed) -> bool:
    return bool(parsed.get("version")) and not (parsed.bozo and not parsed.feed)


def _what_it_is(body: bytes, url: str) -> str:
    if not body.strip():
        return f"{url} is empty: check that it is the feed's address"
    if _WEB_PAGE.search(body[:_HEAD_BYTES]):
        feeds = advertised_feeds(body, url)
        advice = f"the page names this feed: {feeds[0]}" if feeds else "look for the address of its feed"
        return f"{url} is a web page, not a feed; {advice}"
    return f"{url} is not a feed that can be read (RSS, Atom or JSON Feed)"


def _ends_properly(body: bytes) -> bool:
    return _END.search(body[-_TAIL_BYTES:].rstrip(b"\0 \t\r\n")) is not None


def _entries(source: str, items: Iterable[Parsed], url: str, problems: list[Problem]) -> Iterable[Entry]:
    for place, item in enumerate(items, start=1):
        try:
            yield _entry(item, url)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            name = _plain(item.get("title"))[:80] or f"entry {place}"
            problems.append(Problem(source, f"“{name}” cannot be read ({error})", "the others are not affected"))


def _entry(item: Parsed, url: str) -> Entry:
    body = _body(item)
    summary = item.get("summary_detail") or {}
    image_url, image_alt = _image(item)
    base = _plain((body or summary).get("base"))
    published, updated = _date(item, "published_parsed", "created_parsed"), _date(item, "updated_parsed")
    return Entry(
        title=_html(item.get("title_detail")),
        url=_link(item, {url, base}),
        guid=_plain(item.get("id")) or None,
        html=_html(body),
        summary_html=_html(summary),
        authors=_authors(item),
        published_at=published or updated,
        updated_at=updated,
        categories=_categories(item),
        image_url=image_url,
        image_alt=image_alt,
        replies=_replies(item),
        replies_url=_replies_url(item),
        language=_plain((body or summary).get("language")) or None,
        # Without xml:base, feedparser gives the feed's own address; links in texts are relative to the entry's.
        base_url=base if base and base != url else None,
    )


def _body(item: Parsed) -> Parsed:
    """The fullest text the entry has: content over description, HTML over plain."""
    contents = [content for content in item.get("content", []) if content.get("value")]
    contents.sort(key=lambda content: "html" in (content.get("type") or ""), reverse=True)
    return contents[0] if contents else item.get("summary_detail") or {}


def _html(detail: Parsed) -> str:
    """A text as HTML; what the feed declares as plain text is escaped."""
    value = cast("str", (detail or {}).get("value") or "")
    return escape(value, quote=False) if (detail or {}).get("type") == "text/plain" else value


def _link(item: Parsed, bases: Collection[str]) -> str | None:
    """Where the entry is read; an empty link, which would lead to the feed itself, is none.

    Services that count clicks put their own address there, and the real one into `origLink`.
    """
    links = [_plain(item.get(name)) for name in ("feedburner_origlink", "pheedo_origlink")]
    links += [_plain(link.get("href")) for link in item.get("links", []) if link.get("rel") == "alternate"]
    return next((link for link in [*links, _plain(item.get("link"))] if link and link not in bases), None)


def _authors(item: Parsed) -> tuple[str, ...]:
    names = [_plain(author.get("name")) for author in item.get("authors", []) if author]
    return tuple(dict.fromkeys(filter(None, names or [_plain(item.get("author"))])))


def _categories(item: Parsed) -> tuple[str, ...]:
    terms = (_plain(tag.get("label")) or _plain(tag.get("term")) for tag in item.get("tags", []))
    return tuple(dict.fromkeys(filter(None, terms)))


def _date(item: Parsed, *names: str) -> datetime | None:
    for name in names:
        # Asking feedparser for a date that is not there may answer with another one, and a warning.
        value = item[name] if name in item else None  # noqa: SIM401
        if value:
            year, month, day, hour, minute, second = value[:6]
            return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    return None


def _image(item: Parsed) -> tuple[str | None, str]:
    """The entry's own picture: Media RSS first, then an enclosure, then a thumbnail."""
    for media in item.get("media_content", []):
        if media.get("url") and (media.get("medium") == "image" or _is_image(media.get("type"), media["url"])):
            return str(media["url"]), _plain(item.get("media_description"))
    for link in item.get("links", []):
        if link.get("rel") == "enclosure" and link.get("href") and _is_image(link.get("type"), link["href"]):
            return str(link["href"]), _plain(link.get("title"))
    for thumbnail in item.get("media_thumbnail", []):
        if thumbnail.get("url"):
            return str(thumbnail["url"]), ""
    return None, ""


def _is_image(kind: str | None, url: str) -> bool:
    if kind:
        return kind.lower().startswith("image/")
    return re.search(r"\.(?:jpe?g|png|webp|gif)(?:\?|$)", url, re.IGNORECASE) is not None


def _replies(item: Parsed) -> int | None:
    counts = [item.get("slash_comments"), item.get("thr_total")]
    counts += [
        link.get("thr:count") or link.get("count") for link in item.get("links", []) if link.get("rel") == "replies"
    ]
    numbers = [int(count) for count in counts if count and re.fullmatch(r"\s*\d{1,7}\s*", str(count))]
    return max(numbers) if numbers else None


def _replies_url(item: Parsed) -> str | None:
    for link in item.get("links", []):
        if link.get("rel") == "replies" and "html" in (link.get("type") or "html") and link.get("href"):
            return str(link["href"])
    return _plain(item.get("comments")) or None


def _site_url(feed: Parsed, url: str) -> str:
    for link in feed.get("links", []):
        if link.get("rel") == "alternate" and link.get("href"):
            return urljoin(url, str(link["href"]))
    return urljoin(url, _plain(feed.get("link"))) if feed.get("link") else ""


def _plain(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
