"""Addresses inside an entry: made absolute, made safe, and freed of what earns somebody money in secret."""

import re
from urllib.parse import quote, urljoin, urlsplit

from dispatch.collecting.markup import Element, tags, unwrap
from dispatch.model.affiliates import without_tags

MAX_LENGTH = 2_000
_SCHEMES = frozenset({"http", "https"})
_LINK_SCHEMES = _SCHEMES | {"mailto"}
_CONTROLS_AND_SPACES = re.compile("[\x00-\x20\x7f-\xa0\u2028\u2029\u200b\ufeff]")


def absolute_url(href: str | None, base: str | None) -> str | None:
    """An http or https address, absolute; None where it is not one or there is nothing to make it absolute with."""
    return _absolute(href, base, _SCHEMES)


def make_links_absolute(body: Element, base: str | None, own_url: str = "") -> None:
    """Every link and citation absolute; links that cannot be followed lose their tags and keep their words.

    A link to a place in the same text leads to `own_url`, whatever `base` is: the text is read there.
    """
    for link in tags(body, "a"):
        inside = (link.get("href") or "").strip().startswith("#")
        href = _absolute(link.get("href"), (own_url or base) if inside else base, _LINK_SCHEMES)
        # "#" is what editors leave where a link was meant to be: it leads to where one is.
        if href is None or (link.get("href") or "").strip() == "#":
            unwrap(link)
        else:
            link.set("href", without_tags(href))
    for quotation in tags(body, "blockquote", "q", "ins", "del"):
        if quotation.get("cite") is not None:
            cite = absolute_url(quotation.get("cite"), base)
            if cite is None:
                del quotation.attrib["cite"]
            else:
                quotation.set("cite", cite)


def host_of(url: str | None) -> str:
    """The host of an address in lower case without "www.", "" where there is none."""
    try:
        return (urlsplit(url or "").hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _absolute(href: str | None, base: str | None, schemes: frozenset[str]) -> str | None:
    cleaned = _CONTROLS_AND_SPACES.sub(_encode, (href or "").strip().replace("\n", "").replace("\t", ""))
    if not cleaned or len(cleaned) > MAX_LENGTH:
        return None
    try:
        joined = urljoin(base or "", cleaned)
        parts = urlsplit(joined)
        if parts.scheme == "mailto" and "mailto" in schemes:
            return joined if "@" in parts.path else None
        if parts.scheme not in schemes or not parts.hostname:
            return None
        _ = parts.port
    except ValueError:
        return None
    # Some parsers end the host at a backslash, others take it for the path: nobody is to be led by the difference.
    return joined if "\\" not in parts.netloc else None


def _encode(found: re.Match[str]) -> str:
    return quote(found[0]) if found[0] in (" ", "\xa0") else ""
