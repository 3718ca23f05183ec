"""A rendered issue in a browser: nothing overflows, dark is dark, what is to be touched can be touched."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from dispatch.model.post import Picture
from dispatch.rendering.lenses import forced_dark, inverted
from dispatch.rendering.look import contrast, look_from
from dispatch.rendering.preview import Pictures, write_preview
from dispatch.rendering.render import render
from dispatch.rendering.word import in_word
from tests.rendering.make import OWN, QUOTED, make_book, make_page, make_post, rendered, shipped
from tests.rendering.picturing import launched

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


@pytest.mark.parametrize("issue", [_ISSUES[name] for name in ("an issue", "from the right", "German", "a picture")])
def test_nothing_is_wider_than_the_window_in_word(browser: Any, issue: dict[str, Any]) -> None:
    """Its tables hold the column; nothing of what is meant for Word alone is left standing about."""
    page = _opened(browser, in_word(rendered(**issue).html), 700)
    assert page.evaluate("document.documentElement.scrollWidth") == 700
    assert page.evaluate("document.body.firstElementChild.tagName") == "DIV"
    page.context.close()


def test_word_sets_a_book_beside_its_cover_and_shops_beside_one_another(browser: Any) -> None:
    """By the tables in its comments, as it knows neither inline blocks nor their widths."""
    page = _opened(browser, in_word(rendered().html), 700)
    cover, book = (page.query_selector(selector).bounding_box() for selector in (".cover-side", ".book-side"))
    assert book["x"] >= cover["x"] + 170
    assert abs(book["y"] - cover["y"]) < 4
    first, second = (shop.bounding_box() for shop in page.query_selector_all(".outlined-label"))
    assert second["x"] > first["x"] + first["width"]
    assert abs(second["y"] - first["y"]) < 1
    page.context.close()


@pytest.mark.parametrize("look", ["magazine", "plain"])
def test_buttons_are_as_large_in_word_as_elsewhere(browser: Any, look: str) -> None:
    """Spaces in its comments stand for the padding that it does not give to links."""
    html = render(make_page(look=look), look_from({}, look), shipped()).html
    sizes: list[list[tuple[float, float]]] = []
    for shown in (html, in_word(html)):
        page = _opened(browser, shown, 700)
        boxes = [cell.bounding_box() for cell in page.query_selector_all("td.outlined, td.solid")]
        sizes.append([(box["width"], box["height"]) for box in boxes])
        page.context.close()
    assert len(sizes[0]) == len(sizes[1]) >= 4
    for (width, height), (width_in_word, height_in_word) in zip(*sizes, strict=True):
        assert abs(width_in_word - width) <= 2
        assert abs(height_in_word - height) <= 3


def test_a_forced_dark_program_leaves_everything_readable(browser: Any) -> None:
    """The colours that are painted once a program has turned them."""
    for lens in (forced_dark, inverted):
        page = _opened(browser, lens(rendered(note=make_post(9, body=OWN)).html), 375)
        paper, panel = _colour(page, "body", "backgroundColor"), _colour(page, ".panel", "backgroundColor")
        assert contrast(paper, "#000000") < 2
        for selector, ground, ratio in (
            (".p", paper, 7), (".standfirst", paper, 7), (".quote", paper, 5), (".byline", paper, 4),
            (".label", paper, 4), (".lead-title a", paper, 7), (".foot a", paper, 4), (".blurb", panel, 7),
        ):  # fmt: skip
            assert contrast(_colour(page, selector, "color"), ground) >= ratio, selector
        for side in ("borderTopColor", "borderBottomColor"):
            assert contrast(_colour(page, ".double-rule", side), paper) >= 7
        button = _colour(page, "td.solid", "backgroundColor")
        assert contrast(_colour(page, ".solid-label", "color"), button) >= 4.5
        page.context.close()


def test_a_browser_that_darkens_by_itself_leaves_the_rule_of_the_masthead(browser: Any) -> None:
    """Chromium's own forced dark, of which mail programs on Android are made: seen, not computed."""
    html = re.sub(r"@media ?\(prefers-color-scheme|:root\{color-scheme", "@media (none", rendered().html)
    html = html.replace("color-scheme", "nothing")
    with launched(browser.browser_type, "--blink-settings=forceDarkModeEnabled=true") as darkening:
        page = _opened(darkening, html, 375)
        box = page.query_selector(".double-rule").bounding_box()
        clip = {**box, "y": box["y"] - 6, "height": box["height"] + 6}
        column = (
            Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("L").crop((100, 0, 101, int(clip["height"])))
        )
        page.context.close()
    shades = list(column.tobytes())
    assert shades[0] < 60
    assert max(shades) - shades[0] >= 40


@pytest.mark.parametrize("width", [320, 375, 1240])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_preview_shows_each_view_and_asks_nobody(browser: Any, tmp_path: Path, scheme: str, width: int) -> None:
    """Opened as a file: its frames show the mail with the pictures beside the page, and nothing else is fetched."""
    media = tmp_path / "served"
    media.mkdir()
    Image.new("RGB", (1200, 640), "#2f4858").save(media / "0a.jpg")
    posts = (make_post(1, picture=Picture("0a.jpg", 1200, 640, "A harbour")), make_post(2))
    url = "https://post.kite.example/media/"
    rendering, message = rendered(posts=posts, media_url=url), b"From: Kite <kite@kite.example>\r\n\r\nHello"
    files = write_preview(rendering, message, tmp_path / "out", "kite", Pictures(url, media))
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page, fetched, refused = context.new_page(), set(), {}
    page.on("requestfinished", lambda request: fetched.add(request.url))
    page.on("requestfailed", lambda request: refused.update({request.url: request.failure}))
    page.goto(files.page.as_uri())
    assert fetched == {files.page.as_uri(), (tmp_path / "out" / "media" / "0a.jpg").as_uri()}
    assert refused == {f"{url}cover.jpg": "csp"}  # a picture that is not there: the page forbids to look elsewhere
    frames = {frame.frame_element().get_attribute("title"): frame for frame in page.frames[1:]}
    assert len(frames) == 8
    shown = {
        title.removeprefix("The mail: "): (
            round(frame.evaluate("innerWidth")),
            frame.evaluate("document.querySelector('.hero').naturalWidth"),
            contrast(_colour(frame, "body", "backgroundColor"), "#ffffff") > 12,
        )
        for title, frame in frames.items()
    }
    assert shown == {
        "Desktop": (700, 1200, False), "Phone": (375, 1200, False), "Dark": (375, 1200, True),
        "Forced dark": (375, 1200, True), "Inverted": (375, 1200, True), "Outlook for Windows": (700, 1200, False),
        "Pictures off": (375, 0, False), "No style elements": (375, 1200, False),
    }  # fmt: skip
    assert page.evaluate("document.documentElement.scrollWidth") == width
    context.close()


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
