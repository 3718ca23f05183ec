"""How many replies the posts of a WordPress site have: one question for all posts of a visit.

With each post WordPress gives ten of its comments at most, and no count of them.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from urllib.parse import urlencode

from dispatch.collecting.fetching import Fetched, Reach, fetch
from dispatch.collecting.reading import Reading
from dispatch.collecting.wordpress import ARCHIVE_PER_PAGE, total_pages
from dispatch.errors import CollectError
from dispatch.model.post import Entry

MAX_POSTS = 100
_PER_PAGE = ARCHIVE_PER_PAGE


async def with_replies(reach: Reach, source: str, listing: Reading, pages: Sequence[Fetched], now: datetime) -> Reading:
    """The listing that was read from these pages, its entries with the number of replies they have by now.

    A site that keeps its comments to itself is taken at its word: its entries stay as they are.
    """
    numbers = dict(islice(((link, number) for page in pages for link, number in post_numbers(page.body)), MAX_POSTS))
    if not numbers:
        return listing
    try:
        fetched = await fetch(
            reach, source, comments_url(pages[0].url, numbers.values()), now, accept="application/json"
        )
    except CollectError:
        return listing
    counts = count_comments(fetched.body)
    if counts is None:
        return listing
    complete = total_pages(fetched.headers) == 1

    def counted(entry: Entry) -> Entry:
        number = numbers.get(entry.url or "")
        # Where the newest hundred comments are not all there are, a post may have more than were seen.
        found = counts[number] if number is not None else 0
        return replace(entry, replies=max(found, entry.replies or 0)) if found or (number and complete) else entry

    return replace(listing, entries=[counted(entry) for entry in listing.entries])


def post_numbers(body: bytes) -> list[tuple[str, str]]:
    """Of each post on a page: the address it is read at, and the number that WordPress knows it by."""
    posts = json.loads(body)
    pairs = [(post.get("link"), post.get("id")) for post in posts if isinstance(post, dict)]
    return [(link, str(number)) for link, number in pairs if isinstance(link, str) and isinstance(number, int)]


def comments_url(posts_url: str, numbers: Iterable[str]) -> str:
    """Where the newest comments on these posts are listed, with nothing of them but which post each is on.

    `posts_url` is where the posts were found: /wp-json/wp/v2/posts?… or, without pretty addresses, /?rest_route=….
    """
    posts = posts_url.partition("&" if "rest_route=" in posts_url else "?")[0]
    comments = f"{posts.rpartition('/')[0]}/comments"
    query = urlencode({"post": ",".join(numbers), "per_page": _PER_PAGE, "_fields": "post"}, safe=",")
    return f"{comments}{'&' if '?' in comments else '?'}{query}"


def count_comments(body: bytes) -> Counter[str] | None:
    """How many comments on each post, by its number, are in a list of comments; None where it is no such list."""
    try:
        rows = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(rows, list):
        return None
    return Counter(str(row["post"]) for row in rows if isinstance(row, dict) and isinstance(row.get("post"), int))
