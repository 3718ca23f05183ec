"""Cleaning: an entry as a stranger wrote it → a post that can stand in a mail.

    entry ─readable→ text ─parse→ tree ─boxes, pictures, videos, links, quotations→ blocks ─words→ HTML ─nh3→ safe HTML

The tree is worked on by lxml; the last word has nh3, whose parser is a browser's. What one pass uncovers the next one
sees, so passes are repeated until nothing changes: cleaning what is clean changes nothing.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import nh3
from lxml import etree

from dispatch.collecting import debris, paragraphs, pictures_in_text, quotations, typed, videos
from dispatch.collecting.lines import derived_title, plain_line, plain_name
from dispatch.collecting.links import absolute_url, make_links_absolute
from dispatch.collecting.markup import (
    Element,
    UncleanableError,
    has_markup,
    is_blank,
    make,
    parse_body,
    readable,
    remove,
    tags,
    text_of,
    words,
)
from dispatch.collecting.rules import host_name, identity_keys
from dispatch.model.post import CleanEntry, Entry
from dispatch.rendering.templates import open_templates
from dispatch.rendering.words import FALLBACK, in_a_row, said

MAX_PASSES = 6
MAX_ESCAPES = 50_000
SMALLEST = 150  # px
TAGS = words(
    "a abbr b bdi bdo blockquote br caption cite code dd del dfn dl dt em figcaption figure h2 h3 h4 h5 "
    "h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp small strong sub sup table "
    "tbody td tfoot th thead tr u ul var wbr"
)
ATTRIBUTES = {
    "*": {"lang", "dir"},
    "a": {"href"},
    "abbr": {"title"},
    "blockquote": {"cite"},
    "img": {"src", "alt", "width", "height"},
    "li": {"value"},
    "ol": {"start", "reversed"},
    "q": {"cite"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
_DROPPED_WITH_CONTENT = {
    "script",
    "style",
    "title",
    "textarea",
    "noscript",
    "template",
    "svg",
    "iframe",
    "object",
    "math",
}
_FIRST_LINE = re.compile(
    r"<(?P<tag>p|h[2-6])(?: [^<>]*)?>(?P<words>(?:(?!</?(?:p|h[2-6]|img)\b).)*)</(?P=tag)>\n?", re.DOTALL
)
_MARKS = " \t\n\xa0.,:;!?…'\"‘’‚“”„«»‹›-–—"
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an entry comes from: what its source says of itself, for what the entry leaves open; whose words we use."""

    site_url: str = ""
    language: str = ""
    own_hosts: frozenset[str] = frozenset()
    wording: object = None  # of what stands in the place of a player; ours in English if left out


@dataclass(frozen=True, slots=True)
class CleanBody:
    """A cleaned body, and the number of replies if a page's comment section had to be cut off it."""

    html: str
    replies: int | None = None


@dataclass(frozen=True, slots=True)
class _Lead:
    """A post's picture, and the body without it where it stood at the very top."""

    body: str
    url: str | None = None
    alt: str = ""
    credit: str = ""


def clean_entry(entry: Entry, origin: Origin = Origin()) -> CleanEntry:
    """Clean one entry; raises UncleanableError, a sentence without its name, if it cannot become a post."""
    url = _address(entry, origin)
    base = absolute_url(entry.base_url, url) or url or origin.site_url
    wording = origin.wording or english_words()
    body = clean_html(entry.html, base, url, origin.own_hosts, wording)
    if is_blank(body.html):
        body = clean_html(entry.summary_html, base, url, origin.own_hosts, wording)
    text = plain_text(body.html)
    title = plain_line(entry.title) or derived_title(text)
    html = _without_title(body.html, title)
    lead = _lead_picture(
        html,
        absolute_url(entry.image_url, base),
        pictures_in_text.described(plain_line(entry.image_alt)),
        said(wording, "video_still"),
    )
    title = title or plain_line(lead.alt)
    if not title:
        raise UncleanableError("it has neither a title nor a text")
    language = next((name for name in (entry.language or "", origin.language) if _LANGUAGE.fullmatch(name)), "")
    return CleanEntry(
        title=title,
        url=url,
        author=_join_names([plain_name(author) for author in entry.authors], language or said(wording, "language")),
        body=lead.body,
        published_at=_possible_date(entry.published_at),
        updated_at=_possible_date(entry.updated_at),
        categories=tuple(dict.fromkeys(filter(None, (plain_line(name, 80) for name in entry.categories[:50])))),
        words=len(text.split()),
        replies=_possible_count(body.replies if entry.replies is None else entry.replies),
        replies_url=absolute_url(entry.replies_url, base) or "",
        language=language,
        image_url=lead.url,
        image_alt=lead.alt,
        image_credit=lead.credit,
        keys=identity_keys(entry.guid, url or None, title, text, origin.own_hosts),
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a text stands: what its links are relative to, the page it is read on, hosts that are its source's own."""

    base: str | None
    url: str
    homes: frozenset[str]
    wording: object


@cache
def english_words() -> object:
    """Our words where nobody has said which."""
    return open_templates().words(FALLBACK)


def clean_html(
    html: str, base: str | None, own_url: str = "", own_hosts: Collection[str] = (), wording: object = None
) -> CleanBody:
    """HTML or plain text as safe HTML of simple blocks, links absolute against `base`.

    `own_url` is where the text is read; by its host and `own_hosts` an invitation to read on there is known. Raises
    UncleanableError.
    """
    homes = frozenset(filter(None, (*own_hosts, host_name(own_url))))
    place = _Place(base, own_url, homes, wording or english_words())
    text = readable(html)
    if not has_markup(text):
        text = paragraphs.paragraphs_of_text(text)
    replies: int | None = None
    for _ in range(MAX_PASSES):
        cleaned = _pass(text, place)
        replies = cleaned.replies if replies is None else replies
        if cleaned.html == text:
            return CleanBody(text, replies)
        text = cleaned.html
    # Markup so odd that two parsers never agree on it: its words are kept, its markup is not.
    return CleanBody(_pass(paragraphs.escaped_paragraphs(plain_text(text)), place).html, replies)


def plain_text(html: str) -> str:
    """The words of cleaned HTML, blocks parted by a space."""
    return text_of(parse_body(re.sub(r"(?=</?(?:p|li|h\d|td|th|blockquote|figcaption|pre|dt|dd|br|tr)\b)", " ", html)))


def _pass(html: str, place: _Place) -> CleanBody:
    if is_blank(html):
        return CleanBody("")
    body = parse_body(html)
    etree.strip_elements(body, etree.Comment, etree.ProcessingInstruction, etree.Entity, with_tail=False)
    pictures_in_text.resolve_pictures(body, place.base)
    videos.replace_videos(body, place.base, place.wording)
    boxed_replies = debris.drop_boxes(body)
    quotations.join_quotations(body)
    make_links_absolute(body, place.base, place.url)
    paragraphs.settle_blocks(body)
    typed.settle_typed_forms(body)
    worded_replies = debris.drop_words(body, place.homes)
    paragraphs.drop_empty(body)
    quotations.name_sources(body)
    replies = boxed_replies if boxed_replies is not None else worded_replies
    return CleanBody(_safe(paragraphs.serialised(body)), replies)


def _safe(html: str) -> str:
    # nh3 takes time quadratic in the number of signs that have to be escaped.
    if html.count("&") > MAX_ESCAPES:
        raise UncleanableError(f"its body has more than {MAX_ESCAPES:,} signs that have to be escaped")
    return nh3.clean(
        html,
        tags=set(TAGS),
        attributes=ATTRIBUTES,
        clean_content_tags=_DROPPED_WITH_CONTENT,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
        strip_comments=True,
    )


def _address(entry: Entry, origin: Origin) -> str:
    """Where the entry can be read: its link, else a guid that is an address, else the site itself."""
    base = entry.base_url or origin.site_url or None
    return absolute_url(entry.url, base) or absolute_url(entry.guid, None) or absolute_url(origin.site_url, None) or ""


def _possible_date(date: datetime | None) -> datetime | None:
    """The date, if it can be one of something on the web; settling must not lead beyond the calendar."""
    return date if date is not None and 1970 <= date.year <= 2200 else None


def _possible_count(count: int | None) -> int | None:
    return count if count is not None and 0 <= count < 10_000_000 else None


def _join_names(names: list[str], language: str) -> str:
    return in_a_row([name for name in dict.fromkeys(names) if name][:5], language)


def _without_title(html: str, title: str) -> str:
    """The body without its title, where that opens it once more as a heading or as a line of plain words."""
    first = _FIRST_LINE.match(html)
    if not first or not title or _letters(plain_text(first["words"])) != _letters(title):
        return html
    return html if "<a " in first["words"] and first["tag"] == "p" else html[first.end() :]


def _letters(text: str) -> str:
    """A line without what is typed differently from place to place: cases, quotation marks, dots."""
    return "".join(sign for sign in text.casefold() if sign.isalnum() or sign not in _MARKS)


def _lead_picture(html: str, given: str | None, alt: str, still: str) -> _Lead:
    """The picture above the post: the entry's own, else the first of its text; `still` is what we say of a video's.

    One that opens the text is taken out of it, because it is shown above the title or beside it.
    """
    if given and (pictures_in_text.is_tracker(given) or pictures_in_text.is_placeholder(given)):
        given = None
    if "<img" not in html:
        return _Lead(html, given, alt)
    body = parse_body(html)
    pictures = [picture for picture in tags(body, "img") if not _is_small(picture)]
    pictures.sort(key=_is_video_still)
    picture = pictures[0] if pictures else make("img")
    source, block = picture.get("src"), body[0]
    opens = picture in tags(block, "img") and _is_picture_alone(block) and not _is_video_still(picture)
    if given and not (opens and pictures_in_text.same_picture(given, source or "")):
        return _Lead(html, given, alt)
    # Above a post its title says more than that there is a video.
    described = (picture.get("alt") or "").replace(still, "")
    if not opens:
        return _Lead(html, given or source, alt or described)
    caption = block.find("figcaption")
    credit = text_of(caption)[:200] if caption is not None else ""
    remove(block)
    return _Lead(_safe(paragraphs.serialised(body)), given or source, alt or described, credit)


def _is_picture_alone(block: Element) -> bool:
    if len(tags(block, "img")) != 1:
        return False
    return block.tag == "figure" or (block.tag == "p" and not text_of(block))


def _is_small(picture: Element) -> bool:
    """Whether a picture says that it is an icon: nothing to put above a post."""
    width = picture.get("width") or ""
    return width.isdigit() and int(width) < SMALLEST


def _is_video_still(picture: Element) -> bool:
    link = picture.getparent()
    return link is not None and link.tag == "a" and videos.find_video(link.get("href") or "") is not None
