"""A source's entries, and the posts that are made of them."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Entry:
    """One item as its source gave it: untrusted, links possibly relative, HTML not cleaned."""

    title: str
    url: str | None = None
    guid: str | None = None
    html: str = ""
    summary_html: str = ""
    authors: tuple[str, ...] = ()
    published_at: datetime | None = None
    updated_at: datetime | None = None
    categories: tuple[str, ...] = ()
    image_url: str | None = None
    image_alt: str = ""
    replies: int | None = None
    replies_url: str | None = None
    language: str | None = None
    base_url: str | None = None  # what relative links of this entry are relative to


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture copied at collection: `file` is `HASH.jpg` (`.png` of a logo) in the media folder, sizes in pixels."""

    file: str
    width: int
    height: int
    alt: str = ""
    credit: str = ""


class PostState(StrEnum):
    """Where a post stands between its source and an issue."""

    SETTLING = "settling"  # seen, waiting for `settle` to pass
    HELD = "held"  # the storm guard wants an operator to look
    RELEASED = "released"  # numbered in the newsletters that take it
    ARCHIVED = "archived"  # known (so never new again), never mailed


@dataclass(frozen=True, slots=True)
class CleanEntry:
    """An entry after cleaning: what a post says, before it has a place in the store."""

    title: str
    url: str
    author: str
    body: str  # cleaned HTML, links absolute
    published_at: datetime | None
    updated_at: datetime | None
    categories: tuple[str, ...]
    words: int
    replies: int | None
    replies_url: str
    language: str
    image_url: str | None
    image_alt: str
    image_credit: str
    keys: tuple[str, ...]  # identity, strongest first: "guid:…", "url:…", "text:…"


@dataclass(frozen=True, slots=True)
class Post:
    """A cleaned, stored post. `body` is safe HTML with absolute links; times are UTC."""

    id: int
    source: str
    title: str
    url: str
    author: str
    body: str
    published_at: datetime
    categories: tuple[str, ...] = ()
    words: int = 0
    replies: int | None = None
    replies_url: str = ""
    language: str = ""
    picture: Picture | None = None
    state: PostState = PostState.RELEASED
    withdrawn: bool = False
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault that spoilt one item and did not stop the run."""

    where: str  # the source, post, template or address, by name
    what: str  # a sentence
    remedy: str = ""
    about: str = field(default="", compare=False)  # an id or URL, when there is one
