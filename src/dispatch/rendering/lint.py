"""What a rendered issue may not be: checks of structure, for the preview and for tests, no browser needed."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

import lxml.html
from lxml.html import HtmlElement

from dispatch.model.blanks import LINK_HOST, Blank
from dispatch.model.issue import Rendering
from dispatch.rendering.digest import PREHEADER
from dispatch.rendering.fit import BUDGET
from dispatch.rendering.inline import DOCTYPE
from dispatch.rendering.markers import WORD_JOINER, blanks_in, longest_bytes
from dispatch.rendering.templates import COLUMNS

MAX_SUBJECT = 60
MAX_STYLE_BYTES = 16 * 1024
_FORBIDDEN = ("script", "form", "input", "video", "audio", "iframe", "object", "embed", "svg", "link", "base")
_LEADING = frozenset(("href", "src", "background", "action"))
_RUNNABLE = re.compile(r"\s*(?:javascript|data|vbscript):", re.IGNORECASE)
_OWN = frozenset(Blank)
_ABSOLUTE = re.compile(r"https?://[^/\s]+|mailto:", re.IGNORECASE)


def lint(rendering: Rendering) -> list[str]:
    """Everything that is wrong with a rendering, a sentence each; empty where it is ready to be sent."""
    parser = lxml.html.HTMLParser(encoding="utf-8")
    root = lxml.html.document_fromstring(rendering.html.encode(), parser=parser)
    checks: tuple[Callable[[Rendering, HtmlElement], Iterator[str]], ...] = (
        _document, _styles, _tables, _images, _links, _headings, _forbidden, _blanks, _inbox, _text,
    )  # fmt: skip
    return [problem for check in checks for problem in check(rendering, root)]


def _document(rendering: Rendering, root: HtmlElement) -> Iterator[str]:
    if not rendering.html.startswith(DOCTYPE):
        yield f"The HTML does not begin with {DOCTYPE}: old mail programs fall back to quirks."
    size = longest_bytes(rendering.html)
    if size > BUDGET:
        yield f"The HTML can grow to {size:,} bytes, more than {BUDGET:,}: Gmail would hide the footer."
    articles = root.xpath("//*[@role='article']")
    for element in (root, *(articles if isinstance(articles, list) else ())):
        if isinstance(element, HtmlElement) and not (element.get("lang") and element.get("dir") in ("ltr", "rtl")):
            yield f"<{_tag(element)}> has no lang or dir: screen readers guess the language."


def _styles(rendering: Rendering, _root: HtmlElement) -> Iterator[str]:
    without_word = re.sub(r"<!--\[if mso\]>.*?<!\[endif\]-->", "", rendering.html, flags=re.DOTALL)
    for number, style in enumerate(re.findall(r"<style[^>]*>(.*?)</style>", without_word, re.DOTALL), 1):
        if len(style.encode()) > MAX_STYLE_BYTES:
            yield f"Style element {number} is over 16 KB: Gmail drops it."
    for style in re.findall(r'style="([^"]*)"', rendering.html):
        if re.search(r"rgba?\(|hsla?\(|#[0-9a-fA-F]{8}\b|!important|flex|grid", style):
            yield f"A style attribute holds what mail programs do not read: {style[:80]}"


def _tables(_rendering: Rendering, root: HtmlElement) -> Iterator[str]:
    for table in root.iter("table"):
        wanted = {"role": "presentation", "cellpadding": "0", "cellspacing": "0", "border": "0"}
        if any(table.get(name) != value for name, value in wanted.items()):
            yield 'A table lacks role="presentation", cellpadding, cellspacing or border: it is read out as data.'


def _images(_rendering: Rendering, root: HtmlElement) -> Iterator[str]:
    for image in root.iter("img"):
        source = image.get("src", "")
        if image.get("alt") is None:
            yield f"The picture {source[-60:]} has no alt: nothing stands there while pictures are blocked."
        if not image.get("width", "").isdigit():
            yield f"The picture {source[-60:]} has no width in pixels: Word shows it at its own size."
        if not source.startswith("https://"):
            yield f"The picture {source[-60:]} is not https: many mail programs do not load it."


def _links(_rendering: Rendering, root: HtmlElement) -> Iterator[str]:
    for anchor in root.iter("a"):
        href = anchor.get("href", "")
        said = anchor.text_content().strip() or any(image.get("alt") for image in anchor.iter("img"))
        if not said:
            yield f"A link to {href[:60]} has no words."
        if not _ABSOLUTE.match(href):
            yield f"“{anchor.text_content().strip()[:40]}” does not link to a whole address: {href[:60]!r}"


def _headings(_rendering: Rendering, root: HtmlElement) -> Iterator[str]:
    levels = [int(str(element.tag)[1]) for element in root.iter("h1", "h2", "h3", "h4", "h5", "h6")]
    if levels.count(1) != 1 or levels[:1] != [1]:
        yield f"There has to be exactly one h1, before every other heading; there are {levels.count(1)}."
    for before, after in pairwise(levels):
        if after > before + 1:
            yield f"A heading of level {after} follows one of level {before}."


def _forbidden(_rendering: Rendering, root: HtmlElement) -> Iterator[str]:
    for element in root.iter(*_FORBIDDEN):
        yield f"<{_tag(element)}> does not belong into a mail."
    for element in root.iter():
        for name, value in element.attrib.items():
            if str(name).lower().startswith("on") or (name in _LEADING and _RUNNABLE.match(str(value))):
                yield f'<{_tag(element)}> has {name!s}="{str(value)[:40]}".'


def _blanks(rendering: Rendering, _root: HtmlElement) -> Iterator[str]:
    for name, part in (("HTML", rendering.html), ("text", rendering.text), ("subject", rendering.subject)):
        found = blanks_in(part)
        yield from (f"The {name} has a blank that nobody fills: {blank}." for blank in found if blank not in _OWN)
        if part.count(LINK_HOST) != sum(
            part.count(LINK_HOST + blank) for blank in (Blank.UNSUBSCRIBE, Blank.PREFERENCES)
        ):
            yield f"The {name} has a link to {LINK_HOST} that is no blank."
    for name, part in (("HTML", rendering.html), ("text", rendering.text)):
        if Blank.UNSUBSCRIBE not in blanks_in(part):
            yield f"The {name} has no link to unsubscribe."


def _inbox(rendering: Rendering, _root: HtmlElement) -> Iterator[str]:
    if not 1 <= len(rendering.subject) <= MAX_SUBJECT:
        yield f"The subject has {len(rendering.subject)} characters; inboxes show about {MAX_SUBJECT}."
    shortest, longest = PREHEADER
    if not shortest <= len(rendering.preheader) <= longest or rendering.preheader == rendering.subject:
        yield f"The preview line has to have {shortest} to {longest} characters and differ from the subject."


def _text(rendering: Rendering, _root: HtmlElement) -> Iterator[str]:
    for line in rendering.text.replace(WORD_JOINER, "").split("\n"):
        # An address of a page, or a word as long as a line, has nowhere to be broken.
        if len(line) > COLUMNS and "://" not in line and max(map(len, line.split())) < COLUMNS - 10:
            yield f"A line of the text part is over {COLUMNS} characters: {line[:60]}…"


def _tag(element: HtmlElement) -> str:
    return str(element.tag)
