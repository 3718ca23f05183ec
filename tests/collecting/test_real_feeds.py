"""The real feeds that lie beside the project, where they do: every entry becomes a post, and nobody sees debris."""

import re
from pathlib import Path

import lxml.html
import pytest

from dispatch.collecting.cleaning import Origin, clean_entry, clean_html, plain_text
from dispatch.collecting.feeds import read_feed
from dispatch.collecting.jsonfeed import read_json_feed
from dispatch.collecting.reading import Reading
from dispatch.collecting.rules import host_name, match_entries
from dispatch.model.post import CleanEntry

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
FEEDS = sorted((CORPUS / "feeds").glob("*"))
DEBRIS = re.compile(
    r"image_pdf|image_print|send this to a friend|leave a reply|>(?:share|like) this:?<|appeared first on|"
    r"your email address will not be published|\[…\]</p>$|continue reading|to read this article in full|permalink</a>|"
    r"originally published in .* on medium|src=[^>]*(?:feedburner|feedpress|doubleclick)|medium\.com/_/stat",
    re.IGNORECASE,
)

pytestmark = pytest.mark.skipif(not FEEDS, reason=f"the real feeds are not in {CORPUS}: nothing to read")


def read(path: Path) -> Reading:
    """Read a feed of either kind."""
    body = path.read_bytes()
    form = read_json_feed if body.lstrip()[:1] == b"{" else read_feed
    return form(path.stem, body, f"https://feeds.example/{path.name}")


def cleaned(reading: Reading) -> list[CleanEntry]:
    """Every entry cleaned; one that is refused fails the test."""
    origin = Origin(reading.site_url, reading.language, frozenset({host_name(reading.site_url)}))
    return [clean_entry(entry, origin) for entry in reading.entries]


@pytest.mark.parametrize("path", FEEDS, ids=lambda path: path.name)
def test_every_entry_becomes_a_post_without_debris(path: Path) -> None:
    """With a title, an address, a body that parses and stays as it is, and links that lead somewhere."""
    reading = read(path)
    entries = cleaned(reading)
    assert len(entries) >= 10
    assert (reading.problems, reading.complete) == ([], True)
    for entry in entries:
        assert entry.title
        assert entry.url.startswith("http")
        assert not DEBRIS.search(f"{entry.title}\n{plain_text(entry.body) if entry.body else ''}\n{entry.body}")
        assert clean_html(entry.body, entry.url, entry.url).html == entry.body
        for link in lxml.html.fragment_fromstring(entry.body, create_parent="root").iter("a", "img"):
            assert re.match(r"https?://|mailto:", link.get("href") or link.get("src") or "")


@pytest.mark.parametrize("path", FEEDS, ids=lambda path: path.name)
def test_no_two_entries_of_a_real_feed_are_taken_for_one(path: Path) -> None:
    """And each is found again by what is remembered of it; but for those that really share one id."""
    keys = [entry.keys for entry in cleaned(read(path))]
    keys = [found for place, found in enumerate(keys) if found[0] not in {other[0] for other in keys[:place]}]
    assert all(match.is_new for match in match_entries(keys, {}))
    known: dict[str, int] = {}
    for number, found in enumerate(keys):
        for key in found:
            known.setdefault(key, number)
    assert [match.post_id for match in match_entries(keys, known)] == list(range(len(keys)))


@pytest.mark.skipif(not list(CORPUS.glob("*.txt")), reason="the text of a real page is not there")
def test_a_real_page_loses_its_form_and_keeps_its_text() -> None:
    """Print buttons, comment form and what follows it are gone; the count of its one response is kept."""
    [page] = CORPUS.glob("*.txt")
    clean = clean_html(page.read_text(), None)
    assert not DEBRIS.search(clean.html)
    assert len(plain_text(clean.html)) > 2_000
    assert clean.replies == 1
