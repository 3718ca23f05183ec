"""Affiliate tags in links: what they look like, and the same link without them.

Shops pay for readers who come over a tagged link; some forbid such links in mail (Amazon's Operating Agreement has, by
country, forbidden and allowed them), and the law wants them disclosed (16 CFR 255). So none is mailed by accident.
"""

import re
from urllib.parse import SplitResult, urlsplit

# Names of query parameters that say whom to pay, whoever's shop it is.
_ANYWHERE = frozenset(
    (
        "aff", "aff_id", "affid", "affiliate", "affiliate_id", "awc", "cjevent", "clickref", "irclickid", "raneaid",
        "ranmid", "ransiteid",
    )
)  # fmt: skip
# Amazon's own, which mean something else elsewhere.
_AT_AMAZON = frozenset(
    (
        "adid", "ascsubtag", "associd", "camp", "camp_id", "content-id", "creative", "creativeasin", "linkcode",
        "linkid", "ref", "ref_", "slotnum", "smid", "tag",
    )
)  # fmt: skip
_AMAZON = re.compile(r"(?:^|\.)amazon\.[a-z]{2,3}(?:\.[a-z]{2})?$")
_BOOKSHOP = re.compile(r"(?:^|\.)bookshop\.org$")
_BOOKSHOP_TAG = re.compile(r"^/a/[^/]+/(?=\d)")
# Hosts that only pass readers on, most of them with a tag that nobody sees.
_REDIRECTORS = (
    "a.co", "amzn.eu", "amzn.to", "anrdoezrs.net", "awin1.com", "booklinker.net", "books2read.com", "dpbolvw.net",
    "geni.us", "getbook.at", "jdoqocy.com", "kqzyfj.com", "linksynergy.com", "mybook.to", "pntra.com", "prf.hn",
    "shareasale.com", "shop-links.co", "skimresources.com", "tkqlhce.com", "viewbook.at", "viglink.com",
)  # fmt: skip


def without_tags(url: str) -> str:
    """The link without what says whom to pay for it; every other link as it is."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return url  # no address at all, so nobody's
    path = parts.path
    if _AMAZON.search(host):
        path = re.sub(r"/ref=[^/]*", "", path)
    elif _BOOKSHOP.search(host):
        path = _BOOKSHOP_TAG.sub("/book/", path)
    return parts._replace(path=path, query=_query_without_tags(parts, host)).geturl()


def redirector(url: str) -> str:
    """The host of a link that only passes readers on to a shop, "" of any other."""
    host = (urlsplit(url).hostname or "").lower()
    return host if any(host == each or host.endswith(f".{each}") for each in _REDIRECTORS) else ""


def _query_without_tags(parts: SplitResult, host: str) -> str:
    names = _ANYWHERE | _AT_AMAZON if _AMAZON.search(host) else _ANYWHERE
    kept = [pair for pair in parts.query.split("&") if pair.partition("=")[0].lower() not in names]
    return "&".join(kept)
