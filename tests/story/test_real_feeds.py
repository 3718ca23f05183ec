"""Real feeds, where they are at hand: a digest of each renders."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dispatch.collecting.cleaning import Origin, clean_entry
from dispatch.collecting.copies import uncopied_pictures, with_copies
from dispatch.collecting.feeds import read_feed
from dispatch.collecting.jsonfeed import read_json_feed
from dispatch.collecting.pictures_in_text import described
from dispatch.collecting.rules import host_name
from dispatch.model.post import CleanEntry, Picture, Post
from dispatch.rendering.lint import lint
from tests.rendering.make import links, parsed, rendered

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
    pictures = list(parsed(rendering.html).iter("img"))
    assert all(picture.get("alt") is not None for picture in pictures)
    assert not any(described(picture.get("alt", "")) != picture.get("alt") for picture in pictures)
    missing = {link for link in links(rendering.html) if link.startswith("http") and link not in rendering.text}
    assert missing == set()


def _posts(feed: Path) -> list[Post]:
    read = read_json_feed if feed.suffix == ".json" else read_feed
    reading = read("site", feed.read_bytes(), f"{SITE}/feed")
    assert reading.problems == []
    assert reading.entries
    origin = Origin(reading.site_url, reading.language, frozenset({host_name(reading.site_url)}))
    return [_post(number, clean_entry(entry, origin)) for number, entry in enumerate(reading.entries, 1)]


def _post(number: int, clean: CleanEntry) -> Post:
    copies = {
        url: Picture(f"{place:032x}.jpg", 1200, 800) for place, url in enumerate(uncopied_pictures(clean.body), 1)
    }
    lead = Picture("0" * 32 + ".jpg", 1200, 800, clean.image_alt, clean.image_credit)
    return Post(
        id=number,
        source="site",
        title=clean.title,
        url=clean.url,
        author=clean.author,
        body=with_copies(clean.body, copies),
        published_at=clean.published_at or datetime(2026, 11, 1, tzinfo=UTC),
        categories=clean.categories,
        words=clean.words,
        replies=clean.replies,
        replies_url=clean.replies_url,
        language=clean.language,
        picture=lead if clean.image_url else None,
    )
