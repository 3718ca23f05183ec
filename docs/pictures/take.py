"""Take the pictures of the demo's mail and pages for README and docs: `make pictures`. Needs the system's Chromium."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
# Name, width and height in CSS pixels, colour scheme, and what of the page is at the top.
PICTURES = (("digest-light", 680, 2100, "light", "h1"), ("digest-phone-dark", 375, 1158, "dark", "img"))
# The same of readers' pages on a phone; the link to one's own is in every mail.
PAGES = (("page-subscribe", "subscribe", 760, "light"), ("page-preferences", "preferences", 760, "dark"))


def take_pictures() -> None:
    """Run the demo, and photograph one of its mails as a desktop and as a phone show it, and two of its pages."""
    with sync_playwright() as playwright, _inbox() as inbox:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        for name, width, height, scheme, top in PICTURES:
            page = browser.new_page(viewport={"width": width, "height": height})
            page.goto(_mail_in(browser, inbox, scheme))
            page.locator(top).first.evaluate("element => scrollTo(0, element.getBoundingClientRect().top - 20)")
            _keep(page, name)
        for name, where, height, scheme in PAGES:
            context = browser.new_context(
                viewport={"width": 375, "height": height}, color_scheme="dark" if scheme == "dark" else "light"
            )
            page = context.new_page()
            page.goto(_page_of(browser, inbox, where))
            _keep(page, name)
        browser.close()


def _keep(page: Page, name: str) -> None:
    file = HERE / f"{name}.png"
    page.screenshot(path=file)
    Image.open(file).convert("P", palette=Image.Palette.ADAPTIVE, colors=128).save(file, optimize=True)


def _page_of(browser: Browser, inbox: str, where: str) -> str:
    """The address of a page: that of a reader's own is what their mail leads to."""
    if where == "subscribe":
        return inbox.rstrip("/") + "/subscribe"
    page = browser.new_page()
    page.goto(_mail_in(browser, inbox, "light"))
    return page.locator(f"a[href*='/{where}/']").first.get_attribute("href") or ""


def _mail_in(browser: Browser, inbox: str, scheme: str) -> str:
    """The address of the newest mail as it looks in a colour scheme: the inbox rewrites the mail's own rules for it."""
    page = browser.new_page()
    page.goto(inbox)
    mail = page.locator("iframe").first.get_attribute("src") or ""
    return inbox.rstrip("/") + mail.replace("light", scheme)


@contextmanager
def _inbox() -> Iterator[str]:
    command = [sys.executable, "-u", "-m", "dispatch", "demo"]
    with (
        TemporaryDirectory() as folder,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder) as demo,
    ):
        assert demo.stdout is not None
        lines = (re.search(r"Read them at (\S+)", line) for line in demo.stdout)
        yield next(found[1] for found in lines if found)
        demo.terminate()


if __name__ == "__main__":
    take_pictures()
