"""An open dispatch for the tests of its pages: a magazine with a newsletter, or with two."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from starlette.testclient import TestClient

from dispatch.app import Dispatch, open_application
from dispatch.config.starting import Start
from dispatch.demo.setting_up import write_configuration
from dispatch.web.site import site

ORIGIN = "http://127.0.0.1:8480"
SITE = "https://lamplight.example"
SECOND = """
[newsletters.letters]
name = "Letters from the Lamp"
from = "Letters <letters@lamplight.example>"
sources = ["site"]
template = "plain"
default_schedule = "monthly"

[newsletters.letters.schedules]
monthly = "1st mon 09:00"
each = "on publish"
"""


def configuration(
    folder: Path, more: str = "", *, language: str = "en-US", public_url: str = ORIGIN, relay_port: int = 25
) -> Path:
    """The configuration of a magazine with one newsletter, and `more` at its end."""
    start = Start(
        url=SITE,
        name="The Lamplight Review",
        tagline="Essays, dispatches and poems",
        language=language,
        timezone="America/New_York",
        source_kind="feed",
        source_url=f"{SITE}/feed/",
        allow_private_networks=True,
        postal_address="41 Harbour Row, Port Ellery, ME 04629, USA",
        sender="The Lamplight Review <post@lamplight.example>",
        relay_port=relay_port,
    )
    config = write_configuration(folder, start, public_url=public_url, first_number=1, magazine=False)
    config.write_text(config.read_text(encoding="utf-8") + more, encoding="utf-8")
    return config


@contextmanager
def opened(config: Path, now: datetime | None = None) -> Iterator[Dispatch]:
    """Open a dispatch, and close it again."""
    dispatch = open_application(config, now=now)
    try:
        yield dispatch
    finally:
        dispatch.close()


def client(dispatch: Dispatch, **headers: str) -> TestClient:
    """Somebody who follows no redirect; a fault of ours is what they would see of it."""
    return TestClient(
        site(dispatch), ORIGIN, raise_server_exceptions=False, follow_redirects=False, headers=headers or None
    )
