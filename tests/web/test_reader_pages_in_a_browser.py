"""Leaving, choosing and being forgotten in a browser: on any screen, by day and by night, with scripts and without."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from dispatch.subscribing.wishes import Wishes
from tests.accessibility import serious_findings
from tests.web.housing import add_reader, preferences_path, unsubscribe_path
from tests.web.opening import SECOND, configuration
from tests.web.serving_pages import Served, served

SECTIONS = '\n[newsletters.review.sections]\nEssays = ["essays"]\n"Donaudampfschifffahrtsgesellschaften" = ["d"]\n'
LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff" * 3
SMALLEST = 44  # px, of what is pressed


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Served]:
    """The site of a magazine with two newsletters, and somebody who gets one of them daily."""
    with served(configuration(tmp_path, SECOND + SECTIONS)) as house:
        add_reader(house.dispatch, Wishes(schedule="daily", zone="Europe/London", name=LONG_NAME))
        yield house


@contextmanager
def looking(
    browser: Browser, house: Served, width: int = 375, scheme: str = "light", *, scripts: bool = True
) -> Iterator[Page]:
    """A page in a browser; whoever is asked for anything besides the site itself fails the test."""
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,  # type: ignore[arg-type]
        java_script_enabled=scripts,
        base_url=house.url,
    )
    strangers: list[str] = []

    def note(request: Request) -> None:
        if urlsplit(request.url).port != house.port:
            strangers.append(request.url)

    context.on("request", note)
    yield context.new_page()
    assert (strangers, context.cookies()) == ([], [])
    context.close()


def heading(page: Page) -> str:
    """What a page is about."""
    return page.locator("h1").inner_text()


def press(page: Page, name: str) -> None:
    """Press the button that is called so, and wait for the page it leads to."""
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_every_page_fits_and_can_be_used_by_everybody(browser: Browser, house: Served, width: int, scheme: str) -> None:
    """Nothing to scroll sideways for, nothing too small to press, nothing serious for axe, on each page there is."""
    leave, choose = unsubscribe_path(house.dispatch), preferences_path(house.dispatch)
    with looking(browser, house, width, scheme) as page:
        for path in (leave, choose, f"{choose}/erase", "/preferences/forgotten", f"{leave}?done=less", leave[:-1]):
            page.goto(path)
            _fits(page, width)
        page.goto(choose)
        page.get_by_label("Time zone").fill("Mars")
        press(page, "Save")
        _fits(page, width)
        page.goto(choose)
        page.get_by_label("Pause").select_option("2")
        press(page, "Save")
        _fits(page, width)
        page.goto(leave)
        press(page, "Unsubscribe")
        _fits(page, width)
        page.goto(choose)
        _fits(page, width)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_reader_leaves_returns_chooses_and_is_forgotten(browser: Browser, house: Served, *, scripts: bool) -> None:
    """By the buttons alone; going back and reloading does no harm."""
    leave, choose = unsubscribe_path(house.dispatch), preferences_path(house.dispatch)
    with looking(browser, house, scripts=scripts) as page:
        page.goto(leave)
        assert heading(page) == "Unsubscribe from The Lamplight Review?"
        press(page, "Unsubscribe")
        assert heading(page) == "You are unsubscribed"
        page.reload()
        assert heading(page) == "You are unsubscribed"
        press(page, "That was a mistake, put me back")
        assert heading(page) == "You are back"
        page.goto(leave)
        press(page, "Fridays")
        assert heading(page) == "We write less often"
        page.get_by_role("link", name="Change how often we write").click()
        assert urlsplit(page.url).path == choose
        expect(page.get_by_label("Fridays")).to_be_checked()
        page.get_by_label("Essays").uncheck()
        page.get_by_label("The first Monday of the month").check()
        page.get_by_label("Larger type in the mail").check()
        press(page, "Save")
        told = page.get_by_role("status")
        expect(told).to_contain_text("Letters from the Lamp comes the first Monday of the month.")
        expect(told).to_contain_text("Changed with the next issue: the sections.")
        page.reload()
        expect(page.get_by_label("Essays")).not_to_be_checked()
        expect(page.get_by_label("Larger type in the mail")).to_be_checked()
        page.get_by_role("link", name="Delete my record").click()
        press(page, "Delete my record")
        assert heading(page) == "Your record is deleted"
        page.goto(choose)
        assert heading(page) == "This link does not work any more"


def test_what_is_wrong_is_where_one_looks(browser: Browser, house: Served) -> None:
    """The summary has the focus, and its links lead to the fields."""
    with looking(browser, house) as page:
        page.goto(preferences_path(house.dispatch))
        page.get_by_label("Time zone").fill("Mars")
        press(page, "Save")
        expect(page.get_by_role("alert")).to_be_focused()
        page.get_by_role("alert").get_by_role("link").click()
        assert urlsplit(page.url).fragment == "zone"
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert outline == "3px"


def test_the_data_is_downloaded_as_a_file(browser: Browser, house: Served, tmp_path: Path) -> None:
    """It does not open in the browser, and its name tells nobody whose it is."""
    with looking(browser, house) as page:
        page.goto(preferences_path(house.dispatch))
        with page.expect_download() as download:
            page.get_by_role("link", name="Download what we hold about you").click()
        assert download.value.suggested_filename == "my-data.json"
        download.value.save_as(tmp_path / "data.json")
        assert '"reader@example.net"' in (tmp_path / "data.json").read_text()


def _fits(page: Page, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") == width, page.url
    small = [
        element.inner_text() or element.get_attribute("name")
        for element in page.locator("button, .button, .pick, select, input:not([type=hidden]):not(.pick input)").all()
        if (element.bounding_box() or {"height": 0})["height"] < SMALLEST
    ]
    assert small == [], page.url
    assert page.locator("h1").count() == 1
    assert serious_findings(page) == [], page.url
