"""What a site says about itself, and where its posts are found."""

import asyncio
import json
from datetime import UTC, datetime

import pytest

from dispatch.collecting.discovery import Discovered, discover
from dispatch.collecting.fetching import open_reach
from dispatch.errors import CollectError
from tests.small_site import Pages, small_site

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
HTML, JSON, RSS = "text/html; charset=utf-8", "application/json", "application/rss+xml"
FEED = (
    '<rss version="2.0"><channel><title>Tide Tables</title><link>{home}/</link><language>en_GB</language>'
    "<item><title>Low water</title><link>{home}/low</link></item></channel></rss>"
)
JSON_FEED = json.dumps(
    {"version": "https://jsonfeed.org/version/1.1", "title": "Tide Tables", "items": [{"id": "1", "content_text": "x"}]}
)
POSTS = json.dumps([{"id": 7, "link": "{home}/low", "title": {"rendered": "Low water"}}])


def _root(**said: object) -> tuple[str, str]:
    known = {"name": "Tide &amp; Table", "description": "Notes from\n the harbour", "home": "{home}"}
    return JSON, json.dumps(known | said)


def _page(head: str, lang: str = "en-GB") -> tuple[str, str]:
    return HTML, f'<!DOCTYPE html><html lang="{lang}"><head>{head}</head><body><p>Welcome.</p></body></html>'


def _discover(site: str) -> Discovered:
    async def work() -> Discovered:
        async with open_reach(allow_private_networks=True) as reach:
            return await discover(reach, site, NOW)

    return asyncio.run(work())


WORDPRESS_POSTS = "/wp-json/wp/v2/posts?_embed=1&per_page=1&page=1"


def test_a_wordpress_site_says_everything() -> None:
    """Name, tagline and zone from its REST interface, the language from the page."""
    pages = {
        "/": _page("<title>Home</title>"),
        "/wp-json/": _root(timezone_string="Europe/Lisbon", gmt_offset=0),
        WORDPRESS_POSTS: (JSON, POSTS),
    }
    with small_site(pages) as home:
        assert _discover(home) == Discovered(
            kind="wordpress",
            url=home,
            home=home,
            name="Tide & Table",
            tagline="Notes from the harbour",
            language="en-GB",
            timezone="Europe/Lisbon",
        )


def test_a_wordpress_site_without_pretty_addresses_is_found_by_the_link_in_its_page() -> None:
    """Its REST interface is at ?rest_route= then."""
    pages = {
        "/": _page('<link rel="https://api.w.org/" href="{home}/?rest_route=/">'),
        "/?rest_route=/": _root(),
        "/?rest_route=/wp/v2/posts&_embed=1&per_page=1&page=1": (JSON, POSTS),
    }
    with small_site(pages) as home:
        assert _discover(home).kind == "wordpress"


@pytest.mark.parametrize(
    ("offset", "zone"),
    [(0, "UTC"), (2, "Etc/GMT-2"), (-5, "Etc/GMT+5"), ("-3", "Etc/GMT+3"), (5.5, ""), ("", ""), ("../x", "")],
)
def test_an_offset_becomes_a_zone_where_there_is_one(offset: object, zone: str) -> None:
    """POSIX counts westwards; half hours have no such zone."""
    pages = {"/": _page(""), "/wp-json/": _root(timezone_string="", gmt_offset=offset), WORDPRESS_POSTS: (JSON, POSTS)}
    with small_site(pages) as home:
        assert _discover(home).timezone == zone


def test_a_wordpress_site_that_keeps_its_posts_to_itself_is_read_by_its_feed() -> None:
    """The REST interface answers, its posts do not."""
    pages = {"/": _page("<title>Tides</title>"), "/wp-json/": _root(), "/feed/": (RSS, FEED)}
    with small_site(pages) as home:
        found = _discover(home)
        assert (found.kind, found.url, found.name) == ("feed", f"{home}/feed/", "Tide Tables")


def test_the_feed_that_a_page_names_is_taken_before_the_feed_of_its_comments() -> None:
    """Wherever it is."""
    head = (
        '<title>Tides</title><meta property="og:site_name" content="The Tides">'
        '<meta name="description" content="Salt.">'
        f'<link rel="alternate" type="{RSS}" href="/comments.rss"><link rel="alternate" type="{RSS}" href="/tide.rss">'
    )
    pages = {"/": _page(head, lang="pt_PT"), "/comments.rss": (RSS, FEED), "/tide.rss": (RSS, FEED)}
    with small_site(pages) as home:
        assert _discover(f"{home}/") == Discovered(
            kind="feed", url=f"{home}/tide.rss", home=f"{home}/", name="The Tides", tagline="Salt.", language="pt-PT"
        )


@pytest.mark.parametrize("path", ["feed/", "rss.xml", "atom.xml", "index.xml"])
def test_a_feed_that_nobody_names_is_looked_for_where_feeds_usually_are(path: str) -> None:
    """Below the address that was given."""
    with small_site({"/blog": _page("", lang=""), f"/blog/{path}": (RSS, FEED)}) as home:
        found = _discover(f"{home}/blog")
        assert (found.url, found.language) == (f"{home}/blog/{path}", "en-GB")


def test_a_json_feed_is_known_by_its_content() -> None:
    """Whatever it is served as."""
    with small_site({"/": _page(""), "/feed.json": ("text/plain", JSON_FEED)}) as home:
        assert _discover(home).kind == "jsonfeed"


def test_a_feed_is_a_site_too() -> None:
    """The address of a feed leads to the home page it names."""
    with small_site({"/tide.rss": (RSS, FEED), "/": _page('<meta name="description" content="Salt.">')}) as home:
        assert _discover(f"{home}/tide.rss") == Discovered(
            kind="feed", url=f"{home}/tide.rss", home=f"{home}/", name="Tide Tables", tagline="Salt.", language="en-GB"
        )


@pytest.mark.parametrize(
    "pages",
    [
        {"/": _page("<title>Nothing here</title>")},
        {"/": (HTML, "")},
        {"/": (HTML, b"\xff\xfe\x00\x00")},
        {"/": _page(""), "/wp-json/": (JSON, "[1"), "/feed/": (HTML, "<p>not a feed</p>")},
        {"/": _page(""), "/wp-json/": (JSON, '{"name": {"a": 1}}'), WORDPRESS_POSTS: (JSON, '{"code": "no"}')},
    ],
    ids=["no posts", "empty", "no text", "broken", "closed"],
)
def test_a_site_without_posts_says_what_to_do(pages: Pages) -> None:
    """No kind of nonsense is a traceback."""
    with small_site(pages) as home, pytest.raises(CollectError, match="give the address of its feed"):
        _discover(home)


def test_a_site_that_does_not_answer_is_an_error() -> None:
    """With its address."""
    with small_site({}) as home, pytest.raises(CollectError, match="answered 404"):
        _discover(home)


def test_what_strangers_write_comes_out_as_short_text_on_one_line() -> None:
    """Names go into a configuration."""
    pages = {"/": _page(""), "/wp-json/": _root(name="A\u2028B\x07" + "x" * 999), WORDPRESS_POSTS: (JSON, POSTS)}
    with small_site(pages) as home:
        name = _discover(home).name
    assert name.startswith("A Bxxx")
    assert len(name) == 200
