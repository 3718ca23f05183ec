"""A rendered issue in a browser: nothing overflows, dark is dark, what is to be touched can be touched.

Needs the system's Chromium; without it these tests are skipped, unless DISPATCH_REQUIRE_BROWSER forbids that.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dispatch.model.post import Picture
from dispatch.rendering.look import contrast
from tests.rendering.make import OWN, QUOTED, make_book, make_post, rendered

CHROMIUM = Path("/usr/bin/chromium")

_EVERYTHING = (
    f"{OWN}{QUOTED}<p>{'Donaudampfschifffahrtsgesellschaft' * 12}</p><p>https://long.example/{'path/' * 60}</p>"
    "<ul><li>An item</li></ul><h3>A heading</h3><hr><pre>a_line_of_code_that_goes_on_and_on = 'and on and on'</pre>"
    '<figure><img src="https://i.example/x.jpg" alt="A pier"><figcaption>A caption</figcaption></figure>'
    "<table><tr><td>a</td><td>b</td></tr></table>"
)
_ISSUES: dict[str, dict[str, Any]] = {
    "an issue": {"note": make_post(9, body=OWN)},
    "long words": {
        "posts": (make_post(1, title="W" * 120, author="A" * 90, body=_EVERYTHING), make_post(2, replies=31))
    },
    "full posts": {"posts": (make_post(1, body=_EVERYTHING), make_post(2)), "posts_mode": "full"},
    "from the right": {"language": "ar", "posts": (make_post(1, replies=2), make_post(2))},
    "German": {"language": "de", "books": (make_book(cover=None), make_book(slug="b"))},
    "a picture": {
        "posts": (make_post(1, picture=Picture("p.jpg", 1200, 640, "A harbour")), make_post(2)),
        "sample": True,
    },
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The system's Chromium."""
    if not CHROMIUM.exists():
        if os.environ.get("DISPATCH_REQUIRE_BROWSER"):
            pytest.fail(f"DISPATCH_REQUIRE_BROWSER is set and there is no {CHROMIUM}")
        pytest.skip(f"NOT TESTED: how a mail looks; there is no {CHROMIUM}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


def _opened(browser: Any, html: str, width: int, scheme: str = "light") -> Any:
    """A page that shows `html` and can reach nobody, so that pictures are blocked."""
    context = browser.new_context(viewport={"width": width, "height": 812}, color_scheme=scheme)
    context.route("**/*", lambda route: route.abort())
    page = context.new_page()
    page.set_content(html)
    return page


@pytest.mark.parametrize("width", [320, 375, 700])
@pytest.mark.parametrize("issue", _ISSUES.values(), ids=_ISSUES.keys())
def test_nothing_is_wider_than_the_screen(browser: Any, issue: dict[str, Any], width: int) -> None:
    """With its style elements and, as in some mail programs, without."""
    html = rendered(**issue).html
    for shown in (html, re.sub(r"<style[^>]*>.*?</style>", "", html, flags=re.DOTALL)):
        page = _opened(browser, shown, width)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        page.context.close()


def _colour(page: Any, selector: str, name: str) -> str:
    painted = page.evaluate(f"getComputedStyle(document.querySelector({selector!r}))[{name!r}]")
    red, green, blue = (int(value) for value in re.findall(r"\d+", painted)[:3])
    return f"#{red:02x}{green:02x}{blue:02x}"


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)], ids=["light", "dark"])
def test_dark_is_dark_and_everything_can_be_read_in_it(browser: Any, scheme: str, dark: bool) -> None:
    """The colours that are painted, not those that were meant."""
    page = _opened(browser, rendered(note=make_post(9, body=OWN)).html, 375, scheme)
    paper = _colour(page, "body", "backgroundColor")
    assert (contrast(paper, "#ffffff") > 15) == dark
    panel = _colour(page, ".panel", "backgroundColor")
    for selector, ground, ratio in (
        (".p", paper, 7), (".standfirst", paper, 7), (".quote", paper, 7), (".cite", paper, 4.5),
        (".byline", paper, 4.5),
        (".label", paper, 4.5), (".lead-title a", paper, 7), (".foot a", paper, 4.5), (".blurb", panel, 7),
        (".praise", panel, 7), (".elsewhere", panel, 4.5), (".book-title a", panel, 7), (".read-on", paper, 4.5),
        (".quiet", paper, 4.5), (".name a", paper, 7), (".invitation", panel, 7),
    ):  # fmt: skip
        assert contrast(_colour(page, selector, "color"), ground) >= ratio, selector
    button = _colour(page, "td.solid", "backgroundColor")
    assert contrast(_colour(page, ".solid-label", "color"), button) >= 4.5
    assert contrast(_colour(page, ".quotation-bar", "borderLeftColor"), paper) >= 3
    page.context.close()


def test_what_is_to_be_touched_is_large_enough(browser: Any) -> None:
    """Buttons and actions are at least 44 pixels high, and eight apart."""
    page = _opened(browser, rendered(posts=(make_post(1, replies=2), make_post(2, replies=3))).html, 375)
    boxes = [link.bounding_box() for link in page.query_selector_all(".button, .read-on, .quiet")]
    assert len(boxes) >= 8
    assert min(box["height"] for box in boxes) >= 44
    shops = [link.bounding_box() for link in page.query_selector_all(".outlined-label")]
    assert shops[1]["x"] - (shops[0]["x"] + shops[0]["width"]) >= 8
    page.context.close()


def test_the_first_screen_of_a_phone_has_something_to_read_while_pictures_are_blocked(browser: Any) -> None:
    """Masthead, note and contents."""
    picture = Picture("p.jpg", 1200, 640, "A harbour")
    posts = (make_post(1, picture=picture), make_post(2), make_post(3))
    page = _opened(browser, rendered(posts=posts, note=make_post(9, body=OWN)).html, 375)
    for selector in (".name", ".standfirst", ".entry"):
        assert page.query_selector(selector).bounding_box()["y"] < 812
    page.context.close()


def test_the_page_is_mirrored_for_a_language_from_the_right(browser: Any) -> None:
    """The bar of a quotation stands on the right, the first column too."""
    page = _opened(browser, rendered(language="ar").html, 700)
    assert page.evaluate("getComputedStyle(document.querySelector('.quotation-bar')).borderRightWidth") == "3px"
    cover, book = (page.query_selector(selector).bounding_box() for selector in (".cover-side", ".book-side"))
    assert cover["x"] > book["x"]
    page.context.close()


def test_nothing_typed_is_run(browser: Any) -> None:
    """Whatever stands in a title, a name or a body."""
    trap = '"><img src=x onerror="window.ran=1"><script>window.ran=1</script>'
    post = make_post(1, title=trap, author=trap, body=f"<p>{trap}</p><p onclick='window.ran=1'>x</p>", picture=None)
    page = _opened(browser, rendered(posts=(post, make_post(2)), posts_mode="full", tagline=trap).html, 700)
    assert page.evaluate("window.ran") is None
    page.context.close()
