"""Feeds of issues: Atom (RFC 4287), with each issue whole in it.

Ids are tag: URIs (RFC 4151) of the newsletter's List-Id, which never changes, and of days that are over: they stay the
same when the site moves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from lxml import etree

from dispatch.rendering.view import one_line

ATOM = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml"


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """An issue in a feed. `html` is its text, every link in it whole; times are aware."""

    id: str
    title: str
    url: str
    published_at: datetime
    updated_at: datetime
    html: str


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed: its own address, that of the page it goes with, and its entries, newest first."""

    id: str
    title: str
    subtitle: str
    author: str
    url: str
    page_url: str
    language: str
    updated_at: datetime  # said of the feed where it has no entry
    entries: Sequence[FeedEntry]


def tag_id(authority: str, day: date, what: str) -> str:
    """A tag: URI; `authority` is a domain name that was ours on that day."""
    return f"tag:{authority},{day.isoformat()}:{what}"


def atom(feed: Feed) -> bytes:
    """The feed as an XML document in UTF-8."""
    root = etree.Element(_name("feed"), nsmap={None: ATOM})
    root.set("{http://www.w3.org/XML/1998/namespace}lang", feed.language)
    _add(root, "id", feed.id)
    _add(root, "title", one_line(feed.title))
    if feed.subtitle:
        _add(root, "subtitle", one_line(feed.subtitle))
    _add(root, "updated", _instant(max((entry.updated_at for entry in feed.entries), default=feed.updated_at)))
    _add(etree.SubElement(root, _name("author")), "name", one_line(feed.author))
    _link(root, "self", feed.url, MEDIA_TYPE)
    _link(root, "alternate", feed.page_url, "text/html")
    for entry in feed.entries:
        _entry(etree.SubElement(root, _name("entry")), entry)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def _entry(element: etree._Element, entry: FeedEntry) -> None:
    _add(element, "id", entry.id)
    _add(element, "title", one_line(entry.title))
    _add(element, "published", _instant(entry.published_at))
    _add(element, "updated", _instant(entry.updated_at))
    _link(element, "alternate", entry.url, "text/html")
    _add(element, "content", entry.html).set("type", "html")


def _add(parent: etree._Element, name: str, text: str) -> etree._Element:
    element = etree.SubElement(parent, _name(name))
    element.text = text
    return element


def _link(parent: etree._Element, relation: str, url: str, media_type: str) -> None:
    etree.SubElement(parent, _name("link"), {"rel": relation, "type": media_type, "href": url})


def _name(name: str) -> str:
    return f"{{{ATOM}}}{name}"


def _instant(moment: datetime) -> str:
    """A moment as RFC 3339 has it, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
