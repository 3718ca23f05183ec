"""Joining in a browser: from the form to the mail and its button, with scripts and without, on any screen."""

import asyncio
import re
import threading
from collections.abc import Coroutine, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from dispatch.app import Clock
from dispatch.model.tokens import Purpose
from dispatch.store.tables import subscription
from tests.accessibility import serious_findings
from tests.smtp_server import SmtpServer
from tests.web.opening import SECOND, configuration
from tests.web.serving_pages import Served, served

SCREENS = [(width, scheme, script) for width in (320, 1280) for scheme in ("light", "dark") for script in (False, True)]
SMALLEST = 48  # px of what is to be touched
A_WHILE = timedelta(seconds=3)  # what it takes to read a form


@pytest.fixture
def relay() -> Iterator[SmtpServer]:
    """Where its mail goes."""
    with SmtpServer() as server:
        yield server


@pytest.fixture
def pages(tmp_path: Path, relay: SmtpServer) -> Iterator[Served]:
    """The pages of a magazine with two newsletters."""
    with served(configuration(tmp_path, SECOND, relay_port=relay.port)) as pages:
        yield pages


@pytest.fixture(params=SCREENS, ids=str)
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A page in a window; whatever it complains of fails the test."""
    width, scheme, script = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 700}, color_scheme=scheme, java_script_enabled=script, locale="en-US"
    )
    page = context.new_page()
    page.set_default_timeout(10_000)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    asked: list[str] = []
    page.on("request", lambda asked_for: asked.append(asked_for.url))
    yield page
    # A browser asks every site for an icon by itself, and says so where there is none.
    assert [complaint for complaint in complaints if "404" not in complaint] == []
    assert {url.split("/")[2].partition(":")[0] for url in asked} == {"127.0.0.1"}
    context.close()


def apart(work: Coroutine[Any, Any, object]) -> None:
    """Do something in an event loop of its own: the browser's is in this thread."""
    thread = threading.Thread(target=asyncio.run, args=(work,))
    thread.start()
    thread.join()


def assert_good(page: Page) -> None:
    """Nothing is wider than the screen, small to touch, or in the way of anybody."""
    size = page.viewport_size
    assert size is not None
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
    for control in page.locator(".button:visible, .field input, .field select, .pick").all():
        box = control.bounding_box()
        assert box is not None
        assert box["height"] >= SMALLEST, control
    if page.evaluate("matchMedia('(scripting: enabled)').matches"):  # axe needs a script, our pages do not
        assert serious_findings(page) == []


def read_it(pages: Served) -> None:
    """Let a while pass: nobody fills in a form in less."""
    pages.dispatch.clock = Clock(pages.dispatch.now() + A_WHILE)


def link_in(relay: SmtpServer, word: str) -> str:
    """The path of a link in the newest mail."""
    text = relay.received[-1].data.decode().replace("=\r\n", "")
    found = re.search(rf"/{word}/[0-9a-f]{{44}}", text)
    assert found
    return found.group()


def test_from_the_form_to_the_inbox_and_back(page: Page, pages: Served, relay: SmtpServer) -> None:
    """Two newsletters, one of them ticked; a mail; a button; and the way to everything else."""
    page.goto(f"{pages.url}/subscribe")
    assert_good(page)
    page.get_by_label("Letters from the Lamp", exact=True).check()
    page.get_by_label("Letters from the Lamp: how often?").select_option(label="Whenever we publish")
    page.get_by_label("Your email address").fill("reader@example.net")
    read_it(pages)
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look in your inbox")
    assert_good(page)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look in your inbox")
    apart(pages.dispatch.send())
    assert [mail.recipient for mail in relay.received] == ["reader@example.net"]
    page.goto(pages.url + link_in(relay, "confirm"))
    expect(page.locator(".lede")).to_have_text(
        "Confirm that r…@example.net should get Letters from the Lamp (whenever we publish)."
    )
    assert_good(page)
    page.get_by_role("button", name="Yes, send it to me").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You’re in")
    assert_good(page)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("You’re in")
    with pages.dispatch.database.engine.connect() as connection:
        assert [*connection.scalars(sa.select(subscription.c.state))] == ["active"]


def test_a_mistake_is_said_where_it_is_seen(page: Page, pages: Served) -> None:
    """The focus is on the summary, its link leads to the field, and what was typed is still there."""
    page.goto(f"{pages.url}/subscribe?newsletter=review")
    page.get_by_label("Your email address").fill("reader")
    page.get_by_role("radio", name="Every day").check()
    read_it(pages)
    page.get_by_role("button", name="Subscribe").click()
    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("Enter your email address like name@example.com")
    expect(summary).to_be_focused()
    assert page.title().startswith("Error: Get The Lamplight Review by email")
    expect(page.get_by_label("Your email address")).to_have_value("reader")
    expect(page.get_by_role("radio", name="Every day")).to_be_checked()
    assert_good(page)
    summary.get_by_role("link").click()
    assert page.url.endswith("#email")


def test_every_page_is_good(page: Page, pages: Served) -> None:
    """Also the ones that one sees seldom."""
    decline = pages.dispatch.readers.keys.sign(Purpose.DECLINE, 1)
    for path in ("/confirm/x", "/nothing", f"/decline/{decline}"):
        page.goto(pages.url + path)
        assert_good(page)


def test_the_keyboard_is_enough_and_says_where_it_is(browser: Browser, pages: Served) -> None:
    """Every control has a ring of three pixels, and the trap for programs is never reached."""
    page = browser.new_page()
    page.goto(f"{pages.url}/subscribe?newsletter=review")
    reached: list[str] = []
    while True:
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if not focused.count() or len(reached) > 20:
            break
        reached.append(focused.get_attribute("name") or focused.inner_text())
        outline = focused.evaluate("node => getComputedStyle(node).outlineStyle + getComputedStyle(node).outlineWidth")
        assert outline == "solid3px", reached
    assert reached == ["The Lamplight Review", "Past issues", "schedule.review", "email", "Subscribe"]
    page.close()


def test_a_phone_sends_the_form_from_its_keyboard(browser: Browser, pages: Served) -> None:
    """With Enter, in the field of the address."""
    page = browser.new_page()
    page.goto(f"{pages.url}/subscribe?newsletter=review")
    read_it(pages)
    page.get_by_label("Your email address").fill("reader@example.net")
    page.get_by_label("Your email address").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Look in your inbox")
    page.close()
