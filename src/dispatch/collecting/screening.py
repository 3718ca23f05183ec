"""A look at a feed's bytes before a parser gets them: what would keep it busy for minutes is refused at once.

feedparser is written in Python and costs about 0.1 ms a tag, and the square of the attributes of one tag. The bounds
here are far above any real feed, and keep the worst document at a few seconds in a thread of its own.
"""

import codecs
import re

MAX_TAGS = 100_000  # outside CDATA, where tags are only text
MAX_ATTRIBUTES = 500  # of one tag
MAX_ENTITY = 1_000  # octets that one declared entity may stand for
_ENTITY = re.compile(rb"<!ENTITY\s+(?:%\s+)?[^\s\"'>]{1,100}\s+([^>]{0,10000})")
_ROOTS = frozenset({b"rss", b"feed", b"rdf", b"channel"})
_HEAD_BYTES = 65_536
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class TooBusyError(ValueError):
    """A document that a parser would take too long over; the message says why."""


def in_one_encoding(body: bytes) -> bytes:
    """The document without leading blanks, and in UTF-8 if it was in UTF-16 with a byte order mark."""
    if body.startswith(_UTF16):
        text = body.decode("utf-16", "replace")
        return re.sub(r"(<\?xml[^>]{0,100}?)\s+encoding\s*=\s*[\"'][\w-]+[\"']", r"\1", text, count=1).lstrip().encode()
    return body.lstrip()


def has_feed_root(body: bytes) -> bool:
    """Whether the first element is one that a feed begins with."""
    head = body[:_HEAD_BYTES]
    place = head.find(b"<")
    while place >= 0:
        end = _end_of_declaration(head, place)
        if end is None:
            found = re.match(rb"<(?:[\w-]+:)?([A-Za-z][\w-]*)", head[place : place + 100])
            return found is not None and found[1].lower() in _ROOTS
        place = head.find(b"<", end) if end > place else -1
    return False


def _end_of_declaration(head: bytes, place: int) -> int | None:
    """Where a comment, instruction or DOCTYPE ends (0 if it does not); None if it is none of them but an element."""
    if head.startswith(b"<!--", place):
        return head.find(b"-->", place) + 1
    if head.startswith(b"<?", place):
        return head.find(b">", place) + 1
    if not head.startswith(b"<!", place):
        return None
    end, subset = head.find(b">", place), head.find(b"[", place)
    if 0 <= subset < end:
        end = head.find(b">", max(head.find(b"]", subset), place))
    return end + 1


def check_work(body: bytes) -> None:
    """Raise TooBusyError if a parser would take too long."""
    markup = _without_cdata(body)
    if any(_is_hostile(entity[1]) for entity in _ENTITY.finditer(markup)):
        raise TooBusyError("it declares entities that stand for others, for files or for very much, and was not read")
    tags = markup.count(b"<")
    if tags > MAX_TAGS:
        raise TooBusyError(f"it has {tags:,} tags, more than {MAX_TAGS:,}, and was not read")
    for tag in re.finditer(rb"<[^<>]{2048,}", markup):
        if tag[0].count(b"=") > MAX_ATTRIBUTES:
            raise TooBusyError(f"one of its tags has more than {MAX_ATTRIBUTES} attributes, and it was not read")


def _is_hostile(declared: bytes) -> bool:
    """Whether an entity is anything but a short text, as "&nbsp;" is: no feed needs more than that."""
    is_text = declared[:1] in (b'"', b"'")
    return not is_text or len(declared) > MAX_ENTITY or re.search(rb"[&%][A-Za-z_:]", declared) is not None


def _without_cdata(body: bytes) -> bytes:
    parts = []
    place = 0
    while (start := body.find(b"<![CDATA[", place)) >= 0 and (end := body.find(b"]]>", start)) >= 0:
        parts.append(body[place:start])
        place = end + 3
    return b"".join([*parts, body[place:]])
