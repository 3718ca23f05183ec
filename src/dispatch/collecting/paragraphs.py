"""Layout boxes and loose text become paragraphs, lists, figures: the few blocks that a mail is made of."""

import re
from collections.abc import Iterator
from html import escape

from lxml import etree

from dispatch.collecting.markup import (
    BLANK,
    BLOCKS,
    CONTAINERS,
    Element,
    first_child,
    is_blank,
    last_child,
    make,
    remove,
    tags,
    text_of,
    unwrap,
)

_CELLS = ("li", "td", "th", "dd", "dt", "caption")
_LISTINGS = ("ul", "ol", "dl", "table")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_CAN_BE_EMPTY = frozenset({"img", "br", "hr", "td", "th", "tr", "tbody", "thead", "tfoot", "table", "body", "wbr"})
_SHOWN = ("img", "hr")
# Text set in lines of much the same length was wrapped by a program, not by its author.
_WRAPPED = range(55, 90)


def paragraphs_of_text(text: str) -> str:
    """Plain text (entities allowed) as HTML: empty lines part paragraphs, authors' own line breaks stay."""
    blocks = (block.strip() for block in re.split(r"\n[ \t]*\n", text))
    return "\n".join(f"<p>{_lines(block)}</p>" for block in blocks if not is_blank(block))


def escaped_paragraphs(text: str) -> str:
    """Plain text as HTML with everything in it escaped."""
    return paragraphs_of_text(escape(text, quote=False))


def settle_blocks(body: Element) -> None:
    """Rebuild the body so that it holds blocks alone, each of them with something in it."""
    for heading in tags(body, *_HEADINGS):
        _flatten(heading)
        heading.tag = "h2" if heading.tag == "h1" else heading.tag
    for link in tags(body, "a"):
        _flatten(link)
    blocks = _blocks_of(body)
    body.text = None
    body[:] = blocks
    drop_empty(body)


def drop_empty(body: Element) -> None:
    """Remove every element in which nothing is to be seen, and rules that part nothing."""
    for element in reversed(tags(body)):
        if element.tag not in _CAN_BE_EMPTY and _shows_nothing(element):
            remove(element)
    for table in tags(body, "table"):
        if _shows_nothing(table):
            remove(table)
    for rule in tags(body, "hr"):
        before, after = rule.getprevious(), rule.getnext()
        if rule.getparent() is body and (before is None or after is None or after.tag == "hr"):
            remove(rule)


def serialised(body: Element) -> str:
    """The blocks of a body as HTML, one a line."""
    for block in body:
        block.tail = None
    return "\n".join(etree.tostring(block, method="html", encoding="unicode") for block in body)


def _lines(block: str) -> str:
    lines = [line.strip() for line in block.split("\n")]
    wrapped = len(lines) > 2 and all(len(line) in _WRAPPED for line in lines[:-1])
    return (" " if wrapped else "<br>\n").join(lines)


class _Run:
    """The paragraph that is being filled with text and inline elements until the next block comes."""

    def __init__(self, language: dict[str, str]) -> None:
        self._language = language
        self._paragraph = make("p", **language)
        self.blocks: list[Element] = []

    def add_text(self, text: str | None) -> None:
        if not text:
            return
        last = last_child(self._paragraph)
        if last is not None:
            last.tail = (last.tail or "") + text
        else:
            self._paragraph.text = (self._paragraph.text or "") + text

    def add_inline(self, element: Element) -> None:
        last = last_child(self._paragraph)
        if element.tag == "br" and last is not None and last.tag == "br" and is_blank(last.tail):
            self.flush()
        else:
            self._paragraph.append(element)

    def add_blocks(self, blocks: list[Element]) -> None:
        self.flush()
        self.blocks += blocks

    def flush(self) -> None:
        paragraph = self._paragraph
        self._paragraph = make("p", **self._language)
        _trim(paragraph)
        if not _shows_nothing(paragraph):
            self.blocks.append(paragraph)


def _blocks_of(element: Element) -> list[Element]:
    run = _Run(_language_of(element))
    run.add_text(element.text)
    for child in list(element):
        tail, child.tail = child.tail, None
        if child.tag == "p" or child.tag in CONTAINERS or _is_frame(child):
            run.add_blocks(_blocks_of(child))
        elif child.tag in BLOCKS:
            run.add_blocks(_settled(child))
        elif any(inner.tag in BLOCKS or inner.tag in CONTAINERS for inner in child.iterdescendants()):
            run.add_blocks(_blocks_of(child))
        else:
            run.add_inline(child)
        run.add_text(tail)
    run.flush()
    return run.blocks


def _settled(block: Element) -> list[Element]:
    """A block with its inside in order."""
    if block.tag == "blockquote":
        block[:] = _blocks_of(block)
        block.text = None
    elif block.tag == "figure":
        return _settled_figure(block)
    elif block.tag == "pre":
        block.text = (block.text or "").lstrip("\n") or None
    elif block.tag in _LISTINGS:
        _settle_rows(block)
    elif block.tag in _HEADINGS:
        _trim(block)
    elif block.tag not in ("hr", "p"):
        return _blocks_of(block)  # a cell or an item without its table or list
    return [block]


def _settle_rows(block: Element) -> None:
    for cell in list(_own_cells(block)):
        if cell.tag in _LISTINGS:
            _settle_rows(cell)  # a list right inside a list, which is wrong and common
        elif any(child.tag in BLOCKS or child.tag in CONTAINERS for child in cell.iterdescendants()):
            cell[:] = _blocks_of(cell)
            cell.text = None
        else:
            _trim(cell)


def _own_cells(block: Element) -> Iterator[Element]:
    """The cells or items of a table or list itself; those of one inside it are settled with the cell around it."""
    for child in list(block):
        if child.tag in _CELLS or child.tag in _LISTINGS:
            yield child
        else:
            yield from _own_cells(child)
            if child.tag in CONTAINERS:
                unwrap(child)


def _settled_figure(figure: Element) -> list[Element]:
    """<figure>: its pictures, each with its link, then one caption; without a picture it is just a box."""
    pictures = [_linked(picture) for picture in tags(figure, "img")]
    if not pictures or any(True for _ in figure.iter("table", "pre", "blockquote", "ul", "ol")):
        for caption in tags(figure, "figcaption"):
            caption.tag = "p"
        return _blocks_of(figure)
    captions = [caption for caption in tags(figure, "figcaption") if text_of(caption)]
    rebuilt = make("figure")
    for picture in dict.fromkeys(pictures):
        picture.tail = None
        rebuilt.append(picture)
    for caption in captions[:1]:
        caption.tail = None
        for picture in tags(caption, "img"):
            remove(picture)
        _flatten(caption)
        _trim(caption)
        rebuilt.append(caption)
    return [rebuilt]


def _linked(picture: Element) -> Element:
    """The picture with the link around it, if that holds nothing else."""
    parent = picture.getparent()
    alone = parent is not None and parent.tag == "a" and len(parent) == 1 and not text_of(parent)
    return parent if alone and parent is not None else picture


def _is_frame(element: Element) -> bool:
    """Whether a table is there for layout alone: it has a single cell."""
    return element.tag == "table" and len(tags(element, "td", "th")) == 1


def _flatten(element: Element) -> None:
    """Unwrap every block inside an element that can only hold a line."""
    for block in reversed(tags(element)):
        if block.tag in BLOCKS or block.tag in CONTAINERS:
            block.tail = " " + (block.tail or "")
            block.text = " " + (block.text or "")
            unwrap(block)


def _trim(element: Element) -> None:
    """No space and no line break at the beginning or the end."""
    while (first := first_child(element)) is not None and first.tag == "br" and is_blank(element.text):
        element.text = None
        remove(first)
    while (last := last_child(element)) is not None and last.tag == "br" and is_blank(last.tail):
        last.tail = None
        remove(last)
    element.text = (element.text or "").lstrip(BLANK) or None
    if last is not None:
        last.tail = (last.tail or "").rstrip(BLANK) or None
    elif element.text:
        element.text = element.text.rstrip(BLANK) or None


def _shows_nothing(element: Element) -> bool:
    if element.tag in _SHOWN or any(True for _ in element.iter(*_SHOWN)):
        return False
    return all(is_blank(str(piece)) for piece in element.itertext())


def _language_of(element: Element) -> dict[str, str]:
    return {name: str(element.get(name)) for name in ("lang", "dir") if element.get(name)}
