"""The archive: past issues for anybody, lists and feeds of them, the same for all who ask."""

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import feedparser
import pytest
import sqlalchemy as sa
from lxml import etree
from lxml.html import HtmlElement
from starlette.testclient import TestClient

from dispatch.composing.archive import read_page
from dispatch.config.settings import Settings
from dispatch.model.issue import IssueState, Rendering
from dispatch.rendering.look_faults import looks_from
from dispatch.rendering.render import render
from dispatch.rendering.templates import open_templates
from dispatch.store.archive import SentIssue, sent_issues
from dispatch.store.database import Database
from dispatch.store.posts import withdraw_posts
from dispatch.store.tables import issue, post
from tests.composing.make import stored
from tests.web.shelves import (
    FRIDAY,
    MONDAY,
    PUBLIC,
    WEEK,
    client,
    everything_in,
    hrefs,
    library,
    page,
    publish,
    send,
    send_week,
)

LEAD, SECOND, THIRD = "The keeper who would not leave", "A small defence of marginal notes", "What the ferry knows"
ATOM = "{http://www.w3.org/2005/Atom}"
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
TAG_URI = re.compile(r"tag:[a-z0-9.-]+,\d{4}-\d\d-\d\d:\S+")
ADDRESSES = ("/issues", "/issues/review", "/issues/review/weekly/1", "/issues/review/feed.atom")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The three newsletters."""
    return library(tmp_path)


@pytest.fixture
def reader(database: Database, settings: Settings) -> Iterator[TestClient]:
    """Somebody who reads the archive of two weekly issues, one of another newsletter, and one nobody may see."""
    database.transact(send_week, settings, "review", 0, [LEAD, SECOND, THIRD])
    database.transact(send_week, settings, "review", 1, ["Low water"])
    database.transact(send_week, settings, "notes", 0, ["A note from the harbour"])
    database.transact(send_week, settings, "hidden", 0, ["Nobody reads this"])
    with client(database, settings) as reader:
        yield reader


def _words(element: HtmlElement) -> str:
    return " ".join(element.text_content().split())


def _titles(tree: HtmlElement, selector: str = "article .post h2") -> list[str]:
    return [_words(heading) for heading in tree.cssselect(selector)]


def _entries(feed: bytes) -> list[etree._Element]:
    return etree.fromstring(feed).findall(f"{ATOM}entry")


def test_an_issue_is_a_page_of_its_posts_in_the_order_of_the_mail(reader: TestClient) -> None:
    """The publication is its first heading, the posts are the second ones; nothing else is a first heading."""
    tree = page(reader, "/issues/review/weekly/1")
    assert [_words(heading) for heading in tree.iter("h1")] == ["The Lamplight Review"]
    assert _titles(tree) == [LEAD, SECOND, THIRD]
    assert tree.cssselect("article table") == []
    assert "No. 1 · Friday, 27 November 2026" in _words(tree)
    assert tree.findtext("head/title") == f"{LEAD} – The Lamplight Review"


def test_an_issue_says_where_it_is_and_what_a_preview_of_it_shows(
    reader: TestClient, database: Database, settings: Settings
) -> None:
    """Canonical address, Open Graph with the lead's picture, the feed, and the issues around it."""
    picture = {"file": "a1b2c3d4.jpg", "width": 1200, "height": 500, "alt": "A lighthouse at dusk", "credit": ""}
    database.transact(lambda connection: connection.execute(sa.update(post).values(picture=picture)))
    tree = page(reader, "/issues/review/weekly/1")
    address = f"{PUBLIC}/issues/review/weekly/1"
    said = {meta.get("property", meta.get("name")): meta.get("content") for meta in tree.iter("meta")}
    assert hrefs(tree.cssselect("link[rel=canonical]")[0], "link") == [address]
    assert said["og:url"] == address
    assert said["og:title"] == LEAD
    assert said["og:description"] == f"{LEAD} begins here, on a wet morning."
    assert (said["og:image"], said["og:image:alt"]) == (f"{PUBLIC}/media/a1b2c3d4.jpg", "A lighthouse at dusk")
    assert said["twitter:card"] == "summary_large_image"
    assert "robots" not in said
    assert hrefs(tree.cssselect("link[rel=alternate]")[0], "link") == ["/issues/review/feed.atom"]
    assert hrefs(tree.cssselect("a[rel=next]")[0]) == ["/issues/review/weekly/2"]
    assert tree.cssselect("a[rel=prev]") == []
    assert hrefs(page(reader, "/issues/review/weekly/2").cssselect("a[rel=prev]")[0]) == ["/issues/review/weekly/1"]
    assert tree.cssselect("article img")[0].get("src") == "/media/a1b2c3d4.jpg"


@pytest.mark.parametrize(("newsletter", "schedule"), [("review", "weekly"), ("notes", "each")])
def test_a_mail_leads_to_its_page(
    reader: TestClient, database: Database, settings: Settings, newsletter: str, schedule: str
) -> None:
    """In both parts, at the top, without a token; that of a newsletter without an archive leads nowhere."""
    [sent] = database.transact(sent_issues, newsletter, schedule, count=1)
    mail = _mail(database, settings, sent)
    address = f"{PUBLIC}/issues/{newsletter}/{schedule}/{sent.number}"
    assert mail.html.count(f'href="{address}"') == mail.text.count(f"View in browser: {address}\n") == 1
    assert _titles(page(reader, urlsplit(address).path))[0] in mail.html
    [unseen] = database.transact(sent_issues, "hidden", "weekly", count=1)
    mail = _mail(database, settings, unseen)
    assert "View in browser" not in mail.html + mail.text
    assert "/issues" not in mail.html + mail.text


def _mail(database: Database, settings: Settings, sent: SentIssue) -> Rendering:
    shown = asyncio.run(read_page(database, settings, sent))
    return render(shown, looks_from(settings)[shown.look], open_templates())


def test_what_a_mail_only_counts_is_titled_on_the_page(database: Database, tmp_path: Path) -> None:
    """Thirty posts of which the mail shows two: each has its title and its link here, in order."""
    settings = library(tmp_path, max_posts=2)
    titles = [f"Piece {number}" for number in range(30)]
    database.transact(send_week, settings, "review", 0, titles)
    tree = page(client(database, settings), "/issues/review/weekly/1")
    assert _titles(tree) == titles[:2]
    assert _titles(tree, ".more li a") == titles[2:]


def test_the_editors_note_opens_the_page(database: Database, tmp_path: Path) -> None:
    """As it opens the mail: whole, signed, without a title."""
    settings = library(tmp_path, note="Note")
    posts: dict[str, dict[str, object]] = {
        LEAD: {},
        "Dear readers": {"categories": ("Note",), "author": "Ines Calloway"},
    }
    database.transact(send_week, settings, "review", 0, posts)
    tree = page(client(database, settings), "/issues/review/weekly/1")
    assert _words(tree.cssselect(".note")[0]) == "Dear readers begins here, on a wet morning. Ines Calloway"
    assert _titles(tree) == [LEAD]


def test_nothing_personal_is_on_a_page_or_in_a_feed(reader: TestClient) -> None:
    """No token, no address of a reader, no blank that waits to be filled, no campaign."""
    for path in (*ADDRESSES, "/issues/review/weekly/2"):
        text = reader.get(path).text
        assert re.findall(r"[0-9a-f]{44}|blank\.invalid|~[A-Z_]{2,}~|utm_|@", text) == []


def test_a_post_that_was_withdrawn_since_is_gone_and_one_corrected_is_corrected(
    reader: TestClient, database: Database
) -> None:
    """At once, though the page is kept."""
    assert _titles(page(reader, "/issues/review/weekly/1")) == [LEAD, SECOND, THIRD]

    def change(connection: sa.Connection) -> None:
        ids = {row.title: row.id for row in connection.execute(sa.select(post.c.title, post.c.id))}
        withdraw_posts(connection, [ids[SECOND]], FRIDAY)
        corrected = {"title": "What the ferry knew", "content_hash": "another"}
        connection.execute(sa.update(post).where(post.c.id == ids[THIRD]).values(corrected))

    database.transact(change)
    assert _titles(page(reader, "/issues/review/weekly/1")) == [LEAD, "What the ferry knew"]
    assert SECOND not in reader.get("/issues/review").text
    assert SECOND not in reader.get("/issues/review/feed.atom").text


def test_an_issue_of_which_nothing_is_left_says_so(reader: TestClient, database: Database) -> None:
    """It keeps its address and its number."""

    def withdraw(connection: sa.Connection) -> None:
        withdraw_posts(connection, connection.scalars(sa.select(post.c.id)).all(), FRIDAY)

    database.transact(withdraw)
    tree = page(reader, "/issues/review/weekly/2")
    assert "has been withdrawn since" in _words(tree)
    assert tree.findtext("head/title") == "The Lamplight Review, No. 2 – The Lamplight Review"
    assert page(reader, "/issues/review") is not None
    assert len(_entries(reader.get("/issues/review/feed.atom").content)) == 2


def test_a_list_has_the_newest_issue_first(reader: TestClient) -> None:
    """With number, date and what was in it."""
    tree = page(reader, "/issues/review")
    assert [_words(heading) for heading in tree.iter("h1")] == ["Past issues"]
    assert [_words(heading) for heading in tree.cssselect("main h2")[:2]] == ["Low water", LEAD]
    assert _words(tree.cssselect(".issues .others")[0]) == f"{SECOND} · {THIRD}"
    assert "No. 1 · 27 November 2026" in _words(tree)
    assert hrefs(tree.cssselect("link[rel=canonical]")[0], "link") == [f"{PUBLIC}/issues/review"]


def test_a_long_list_has_pages(database: Database, settings: Settings) -> None:
    """Thirty on each; the second begins where the first ended, and there is no third."""
    for week in range(32):
        database.transact(send_week, settings, "review", week, [f"Week {week}"])
    reader = client(database, settings)
    first, second = page(reader, "/issues/review"), page(reader, "/issues/review?page=2")
    assert [len(tree.cssselect("main h2 a")) for tree in (first, second)] == [30, 2]
    assert hrefs(first.cssselect("a[rel=next]")[0]) == ["/issues/review?page=2"]
    assert hrefs(second.cssselect("a[rel=prev]")[0]) == ["/issues/review"]
    assert [_words(heading) for heading in second.cssselect("main h2 a")] == ["Week 1", "Week 0"]
    assert reader.get("/issues/review?page=3").status_code == 404


def test_other_schedules_are_a_step_away(reader: TestClient) -> None:
    """The list shows the default one; each has its list, its feed and its pages."""
    tree = page(reader, "/issues/review")
    daily = "/issues/review?schedule=daily"
    assert hrefs(tree.cssselect(".rhythms")[0]) == ["/issues/review", daily]
    assert _words(tree.cssselect(".rhythms")[0]) == "Fridays 2 issues Every day 2 issues"
    assert "/issues/review/daily/2" in hrefs(page(reader, daily))
    assert page(reader, "/issues/notes").cssselect(".rhythms") == []
    feed = reader.get("/issues/review/feed.atom?schedule=daily").content
    assert [entry.find(f"{ATOM}link").get("href") for entry in _entries(feed)] == [  # type: ignore[union-attr]
        f"{PUBLIC}/issues/review/daily/2",
        f"{PUBLIC}/issues/review/daily/1",
    ]


def test_a_schedule_that_is_not_configured_any_more_keeps_its_pages(
    reader: TestClient, database: Database, tmp_path: Path
) -> None:
    """Mail leads to them."""
    later = client(database, library(tmp_path, schedules={"weekly": "fri 07:00"}))
    assert _titles(page(later, "/issues/review/daily/1")) == [LEAD, SECOND, THIRD]
    assert "daily 2 issues" in _words(page(later, "/issues/review"))


def test_the_newsletters_are_listed_where_there_are_several(reader: TestClient) -> None:
    """Not the one that shows nothing."""
    tree = page(reader, "/issues")
    assert [_words(heading) for heading in tree.cssselect("main h2")] == [
        "The Lamplight Review",
        "Notes from the Harbour",
    ]
    assert "Low water" in _words(tree)
    assert "Hidden" not in _words(tree)


def test_one_newsletter_needs_no_list_of_newsletters(database: Database, tmp_path: Path) -> None:
    """The reader is led to its issues."""
    settings = library(tmp_path)
    one = settings.model_copy(update={"newsletters": {"review": settings.newsletters["review"]}})
    answer = client(database, one).get("/issues")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/issues/review")
    assert "No issue has gone out yet" in _words(page(client(database, one), "/issues/review"))


def test_what_is_switched_off_is_not_there(reader: TestClient, database: Database, tmp_path: Path) -> None:
    """Neither its issues nor its list nor its feed; where none is on, there is no archive at all."""
    paths = ["/issues/hidden", "/issues/hidden/weekly/1", "/issues/hidden/feed.atom"]
    assert [reader.get(path).status_code for path in paths] == [404, 404, 404]
    settings = library(tmp_path)
    none = settings.model_copy(update={"newsletters": {"hidden": settings.newsletters["hidden"]}})
    answer = client(database, none).get("/issues")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/issues/nobody",
        "/issues/nobody/feed.atom",
        "/issues/nobody/weekly/1",
        "/issues/review/monthly/1",
        "/issues/review/weekly/3",
        "/issues/review/weekly/0",
        "/issues/review/weekly/01",
        "/issues/review/weekly/-1",
        "/issues/review/weekly/1.0",
        "/issues/review/weekly/99999999999999999999999999",
        "/issues/review/weekly/%00",
        "/issues/review/%00/1",
        "/issues/%00",
        "/issues/review/weekly/١",
        "/issues/review?page=0",
        "/issues/review?page=2",
        "/issues/review?page=one",
        "/issues/review?page=99999999999999999999",
        "/issues/review?schedule=monthly",
        "/issues/review?schedule=%00",
        "/issues/review/feed.atom?schedule=monthly",
        "/issues/review/",
        "/issues/review/weekly",
    ],
)
def test_what_there_is_not_is_calmly_not_there(reader: TestClient, path: str) -> None:
    """A page that says so, whatever somebody types."""
    answer = reader.get(path)
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


@pytest.mark.parametrize("state", [IssueState.COMPOSED, IssueState.CANCELLED])
def test_an_issue_that_did_not_go_out_is_not_there(reader: TestClient, database: Database, state: IssueState) -> None:
    """Nor in lists and feeds, and no other leads to it."""
    second = issue.c.number == 2
    database.transact(lambda connection: connection.execute(sa.update(issue).where(second).values(state=state)))
    assert reader.get("/issues/review/weekly/2").status_code == 404
    for path in ADDRESSES:
        assert "Low water" not in reader.get(path).text
        assert "/weekly/2" not in reader.get(path).text


def test_every_link_of_every_page_answers(reader: TestClient, settings: Settings) -> None:
    """Those to our own pages, style sheets and feeds; pictures have a test of their own."""
    seen, waiting = set[str](), ["/issues"]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = reader.get(path)
        assert answer.status_code in (200, 302, 303), path
        if answer.headers.get("Content-Type", "").startswith("text/html") and path.startswith("/issues"):
            tree = page(reader, path)
            for href in (href for href in hrefs(tree, "a", "link") if not href.startswith("#")):
                whole = urlsplit(urljoin(f"{PUBLIC}{path}", href))
                if whole.netloc == urlsplit(settings.web.public_url).netloc and not whole.path.startswith("/media/"):
                    waiting.append(whole.path + (f"?{whole.query}" if whole.query else ""))
    assert {"/issues/review/weekly/1", "/issues/review/daily/2", "/issues/notes/each/1"} <= seen
    assert any(path.startswith("/subscribe") for path in seen)
    assert any(path.startswith("/assets/") for path in seen)


def test_places_in_a_page_are_there(reader: TestClient) -> None:
    """The contents lead to the posts."""
    tree = page(reader, "/issues/review/weekly/1")
    anchors = [href.removeprefix("#") for href in hrefs(tree.cssselect(".contents")[0])]
    assert anchors == [section.get("id") for section in tree.cssselect("section.post")]
    assert len(anchors) == 3


def test_looking_changes_nothing(reader: TestClient, database: Database) -> None:
    """Not a row of any table, by whichever method, however often; what would change something is refused."""
    before = everything_in(database)
    for path in ADDRESSES:
        for _ in range(3):
            assert reader.get(path).status_code == 200
            assert reader.head(path).status_code == 200
            reader.options(path)
        assert reader.post(path).status_code == 405
    assert everything_in(database) == before


@pytest.mark.parametrize("path", ADDRESSES)
def test_who_has_it_already_is_told_so(reader: TestClient, path: str) -> None:
    """By the tag of what they have; a weak one, one of several and "*" are as good. The answer has no body."""
    first = reader.get(path)
    tag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "public, max-age=300"
    for tags in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = reader.get(path, headers={"If-None-Match": tags})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert reader.get(path, headers={"If-None-Match": '"other"'}).content == first.content


def test_a_feed_is_not_read_twice(reader: TestClient, database: Database, settings: Settings) -> None:
    """Also by its date, until there is an issue that has not been read; a date that is none counts for nothing."""
    path = "/issues/review/feed.atom"
    since = reader.get(path).headers["Last-Modified"]
    assert reader.get(path, headers={"If-Modified-Since": since}).status_code == 304
    assert reader.get(path, headers={"If-Modified-Since": "yesterday"}).status_code == 200
    assert reader.get(path, headers={"If-Modified-Since": since, "If-None-Match": '"other"'}).status_code == 200
    database.transact(send_week, settings, "review", 2, ["Another week"])
    assert reader.get(path, headers={"If-Modified-Since": since}).status_code == 200


def test_a_page_is_the_same_for_everybody(reader: TestClient) -> None:
    """Whatever a browser says of its owner, and whoever asked first: it may be kept for all."""
    for path in ADDRESSES:
        odd = {"Accept-Language": "de", "Cookie": "who=me", "User-Agent": "x", "X-Forwarded-For": "192.0.2.1"}
        theirs, ours = reader.get(path, headers=odd), reader.get(path)
        assert theirs.content == ours.content
        assert b'lang="en-GB"' in theirs.content
        assert "Vary" not in theirs.headers
        assert "Set-Cookie" not in theirs.headers


def test_a_feed_is_atom_that_readers_of_feeds_understand(reader: TestClient) -> None:
    """feedparser finds nothing to complain about, and the whole of each issue."""
    answer = reader.get("/issues/review/feed.atom")
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = feedparser.parse(answer.content)
    assert not feed.bozo
    assert feed.version == "atom10"
    assert (feed.feed.title, feed.feed.author) == ("The Lamplight Review", "The Lamplight Review")
    assert feed.feed.links[0].href == f"{PUBLIC}/issues/review/feed.atom"
    assert [entry.title for entry in feed.entries] == ["Low water", LEAD]
    assert feed.entries[1].link == f"{PUBLIC}/issues/review/weekly/1"
    for title in (LEAD, SECOND, THIRD):
        assert title in feed.entries[1].content[0].value
    assert feed.entries[1].published == "2026-11-27T12:00:00Z"


def test_a_feed_has_what_rfc_4287_asks_for(reader: TestClient) -> None:
    """§4.1.1 and §4.1.2: an id that is a URI, a title, when it was updated; an author; links to itself and its page."""
    root = etree.fromstring(reader.get("/issues/review/feed.atom").content)
    assert root.tag == f"{ATOM}feed"
    for element in (root, *root.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1
        assert TAG_URI.fullmatch(element.findtext(f"{ATOM}id") or "")
        assert RFC3339.fullmatch(element.findtext(f"{ATOM}updated") or "")
    assert root.findtext(f"{ATOM}author/{ATOM}name")
    assert {link.get("rel") for link in root.findall(f"{ATOM}link")} == {"self", "alternate"}
    ids = [entry.findtext(f"{ATOM}id") for entry in root.iter(f"{ATOM}entry")]
    assert ids == [
        "tag:review.lamplight.example,2026-12-04:weekly/2",
        "tag:review.lamplight.example,2026-11-27:weekly/1",
    ]
    assert {entry.find(f"{ATOM}content").get("type") for entry in root.iter(f"{ATOM}entry")} == {"html"}  # type: ignore[union-attr]


def test_ids_stay_when_the_site_moves_or_a_post_is_corrected(
    reader: TestClient, database: Database, tmp_path: Path
) -> None:
    """What changes is when it was updated."""
    path = "/issues/review/feed.atom"
    before = feedparser.parse(reader.get(path).content)
    changed = {"updated_at": FRIDAY + WEEK * 2, "content_hash": "another"}
    database.transact(
        lambda connection: connection.execute(sa.update(post).where(post.c.title == LEAD).values(changed))
    )
    moved = library(tmp_path, public_url="https://elsewhere.example/mail")
    after = feedparser.parse(client(database, moved).get(path).content)
    assert [entry.id for entry in after.entries] == [entry.id for entry in before.entries]
    assert after.feed.id == before.feed.id
    assert after.entries[1].link == "https://elsewhere.example/mail/issues/review/weekly/1"
    assert [entry.updated for entry in before.entries] == ["2026-12-04T12:00:00Z", "2026-11-27T12:00:00Z"]
    assert [entry.updated for entry in after.entries] == ["2026-12-04T12:00:00Z", "2026-12-11T12:01:00Z"]


def test_a_feed_has_no_link_that_is_not_whole(reader: TestClient, database: Database) -> None:
    """Readers of feeds do not know where it came from; nothing in it leads into a page either."""
    picture = {"file": "a1b2c3d4.jpg", "width": 1200, "height": 500, "alt": "A lighthouse", "credit": ""}
    database.transact(lambda connection: connection.execute(sa.update(post).values(picture=picture)))
    html = feedparser.parse(reader.get("/issues/review/feed.atom").content).entries[1].content[0].value
    addresses = re.findall(r'(?:href|src)="([^"]*)"', html)
    assert f"{PUBLIC}/media/a1b2c3d4.jpg" in addresses
    assert [address for address in addresses if not address.startswith(("https://", "mailto:"))] == []


def test_links_keep_the_path_that_a_proxy_serves_us_below(database: Database, tmp_path: Path) -> None:
    """All of them begin with it."""
    settings = library(tmp_path, public_url="https://lamplight.example/post")
    database.transact(send_week, settings, "review", 0, [LEAD, SECOND])
    tree = page(client(database, settings), "/issues/review/weekly/1")
    own = [href for href in hrefs(tree, "a", "link") if href.startswith("/")]
    assert own
    assert all(href.startswith("/post/") for href in own)


def test_pages_speak_the_language_of_the_site(database: Database, tmp_path: Path) -> None:
    """German words and dates where it is German; from the right where it is Hebrew."""
    settings = library(tmp_path, language="de")
    database.transact(send_week, settings, "review", 0, [LEAD, SECOND])
    german = page(client(database, settings), "/issues/review/weekly/1")
    assert german.get("lang") == "de"
    assert "Nr. 1 · Freitag, 27. November 2026" in _words(german)
    assert "Frühere Ausgaben" in _words(page(client(database, settings), "/issues/review"))
    hebrew = page(client(database, library(tmp_path, language="he")), "/issues/review/weekly/1")
    assert (hebrew.get("lang"), hebrew.get("dir")) == ("he", "rtl")


def test_a_page_is_light(reader: TestClient) -> None:
    """Less than 30 KB with its style sheets, apart from the words of long issues; no script, nobody else's anything."""
    for path in ("/issues", "/issues/review", "/issues/review/weekly/1"):
        tree = page(reader, path)
        sheets = [link.get("href", "") for link in tree.cssselect("link[rel=stylesheet]")]
        octets = len(reader.get(path).content) + sum(len(reader.get(sheet).content) for sheet in sheets)
        assert octets < 30_000
        assert list(tree.iter("script", "style", "iframe", "object")) == []
        assert [element for element in tree.iter() if element.get("style")] == []
        assert all(src.startswith("/") for src in (image.get("src", "") for image in tree.iter("img")))


def test_pages_say_what_every_page_says(reader: TestClient) -> None:
    """Content policy, nosniff, no robots kept away, no token to protect from referrers."""
    headers = reader.get("/issues/review/weekly/1").headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "X-Robots-Tag" not in headers


def test_an_issue_of_one_post_has_its_page_too(reader: TestClient) -> None:
    """What is mailed on publish: its address has its number, its list its newsletter's name."""
    assert _titles(page(reader, "/issues/notes/each/1")) == ["A note from the harbour"]
    assert page(reader, "/issues/notes/each/1").cssselect(".contents") == []
    assert "Notes from the Harbour · No. 1" in _words(page(reader, "/issues/notes/each/1"))


def test_each_post_on_publish_is_an_issue_of_the_list(database: Database, settings: Settings) -> None:
    """One after the other."""
    database.transact(stored, settings, MONDAY - WEEK)
    for hour, title in enumerate(("First", "Second", "Third")):
        at = MONDAY + timedelta(hours=hour)
        database.transact(publish, "notes", title, at)
        database.transact(send, settings, "notes", at + timedelta(minutes=1))
    tree = page(client(database, settings), "/issues/notes")
    assert [_words(heading) for heading in tree.cssselect("main h2 a")] == ["Third", "Second", "First"]
