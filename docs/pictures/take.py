"""Take README's pictures of the demo's mail: `make pictures`. Needs the system's Chromium."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

HERE = Path(__file__).parent
# Name, width and height in CSS pixels, colour scheme, and what of the page is at the top.
PICTURES = (("digest-light", 680, 2100, "light", "h1"), ("digest-phone-dark", 375, 1158, "dark", "img"))


def take_pictures() -> None:
    """Run the demo, and photograph one of its mails as a desktop and as a phone show it."""
    with sync_playwright() as playwright, _inbox() as inbox:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        for name, width, height, scheme, top in PICTURES:
            page = browser.new_page(viewport={"width": width, "height": height})
            page.goto(_mail_in(browser, inbox, scheme))
            page.locator(top).first.evaluate("element => scrollTo(0, element.getBoundingClientRect().top - 20)")
            file = HERE / f"{name}.png"
            page.screenshot(path=file)
            Image.open(file).convert("P", palette=Image.Palette.ADAPTIVE, colors=128).save(file, optimize=True)
        browser.close()


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
