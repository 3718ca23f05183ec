"""A reader's whole life on the pages, in a browser; and what everybody else does with the links of their mail."""

import re
import sqlite3
import urllib.error
import urllib.request
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from random import Random

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from dispatch.app import Dispatch
from tests.accessibility import serious_findings
from tests.rendering.conftest import browser
from tests.smtp_server import SmtpServer
from tests.story.conftest import MakeMagazine
from tests.story.magazine import Magazine, Piece, links, parts, read_strictly
from tests.web.housing import run_apart
from tests.web.opening import opened
from tests.web.serving_pages import served

__all__ = ["browser"]

THURSDAY = datetime(2026, 11, 26, 15, 0, tzinfo=UTC)
FRIDAY = datetime(2026, 11, 27, 12, 1, tzinfo=UTC)
SOMEBODY = "nora@reader.example"
# What a page is told to be, in place of the address that the configuration names.
PUBLIC = "https://post.tidewater.example"


def config(magazine: Magazine) -> Path:
    """Where the installation's configuration is."""
    return magazine.folder / "config.toml"


def mail(dispatch: Dispatch, inbox: SmtpServer) -> list[EmailMessage]:
    """Write and send what waits; what arrived because of it."""
    before = len(inbox.received)
    run_apart(dispatch.send())
    return [read_strictly(one.data) for one in inbox.received[before:]]


def link_to(page: str, message: EmailMessage, served_at: str) -> str:
    """The link to a page in a message, at the address that the pages are served at."""
    (link,) = {link for part in parts(message) for link in links(part) if f"/{page}/" in link}
    return link.replace(PUBLIC, served_at)


def press(page: Page, label: str) -> None:
    """Press the button with these words."""
    page.get_by_role("button", name=label).click()
    page.wait_for_load_state()


def look_at(page: Page) -> None:
    """Nothing serious is wrong with the page, and nothing of it stands beside the screen."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} px too wide"
    assert serious_findings(page) == []


@pytest.mark.parametrize(
    ("width", "scheme", "script"),
    [(320, "light", False), (1280, "dark", False), (320, "dark", True), (1280, "light", True)],
)
def test_from_joining_to_the_first_digest_to_leaving(
    make_magazine: MakeMagazine, inbox: SmtpServer, browser: Browser, width: int, scheme: str, script: bool
) -> None:
    """Every step by a link or a button, with and without JavaScript, on a phone and on a desk."""
    magazine = make_magazine()
    magazine.publish(Piece("ice", "The winter the harbour froze"))
    with served(config(magazine), THURSDAY) as pages:
        dispatch, url = pages.dispatch, pages.url
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=script,
        )
        with closing(context):
            _live(magazine, inbox, dispatch, url, context, can_look=script)
    assert [one.recipient for one in inbox.received].count(SOMEBODY) == 4


def _live(
    magazine: Magazine, inbox: SmtpServer, dispatch: Dispatch, url: str, context: BrowserContext, *, can_look: bool
) -> None:
    page = context.new_page()
    look = look_at if can_look else (lambda _: None)  # axe is a script
    page.goto(f"{url}/subscribe")
    look(page)
    page.get_by_label("Your email address").fill(SOMEBODY)
    page.wait_for_timeout(2_100)  # a person takes longer, a robot does not
    press(page, "Subscribe")
    assert page.url.endswith("/subscribe/sent")
    look(page)

    (question,) = mail(dispatch, inbox)
    page.goto(link_to("confirm", question, url))
    look(page)
    press(page, "Yes, send it to me")
    expect(page.get_by_role("heading", level=1)).to_contain_text("in")
    look(page)
    (welcome,) = mail(dispatch, inbox)
    assert "Welcome" in welcome["Subject"]

    with opened(config(magazine), FRIDAY) as on_friday:
        before = len(inbox.received)
        run_apart(on_friday.run_once())
        (digest,) = [read_strictly(one.data) for one in inbox.received[before:]]
        assert digest["Subject"] == "The winter the harbour froze"

    page.goto(link_to("issues", digest, url))
    expect(page.get_by_role("heading", name="The winter the harbour froze").first).to_be_visible()
    look(page)

    page.goto(link_to("preferences", digest, url))
    look(page)
    page.get_by_label("Every day").check()
    page.get_by_label("Larger type").check()
    press(page, "Save")
    look(page)
    expect(page.get_by_label("Every day")).to_be_checked()
    expect(page.get_by_label("Larger type")).to_be_checked()

    page.goto(link_to("unsubscribe", digest, url))
    look(page)
    press(page, "Unsubscribe")
    expect(page.get_by_role("heading", level=1)).to_contain_text("unsubscribed")
    look(page)
    (farewell,) = mail(dispatch, inbox)
    page.goto(link_to("preferences", farewell, url))
    look(page)


def test_whoever_opens_every_link_changes_nothing(
    make_magazine: MakeMagazine, inbox: SmtpServer, tmp_path: Path
) -> None:
    """Ten times each, in any order, by GET, HEAD and OPTIONS, as scanners of mail do: not one row is another."""
    magazine = make_magazine()
    magazine.publish(Piece("ice", "The winter the harbour froze"), Piece("ferry", "What the ferry knows"))
    magazine.subscribe(["ann@reader.example"])
    with served(config(magazine), THURSDAY) as pages:
        dispatch, url = pages.dispatch, pages.url
        slug = next(iter(dispatch.settings.newsletters))
        _ask(dispatch, slug, "ben@reader.example")
        _ask(dispatch, slug, "cleo@reader.example")
        _ask(dispatch, slug, "ann@reader.example")
        messages = mail(dispatch, inbox)
        ben = next(one for one in messages if one["To"] == "ben@reader.example")
        run_apart(dispatch.readers.confirm(link_to("confirm", ben, "").rpartition("/")[2], ""))
        messages += mail(dispatch, inbox)
        with opened(config(magazine), FRIDAY) as on_friday:
            before = len(inbox.received)
            run_apart(on_friday.run_once())
            messages += [read_strictly(one.data) for one in inbox.received[before:]]
        unsubscribe = link_to("unsubscribe", messages[-1], "").rpartition("/")[2]
        run_apart(
            dispatch.readers.move_address(
                link_to("preferences", messages[-1], "").rpartition("/")[2], "new@reader.example"
            )
        )
        run_apart(dispatch.readers.leave(unsubscribe, one_click=False))
        messages += mail(dispatch, inbox)

        ours = sorted({link for message in messages for link in _ours(message)})
        kinds = {re.sub(r"^https://[^/]+/([a-z]+).*", r"\1", link) for link in ours}
        assert kinds >= {"confirm", "decline", "unsubscribe", "preferences", "issues"}
        rows = _rows(magazine.folder / "data/dispatch.db")
        visits = [(method, link) for link in ours for method in ("GET", "HEAD", "OPTIONS") for _ in range(10)]
        Random(5).shuffle(visits)
        for method, link in visits:
            assert _visit(method, link.replace(PUBLIC, url)) < 500
        assert _rows(magazine.folder / "data/dispatch.db") == rows


def _ask(dispatch: Dispatch, newsletter: str, address: str) -> None:
    from dispatch.model.joining import JoinAsked

    run_apart(dispatch.readers.ask_to_join(JoinAsked(address, ((newsletter, ""),), network=address)))


def _ours(message: EmailMessage) -> set[str]:
    header = re.findall(r"<(https://[^>]+)>", " ".join(str(value) for value in message.values()))
    return {
        link
        for link in [*header, *(link for part in parts(message) for link in links(part))]
        if link.startswith(PUBLIC)
    }


def _rows(database: Path) -> list[str]:
    """Everything that is stored, as SQL."""
    with closing(sqlite3.connect(database)) as connection:
        return list(connection.iterdump())


def _visit(method: str, link: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(link, method=method), timeout=30) as answer:
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_links_work_again_after_a_week(make_magazine: MakeMagazine, inbox: SmtpServer) -> None:
    """Leaving by a link of the first mail works for good, whatever came later."""
    magazine = make_magazine()
    magazine.publish(Piece("ice", "The winter the harbour froze"))
    magazine.subscribe(["ann@reader.example"])
    with opened(config(magazine), FRIDAY) as dispatch:
        run_apart(dispatch.run_once())
    digest = read_strictly(inbox.received[0].data)
    with served(config(magazine), FRIDAY + timedelta(days=800)) as pages:
        url = pages.url
        data = b"List-Unsubscribe=One-Click"
        request = urllib.request.Request(link_to("unsubscribe", digest, url), data=data, method="POST")
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert (answer.status, answer.read()) == (200, b"")
    assert "left" in magazine.dispatch("subscribers", "show", "ann@reader.example")
