"""premailer, called in the one way that keeps what a mail needs: once per variant, never the network.

Base rules stand in one plain style element; media queries, hover and client hacks in `<style data-premailer="ignore">`.
What premailer 3.10 does to anything else is in docs/templates.md.
"""

import logging
import os
import re
from collections import Counter
from functools import lru_cache

# Its default cache (128 entries) is smaller than one stylesheet and costs a factor of three; read at import.
os.environ.setdefault("PREMAILER_CACHE_MAXSIZE", "20000")

import cssutils
from lxml import etree
from premailer import Premailer

from dispatch.errors import RenderError

DOCTYPE = "<!DOCTYPE html>"
# In serialised HTML "<" and ">" stand in tags alone, and a quoted value never holds its own quote.
_TAG = re.compile(r"<[a-z][^<>]*>")
_ATTRIBUTE = re.compile(r"([\w:-]+)=(\"[^\"]*\"|'[^']*')")

cssutils.log.setLevel(logging.CRITICAL)

# The name, class and style attribute of an element: all that a rule of the shipped style sheet looks at.
_Kind = tuple[str, str | None, str | None]


def inlined(html: str, subject: str) -> str:
    """`html` with its base rules moved into style attributes, white space squeezed.

    Raises RenderError naming `subject` if it does not begin with the doctype, or nothing follows.
    """
    page = _parsed(html, subject)
    _inline(page)
    return _squeezed(_serialised(page.getroottree()))


class StyleSizes:
    """How large a page will be once it is inlined, without inlining it: premailer is asked once a kind of element.

    Exact as long as no rule asks where an element stands (docs/templates.md, "Three rules about styles").
    """

    def __init__(self) -> None:
        self._added: dict[_Kind, int] = {}

    def measured(self, html: str, subject: str) -> tuple[str, int]:
        """The page as it will be but for its style attributes, and how many bytes those will add to it.

        Raises RenderError as `inlined` does.
        """
        tree = _parsed(html, subject).getroottree()
        kinds = Counter((str(one.tag), one.get("class"), one.get("style")) for one in tree.iter("*"))
        rules = _without_rules(tree)
        new = [kind for kind in kinds if kind not in self._added]
        if new:
            self._added |= _added_by(rules, new)
        return _squeezed(_serialised(tree)), sum(count * self._added[kind] for kind, count in kinds.items())


def _added_by(rules: str, kinds: list[_Kind]) -> dict[_Kind, int]:
    """How many bytes the rules of a style sheet add to an element of each kind."""
    page = etree.Element("html")
    head, body = etree.SubElement(page, "head"), etree.SubElement(page, "body")
    etree.SubElement(head, "style").text = rules
    samples = {kind: etree.SubElement(body, kind[0]) for kind in kinds}
    for (_, its_class, its_style), sample in samples.items():
        for name, value in (("class", its_class), ("style", its_style)):
            if value is not None:
                sample.set(name, value)
    before = [_squeezed(_serialised(sample)) for sample in samples.values()]
    _inline(page)
    after = [_squeezed(_serialised(sample)) for sample in samples.values()]
    return {
        kind: len(styled.encode()) - len(bare.encode()) for kind, bare, styled in zip(kinds, before, after, strict=True)
    }


def _without_rules(tree: etree._ElementTree) -> str:
    """The base rules of a page, taken out of it; what premailer leaves alone is left as premailer leaves it."""
    rules = []
    for style in list(tree.iter("style")):
        above = style.getparent()
        if style.attrib.pop("data-premailer", None) is None and above is not None:
            rules.append(style.text or "")
            above.remove(style)
    return "\n".join(rules)


def _parsed(html: str, subject: str) -> etree._Element:
    html = html.strip()
    if not html.startswith(DOCTYPE):
        # Another one would be lost, and old mail programs would fall back to quirks.
        raise RenderError(subject, f"it has to begin with {DOCTYPE}, and nothing before it")
    page: etree._Element | None = etree.fromstring(html, etree.HTMLParser())
    if page is None:
        raise RenderError(subject, f"there is nothing in it but {DOCTYPE}")
    return page


def _inline(page: etree._Element) -> None:
    """Move the base rules of a page into its elements."""
    transformer = Premailer(
        page,
        strip_important=False,
        disable_basic_attributes=["width", "height", "align", "valign", "bgcolor"],
        align_floating_images=False,
        allow_network=False,
        disable_validation=True,
        keep_style_tags=False,
        remove_classes=False,
    )
    transformer.transform()


def _serialised(tree: etree._ElementTree | etree._Element) -> str:
    return etree.tostring(tree, method="html", encoding="utf-8").decode()


def _squeezed(html: str) -> str:
    """The same with less white space: line ends and indents between elements, blanks inside style attributes."""
    html = re.sub(r"[ \t]*\n[ \t\n]*", "\n", html)
    return _TAG.sub(lambda tag: _tidy_tag(tag.group()) if "style=" in tag.group() else tag.group(), html)


# Most elements of a page are of a few dozen kinds.
@lru_cache(maxsize=2000)
def _tidy_tag(tag: str) -> str:
    return _ATTRIBUTE.sub(_tidy_style, tag)


def _tidy_style(attribute: re.Match[str]) -> str:
    """A style attribute between double quotes: cssutils quotes fonts with them, and then lxml takes single ones."""
    if attribute[1] != "style":
        return attribute.group()
    return 'style="' + re.sub(r"([;:,]) +", r"\1", attribute[2][1:-1].replace('"', "'")) + '"'
