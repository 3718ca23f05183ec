"""JSON Feed, with and without its version."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from dispatch.collecting.jsonfeed import read_json_feed
from dispatch.collecting.reading import ReadingError

URL = "https://harbour.example/feed.json"
ITEM: dict[str, Any] = {
    "id": "https://harbour.example/ropes",
    "url": "https://harbour.example/ropes",
    "title": "Ropes & lines",
    "content_html": "<p>Long about ropes.</p>",
    "summary": "Short.",
    "date_published": "2026-02-01T10:00:00+01:00",
    "date_modified": "2026-02-02T09:00:00Z",
    "image": "https://harbour.example/ropes.jpg",
    "tags": ["Craft", "Sea", "Craft"],
}


def feed(*items: Any, **fields: Any) -> bytes:
    """A JSON Feed of these items."""
    whole = {"version": "https://jsonfeed.org/version/1.1", "title": "Harbour Notes"} | fields
    return json.dumps(whole | {"items": list(items)}).encode()


def test_an_item_gives_everything_it_knows() -> None:
    """Version 1.1: several authors, a language."""
    body = feed(
        ITEM | {"authors": [{"name": "Ines"}, {"name": "Tom"}]}, language="en", home_page_url="https://harbour.example/"
    )
    reading = read_json_feed("site", body, URL)
    [entry] = reading.entries
    assert (reading.title, reading.language, reading.site_url) == ("Harbour Notes", "en", "https://harbour.example/")
    assert entry.title == "Ropes &amp; lines"
    assert (entry.guid, entry.url) == (ITEM["id"], ITEM["url"])
    assert (entry.html, entry.summary_html) == ("<p>Long about ropes.</p>", "Short.")
    assert entry.authors == ("Ines", "Tom")
    assert entry.published_at == datetime(2026, 2, 1, 9, tzinfo=UTC)
    assert entry.updated_at == datetime(2026, 2, 2, 9, tzinfo=UTC)
    assert entry.categories == ("Craft", "Sea")
    assert entry.image_url == "https://harbour.example/ropes.jpg"


def test_a_feed_that_does_not_say_its_version_is_read() -> None:
    """Some real ones do not."""
    body = json.dumps({"title": "Harbour Notes", "items": [ITEM | {"author": {"name": "Ines"}}]}).encode()
    assert read_json_feed("site", body, URL).entries[0].authors == ("Ines",)


@pytest.mark.parametrize(
    ("fields", "name", "wanted"),
    [
        ({"id": 7}, "guid", "7"),
        ({"id": None}, "guid", None),
        ({"url": None, "external_url": "https://x.example/"}, "url", "https://x.example/"),
        ({"content_html": None, "content_text": "a < b"}, "html", "a &lt; b"),
        ({"title": None}, "title", ""),
        ({"title": "It&#8217;s"}, "title", "It&#8217;s"),
        ({"date_published": "yesterday", "date_modified": 3}, "published_at", None),
        ({"tags": "Craft"}, "categories", ()),
        ({"tags": ["Craft", 3, None]}, "categories", ("Craft",)),
        ({"image": None, "banner_image": "b.jpg"}, "image_url", "b.jpg"),
        ({"authors": "Ines"}, "authors", ()),
    ],
)
def test_what_is_of_the_wrong_kind_counts_as_missing(fields: dict[str, Any], name: str, wanted: object) -> None:
    """One odd field spoils only itself."""
    [entry] = read_json_feed("site", feed(ITEM | fields), URL).entries
    assert getattr(entry, name) == wanted


def test_an_item_that_is_no_object_is_named_and_the_others_stay() -> None:
    """Then what is missing does not count as withdrawn."""
    reading = read_json_feed("site", feed("what?", ITEM), URL)
    assert len(reading.entries) == 1
    assert reading.problems[0].what == "entry 1 is not an object"
    assert not reading.complete


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_the_encodings_of_json_are_understood(encoding: str) -> None:
    """RFC 7159 still allowed them."""
    assert read_json_feed("site", feed(ITEM).decode().encode(encoding), URL).entries[0].guid == ITEM["id"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"{", "is not JSON"),
        (b'{"items": "\xff"}', "is not JSON"),
        (b"[" * 200_000, "is not JSON"),
        (b'{"a":' * 200_000, "is not JSON"),
        (b'{"items": 1' + b"0" * 10_000 + b"}", "is not JSON"),
        (b"[]", "has no list of"),
        (b'{"title": "x"}', "has no list of"),
        (b'{"items": {}}', "has no list of"),
    ],
    ids=["broken", "not UTF-8", "deep lists", "deep objects", "endless number", "a list", "no items", "items no list"],
)
def test_what_is_no_json_feed_is_refused_in_words(body: bytes, sentence: str) -> None:
    """Named by its address."""
    with pytest.raises(ReadingError, match=f"site: {URL}.*{sentence}"):
        read_json_feed("site", body, URL)


def test_a_lone_half_of_a_pair_does_not_stop_anything() -> None:
    """JSON can spell text that no encoding can carry; cleaning replaces it."""
    body = feed(ITEM).replace(b"Ropes", b"Ropes \\ud83d")
    assert read_json_feed("site", body, URL).entries[0].title.startswith("Ropes")
