"""A small magazine to render: posts, a book and a page with sensible values, each replaceable by name."""

from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import lxml.html
from lxml.html import HtmlElement

from dispatch.model.book import Praise, PromoBlock, ShopLink
from dispatch.model.issue import Rendering
from dispatch.model.post import Picture, Post
from dispatch.rendering.look import Look, look_from
from dispatch.rendering.page import IssuePage
from dispatch.rendering.render import render
from dispatch.rendering.templates import TemplateFolder, open_templates

SITE = "https://kite.example/"
OWN = "<p>The tide came in twice that day, and nobody at the customs house could say why it had.</p>"
QUOTED = (
    '<blockquote cite="https://ledger.example/tides"><p>The harbour master declined to comment on the second tide.</p>'
    "<p>— <cite>The Tidal Ledger, 3 May</cite></p></blockquote>"
)
CLOSING = "<p>He has since taken up gardening.</p>"


def make_post(number: int = 1, **values: Any) -> Post:
    """A post with a quotation; `number` tells it from the others."""
    wanted: dict[str, Any] = {
        "id": number,
        "source": "site",
        "title": f"The second tide, part {number}",
        "url": f"{SITE}tide-{number}/",
        "author": "Nell Harrow",
        "body": OWN + QUOTED + CLOSING,
        "published_at": datetime(2026, 5, 4, 7, 0, tzinfo=UTC),
        "categories": ("Essays",),
        "words": 880,
    }
    return Post(**(wanted | values))


def make_book(**values: Any) -> PromoBlock:
    """A book sold by two shops."""
    wanted: dict[str, Any] = {
        "slug": "low-water",
        "label": "From Kite Books",
        "title": "Low Water",
        "author": "Ambrose Fell",
        "format": "Paperback, 192 pages",
        "url": "https://shop-one.example/low-water",
        "cover": Picture("cover.jpg", 304, 456),
        "pitch": "",
        "blurb": "A year on a mudflat, and what it took home.",
        "praise": Praise("Muddy and exact.", "R. Osei"),
        "verb": "Order",
        "shops": (
            ShopLink("Shop One", "https://shop-one.example/low-water"),
            ShopLink("Shop Two", "https://shop-two.example/low-water"),
        ),
        "sentence": "Order on Shop One, Shop Two or wherever books are sold.",
        "elsewhere": "…or order it wherever books are sold.",
    }
    return PromoBlock(**(wanted | values))


def make_page(**values: Any) -> IssuePage:
    """A page of three posts and a book."""
    wanted: dict[str, Any] = {
        "site_name": "The Kite",
        "site_url": SITE,
        "tagline": "Letters from a small harbour",
        "postal_address": "The Kite, 3 Rope Walk, Marrow Bay, MB 01234",
        "newsletter_name": "The Kite",
        "language": "en-GB",
        "number": 12,
        "date": date(2026, 5, 8),
        "posts": tuple(make_post(number) for number in (1, 2, 3)),
        "cadence": "Fridays",
        "sections": {"Essay": ["essays"]},
        "books": (make_book(),),
        "media_url": "https://post.kite.example/media",
    }
    return IssuePage(**(wanted | values))


@cache
def shipped() -> TemplateFolder:
    """Our own templates, opened once."""
    return open_templates()


@cache
def shipped_look() -> Look:
    """Our own look."""
    return look_from({})


def rendered(templates: TemplateFolder | None = None, **values: Any) -> Rendering:
    """A page of these values, rendered."""
    return render(make_page(**values), shipped_look(), templates or shipped())


def parsed(html: str) -> HtmlElement:
    """HTML as a tree."""
    return lxml.html.document_fromstring(html.encode(), parser=lxml.html.HTMLParser(encoding="utf-8"))


def said(element: HtmlElement) -> str:
    """What an element says, white space and ties collapsed."""
    return " ".join(element.text_content().split())


def flat(text: str) -> str:
    """Text with white space and ties collapsed."""
    return " ".join(text.split())


def links(html: str) -> list[str]:
    """Where the links of some HTML lead, in order."""
    return [anchor.get("href", "") for anchor in parsed(html).iter("a")]
