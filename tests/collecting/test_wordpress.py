"""WordPress's REST interface."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from dispatch.collecting.reading import ReadingError
from dispatch.collecting.wordpress import plain_posts_url, posts_url, read_posts, total_pages

URL = "https://lamplight.example/blog/wp-json/wp/v2/posts?_embed=1"


def wordpress_post(number: int = 7, **fields: Any) -> dict[str, Any]:
    """A post as /wp-json/wp/v2/posts?_embed gives it."""
    return {
        "id": number,
        "date": "2026-02-01T04:00:00",
        "date_gmt": "2026-02-01T09:00:00",
        "modified_gmt": "2026-02-02T09:00:00",
        "guid": {"rendered": f"https://lamplight.example/?p={number}"},
        "link": f"https://lamplight.example/2026/post-{number}/",
        "title": {"rendered": f"Post {number} &#8211; lamps"},
        "content": {"rendered": f"<p>About lamps, number {number}.</p>", "protected": False},
        "excerpt": {"rendered": "<p>Lamps [&hellip;]</p>"},
        "_embedded": {
            "author": [{"name": "Ines Ward"}],
            "wp:featuredmedia": [{"source_url": "https://lamplight.example/lamp.jpg", "alt_text": "A lamp"}],
            "wp:term": [
                [{"name": "Arts &amp; Letters", "taxonomy": "category"}],
                [{"name": "sea", "taxonomy": "post_tag"}],
            ],
            "replies": [[{"id": 1}, {"id": 2}, {"id": 3}]],
        },
    } | fields


def test_a_post_gives_everything_that_is_embedded() -> None:
    """Author, categories and tags, picture, replies; dates in UTC, not in the site's own time."""
    reading = read_posts("site", json.dumps([wordpress_post()]).encode(), URL)
    [entry] = reading.entries
    assert entry.title == "Post 7 &#8211; lamps"
    assert (entry.guid, entry.url) == ("https://lamplight.example/?p=7", "https://lamplight.example/2026/post-7/")
    assert entry.html == "<p>About lamps, number 7.</p>"
    assert entry.authors == ("Ines Ward",)
    assert entry.categories == ("Arts &amp; Letters", "sea")
    assert (entry.image_url, entry.image_alt) == ("https://lamplight.example/lamp.jpg", "A lamp")
    assert (entry.replies, entry.replies_url) == (3, "https://lamplight.example/2026/post-7/#comments")
    assert entry.published_at == datetime(2026, 2, 1, 9, tzinfo=UTC)
    assert entry.updated_at == datetime(2026, 2, 2, 9, tzinfo=UTC)
    assert reading.site_url == "https://lamplight.example/blog/"


@pytest.mark.parametrize("embedded", [{}, [], None, {"author": [{"code": "rest_user_invalid_id"}]}, {"replies": "x"}])
def test_a_post_with_nothing_embedded_is_a_post(embedded: Any) -> None:
    """Plugins take parts of it away; an author may be gone."""
    [entry] = read_posts("site", json.dumps([wordpress_post(_embedded=embedded)]).encode(), URL).entries
    assert (entry.authors, entry.categories, entry.image_url, entry.replies) == ((), (), None, None)


def test_a_comment_count_wins_over_the_comments_that_happen_to_be_embedded() -> None:
    """WordPress embeds ten at most."""
    [entry] = read_posts("site", json.dumps([wordpress_post(comment_count=42)]).encode(), URL).entries
    assert entry.replies == 42


def test_a_post_behind_a_password_is_left_out_by_name() -> None:
    """What is protected on the site is not mailed to everybody."""
    secret = wordpress_post(8, content={"rendered": "", "protected": True})
    reading = read_posts("site", json.dumps([secret, wordpress_post(7), "what?"]).encode(), URL)
    assert [entry.guid for entry in reading.entries] == ["https://lamplight.example/?p=7"]
    assert "protected by a password" in reading.problems[0].what
    assert "entry 3 is not a post" in reading.problems[1].what
    assert not reading.complete


@pytest.mark.parametrize("body", [b'{"code": "rest_no_route"}', b"<!doctype html><p>Hi", b"", b"true"])
def test_a_site_without_the_interface_is_told_what_to_set(body: bytes) -> None:
    """Not WordPress, or switched off: its feed will do."""
    with pytest.raises(ReadingError, match=r'kind = "feed" and url = "https://lamplight\.example/blog/feed/"'):
        read_posts("site", body, URL)


def test_where_the_posts_are() -> None:
    """With and without pretty addresses, the slash doubled nowhere."""
    query = "_embed=1&per_page=20&page=2"
    assert posts_url("https://a.example/blog/", 2) == f"https://a.example/blog/wp-json/wp/v2/posts?{query}"
    assert plain_posts_url("https://a.example", 2) == f"https://a.example/?rest_route=/wp/v2/posts&{query}"


@pytest.mark.parametrize(("value", "pages"), [("12", 12), ("", 1), ("many", 1), ("-3", 1), ("9" * 30, 1), ("²", 1)])
def test_the_number_of_pages_is_believed_only_if_it_is_one(value: str, pages: int) -> None:
    """X-WP-TotalPages is a header like any other."""
    assert total_pages({"x-wp-totalpages": value}) == pages
