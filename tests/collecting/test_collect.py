"""Collecting as a whole: real servers, real databases, and the accidents that happen to feeds."""

import asyncio
import io
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image

from dispatch.collecting.collect import CollectReport, SourceReport, collect, decide_held
from dispatch.config.settings import Settings
from dispatch.errors import NotFoundError
from dispatch.model.post import Post, PostState
from dispatch.store import tables
from dispatch.store.database import Database
from dispatch.store.posts import due_for_release, newest_posts, posts_by_ids
from dispatch.store.sources import source_memories
from tests.collecting.making import LONG, NOW, daily, make_settings, rss, rss_item
from tests.collecting.scripted_server import Answer, Script, scripted_server

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def server() -> Iterator[Script]:
    """A site on loopback."""
    with scripted_server() as script:
        yield script


@pytest.fixture
def configured(tmp_path: Path, server: Script) -> Settings:
    """One feed, whose posts there at first are backlog."""
    return make_settings(tmp_path, {"site": {"kind": "feed", "url": server.url("/feed")}})


def run(database: Database, settings: Settings, now: datetime = NOW, **options: Any) -> CollectReport:
    """Collect every source, due or not."""
    return asyncio.run(collect(database, settings, now, **{"fresh": True} | options))


def only(report: CollectReport) -> SourceReport:
    """The report's one source."""
    [source] = report.sources
    return source


def posts(database: Database, source: str = "site") -> dict[str, Post]:
    """Every post of a source by title, withdrawn ones included."""
    query = sa.select(tables.post.c.id).where(tables.post.c.source == source)
    with database.engine.connect() as connection:
        ids = connection.execute(query).scalars().all()
    return {post.title: post for post in database.transact(posts_by_ids, ids).values()}


def states(database: Database) -> dict[str, str]:
    """Title → state, "withdrawn" where it is."""
    return {
        title: "withdrawn" if post.withdrawn else post.state.value for title, post in sorted(posts(database).items())
    }


def test_what_is_there_at_first_is_archived_and_what_comes_later_is_new(
    database: Database, server: Script, configured: Settings
) -> None:
    """The plain life of a source."""
    server["/feed"] = rss(daily(3))
    first = only(run(database, configured))
    assert (first.archived, first.new, first.problems) == (3, 0, ())
    server["/feed"] = rss(daily(4, last=NOW))
    second = only(run(database, configured, NOW + HOUR))
    assert (second.archived, second.new, second.changed) == (0, 1, 3)
    assert states(database)["Post p4"] == "settling"
    [due] = database.transact(due_for_release, ["site"], NOW + HOUR)
    assert due.title == "Post p4"


def test_a_post_waits_until_it_has_settled(database: Database, server: Script, configured: Settings) -> None:
    """Ten minutes after its own date; a scheduled one after the date to come."""
    server["/feed"] = rss([])
    run(database, configured)
    server["/feed"] = rss(
        [
            rss_item("soon", published=NOW + DAY),
            rss_item("just", published=NOW - timedelta(minutes=5)),
            rss_item("undated"),
        ]
    )
    run(database, configured, NOW)

    def due(now: datetime) -> list[str]:
        return [post.title for post in database.transact(due_for_release, ["site"], now)]

    assert due(NOW + timedelta(minutes=4)) == []
    assert due(NOW + timedelta(minutes=5)) == ["Post just"]
    assert due(NOW + timedelta(minutes=10)) == ["Post just", "Post undated"]
    assert due(NOW + DAY) == ["Post just", "Post undated"]
    assert due(NOW + DAY + timedelta(minutes=10)) == ["Post just", "Post undated", "Post soon"]


@pytest.mark.parametrize(("backlog", "new"), [(0, 0), (2, 2), ("3d", 3), (99, 5)])
def test_the_backlog_says_what_counts_as_new_at_first(
    database: Database, server: Script, tmp_path: Path, backlog: int | str, new: int
) -> None:
    """So many posts, or so young."""
    settings = make_settings(tmp_path, {"site": {"kind": "feed", "url": server.url("/feed"), "backlog": backlog}})
    server["/feed"] = rss(daily(5))
    report = only(run(database, settings))
    assert (report.new, report.archived) == (new, 5 - new)


def test_collecting_again_changes_nothing(database: Database, server: Script, configured: Settings) -> None:
    """Not a row, but when it was last seen."""
    server["/feed"] = rss(daily(3))
    run(database, configured)
    before = posts(database)
    report = only(run(database, configured, NOW + HOUR))
    assert not report.is_news
    assert posts(database) == before


def test_a_correction_keeps_the_post(database: Database, server: Script, configured: Settings) -> None:
    """Same id, same state, new words; the number of replies alone is no edition."""
    server["/feed"] = rss([])
    run(database, configured)
    server["/feed"] = rss([rss_item("p1", published=NOW)])
    run(database, configured, NOW)
    before = posts(database)["Post p1"]
    server["/feed"] = rss([rss_item("p1", published=NOW, title="Post p1, corrected", text="<p>Better.</p>")])
    report = only(run(database, configured, NOW + HOUR))
    assert (report.new, report.changed) == (0, 1)
    after = posts(database)["Post p1, corrected"]
    assert (after.id, after.state, after.body) == (before.id, PostState.SETTLING, "<p>Better.</p>")
    replies = "<slash:comments>7</slash:comments>"
    server["/feed"] = rss(
        [rss_item("p1", published=NOW, title="Post p1, corrected", text="<p>Better.</p>", extra=replies)]
    )
    assert only(run(database, configured, NOW + 2 * HOUR)).changed == 0
    assert posts(database)["Post p1, corrected"].replies == 7


ACCIDENTS = {
    "every guid changes": lambda n, at: rss_item(f"p{n}", published=at, guid=f"new-{n}"),
    "the site moves to https and www": lambda n, at: rss_item(
        f"p{n}", published=at, guid="", link=f"https://www.lamplight.example/2026/p{n}?utm_source=rss"
    ),
    "the domain moves": lambda n, at: rss_item(f"p{n}", published=at, guid="", link=f"https://new.example/2026/p{n}/"),
    "every date changes": lambda n, at: rss_item(f"p{n}", published=at + 30 * DAY),
    "every address and guid changes": lambda n, at: rss_item(
        f"p{n}", published=at, guid=f"new-{n}", link=f"https://lamplight.example/archive/{n}"
    ),
}


@pytest.mark.parametrize("accident", ACCIDENTS)
def test_an_accident_of_the_feed_makes_nothing_new(
    database: Database, server: Script, configured: Settings, accident: str
) -> None:
    """The archive is never mailed to everybody because ids, dates or addresses changed."""
    dates = {n: NOW - n * DAY for n in range(1, 16)}
    server["/feed"] = rss(rss_item(f"p{n}", published=at) for n, at in dates.items())
    run(database, configured)
    home = "https://new.example/" if "domain" in accident else "https://lamplight.example/"
    server["/feed"] = rss((ACCIDENTS[accident](n, at) for n, at in dates.items()), home=home)
    report = only(run(database, configured, NOW + HOUR))
    assert (report.new, report.held, report.archived, report.withdrawn) == (0, 0, 0, 0)
    assert len(posts(database)) == 15
    # And what was seen under the new name is known by it.
    assert (only(run(database, configured, NOW + 2 * HOUR)).new, len(posts(database))) == (0, 15)


def test_a_storm_is_held_and_asks(database: Database, server: Script, configured: Settings) -> None:
    """Eleven at once from a quiet source; ten are let through."""
    server["/feed"] = rss(daily(2))
    run(database, configured)
    server["/feed"] = rss(daily(13, last=NOW))
    report = only(run(database, configured, NOW + HOUR))
    assert (report.new, report.held) == (0, 11)
    [problem] = report.problems
    assert "`dispatch collect site --release`" in problem.what
    assert database.transact(due_for_release, ["site"], NOW + DAY) == []
    # The next look finds nothing new and does not let them go.
    assert only(run(database, configured, NOW + 2 * HOUR)).new == 0
    assert list(states(database).values()).count("held") == 11


@pytest.mark.parametrize(("release", "state", "due"), [(True, "settling", 11), (False, "archived", 0)])
def test_the_operator_answers_the_storm_guard(
    database: Database, server: Script, configured: Settings, release: bool, state: str, due: int
) -> None:
    """Let go, or kept out of mail for ever."""
    server["/feed"] = rss([])
    run(database, configured)
    server["/feed"] = rss(daily(11, last=NOW - HOUR))
    run(database, configured, NOW)
    assert asyncio.run(decide_held(database, configured, NOW, ["site"], release=release)) == 11
    assert set(states(database).values()) == {state}
    assert len(database.transact(due_for_release, ["site"], NOW)) == due
    assert asyncio.run(decide_held(database, configured, NOW, None, release=release)) == 0


def test_a_post_that_is_taken_back_is_withdrawn_and_comes_back(
    database: Database, server: Script, configured: Settings
) -> None:
    """As long as older ones are still listed; back again, it is the same post."""
    items = daily(5)
    server["/feed"] = rss(items)
    run(database, configured)
    server["/feed"] = rss(items[1:])
    assert only(run(database, configured, NOW + HOUR)).withdrawn == 1
    assert states(database)["Post p5"] == "withdrawn"
    assert [post.title for post in database.transact(newest_posts, ["site"], 2)] == ["Post p4", "Post p3"]
    server["/feed"] = rss(items)
    report = only(run(database, configured, NOW + 2 * HOUR))
    assert (report.restored, report.new) == (1, 0)
    assert states(database)["Post p5"] == "archived"


@pytest.mark.parametrize(
    "feed",
    [
        rss([]),
        rss(daily(5)[:2]),
        rss(daily(5)[:2] + daily(5)[4:])[:-30],
        rss([*daily(5)[:2], daily(5)[4]]).replace("</channel></rss>", ""),
        rss([*daily(9, first_number=6, last=NOW)]),
    ],
    ids=["emptied", "shorter window", "broken off", "unfinished", "all new"],
)
def test_what_only_fell_out_is_not_withdrawn(
    database: Database, server: Script, configured: Settings, feed: str
) -> None:
    """An empty, shorter or broken feed takes nothing back."""
    server["/feed"] = rss(daily(5))
    run(database, configured)
    server["/feed"] = feed
    assert only(run(database, configured, NOW + HOUR)).withdrawn == 0
    assert "withdrawn" not in states(database).values()


def test_a_feed_in_another_order_is_the_same_feed(database: Database, server: Script, configured: Settings) -> None:
    """Ten shuffles, nothing happens."""
    items = daily(8)
    server["/feed"] = rss(items)
    run(database, configured)
    for turn in range(10):
        items = items[3:] + items[:3]
        server["/feed"] = rss(items)
        report = only(run(database, configured, NOW + turn * HOUR))
        assert (report.new, report.held, len(posts(database))) == (0, 0, 8)


def test_only_what_is_due_is_asked_and_politely(database: Database, server: Script, configured: Settings) -> None:
    """max-age is kept, then the validators are sent; 304 is a good visit."""
    headers = {"ETag": '"v1"', "Cache-Control": "max-age=7200"}
    server["/feed"] = Answer(rss(daily(1)), headers=headers)
    asyncio.run(collect(database, configured, NOW))
    asyncio.run(collect(database, configured, NOW + HOUR))
    assert len(server.asked) == 1
    server["/feed"] = Answer(status=304, headers=headers)
    report = asyncio.run(collect(database, configured, NOW + 2 * HOUR))
    assert only(report).not_modified
    assert server.asked[1].headers["if-none-match"] == '"v1"'
    memory = database.transact(source_memories, ["site"])["site"]
    assert (memory.last_good_at, memory.etag) == (NOW + 2 * HOUR, '"v1"')


def test_a_failure_spoils_only_its_source_and_is_tried_less_and_less_often(
    database: Database, server: Script, tmp_path: Path
) -> None:
    """The others are collected; the failing one says why, in the report and in the database."""
    sources = {name: {"kind": "feed", "url": server.url(f"/{name}")} for name in ("good", "bad", "page")}
    settings = make_settings(tmp_path, sources)
    server["/good"] = rss(daily(1))
    server["/bad"] = Answer("no", 500)
    server["/page"] = "<html><head><link rel='alternate' type='application/rss+xml' href='/good'></head>"
    report = run(database, settings)
    assert {source.name: bool(source.failure) for source in report.sources} == {
        "good": False,
        "bad": True,
        "page": True,
    }
    assert "answered 500" in report.problems[0].what
    assert f"the page names this feed: {server.url('/good')}" in report.problems[1].what
    memory = database.transact(source_memories, ["bad"])["bad"]
    assert (memory.failures, memory.next_fetch_at) == (1, NOW + timedelta(minutes=15))
    assert "answered 500" in memory.problem
    run(database, settings, NOW + HOUR)
    assert database.transact(source_memories, ["bad"])["bad"].next_fetch_at == NOW + HOUR + timedelta(minutes=30)
    server["/bad"] = rss(daily(1))
    assert only(run(database, settings, NOW + 2 * HOUR, only=["bad"])).archived == 1
    assert database.transact(source_memories, ["bad"])["bad"].problem == ""


def test_gone_is_not_asked_again_until_its_address_changes(
    database: Database, server: Script, tmp_path: Path, configured: Settings
) -> None:
    """410, then silence; a corrected address is due at once, without the old one's validators."""
    server["/feed"] = Answer(rss(daily(1)), headers={"ETag": '"v1"'})
    run(database, configured)
    server["/feed"] = Answer(status=410)
    assert "gone for good" in only(run(database, configured, NOW + HOUR)).failure
    assert run(database, configured, NOW + 9 * DAY).sources == ()
    moved = make_settings(tmp_path, {"site": {"kind": "feed", "url": server.url("/new")}})
    server["/new"] = rss(daily(2))
    report = only(asyncio.run(collect(database, moved, NOW + 9 * DAY)))
    assert (report.new, report.failure) == (1, "")
    assert "if-none-match" not in server.asked[-1].headers


def test_how_long_a_server_wants_to_be_left_is_kept(database: Database, server: Script, configured: Settings) -> None:
    """Retry-After on a failure."""
    server["/feed"] = Answer(status=429, headers={"Retry-After": "7200"})
    run(database, configured)
    assert database.transact(source_memories, ["site"])["site"].next_fetch_at == NOW + 2 * HOUR


def test_a_bad_entry_is_refused_by_name_and_does_not_look_withdrawn(
    database: Database, server: Script, configured: Settings
) -> None:
    """The others are stored."""
    server["/feed"] = rss(daily(3))
    run(database, configured)
    bomb = rss_item("p2", published=NOW - timedelta(hours=25), text="<div>" * 9_000)
    items = daily(3)
    server["/feed"] = rss([items[0], bomb, items[2], rss_item("p9", published=NOW)])
    report = only(run(database, configured, NOW + HOUR))
    assert (report.new, report.withdrawn) == (1, 0)
    [problem] = report.problems
    assert "“Post p2”" in problem.where
    assert "nested more than 100 levels" in problem.what
    assert posts(database)["Post p2"].body


def test_two_entries_are_two_posts_unless_they_are_one(database: Database, server: Script, tmp_path: Path) -> None:
    """One foreign address twice with guids of their own; one guid twice."""
    settings = make_settings(tmp_path, {"site": {"kind": "feed", "url": server.url("/feed"), "backlog": 99}})
    link = "https://elsewhere.example/news"
    server["/feed"] = rss(
        [rss_item("a", link=link, title="Look"), rss_item("b", link=link, title="Look"), rss_item("c"), rss_item("c")]
    )
    assert only(run(database, settings)).new == 3
    assert only(run(database, settings, NOW + HOUR)).new == 0


def test_a_post_under_the_id_of_another_is_left_out_by_name(
    database: Database, server: Script, configured: Settings
) -> None:
    """Some feeds give two posts one id; they could not be told apart the next time."""
    server["/feed"] = rss(
        [rss_item("a", guid="1", link="https://x.example/"), rss_item("b", guid="1", link="https://x.example/")]
    )
    report = only(run(database, configured))
    assert report.archived == 1
    [problem] = report.problems
    assert (problem.where, problem.what) == (
        "site: “Post b”", "was left out: it has the same id and address as “Post a”"
    )  # fmt: skip


def test_several_sources_do_not_know_each_others_posts(database: Database, server: Script, tmp_path: Path) -> None:
    """The same guid in two feeds is two posts."""
    sources = {name: {"kind": "feed", "url": server.url(f"/{name}")} for name in ("one", "two")}
    server["/one"] = server["/two"] = rss(daily(1))
    report = run(database, make_settings(tmp_path, sources))
    assert [source.archived for source in report.sources] == [1, 1]


def test_a_json_feed_is_read_by_either_name(database: Database, server: Script, tmp_path: Path) -> None:
    """The kind in the configuration is a hint; the document decides."""
    item = {"id": "7", "url": "https://lamplight.example/7", "title": "Seven", "content_html": f"<p>{LONG}</p>"}
    server["/feed.json"] = json.dumps({"items": [item]})
    sources = {kind: {"kind": kind, "url": server.url("/feed.json")} for kind in ("feed", "jsonfeed")}
    report = run(database, make_settings(tmp_path, sources))
    assert [source.archived for source in report.sources] == [1, 1]


NASTY = "a\x00b\ud83d\u2028\x85\ufffe" + "c" * 3_000


def test_no_sign_that_a_feed_can_send_stops_a_database(database: Database, server: Script, tmp_path: Path) -> None:
    """NUL and halves of pairs, in every field that JSON can carry them in; numbers and dates beyond reason."""
    fields = ("id", "url", "external_url", "title", "content_html", "summary", "image", "language", "date_published")
    items: list[dict[str, Any]] = [{"id": "7", "title": "Fine", "content_html": f"<p>{LONG}</p>"}]
    items += [{"id": name, "title": name, "content_html": f"<p>{LONG}</p>"} | {name: NASTY} for name in fields]
    items += [{"id": "d", "title": "d", "date_published": "9999-12-31T23:59:59Z", "tags": [NASTY]}]
    items += [{"id": "e", "title": "e", "date_published": "0001-01-01", "authors": [{"name": NASTY}]}]
    items += [{"id": NASTY, "url": "http://" + NASTY, "content_html": "<div>" * 9_000}]
    server["/feed"] = json.dumps(
        {"items": items, "title": NASTY, "home_page_url": "https://" + NASTY, "language": NASTY}
    )
    settings = make_settings(tmp_path, {"site": {"kind": "feed", "url": server.url("/feed"), "backlog": 99}})
    report = only(run(database, settings))
    assert (report.failure, report.new) == ("", len(items) - 1)
    assert only(run(database, settings, NOW + HOUR)).new == 0


def test_no_header_that_a_server_can_send_stops_the_others(database: Database, server: Script, tmp_path: Path) -> None:
    """Validators are sent back only if they can be."""
    server["/odd"] = Answer(rss(daily(1)), headers={"ETag": '"\xe9"', "Last-Modified": "\x7f", "Cache-Control": "\xff"})
    server["/good"] = rss(daily(1))
    sources = {name: {"kind": "feed", "url": server.url(f"/{name}")} for name in ("odd", "good")}
    settings = make_settings(tmp_path, sources)
    for turn in range(2):
        assert run(database, settings, NOW + turn * HOUR).problems == ()


def wordpress(numbers: list[int], **extra: Any) -> str:
    """A page of WordPress posts, one a day."""
    return json.dumps(
        [
            {
                "id": n,
                "date_gmt": (NOW - n * DAY).replace(tzinfo=None).isoformat(),
                "guid": {"rendered": f"https://lamplight.example/?p={n}"},
                "link": f"https://lamplight.example/p{n}/",
                "title": {"rendered": f"Post {n}"},
                "content": {"rendered": f"<p>Number {n}. {LONG}</p>"},
            }
            | extra
            for n in numbers
        ]
    )


def pages(server: Script, total: int, per_page: int) -> None:
    """Serve a WordPress site of so many posts."""
    count = -(-total // per_page)
    for page in range(1, count + 1):
        numbers = list(range((page - 1) * per_page + 1, min(page * per_page, total) + 1))
        server[f"/wp-json/wp/v2/posts?_embed=1&per_page={per_page}&page={page}"] = Answer(
            wordpress(numbers), headers={"X-WP-TotalPages": str(count)}
        )


def pages_asked(server: Script) -> int:
    """How many pages of posts were asked for."""
    return sum("/posts?" in path for path in server.paths())


def test_wordpress_is_paged_as_far_as_there_may_be_news(database: Database, server: Script, tmp_path: Path) -> None:
    """The backlog at first, later what came since; never the whole site."""
    settings = make_settings(tmp_path, {"site": {"kind": "wordpress", "url": server.home, "backlog": 30}})
    pages(server, 90, 20)
    report = only(run(database, settings))
    assert (report.new, report.archived) == (30, 10)
    assert pages_asked(server) == 2
    assert only(run(database, settings, NOW + HOUR)).new == 0
    assert pages_asked(server) == 3


def test_the_archive_is_collected_some_pages_a_visit(database: Database, server: Script, tmp_path: Path) -> None:
    """For sharing alone: none of it is new, and nothing is left out."""
    settings = make_settings(tmp_path, {"site": {"kind": "wordpress", "url": server.home, "archive": True}})
    pages(server, 730, 20)
    pages(server, 730, 100)
    run(database, settings)
    assert len(posts(database)) == 500
    run(database, settings, NOW + HOUR)
    assert len(posts(database)) == 730
    asked = pages_asked(server)
    assert not only(run(database, settings, NOW + 2 * HOUR)).is_news
    assert pages_asked(server) == asked + 1
    assert set(states(database).values()) == {"archived"}


def test_wordpress_without_pretty_addresses_is_found(database: Database, server: Script, tmp_path: Path) -> None:
    """Under ?rest_route=."""
    settings = make_settings(tmp_path, {"site": {"kind": "wordpress", "url": server.home}})
    server["/?rest_route=/wp/v2/posts&_embed=1&per_page=20&page=1"] = wordpress([1, 2])
    assert only(run(database, settings)).archived == 2


@pytest.mark.parametrize("answer", [Answer("no", 404), Answer('{"code": "rest_disabled"}', 401), Answer("<p>Hi")])
def test_wordpress_with_its_interface_switched_off_is_told_what_to_set(
    database: Database, server: Script, tmp_path: Path, answer: Answer
) -> None:
    """Its feed will do."""
    settings = make_settings(tmp_path, {"site": {"kind": "wordpress", "url": server.home}})
    server["/wp-json/wp/v2/posts?_embed=1&per_page=20&page=1"] = answer
    assert f'kind = "feed" and url = "{server.home}/feed/"' in only(run(database, settings)).failure


def test_a_folder_is_collected_and_a_file_that_goes_is_withdrawn(database: Database, tmp_path: Path) -> None:
    """A folder lists all it has."""
    folder = tmp_path / "posts"
    folder.mkdir()
    for name in ("one", "two"):
        (folder / f"{name}.md").write_text(f"---\ntitle: {name}\ndate: 2026-03-01\n---\n{LONG}")
    settings = make_settings(tmp_path, {"site": {"kind": "folder", "path": str(folder), "backlog": 9}})
    assert only(run(database, settings)).new == 2
    (folder / "one.md").unlink()
    assert only(run(database, settings, NOW + HOUR)).withdrawn == 1
    (folder / "two.md").unlink()
    assert only(run(database, settings, NOW + 2 * HOUR)).withdrawn == 0


def picture(width: int = 2000, height: int = 1000, mode: str = "RGB", kind: str = "PNG") -> bytes:
    """A picture file."""
    buffer = io.BytesIO()
    Image.effect_noise((width, height), 60).convert(mode).save(buffer, kind)
    return buffer.getvalue()


def test_lead_pictures_are_copied_once_and_only_for_posts_that_may_be_mailed(
    database: Database, server: Script, tmp_path: Path, configured: Settings
) -> None:
    """At most 1200 pixels wide and 200 KB, named by their content; the alt text is kept."""
    server["/old.png"] = server["/new.png"] = picture()
    item = f'<img src="{server.url("/{}.png")}" alt="A lamp"><p>{LONG}</p>'
    server["/feed"] = rss([rss_item("old", published=NOW - DAY, text=item.replace("{}", "old"))])
    run(database, configured)
    server["/feed"] = rss([rss_item("new", published=NOW, text=item.replace("{}", "new"))])
    run(database, configured, NOW)
    run(database, configured, NOW + HOUR)
    assert server.paths().count("/new.png") == 1
    assert "/old.png" not in server.paths()
    copied = posts(database)["Post new"].picture
    assert copied is not None
    assert (copied.width, copied.height, copied.alt) == (1200, 600, "A lamp")
    content = (tmp_path / "media" / copied.file).read_bytes()
    assert re.fullmatch(r"[0-9a-f]{32}\.jpg", copied.file)
    assert len(content) <= 200_000
    assert "<img" not in posts(database)["Post new"].body


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Answer("no picture at all"), "its picture was not copied: this is not a picture"),
        (Answer(status=404), "its picture was not copied: .*answered 404"),
        (Answer(status=302, headers={"Location": "file:///etc/passwd"}), "not an http or https address"),
    ],
)
def test_a_picture_that_cannot_be_had_is_a_problem_and_the_post_stays(
    database: Database, server: Script, tmp_path: Path, answer: Answer, sentence: str
) -> None:
    """Named with its post; tried again at the next visit, until the post is a day old."""
    settings = make_settings(tmp_path, {"site": {"kind": "feed", "url": server.url("/feed"), "backlog": 9}})
    server["/a.png"] = answer
    server["/feed"] = rss([rss_item("p1", text=f'<img src="{server.url("/a.png")}"><p>{LONG}</p>')])
    report = only(run(database, settings))
    assert report.new == 1
    [problem] = report.problems
    assert problem.where == "site: “Post p1”"
    assert re.search(sentence, problem.what)
    assert posts(database)["Post p1"].picture is None
    server["/a.png"] = picture(300, 200)
    assert only(run(database, settings, NOW + HOUR)).problems == ()
    assert posts(database)["Post p1"].picture is not None


def test_an_unknown_source_is_a_sentence(database: Database, configured: Settings) -> None:
    """With the names there are."""
    with pytest.raises(NotFoundError, match='"sight" is not a source; there are: site'):
        run(database, configured, only=["sight"])


def test_private_networks_are_refused_by_default(database: Database, server: Script, tmp_path: Path) -> None:
    """The server on loopback hears nothing."""
    source = {"site": {"kind": "feed", "url": server.url("/feed")}}
    settings = make_settings(tmp_path, source, allow_private_networks=False)
    assert "collect.allow_private_networks = true" in only(run(database, settings)).failure
    assert server.asked == []


def test_two_collectors_at_once_make_one_post_each(database: Database, server: Script, configured: Settings) -> None:
    """Two processes may be at it; the source's row is the lock."""
    server["/feed"] = rss([])
    run(database, configured)
    server["/feed"] = rss(daily(5, last=NOW))

    async def both() -> None:
        await asyncio.gather(*(collect(database, configured, NOW + HOUR, fresh=True) for _ in range(3)))

    asyncio.run(both())
    assert len(posts(database)) == 5


def test_the_report_speaks_to_people_and_to_scripts(database: Database, server: Script, tmp_path: Path) -> None:
    """A line a source, the problems under it; plain JSON."""
    sources = {name: {"kind": "feed", "url": server.url(f"/{name}"), "backlog": 9} for name in ("good", "bad", "quiet")}
    settings = make_settings(tmp_path, sources)
    server["/good"] = rss([*daily(2), rss_item("odd", text="<div>" * 9_000)])
    server["/quiet"] = rss([])
    report = run(database, settings)
    assert report.lines()[:3] == [
        "good: 2 new",
        f"bad: {server.url('/bad')} answered 404: nothing is there: check the address",
        "quiet: nothing new",
    ]
    assert report.lines()[3].startswith("  good: “Post odd”: was refused: its HTML is nested")
    assert [line.partition(":")[0] for line in report.news()] == ["good", "bad"]
    assert json.loads(json.dumps(report.as_json()))["sources"][0]["new"] == 2
    assert report.new == 2
