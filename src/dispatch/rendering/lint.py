"""What a rendered message may not be: checks of its bytes, for the preview and for tests, no browser needed.

lint.py          the document: size, styles, tables, what does not belong into a mail, blanks
lint_reading.py  what is read and looked at: headings, pictures, sizes of type, lengths of lines
lint_links.py    what is touched: links, their height, the room between them
lint_colours.py  whether it can be read, by day, at night and where colours are turned
lint_inbox.py    subject, preview line, text part, and that both parts tell the same
lint_message.py  the message as the relay gets it
lint_pictures.py the files of its pictures, where they are at hand
"""

import re
from collections.abc import Callable, Collection, Iterator

import lxml.html
from lxml.html import HtmlElement

from dispatch.model.blanks import LINK_HOST, Blank
from dispatch.model.issue import Rendering
from dispatch.rendering.fit import BUDGET
from dispatch.rendering.inline import DOCTYPE
from dispatch.rendering.lint_colours import contrasts
from dispatch.rendering.lint_inbox import inbox, same_story, text_part
from dispatch.rendering.lint_links import apart, links, touch
from dispatch.rendering.lint_reading import headings, images, measure, type_sizes
from dispatch.rendering.markers import blanks_in, longest_bytes

MAX_STYLE_BYTES = 16 * 1024
COLUMN = 600
_FORBIDDEN = ("script", "form", "input", "video", "audio", "iframe", "object", "embed", "svg", "link", "base")
_LEADING = frozenset(("href", "src", "background", "action"))
_RUNNABLE = re.compile(r"\s*(?:javascript|data|vbscript):", re.IGNORECASE)
_OWN = frozenset(Blank)
_FOR_WORD = re.compile(r"<!--\[if mso\]>.*?<!\[endif\]-->", re.DOTALL)
_STYLE_ELEMENT = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL)
_STYLE = re.compile(r'style="([^"]*)"')
# What mail programs drop, some of them with the whole attribute or style element it stands in (caniemail.com).
_UNREAD = {
    "rgb() or rgba()": re.compile(r"\brgba?\("),
    "hsl()": re.compile(r"\bhsla?\("),
    "a colour of eight digits": re.compile(r"#[0-9a-fA-F]{8}\b"),
    "a variable": re.compile(r"\bvar\(|(?:^|[;{\s])--[\w-]+\s*:"),
    "a background as shorthand": re.compile(r"(?<![\w-])background\s*:"),
    "flex or grid": re.compile(r"(?<![\w-])(?:display\s*:\s*(?:inline-)?(?:flex|grid)|(?:flex|grid)[\w-]*\s*:)"),
    "a picture as background": re.compile(r"\burl\("),
    "calc()": re.compile(r"\bcalc\("),
    "rem": re.compile(r"\d\s*rem\b"),
}
_ONLY_INLINE = {"!important": re.compile(r"!important")}
_ONLY_SHEETS = {
    "a font from the web": re.compile(r"@font-face", re.IGNORECASE),
    "@import": re.compile(r"@import", re.IGNORECASE),
}
_ONE_SIDED = re.compile(r"(?:^|;)(?:border-left|text-align:left)")


def lint(rendering: Rendering, needs: Collection[Blank] = (Blank.UNSUBSCRIBE,)) -> list[str]:
    """Everything that is wrong with a rendering, a sentence each; empty where it is ready to be sent.

    `needs` are the links without which it may not go out.
    """
    parser = lxml.html.HTMLParser(encoding="utf-8")
    root = lxml.html.document_fromstring(rendering.html.encode(), parser=parser)
    checks: tuple[Callable[[Rendering, HtmlElement], Iterator[str]], ...] = (
        _document, _metadata, _styles, _tables, _widths, _sides, images, headings, type_sizes, measure, links, touch,
        apart, contrasts, _forbidden, _blanks, inbox, text_part, same_story,
    )  # fmt: skip
    found = [problem for check in checks for problem in check(rendering, root)]
    return [*found, *_ways_out(rendering, needs)]


def _document(rendering: Rendering, root: HtmlElement) -> Iterator[str]:
    if not rendering.html.startswith(DOCTYPE):
        yield f"The HTML does not begin with {DOCTYPE}: old mail programs fall back to quirks."
    size = longest_bytes(rendering.html)
    if size > BUDGET:
        yield f"The HTML can grow to {size:,} bytes, more than {BUDGET:,}: Gmail would hide the footer."
    articles = root.xpath("//*[@role='article']")
    if not articles:
        yield 'There is no element with role="article": some mail programs replace <html>, and lang and dir with it.'
    for element in (root, *(articles if isinstance(articles, list) else ())):
        if isinstance(element, HtmlElement) and not (element.get("lang") and element.get("dir") in ("ltr", "rtl")):
            yield f"<{_tag(element)}> has no lang or dir: screen readers guess the language."


def _metadata(rendering: Rendering, root: HtmlElement) -> Iterator[str]:
    for name in ("color-scheme", "supported-color-schemes"):
        if not root.xpath(f"//meta[@name='{name}']"):
            yield f'There is no <meta name="{name}">: Apple Mail darkens the mail its own way.'
    for rules, why in (
        ("prefers-color-scheme", "no rules for the night: Apple Mail turns the colours itself"),
        ("[data-ogsc]", "no rules for Outlook's night: put the dark colours under [data-ogsc] and [data-ogsb] too"),
        ("mso-line-height-rule:exactly", "no mso-line-height-rule:exactly: Word makes lines as high as it likes"),
    ):
        if rules not in rendering.html:
            yield f"There are {why}." if why.startswith("no rules") else f"There is {why}."


def _styles(rendering: Rendering, _root: HtmlElement) -> Iterator[str]:
    for number, sheet in enumerate(_STYLE_ELEMENT.findall(_FOR_WORD.sub("", rendering.html)), 1):
        if len(sheet.encode()) > MAX_STYLE_BYTES:
            yield f"Style element {number} is over 16 KB: Gmail drops it."
        if "prefers-color-scheme" in sheet and "data-ogsc" in sheet:
            yield f"Style element {number} holds both kinds of dark rules; keep them apart: Gmail drops both."
        for what, pattern in {**_UNREAD, **_ONLY_SHEETS}.items():
            if pattern.search(sheet):
                yield f"Style element {number} holds {what}, which mail programs do not read; some drop all of it."
    for style in dict.fromkeys(_STYLE.findall(_FOR_WORD.sub("", rendering.html))):
        for what, pattern in {**_UNREAD, **_ONLY_INLINE}.items():
            if pattern.search(style):
                yield f"A style attribute holds {what}, which mail programs do not read: {style[:80]}"


def _tables(_rendering: Rendering, root: HtmlElement) -> Iterator[str]:
    for table in root.iter("table"):
        wanted = {"role": "presentation", "cellpadding": "0", "cellspacing": "0", "border": "0"}
        if any(table.get(name) != value for name, value in wanted.items()):
            yield 'A table lacks role="presentation", cellpadding, cellspacing or border: it is read out as data.'


def _widths(rendering: Rendering, root: HtmlElement) -> Iterator[str]:
    for element in root.iter("table", "td", "img"):
        width = element.get("width", "")
        if width.isdigit() and int(width) > COLUMN:
            yield f"<{_tag(element)}> is {width} pixels wide; the column has {COLUMN}, and phones have less."
    columns = [table for table in root.iter("table") if f"max-width:{COLUMN}px" in table.get("style", "")]
    ghosts = re.findall(rf'<table[^>]* width="{COLUMN}"', "".join(_FOR_WORD.findall(rendering.html)))
    if not columns or not ghosts:
        yield (
            f"There is no table with max-width:{COLUMN}px, or none of {COLUMN} pixels for Word around it: "
            "lines run across the whole window."
        )


def _sides(rendering: Rendering, root: HtmlElement) -> Iterator[str]:
    if root.get("dir") == "rtl":
        for style in dict.fromkeys(style for style in _STYLE.findall(rendering.html) if _ONE_SIDED.search(style)):
            yield f"A style names the left side in a language from the right; use {{{{ start }}}}: {style[:80]}"


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
        if part.count(LINK_HOST) != sum(part.count(LINK_HOST + blank) for blank in Blank):
            yield f"The {name} has a link to {LINK_HOST} that is no blank."


def _ways_out(rendering: Rendering, needs: Collection[Blank]) -> Iterator[str]:
    for name, part in (("HTML", rendering.html), ("text", rendering.text)):
        for blank in needs:
            if blank not in blanks_in(part):
                yield f"The {name} has no link to {blank.value.lower()}."


def _tag(element: HtmlElement) -> str:
    return str(element.tag)
