"""RSS and Atom of every age, and what only calls itself a feed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dispatch.collecting.feeds import advertised_feeds, read_feed
from dispatch.collecting.reading import MAX_ENTRIES, ReadingError
from dispatch.model.post import Entry
from tests.collecting.making import NOW, rss, rss_item

URL = "https://lamplight.example/feed/"

RSS_091 = """<?xml version="1.0"?>
<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd">
<rss version="0.91"><channel><title>Harbour Notes</title><link>http://harbour.example/</link><language>en</language>
<item><title>Tide &amp; time</title><link>http://harbour.example/tide</link>
<description>High water.</description></item>
</channel></rss>"""

RSS_092 = """<rss version="0.92"><channel><title>Harbour Notes</title><link>http://harbour.example/</link>
<item><title>Sea fog</title><link>http://harbour.example/fog</link><description>&lt;p&gt;Thick.&lt;/p&gt;</description>
<category>Weather</category><enclosure url="http://harbour.example/fog.jpg" length="1" type="image/jpeg"/>
</item></channel></rss>"""

RSS_10 = """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel rdf:about="http://harbour.example/"><title>Harbour Notes</title><link>http://harbour.example/</link></channel>
<item rdf:about="http://harbour.example/ropes"><title>Ropes</title><link>http://harbour.example/ropes</link>
<dc:creator>Ines Ward</dc:creator><dc:date>2026-02-01T10:00:00+01:00</dc:date><dc:subject>Craft</dc:subject>
<description>Short.</description><content:encoded><![CDATA[<p>Long about ropes.</p>]]></content:encoded></item>
</rdf:RDF>"""

RSS_20 = """<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:slash="http://purl.org/rss/1.0/modules/slash/"
 xmlns:wfw="http://wellformedweb.org/CommentAPI/" xmlns:media="http://search.yahoo.com/mrss/">
<channel><title>Harbour Notes</title><link>https://harbour.example/</link><language>en-GB</language>
<item><title>Ropes</title><link>https://harbour.example/ropes</link><guid isPermaLink="false">no-7</guid>
<dc:creator><![CDATA[Ines Ward]]></dc:creator><pubDate>Sun, 01 Feb 2026 09:00:00 +0000</pubDate>
<category>Craft</category><category><![CDATA[Arts & Letters]]></category>
<description>Short.</description><content:encoded><![CDATA[<p>Long about ropes.</p>]]></content:encoded>
<comments>https://harbour.example/ropes#comments</comments><slash:comments>12</slash:comments>
<wfw:commentRss>https://harbour.example/ropes/feed</wfw:commentRss>
<media:content url="https://harbour.example/ropes.jpg" medium="image"/></item></channel></rss>"""

ATOM_03 = """<?xml version="1.0"?><feed version="0.3" xmlns="http://purl.org/atom/ns#" xml:lang="en">
<title>Harbour Notes</title><link rel="alternate" type="text/html" href="http://harbour.example/"/>
<entry><title>Ropes</title><link rel="alternate" type="text/html" href="http://harbour.example/ropes"/>
<id>tag:harbour.example,2026:7</id><issued>2026-02-01T09:00:00Z</issued><modified>2026-02-02T09:00:00Z</modified>
<author><name>Ines Ward</name></author>
<content type="text/html" mode="escaped">&lt;p&gt;Long about ropes.&lt;/p&gt;</content>
</entry></feed>"""

ATOM_10 = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0"
 xml:base="https://harbour.example/notes/"><title>Harbour Notes</title><link href="https://harbour.example/"/>
<entry><title type="text">2 &lt; 3 &amp; <![CDATA[<b>]]></title><link href="ropes"/><id>urn:x:7</id>
<published>2026-02-01T09:00:00Z</published><updated>2026-02-02T09:00:00Z</updated>
<author><name>Ines Ward</name></author><author><name>Tom Bell</name></author><category term="craft" label="Craft"/>
<link rel="replies" type="text/html" href="ropes#replies" thr:count="4"/>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Long about <a href="x">ropes</a>.</p></div></content>
</entry></feed>"""


def only_entry(text: str | bytes) -> Entry:
    """The single entry of a feed."""
    [entry] = read_feed("site", text.encode() if isinstance(text, str) else text, URL).entries
    return entry


@pytest.mark.parametrize(
    ("feed", "title", "url"),
    [
        (RSS_091, "Tide &amp; time", "http://harbour.example/tide"),
        (RSS_092, "Sea fog", "http://harbour.example/fog"),
        (RSS_10, "Ropes", "http://harbour.example/ropes"),
        (RSS_20, "Ropes", "https://harbour.example/ropes"),
        (ATOM_03, "Ropes", "http://harbour.example/ropes"),
        (ATOM_10, "2 &lt; 3 &amp; &lt;b&gt;", "https://harbour.example/notes/ropes"),
    ],
    ids=["RSS 0.91", "RSS 0.92", "RSS 1.0", "RSS 2.0", "Atom 0.3", "Atom 1.0"],
)
def test_a_feed_of_any_age_is_read(feed: str, title: str, url: str) -> None:
    """Title as HTML (plain text escaped), address absolute, the feed's own name and home page."""
    reading = read_feed("site", feed.encode(), URL)
    assert (reading.title, reading.complete, reading.problems) == ("Harbour Notes", True, [])
    assert reading.site_url.rstrip("/").endswith("//harbour.example")
    assert [(entry.title, entry.url) for entry in reading.entries] == [(title, url)]


def test_rss_2_gives_everything_it_knows() -> None:
    """The full text over the short one, author, categories, replies and where they are, picture, language."""
    entry = only_entry(RSS_20)
    assert entry.html == "<p>Long about ropes.</p>"
    assert entry.summary_html == "Short."
    assert entry.guid == "no-7"
    assert entry.authors == ("Ines Ward",)
    assert entry.categories == ("Craft", "Arts & Letters")
    assert entry.published_at == datetime(2026, 2, 1, 9, tzinfo=UTC)
    assert (entry.replies, entry.replies_url) == (12, "https://harbour.example/ropes#comments")
    assert entry.image_url == "https://harbour.example/ropes.jpg"
    assert read_feed("site", RSS_20.encode(), URL).language == "en-GB"


@pytest.mark.parametrize(
    ("service", "namespace"),
    [
        ("feedburner", "http://rssnamespace.org/feedburner/ext/1.0"),
        ("pheedo", "http://www.pheedo.com/namespace/pheedo"),
    ],
)
def test_the_real_address_is_taken_where_a_service_counts_clicks(service: str, namespace: str) -> None:
    """Its own would tell it who reads, and the site would not know its links again."""
    item = (
        "<item><title>Ropes</title><link>http://feeds.example/~r/harbour/~3/x</link>"
        f"<{service}:origLink>https://harbour.example/ropes</{service}:origLink></item>"
    )
    feed = f'<rss version="2.0" xmlns:{service}="{namespace}"><channel><title>x</title>{item}</channel></rss>'
    assert only_entry(feed).url == "https://harbour.example/ropes"


def test_rss_1_gives_what_dublin_core_knows() -> None:
    """Creator, date with its zone, subject, encoded content."""
    entry = only_entry(RSS_10)
    assert entry.html == "<p>Long about ropes.</p>"
    assert entry.authors == ("Ines Ward",)
    assert entry.published_at == datetime(2026, 2, 1, 9, tzinfo=UTC)
    assert entry.categories == ("Craft",)


def test_atom_gives_both_dates_all_authors_and_the_number_of_replies() -> None:
    """thr:count at the link to the replies; xml:base for what is relative."""
    entry = only_entry(ATOM_10)
    assert entry.published_at == datetime(2026, 2, 1, 9, tzinfo=UTC)
    assert entry.updated_at == datetime(2026, 2, 2, 9, tzinfo=UTC)
    assert entry.authors == ("Ines Ward", "Tom Bell")
    assert entry.categories == ("Craft",)
    assert (entry.replies, entry.replies_url) == (4, "https://harbour.example/notes/ropes#replies")
    assert entry.base_url == "https://harbour.example/notes/"
    assert "<p>Long about" in entry.html


def test_an_enclosed_picture_is_the_picture() -> None:
    """RSS 0.92 already had enclosures."""
    assert only_entry(RSS_092).image_url == "http://harbour.example/fog.jpg"


def test_a_post_without_a_title_is_an_entry_too() -> None:
    """Microblogs have none; cleaning makes one of the first words."""
    assert only_entry(rss([rss_item("p1", title="")])).title == ""


@pytest.mark.parametrize(
    "document",
    [
        b"\n\n  " + RSS_20.encode(),
        b"\xef\xbb\xbf" + RSS_20.encode(),
        RSS_20.encode("utf-16"),
        ('<?xml version="1.0" encoding="iso-8859-1"?>' + RSS_20).encode("latin-1"),
        ('<?xml version="1.0" encoding="utf-8"?>' + RSS_20).replace("Ropes", "Tauwerk für Fänger").encode("latin-1"),
        RSS_20.replace("Ropes", "Ropes & lines").encode(),
        RSS_20.replace("Ropes", "Ropes &nbsp; lines").encode(),
        RSS_20.replace("Ropes", "Ropes\x0b").encode(),
        RSS_20.replace("</item>", "<broken></item>").encode(),
    ],
    ids=["leading newline", "BOM", "UTF-16", "latin-1", "wrong charset", "bare ampersand", "HTML entity", "control",
         "unclosed tag"],
)  # fmt: skip
def test_a_feed_with_a_flaw_is_read_all_the_same(document: bytes) -> None:
    """What browsers and other readers forgive, we forgive."""
    entry = only_entry(document)
    assert entry.guid == "no-7"
    assert "ropes" in entry.html


def test_a_feed_that_breaks_off_gives_what_it_has_and_is_not_complete() -> None:
    """Nothing may be taken for withdrawn because a connection broke."""
    whole = rss([rss_item("p1", published=NOW), rss_item("p2", published=NOW)])
    reading = read_feed("site", whole[: whole.index("p2") + 40].encode(), URL)
    assert "Post p1" in [entry.title for entry in reading.entries]
    assert not reading.complete


def test_an_empty_feed_is_a_feed_without_entries() -> None:
    """A new site has none yet."""
    reading = read_feed("site", rss([]).encode(), URL)
    assert (reading.entries, reading.complete) == ([], True)


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (b"", "is empty"),
        (b"  \n ", "is empty"),
        (b"<!doctype html><title>x</title><p>Hi", "is a web page, not a feed; look for the address of its feed"),
        (
            b"<html><head><link rel='alternate' type='application/atom+xml' href='/atom.xml'></head><body>Hi",
            "is a web page, not a feed; the page names this feed: https://lamplight.example/atom.xml",
        ),
        (b"just words", "is not a feed that can be read"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "is not a feed that can be read"),
        (b"%PDF-1.4 ...", "is not a feed that can be read"),
        (b"<?xml version='1.0'?><urlset><url><loc>x</loc></url></urlset>", "is not a feed that can be read"),
    ],
)
def test_what_is_no_feed_is_refused_in_words(document: bytes, sentence: str) -> None:
    """The message says what it is instead, and what to do."""
    with pytest.raises(ReadingError, match=sentence):
        read_feed("site", document, URL)


def test_the_name_of_a_local_file_is_not_opened() -> None:
    """feedparser would take bytes for a file name; it never sees any."""
    with pytest.raises(ReadingError):
        read_feed("site", b"/etc/passwd", URL)


def test_only_a_page_of_a_long_list_is_read_and_that_is_said() -> None:
    """A site may list a hundred thousand entries; nobody mails them."""
    reading = read_feed("site", rss([rss_item(f"p{n}") for n in range(MAX_ENTRIES + 5)]).encode(), URL)
    assert len(reading.entries) == MAX_ENTRIES
    assert f"lists {MAX_ENTRIES + 5} entries at once" in reading.problems[0].what


def bomb(depth: int = 9) -> str:
    """Nine levels of ten: a few bytes that become a gigabyte."""
    levels = "".join(f'<!ENTITY l{n} "{"".join(f"&l{n - 1};" for _ in range(10))}">' for n in range(1, depth + 1))
    return f'<!DOCTYPE rss [<!ENTITY l0 "lol">{levels}]>'


QUADRATIC = f'<!DOCTYPE rss [<!ENTITY big "{"x" * 50_000}">]>'


@pytest.mark.parametrize(
    ("doctype", "title"),
    [(bomb(), "&l9;"), (QUADRATIC, "&big;" * 5_000)],
    ids=["billion laughs", "quadratic"],
)
def test_an_entity_bomb_is_refused(doctype: str, title: str) -> None:
    """Not expanded, and not mailed as it stands either."""
    document = (doctype + rss([rss_item("p1", title=title), rss_item("p2")])).encode()
    with pytest.raises(ReadingError, match="declares entities"):
        read_feed("site", document, URL)


@pytest.mark.parametrize("kind", ["SYSTEM", "PUBLIC 'x'"])
def test_a_file_named_by_an_entity_is_not_read(kind: str, tmp_path: Path) -> None:
    """XXE: neither a file nor an address outside comes into a feed; the feed is refused."""
    secret = tmp_path / "secret"
    secret.write_text("the-secret-itself")
    document = f"<!DOCTYPE rss [<!ENTITY x {kind} 'file://{secret}'>]>" + rss([rss_item("p1", title="a&x;b")])
    with pytest.raises(ReadingError, match="declares entities") as caught:
        read_feed("site", document.encode(), URL)
    assert "the-secret-itself" not in str(caught.value)


def test_a_short_entity_of_its_own_does_a_feed_no_harm() -> None:
    """Some feeds declare what HTML has anyway."""
    document = '<!DOCTYPE rss [<!ENTITY nbsp "&#160;">]>' + rss([rss_item("p1", title="a&nbsp;b")])
    assert len(read_feed("site", document.encode(), URL).entries) == 1


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (rss([rss_item("p1", extra="<a>" * 200_000)]), "tags, more than 100,000"),
        (rss(["<item><title>a</title></item>"] * 100_000), "tags, more than 100,000"),
        (rss([f"<item {' '.join(f'a{n}=' for n in range(200_000))}/>"]), "more than 500 attributes"),
        (rss([rss_item("p1", title="<" * 1_000_000)]), "tags, more than 100,000"),
        (rss([rss_item("p1", title="<!--" * 300_000)]), "tags, more than 100,000"),
        ("<!DOCTYPE " * 300_000 + rss([]), "not a feed that can be read"),
        ("<!--" * 300_000 + rss([]), "not a feed that can be read"),
        ("<html>" + "<p>x" * 1_000_000, "is a web page"),
    ],
    ids=["nesting", "items", "attributes", "brackets", "comments", "doctypes", "comments first", "a long page"],
)
def test_what_would_keep_a_parser_busy_for_minutes_is_refused_at_once(document: str, sentence: str) -> None:
    """The bounds are far above real feeds."""
    with pytest.raises(ReadingError, match=sentence):
        read_feed("site", document.encode(), URL)


def test_tags_inside_cdata_are_only_text() -> None:
    """A feed of long articles in CDATA is not refused for the tags in them."""
    text = "<![CDATA[" + "<b>x</b>" * 200_000 + "]]>"
    assert len(only_entry(rss([rss_item("p1", extra=f"<content>{text}</content>")])).html) > 0


def test_the_feeds_a_page_names_are_found() -> None:
    """Absolute, in order; others' schemes left out."""
    page = b"""<head><link rel="alternate" type="application/rss+xml" href="feed/"><link rel="stylesheet" href="x.css">
    <link rel="ALTERNATE" type="application/feed+json" href="/feed.json">
    <link rel="alternate" type="application/rss+xml" href="javascript:alert(1)"></head>"""
    assert advertised_feeds(page, "https://lamplight.example/blog/") == [
        "https://lamplight.example/blog/feed/",
        "https://lamplight.example/feed.json",
    ]
