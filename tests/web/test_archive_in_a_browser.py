"""The archive as a browser shows it: on every screen, by day and by night, on paper, with anything in a post."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile
from urllib.parse import urlsplit

import feedparser
import pytest
from PIL import Image
from playwright.sync_api import Browser, Dialog, Page, Route
from starlette.testclient import TestClient

from dispatch.store.database import Database, sqlite_url
from tests.accessibility import serious_findings
from tests.web.shelves import PUBLIC, client, library, send_week

ISSUE, LIST = "/issues/review/weekly/1", "/issues/review"
QUOTED = (
    "<p>The coast guard sent the letter in March.</p><blockquote><p>Nobody authorised it, a spokesman said, at some "
    "length and more than once.</p><p>— <cite>The Coastal Ledger, 12 September</cite></p></blockquote>"
    "<ul><li>First the tide</li><li>then the ferry</li></ul>"
)
POSTS: dict[str, dict[str, object]] = {
    "The keeper who would not leave": {"body": QUOTED, "replies": 3},
    "A small defence of marginal notes": {"author": "Tobias Wren"},
    "Donaudampfschifffahrtsgesellschaftskapitänswitwenrentenauszahlungsstelle": {"author": "Samir Adeyemi"},
}
# What feeds have been seen to carry, and what tests for it use.
PAYLOADS = [
    "<script>alert(1)</script>",
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)//",
    "<svg onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "<math><mtext></table></math><img src=x onerror=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<form action='javascript:alert(1)'><button autofocus onfocus=alert(1)>x</button></form>",
    "{{ 7 * 7 }}{% for x in y %}",
    "<!--><script>alert(1)</script>-->",
    "]]><script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u2028<base href='https://evil.example/'>",
    "<style>body{display:none}</style><link rel=stylesheet href=https://evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
]


_HANDLERS = """
[...document.querySelectorAll("*")].flatMap(e => [...e.attributes]).map(a => a.name).filter(name => /^on/i.test(name))
"""


@pytest.fixture
def here(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """A database: what a browser shows does not depend on which."""
    copyfile(sqlite_template, tmp_path / "dispatch.db")
    database = Database(sqlite_url(tmp_path / "dispatch.db"), durability="process")
    yield database
    database.close()


def _picture() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (1200, 500), "#2f4858").save(written, "PNG")
    return written.getvalue()


@contextmanager
def _looking(browser: Browser, reader: TestClient, width: int = 375, scheme: str = "light") -> Iterator[Page]:
    """A page answered by our pages and, for pictures, by a drawing; anybody else who is asked fails the test."""
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    strangers, dialogs = list[str](), list[str]()

    def refuse(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    def answer(route: Route) -> None:
        url = urlsplit(route.request.url)
        if f"{url.scheme}://{url.netloc}" != PUBLIC:
            strangers.append(route.request.url)
            route.abort()
        elif url.path.startswith("/media/"):
            route.fulfill(body=_picture(), content_type="image/png")
        else:
            found = reader.get(url.path + (f"?{url.query}" if url.query else ""))
            route.fulfill(status=found.status_code, headers=dict(found.headers), body=found.content)

    context.route("**/*", answer)
    page = context.new_page()
    page.on("dialog", refuse)
    yield page
    context.close()
    assert (strangers, dialogs) == ([], [])


def _reader(database: Database, folder: Path, language: str = "en-GB", look: str = "magazine") -> TestClient:
    picture = {"image_url": "https://lamplight.example/a.jpg"}
    settings = library(folder, language=language, template=look)
    database.transact(send_week, settings, "review", 0, POSTS | {"With a picture": picture})
    database.transact(send_week, settings, "review", 1, ["Low water"])
    return client(database, settings)


@pytest.mark.parametrize("width", [320, 375, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_fits_and_can_be_used_by_everybody(
    browser: Browser, here: Database, tmp_path: Path, width: int, scheme: str
) -> None:
    """Nothing to scroll sideways for, whatever is in a title; axe finds nothing serious."""
    reader = _reader(here, tmp_path)
    for path in (ISSUE, LIST, "/issues"):
        with _looking(browser, reader, width, scheme) as page:
            page.goto(PUBLIC + path)
            assert page.evaluate("document.documentElement.scrollWidth") == width
            assert serious_findings(page) == []


@pytest.mark.parametrize(("language", "look"), [("he", "magazine"), ("de", "plain")])
def test_other_languages_and_looks_fit_too(
    browser: Browser, here: Database, tmp_path: Path, language: str, look: str
) -> None:
    """From the right, the bar of a quotation is on the right; it is as wide as the look has it."""
    reader = _reader(here, tmp_path, language, look)
    with _looking(browser, reader, 320) as page:
        page.goto(PUBLIC + ISSUE)
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        side = "Right" if language == "he" else "Left"
        bar = page.evaluate(f"getComputedStyle(document.querySelector('.quotation')).border{side}Width")
        assert bar == ("2px" if look == "plain" else "3px")
        assert serious_findings(page) == []


def test_what_one_does_is_large_enough_to_touch(browser: Browser, here: Database, tmp_path: Path) -> None:
    """At least 44 px high: what is read on, sent, chosen or turned to."""
    reader = _reader(here, tmp_path)
    actions = ".actions a, .button, .contents a, .neighbours a, .dateline a, .rhythms a, .entry a"
    for path in (ISSUE, LIST):
        with _looking(browser, reader) as page:
            page.goto(PUBLIC + path)
            found = page.locator(actions).all()
            heights = [(link.inner_text(), (link.bounding_box() or {"height": 0})["height"]) for link in found]
            assert len(heights) >= 4
            assert [name for name, height in heights if height < 43.5] == []


def test_on_paper_there_is_what_is_read(browser: Browser, here: Database, tmp_path: Path) -> None:
    """No buttons, nothing to choose; under each title where it is to be found."""
    with _looking(browser, _reader(here, tmp_path), 700) as page:
        page.goto(PUBLIC + ISSUE)
        page.emulate_media(media="print")
        for gone in (".actions", ".join", ".neighbours", ".contents"):
            assert not page.locator(gone).first.is_visible()
        for there in ("h1", ".lead-title", ".quotation", ".post p"):
            assert page.locator(there).first.is_visible()
        address = page.evaluate("getComputedStyle(document.querySelector('.lead-title a'), '::after').content")
        assert "https://lamplight.example/" in address
        assert page.evaluate("document.documentElement.scrollWidth") == 700


def test_nothing_that_a_feed_says_runs_or_calls_anybody(browser: Browser, here: Database, tmp_path: Path) -> None:
    """In titles, texts, names, sections and quotations: no dialog, no request to a stranger, the page as it was."""
    settings = library(tmp_path, sections={payload: [payload] for payload in PAYLOADS}, posts="full", max_posts=100)
    posts = {
        payload: {"body": f"<p>{payload}</p>{QUOTED}{payload}", "author": payload, "categories": (payload,)}
        for payload in PAYLOADS
    }
    here.transact(send_week, settings, "review", 0, posts)
    reader = client(here, settings)
    for path in (ISSUE, LIST):
        with _looking(browser, reader, 1280) as page:
            page.goto(PUBLIC + path, wait_until="networkidle")
            assert page.url == PUBLIC + path
            assert page.locator("article script, main iframe, main form, main style, main svg, base").count() == 0
            assert page.evaluate(_HANDLERS) == []
            links = page.evaluate("[...document.querySelectorAll('[href]')].map(e => e.href)")
            assert [link for link in links if not link.startswith(("https://", "mailto:"))] == []
            assert page.locator("h1").is_visible()
    with _looking(browser, reader, 1280) as page:
        # What a reader of feeds does with it: the content as HTML, in a page without any policy.
        content = _content_of_feed(reader)
        page.set_content(content)
        page.wait_for_load_state("networkidle")
        assert page.locator("script, iframe, form, style, svg, base").count() == 0


def _content_of_feed(reader: TestClient) -> str:
    parsed = feedparser.parse(reader.get("/issues/review/feed.atom").content, sanitize_html=False)
    assert not parsed.bozo
    assert len(parsed.entries) == 1
    content: str = parsed.entries[0].content[0].value
    return content
