"""Quotations: what others wrote stays marked as theirs, with the source beside it."""

import re

from dispatch.collecting.links import absolute_url
from dispatch.collecting.markup import Element, is_blank, make, tags, text_of, unwrap

_EMBEDDED_POSTS = (
    "twitter-tweet",
    "twitter-video",
    "instagram-media",
    "bluesky-embed",
    "mastodon-embed",
    "tiktok-embed",
)
_DASH = re.compile(r"^\s*(?:[—–―]|--?)\s*\S")
_ATTRIBUTION_LENGTH = 200


def join_quotations(body: Element) -> None:
    """Bring a quotation and what says whose it is into one <blockquote>; to be done while classes are still there."""
    for quotation in tags(body, "blockquote"):
        if any(name in (quotation.get("class") or "").split() for name in _EMBEDDED_POSTS):
            _settle_embedded_post(quotation)
        for line in quotation.findall("footer") + quotation.findall("cite"):
            _into_attribution(line)
    for figure in tags(body, "figure"):
        quoted = figure.find("blockquote")
        if quoted is None:
            continue
        for caption in figure.findall("figcaption"):
            figure.remove(caption)
            quoted.append(caption)
            _into_attribution(caption)
        unwrap(figure)


def name_sources(body: Element) -> None:
    """Mark the line that names the author, and note the source's address in `cite`, wherever it stands."""
    for quotation in tags(body, "blockquote"):
        line = _attribution_of(quotation)
        if line is not None and line.find(".//cite") is None:
            _wrap_in_cite(line)
        if not quotation.get("cite"):
            source = _last_link(line) or _announced_source(quotation)
            if source:
                quotation.set("cite", source)


def _settle_embedded_post(quotation: Element) -> None:
    """A post of a social network: its text, then who wrote it where and when."""
    links = [link.get("href") or "" for link in quotation.iter("a")]
    posts = [href for href in links if re.search(r"/(?:status|statuses|post|posts|p|reel|video)/", href)]
    address = quotation.get("data-instgrm-permalink") or quotation.get("cite") or (posts[-1] if posts else "")
    if address and absolute_url(address, None):
        quotation.set("cite", address.partition("?")[0])


def _into_attribution(line: Element) -> None:
    """<footer>, <cite> or a caption below the quotation becomes its last paragraph."""
    if is_blank(text_of(line)):
        return
    if line.tag == "cite":
        before = line.getprevious()
        # A title in running text is a <cite> too; only one that stands by itself names the source.
        if (before is not None and not is_blank(before.tail)) or not is_blank(line.tail):
            return
        paragraph = make("p")
        line.addprevious(paragraph)
        paragraph.append(line)
        return
    line.tag = "p"
    line.attrib.clear()
    if line.find(".//cite") is None:
        _wrap_in_cite(line)


def _attribution_of(quotation: Element) -> Element | None:
    """The last paragraph of a quotation, if it is the one that names the author."""
    children = list(quotation)
    last = children[-1] if children else None
    if last is None or last.tag != "p" or (len(children) < 2 and last.find("cite") is None):
        return None
    text = text_of(last)
    if len(text) > _ATTRIBUTION_LENGTH:
        return None
    only_cite = len(last) == 1 and last[0].tag == "cite" and is_blank(last.text) and is_blank(last[0].tail)
    return last if only_cite or _DASH.match(text) else None


def _wrap_in_cite(line: Element) -> None:
    """— Name, Paper → — <cite>Name, Paper</cite>."""
    dash = re.match(r"\s*(?:[—–―]|--?)?\s*", line.text or "")
    cite = make("cite", (line.text or "")[dash.end() :] if dash else line.text)
    cite.extend(list(line))
    line.text = "— "
    line.append(cite)


def _last_link(element: Element | None) -> str:
    links = [link.get("href") or "" for link in element.iter("a")] if element is not None else []
    return next((href for href in reversed(links) if href.startswith(("http://", "https://"))), "")


def _announced_source(quotation: Element) -> str:
    """The link of a paragraph that ends in a colon right before the quotation."""
    before = quotation.getprevious()
    if before is None or before.tag != "p" or not text_of(before).endswith(":"):
        return ""
    return _last_link(before)
