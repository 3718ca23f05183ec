"""The browser that rendering is looked at with.

Needs the system's Chromium; without it these tests are skipped, unless DISPATCH_REQUIRE_BROWSER forbids that.
"""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.rendering.picturing import CHROMIUM, a_browser


@pytest.fixture(scope="module")  # while it runs, no test can run an event loop of its own
def browser() -> Iterator[Browser]:
    """The system's Chromium, with the fonts of the golden pictures."""
    if not CHROMIUM.exists():
        if os.environ.get("DISPATCH_REQUIRE_BROWSER"):
            pytest.fail(f"DISPATCH_REQUIRE_BROWSER is set and there is no {CHROMIUM}")
        pytest.skip(f"NOT TESTED: how a mail looks; there is no {CHROMIUM}")
    with a_browser() as chromium:
        yield chromium
