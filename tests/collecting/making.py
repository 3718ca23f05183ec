"""Settings, feeds and entries for the tests of collecting."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Any

from dispatch.config.settings import Settings
from dispatch.model.post import Entry

NOW = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
LONG = (
    "The lamps along the quay were lit an hour before dusk, and nobody could say who had done it. By the time the "
    "ferry came in, every window of the old customs house was bright."
)


def make_settings(
    folder: Path,
    sources: dict[str, dict[str, Any]],
    *,
    newsletter: dict[str, Any] | None = None,
    look: dict[str, Any] | None = None,
    **collect: Any,
) -> Settings:
    """Settings with these sources and one newsletter of them, private networks allowed, a database in `folder`."""
    return Settings.model_validate(
        {
            "site": {
                "name": "The Lamplight Review",
                "url": "https://lamplight.example",
                "postal_address": "1 Quay Street, Harbour Town",
                "timezone": "Europe/London",
            },
            "store": {"path": str(folder / "dispatch.db"), "address_key": "env:ADDRESS_KEY"},
            "web": {"public_url": "http://127.0.0.1:8480", "token_keys": ["env:TOKEN_KEY"]},
            "collect": {"allow_private_networks": True} | collect,
            "sources": sources,
            "newsletters": {
                "review": {"name": "Review", "from": "Review <post@lamplight.example>", "sources": list(sources)}
                | (newsletter or {})
            },
            "look": look or {},
        },
        context={"base": folder},
    )


def make_entry(**fields: Any) -> Entry:
    """An entry with a title, an address and a text."""
    sensible: dict[str, Any] = {
        "title": "The lamps",
        "url": "https://lamplight.example/2026/the-lamps/",
        "html": f"<p>{LONG}</p>",
    }
    return Entry(**sensible | fields)


def rss_item(name: str, *, published: datetime | None = None, guid: str | None = None, **fields: str) -> str:
    """An <item> whose title, link and text are made from its name."""
    date = f"<pubDate>{format_datetime(published)}</pubDate>" if published else ""
    link = fields.get("link", f"https://lamplight.example/2026/{name}/")
    text = fields.get("text", f"<p>About {name}: {LONG} ({name})</p>")
    identity = f'<guid isPermaLink="false">{guid or name}</guid>' if guid != "" else ""
    title = fields.get("title", f"Post {name}")
    extra = fields.get("extra", "")
    return (
        f"<item><title>{title}</title><link>{escape(link)}</link>{identity}{date}"
        f"<description>{escape(text)}</description>{extra}</item>"
    )


def rss(items: Iterable[str], *, home: str = "https://lamplight.example/") -> str:
    """An RSS 2.0 feed of these items."""
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:slash="http://purl.org/rss/1.0/modules/slash/" '
        'xmlns:media="http://search.yahoo.com/mrss/"><channel>'
        f"<title>The Lamplight Review</title><link>{home}</link><language>en</language>{''.join(items)}</channel></rss>"
    )


def daily(count: int, *, last: datetime = NOW - timedelta(hours=1), first_number: int = 1) -> list[str]:
    """Items p1 … pN, one a day, newest first; the newest is dated `last`."""
    numbers = range(first_number + count - 1, first_number - 1, -1)
    return [rss_item(f"p{number}", published=last - timedelta(days=place)) for place, number in enumerate(numbers)]
