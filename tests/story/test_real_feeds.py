"""Real feeds, where they are at hand: a digest of each renders."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dispatch.collecting.cleaning import clean_entry
from dispatch.collecting.feeds import read_feed
from dispatch.collecting.jsonfeed import read_json_feed
from dispatch.model.post import CleanEntry, Post
from dispatch.rendering.lint import lint
from tests.rendering.make import links, rendered

FEEDS = Path(__file__).parents[3] / "shared" / "corpus" / "feeds"
SITE = "https://magazine.example"

pytestmark = pytest.mark.skipif(not FEEDS.is_dir(), reason="the snapshots of real feeds are not beside this checkout")
FEED = pytest.mark.parametrize(
    "feed", sorted(FEEDS.glob("*")) if FEEDS.is_dir() else [], ids=lambda path: str(path.name)
)


@FEED
@pytest.mark.parametrize("posts_mode", ["excerpt", "full"])
def test_a_digest_of_a_real_feed_renders(feed: Path, posts_mode: str) -> None:
    """Under the clip, both parts with the same links, and nothing for lint to find but the length of a subject."""
    rendering = rendered(posts=tuple(_posts(feed)), posts_mode=posts_mode)
    assert len(rendering.html.encode()) < 90_000
    # A real title may be longer than an inbox shows; that is worth a word, and no fault of the mail.
    assert [finding for finding in lint(rendering) if not finding.startswith("The subject has")] == []
    missing = {link for link in links(rendering.html) if link.startswith("http") and link not in rendering.text}
    assert missing == set()


def _posts(feed: Path) -> list[Post]:
    read = read_json_feed if feed.suffix == ".json" else read_feed
    reading = read("site", feed.read_bytes(), f"{SITE}/feed")
    assert reading.problems == []
    assert reading.entries
    return [_post(number, clean_entry(entry)) for number, entry in enumerate(reading.entries, 1)]


def _post(number: int, clean: CleanEntry) -> Post:
    return Post(
        id=number,
        source="site",
        title=clean.title,
        url=clean.url,
        author=clean.author,
        body=clean.body,
        published_at=clean.published_at or datetime(2026, 11, 1, tzinfo=UTC),
        categories=clean.categories,
        words=clean.words,
        replies=clean.replies,
        replies_url=clean.replies_url,
    )
