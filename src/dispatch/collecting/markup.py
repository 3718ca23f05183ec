"""HTML as a tree: parsing what strangers wrote, and the few moves that every step of cleaning makes."""

import re
from collections.abc import Iterator

import lxml.html
from lxml import etree

Element = etree._Element  # noqa: SLF001 - lxml has no other name for what its trees are made of


def words(text: str) -> frozenset[str]:
    """The words of a text as a set; long lists of names are easier to read and to compare so."""
    return frozenset(text.split())


MAX_CHARACTERS = 600_000  # of one body; the longest essays have a third of it
MAX_TAGS = 12_000
# libxml2 drops, without a word, what is deeper than 256, and HTML 5 parsers take time quadratic in the depth.
MAX_DEPTH = 100

BLOCKS = frozenset(
    {"blockquote", "dd", "dl", "dt", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p"}
    | {"pre", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul", "caption"}
)
CONTAINERS = frozenset(
    {"address", "article", "aside", "center", "details", "dir", "div", "fieldset", "footer", "form", "header", "hgroup"}
    | {"main", "menu", "nav", "noscript", "picture", "search", "section", "summary"}
)
# The white space of HTML, and what is as invisible: no-break and zero-width spaces.
BLANK = " \t\r\n\f\xa0\u2007\u202f\u200b\u200c\u2060\ufeff"

_VOID = words("area base br col embed hr img input link meta param source track wbr")
_CLOSED_BY_NEXT = words("p li dt dd tr td th tbody thead tfoot option colgroup")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,30})(?=[\s/>])[^<>]{0,5000}?(/?)>")
_START = re.compile(r"<[a-zA-Z]")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufffe\uffff]")
_LINE_BREAKS = re.compile("\r\n|[\r\x0c\x85\u2028\u2029]")
_DATA_URL = re.compile(r"data:[a-zA-Z0-9/+.;=_-]{0,100},[^\"'\s<>)]{64,}")


class UncleanableError(ValueError):
    """A body that is not cleaned but refused; the message says why."""


def readable(html: str) -> str:
    """The text with controls, lone surrogates and embedded files gone; raises UncleanableError beyond our limits."""
    html = _LINE_BREAKS.sub("\n", html.encode("utf-8", "replace").decode("utf-8"))
    html = _DATA_URL.sub("data:,", _CONTROLS.sub("", html))
    if len(html) > MAX_CHARACTERS:
        raise UncleanableError(f"its body has {len(html):,} characters, more than {MAX_CHARACTERS:,}")
    if len(_START.findall(html)) > MAX_TAGS:
        raise UncleanableError(f"its body has more than {MAX_TAGS:,} tags")
    if _depth(html) > MAX_DEPTH:
        raise UncleanableError(f"its HTML is nested more than {MAX_DEPTH} levels deep")
    return html


def has_markup(text: str) -> bool:
    """Whether there is a tag in it, or only plain text (possibly with entities)."""
    return _TAG.search(text) is not None or "<!--" in text


def parse_body(html: str) -> Element:
    """The body element that holds this piece of HTML."""
    document = lxml.html.document_fromstring(f"<!doctype html><html><body>{html}</body></html>")
    body = document.find("body")
    return document if body is None else body


def make(tag: str, text: str | None = None, **attributes: str) -> Element:
    """A new element."""
    element = lxml.html.Element(tag, attributes)
    element.text = text
    return element


def remove(element: Element) -> None:
    """Take an element out with everything in it; the text after it stays."""
    _append_text_before(element, element.tail)
    element.tail = None
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def unwrap(element: Element) -> None:
    """Take an element's tags away; what was in it stays."""
    parent = element.getparent()
    if parent is None:
        return
    _append_text_before(element, element.text)
    element.text = None
    for child in list(element):
        tail, child.tail = child.tail, None
        element.addprevious(child)
        child.tail = tail
    remove(element)


def replace(element: Element, *others: Element) -> None:
    """Put other elements in an element's place; the text after it stays after them."""
    parent = element.getparent()
    if parent is None:
        return
    tail, element.tail = element.tail, None
    for other in others:
        element.addprevious(other)
    parent.remove(element)
    others[-1].tail = tail


def text_of(element: Element) -> str:
    """All text inside, white space collapsed."""
    return collapse("".join(str(piece) for piece in element.itertext()))


def collapse(text: str) -> str:
    """The text with each run of white space as one space, none at the ends."""
    return " ".join(text.translate(_BLANKS).split())


def tags(root: Element, *names: str) -> list[Element]:
    """Every element below `root` with one of these names, in document order, as a list that survives changes."""
    return [element for element in root.iter(*names) if element is not root]


def last_child(element: Element) -> Element | None:
    """The last element inside, found without counting the others."""
    return next(element.iterchildren(reversed=True), None)


def first_child(element: Element) -> Element | None:
    """The first element inside, found without counting the others."""
    return next(element.iterchildren(), None)


def is_blank(text: str | None) -> bool:
    """Whether there is nothing to be seen."""
    return not (text or "").strip(BLANK)


def following(element: Element) -> Iterator[Element]:
    """The element's later siblings."""
    return element.itersiblings()


_BLANKS = str.maketrans(dict.fromkeys(BLANK, " "))


def _append_text_before(element: Element, text: str | None) -> None:
    parent = element.getparent()
    if not text or parent is None:
        return
    before = element.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + text
    else:
        parent.text = (parent.text or "") + text


def _depth(html: str) -> int:
    """How many elements are open at once at most, counted in one pass over the tags."""
    open_tags: dict[str, int] = {}
    depth = deepest = 0
    for match in _TAG.finditer(html):
        name = match[2].lower()
        if name in _VOID or name in _CLOSED_BY_NEXT or match[3]:
            continue
        if not match[1]:
            open_tags[name] = open_tags.get(name, 0) + 1
            depth += 1
            deepest = max(deepest, depth)
        elif open_tags.get(name):
            open_tags[name] -= 1
            depth -= 1
    return deepest
