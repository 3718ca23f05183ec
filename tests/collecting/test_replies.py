"""How many replies there are on a WordPress site: asked once a visit, and again before an issue is made."""

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from dispatch.collecting.collect import collect
from dispatch.collecting.replies import comments_url, count_comments, post_numbers
from dispatch.store import tables
from dispatch.store.database import Database
from tests.collecting.making import NOW, make_settings
from tests.collecting.scripted_server import Answer, Script, scripted_server
from tests.collecting.test_wordpress import wordpress_post

POSTS = "/wp-json/wp/v2/posts?_embed=1&per_page=20&page=1"
COMMENTS = "/wp-json/wp/v2/comments?post=7,8&per_page=100&_fields=post"


@pytest.fixture
def server() -> Iterator[Script]:
    """A site on loopback."""
    with scripted_server() as script:
        yield script


def replies(database: Database, server: Script, folder: Path, hours: int = 0) -> dict[str, tuple[int | None, str]]:
    """Collect, and give of each post how many replies it has and where they are."""
    source = {"site": {"kind": "wordpress", "url": server.home, "backlog": 9}}
    when = NOW + timedelta(hours=hours)
    [report] = asyncio.run(collect(database, make_settings(folder, source), when, fresh=True)).sources
    assert (report.failure, report.problems) == ("", ())
    with database.engine.connect() as connection:
        rows = connection.execute(sa.select(tables.post.c.title, tables.post.c.replies, tables.post.c.replies_url))
        return {row.title[:6]: (row.replies, row.replies_url) for row in rows}


def posts(*numbers: int, **fields: Any) -> str:
    """A page of posts with one embedded comment each."""
    embedded = {"_embedded": {"replies": [[{"id": 1}]]}} | fields
    return json.dumps([wordpress_post(number, **embedded) for number in numbers])


def comments(*on: object) -> str:
    """A list of comments, of which only the post is told."""
    return json.dumps([{"post": number} for number in on])


def test_one_question_counts_the_replies_of_all_posts_and_every_visit_asks_again(
    database: Database, server: Script, tmp_path: Path
) -> None:
    """What has changed by the time an issue is made is in it; a post that nobody answered has none."""
    server[POSTS] = posts(7, 8, _embedded={})
    server[COMMENTS] = comments(*[7] * 12)
    where = "https://lamplight.example/2026/post-{}/#comments"
    found = {"Post 7": (12, where.format(7)), "Post 8": (0, where.format(8))}
    assert replies(database, server, tmp_path) == found
    assert len(server.asked) == 2
    server[COMMENTS] = comments(*[7] * 14, 8)
    found = {"Post 7": (14, where.format(7)), "Post 8": (1, where.format(8))}
    assert replies(database, server, tmp_path, 1) == found
    assert len(server.asked) == 4


def test_a_site_without_pretty_addresses_is_asked_in_its_own_form(
    database: Database, server: Script, tmp_path: Path
) -> None:
    """Under ?rest_route=."""
    server["/?rest_route=/wp/v2/posts&_embed=1&per_page=20&page=1"] = posts(7, 8)
    server["/?rest_route=/wp/v2/comments&post=7,8&per_page=100&_fields=post"] = comments(7, 7, 8, 8, 8)
    counts = replies(database, server, tmp_path)
    assert (counts["Post 7"][0], counts["Post 8"][0]) == (2, 3)


@pytest.mark.parametrize(
    "answer",
    [
        Answer("no", 404),
        Answer('{"code": "rest_forbidden"}', 401),
        Answer('{"code": "x"}'),
        Answer("<p>Hi"),
        Answer('[1, {"post": "7"}, {"post": null}]', headers={"X-WP-TotalPages": "9"}),
    ],
)
def test_a_site_that_keeps_its_comments_to_itself_is_no_problem(
    database: Database, server: Script, tmp_path: Path, answer: Answer
) -> None:
    """What came with the posts counts."""
    server[POSTS], server[COMMENTS] = posts(7, 8), answer
    assert [count for count, _ in replies(database, server, tmp_path).values()] == [1, 1]


def test_where_more_comments_are_than_one_answer_gives_none_is_taken_away(
    database: Database, server: Script, tmp_path: Path
) -> None:
    """The newest hundred say nothing of how many older ones a post has."""
    server[POSTS] = json.dumps([wordpress_post(7, _embedded={}, comment_count=240), wordpress_post(8, _embedded={})])
    server[COMMENTS] = Answer(comments(*[7] * 100), headers={"X-WP-TotalPages": "3"})
    counts = replies(database, server, tmp_path)
    assert (counts["Post 7"][0], counts["Post 8"][0]) == (240, None)


def test_only_posts_with_a_number_are_asked_about() -> None:
    """Whatever else stands in the list."""
    page = json.dumps([wordpress_post(7), "x", {"link": 5, "id": 1}, {"link": "https://a.example/", "id": "9&x"}])
    assert post_numbers(page.encode()) == [("https://lamplight.example/2026/post-7/", "7")]
    assert count_comments(b'[{"post": 7}, {"post": 7}, "x"]') == {"7": 2}
    assert count_comments(b"\xff") is None


def test_where_the_comments_are() -> None:
    """Beside the posts, in a folder or not."""
    query = "post=7&per_page=100&_fields=post"
    posts_url = "https://a.example/blog/wp-json/wp/v2/posts?_embed=1&page=1"
    assert comments_url(posts_url, ["7"]) == f"https://a.example/blog/wp-json/wp/v2/comments?{query}"
    plain = "https://a.example/?rest_route=/wp/v2/posts&_embed=1"
    assert comments_url(plain, ["7"]) == f"https://a.example/?rest_route=/wp/v2/comments&{query}"
