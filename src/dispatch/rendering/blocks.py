"""A post's body as blocks: paragraphs, quotations with their source, lists, headings, figures.

Only what is named here comes out again, so whatever a body holds, no element reaches a mail that is not ours.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import lxml.html
from lxml import etree
from lxml.html import HtmlElement

from dispatch.model.post import Picture
from dispatch.rendering.links import linkable
from dispatch.rendering.prose import Mark, Prose, Run, plain, tidy

_RUNNING = {
    "em": "em",
    "i": "em",
    "cite": "em",
    "strong": "strong",
    "b": "strong",
    "code": "code",
    "sub": "sub",
    "sup": "sup",
    "s": "s",
    "del": "s",
}
_BLOCKS = re.compile(
    "p|div|section|article|aside|header|footer|main|h[1-6]|blockquote|ul|ol|li|dl|dt|dd|figure|figcaption|pre|hr|"
    "table|thead|tbody|tfoot|tr|caption|details|summary|address|center|form|fieldset"
)
_UNSEEN = re.compile("script|style|template|noscript|iframe|object|embed|svg|math|head|title|form|button|select")
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
# What lxml cannot keep (XML 1.0 §2.2) and what turns the direction of text around.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]"
)
MAX_DEPTH = 100
_LINE_SEPARATORS = re.compile("[\x0b\x0c\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph."""

    prose: Prose


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside a post."""

    prose: Prose


@dataclass(frozen=True, slots=True)
class Listing:
    """A list; nested lists are flattened."""

    items: tuple[Prose, ...]
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Quotation:
    """What somebody else said. `introduced`: the paragraph before says whose it is, and so nothing has to be added."""

    paragraphs: tuple[Prose, ...]
    source: str = ""
    url: str = ""
    date: str = ""
    introduced: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture in the text. `copy` is what was made of it at collection; without one it is not shown."""

    copy: Picture | None
    alt: str
    href: str = ""
    caption: Prose | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """Preformatted lines."""

    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A break between two parts."""


Block = Paragraph | Heading | Listing | Quotation | Figure | Code | Rule


def body_blocks(html: str) -> tuple[Block, ...]:
    """The blocks of a body in document order; broken or hostile HTML gives fewer of them, never an error."""
    html = printable(html).strip()
    if not html:
        return ()
    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    root = lxml.html.document_fromstring(f"<body><div>{html}</div></body>".encode(), parser=parser)
    if _is_too_deep(root):
        return tuple(_paragraphs([Run(root.text_content())]))
    return tuple(_merged(_blocks(root)))


def printable(text: str) -> str:
    """`text` without what no mail can carry: controls, halves of characters, directions turned around."""
    return _UNPRINTABLE.sub("", _LINE_SEPARATORS.sub("\n", text))


def _is_too_deep(root: HtmlElement) -> bool:
    """Whether elements stand in one another as no editor nests them, deeper than we could follow."""
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH:
            return True
    return False


def _blocks(element: HtmlElement) -> Iterator[Block]:
    """The blocks inside an element; running text between them makes paragraphs, pictures in it follow it."""
    waiting: list[Run] = [Run(element.text or "")]
    figures: list[Block] = []
    for child in element:
        if _holds_blocks(child):
            yield from _paragraphs(waiting)
            yield from figures
            waiting, figures = [], []
            yield from _block(child)
        else:
            waiting.extend(_runs(child, ()))
            figures.extend(_figures(child))
        waiting.append(Run(child.tail or ""))
    yield from _paragraphs(waiting)
    yield from figures


def _block(element: HtmlElement) -> Iterator[Block]:
    if _UNSEEN.fullmatch(str(element.tag)):
        return
    if element.tag == "blockquote":
        yield from _quotation(element)
    elif element.tag == "figure":
        yield from _figure(element)
    elif element.tag in ("ul", "ol"):
        items = tuple(prose for item in element for prose in _flat(_blocks(item)))
        yield from [Listing(items, ordered=element.tag == "ol")] if items else []
    elif element.tag in _HEADINGS:
        yield from (Heading(prose) for prose in _flat(_blocks(element)))
    elif element.tag == "pre":
        text = element.text_content().strip("\n").rstrip()
        yield from [Code(text)] if text.strip() else []
    elif element.tag == "hr":
        yield Rule()
    elif element.tag == "tr":
        yield from _row(element)
    else:
        yield from _blocks(element)


def _holds_blocks(element: HtmlElement) -> bool:
    return any(_BLOCKS.fullmatch(str(inner.tag)) for inner in element.iter())


def _runs(element: HtmlElement, marks: tuple[Mark, ...]) -> Iterator[Run]:
    """An element of running text as runs; elements we do not know leave their text behind."""
    if _UNSEEN.fullmatch(str(element.tag)):
        return
    if element.tag == "br":
        yield Run("\n", marks)
        return
    marks = _marked(element, marks)
    yield Run(_text(element.text), marks)
    for child in element:
        yield from _runs(child, marks)
        yield Run(_text(child.tail), marks)


def _marked(element: HtmlElement, marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
    tags = [mark.tag for mark in marks]
    if element.tag == "a":
        href = linkable(element.get("href", ""))
        return (*marks, Mark("a", href)) if href and "a" not in tags else marks
    tag = _RUNNING.get(str(element.tag))
    return (*marks, Mark(tag)) if tag and tag not in tags else marks


def _text(text: str | None) -> str:
    return (text or "").replace("\n", " ")


def _paragraphs(runs: Iterable[Run]) -> Iterator[Paragraph]:
    """Paragraphs of running text; two line breaks in a row divide as they do for the eye."""
    pieces: list[list[Run]] = [[]]
    breaks = 0
    for run in runs:
        breaks = breaks + 1 if run.text == "\n" else breaks if not run.text.strip() else 0
        if breaks == 2:
            pieces.append([])
        pieces[-1].append(run if run.text == "\n" else Run(_text(run.text), run.marks))
    for piece in pieces:
        prose = tidy(piece)
        if prose.runs:
            yield Paragraph(prose)


def _figures(element: HtmlElement) -> Iterator[Figure]:
    for image in element.iter("img"):
        yield _picture(image)


def _picture(image: HtmlElement) -> Figure:
    link = next((above for above in image.iterancestors("a")), None)
    href = linkable(link.get("href", "")) if link is not None else ""
    return Figure(_copy(image), " ".join(image.get("alt", "").split()), href)


def _copy(image: HtmlElement) -> Picture | None:
    """The copy that collecting has noted: a mail calls nobody but its own site when it is opened."""
    file, width, height = (image.get(name, "") for name in ("data-copy", "width", "height"))
    if not (file and width.isdigit() and height.isdigit()):
        return None
    return Picture(file, int(width), int(height))


def _figure(element: HtmlElement) -> Iterator[Block]:
    caption = next(element.iter("figcaption"), None)
    said = tidy(_runs(caption, ())) if caption is not None else None
    said = said if said and said.runs else None
    if caption is not None:
        caption.drop_tree()
    figures = list(_figures(element))
    if len(figures) == 1 and said:
        yield Figure(figures[0].copy, figures[0].alt, figures[0].href, said)
        return
    inner = list(_blocks(element))
    quotations = [block for block in inner if isinstance(block, Quotation)]
    if len(quotations) == 1 and said and not quotations[0].source:
        yield _attributed(quotations[0], said)
        return
    yield from inner
    if said:
        yield Paragraph(said)


def _row(element: HtmlElement) -> Iterator[Paragraph]:
    cells = [list(_flat(_blocks(cell))) for cell in element if cell.tag in ("td", "th")]
    runs: list[Run] = []
    for cell in cells:
        runs.extend([Run(" · ")] if runs and cell else [])
        for prose in cell:
            runs.extend((*prose.runs, Run(" ")))
    yield from _paragraphs(runs)


def _flat(blocks: Iterable[Block]) -> Iterator[Prose]:
    """All text of some blocks as paragraphs."""
    for block in blocks:
        match block:
            case Paragraph(prose) | Heading(prose):
                yield prose
            case Listing(items):
                yield from items
            case Quotation(paragraphs):
                yield from paragraphs
            case Code(text):
                yield plain(text)
            case _:
                pass


def _quotation(element: HtmlElement) -> Iterator[Block]:
    said = _said_by(element)
    paragraphs = list(_flat(_blocks(element)))
    if said is None and len(paragraphs) > 1 and _is_attribution(paragraphs[-1]):
        said = paragraphs.pop()
    quotation = Quotation(tuple(paragraphs), url=linkable(element.get("cite", "")))
    if paragraphs:
        yield _attributed(quotation, said) if said else quotation


def _said_by(element: HtmlElement) -> Prose | None:
    """The source that a quotation ends with, taken out of it: a footer, or a cite that stands alone."""
    ends = [*element.iter("footer")][-1:] or [*element.iter("cite")][-1:]
    inner = ends[0] if ends else None
    if inner is None or any(text.strip() for text in _following_text(inner, element)):
        return None
    above, words = inner.getparent(), inner.text_content().strip()
    alone = above is element or (above is not None and above.text_content().strip() == words)
    if not words or not (inner.tag == "footer" or alone):
        return None
    said = tidy(_runs(inner, ()))
    inner.drop_tree()
    return said


def _following_text(inner: HtmlElement, outer: HtmlElement) -> Iterator[str]:
    while inner is not outer:
        yield inner.tail or ""
        for sibling in inner.itersiblings():
            yield str(sibling.text_content())
            yield sibling.tail or ""
        above = inner.getparent()
        if above is None:
            return
        inner = above


_DASH = re.compile(r"^\s*(?:[—–―~]|--?)\s*")
_FROM = re.compile(r"^(?:from|via|source|quelle|aus)\b:?\s+", re.IGNORECASE)


def _is_attribution(prose: Prose) -> bool:
    return bool(_DASH.match(prose.text)) and prose.words <= 20


def _attributed(quotation: Quotation, said: Prose) -> Quotation:
    """The quotation with what `said` tells: "— The Coastal Ledger, 12 September", maybe with a link."""
    text = " ".join(_FROM.sub("", _DASH.sub("", said.text)).strip(" ()[].").split())
    url = next((link.url for link in said.links), quotation.url)
    name, comma, rest = text.rpartition(", ")
    if comma and re.search(r"\d", rest) and len(rest) <= 30 and not re.search(r"\d", name):
        return Quotation(quotation.paragraphs, name, url, rest)
    return Quotation(quotation.paragraphs, text, url)


def _merged(blocks: Iterable[Block]) -> Iterator[Block]:
    """Blocks with what belongs to a quotation joined to it: a second half, a source under it, a source before it."""
    waiting: Block | None = None
    for block in blocks:
        if isinstance(waiting, Quotation):
            if isinstance(block, Quotation) and not waiting.source:
                source = (block.source, block.url or waiting.url, block.date, waiting.introduced)
                waiting = Quotation(waiting.paragraphs + block.paragraphs, *source)
                continue
            if isinstance(block, Paragraph) and _is_attribution(block.prose) and not waiting.source:
                waiting = _attributed(waiting, block.prose)
                continue
        elif isinstance(waiting, Paragraph) and isinstance(block, Quotation):
            block = introduced_by(waiting.prose, block)
        if waiting is not None:
            yield waiting
        waiting = block
    if waiting is not None:
        yield waiting


def introduced_by(prose: Prose, quotation: Quotation) -> Quotation:
    """The quotation, marked as introduced if the paragraph before it leads in to it and nothing more is known of it."""
    if not leads_in(prose) or quotation.source:
        return quotation
    # A link of its own says more than an introduction without one.
    known = bool(quotation.url) and not any(link.url == quotation.url for link in prose.links)
    return Quotation(quotation.paragraphs, "", quotation.url, "", introduced=not known)


def leads_in(prose: Prose) -> bool:
    """Whether a paragraph ends with a colon, the mark of a footnote aside."""
    return bool(re.search(r":[\s\d\[\]()*†‡]*$", prose.text[-12:]))
