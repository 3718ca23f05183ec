"""Feeds of issues: what is in them, and that nothing in a title breaks them."""

from datetime import UTC, date, datetime, timedelta, timezone

import feedparser

from dispatch.rendering.atom import Feed, FeedEntry, atom, tag_id

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def _entry(number: int = 1, title: str = "A title", html: str = "<p>Words</p>") -> FeedEntry:
    return FeedEntry(
        id=tag_id("review.kite.example", date(2026, 11, 27), f"weekly/{number}"),
        title=title,
        url=f"https://kite.example/issues/review/weekly/{number}",
        published_at=NOON,
        updated_at=NOON + timedelta(hours=number),
        html=html,
    )


def _feed(*entries: FeedEntry, title: str = "The Kite") -> bytes:
    return atom(
        Feed(
            id=tag_id("review.kite.example", date(2026, 1, 2), "weekly"),
            title=title,
            subtitle="",
            author="The Kite",
            url="https://kite.example/issues/review/feed.atom",
            page_url="https://kite.example/issues/review",
            language="en-GB",
            updated_at=NOON,
            entries=entries,
        )
    )


def test_a_feed_was_updated_when_its_newest_entry_was() -> None:
    """An empty one when it began."""
    assert feedparser.parse(_feed(_entry(1), _entry(3), _entry(2))).feed.updated == "2026-11-27T15:00:00Z"
    assert feedparser.parse(_feed()).feed.updated == "2026-11-27T12:00:00Z"


def test_an_id_is_made_of_what_does_not_change() -> None:
    """RFC 4151: a name that was ours on a day, and what it is."""
    parsed = feedparser.parse(_feed(_entry()))
    assert parsed.feed.id == "tag:review.kite.example,2026-01-02:weekly"
    assert parsed.entries[0].id == "tag:review.kite.example,2026-11-27:weekly/1"


def test_whatever_a_title_says_it_is_a_title() -> None:
    """Markup, line breaks, and characters that XML does not have (XML 1.0 §2.2)."""
    odd = "<b>A & B</b> ]]> \u2028next\x00\x0bline\ud800\ufffe"
    answer = _feed(_entry(title=odd), title=odd)
    parsed = feedparser.parse(answer, sanitize_html=False)
    assert not parsed.bozo
    assert parsed.entries[0].title_detail.type == "text/plain"
    assert parsed.entries[0].title == parsed.feed.title == "<b>A & B</b> ]]> next line"


def test_what_an_issue_says_comes_out_as_it_went_in() -> None:
    """HTML inside XML: escaped once, and read back as it was."""
    html = '<p class="x">A &amp; B<br>]]&gt; “quoted” — ×</p>'
    parsed = feedparser.parse(_feed(_entry(html=html)), sanitize_html=False)
    assert parsed.entries[0].content[0].value == html.replace("<br>", "<br />")  # which feedparser does
    assert parsed.entries[0].content[0].type == "text/html"


def test_times_are_written_in_utc() -> None:
    """To the second, as RFC 3339 has them."""
    entry = _entry()
    there = NOON.astimezone(timezone(timedelta(hours=-5)))
    moved = FeedEntry(entry.id, entry.title, entry.url, there, there, entry.html)
    assert feedparser.parse(_feed(moved)).entries[0].published == "2026-11-27T12:00:00Z"
