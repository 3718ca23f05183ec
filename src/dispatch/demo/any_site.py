"""A sample issue of any site's newest posts: no relay, nothing sent, nothing left but the files of the sample."""

import asyncio
import ipaddress
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from dispatch.app import open_application
from dispatch.collecting.discovery import Discovered, discover
from dispatch.collecting.fetching import open_reach
from dispatch.config.starting import SAMPLE_ADDRESS, Start
from dispatch.demo.setting_up import NEWSLETTER, write_configuration
from dispatch.model.issue import AudienceKey

# Links of a sample lead nowhere yet, and an address of this machine needs no certificate.
NOWHERE = "http://127.0.0.1:8480"


async def sample_of(site: str, out: Path, *, say: Callable[[str], None], clock: Callable[[], datetime]) -> Path:
    """Write the newest posts of `site` as an issue into `out` (.html, .txt, .eml) and return the page to open.

    `site` is its address, with or without a scheme, or that of its feed. Raises CollectError without posts.
    """
    private = is_private(site if "://" in site else f"//{site}")
    address = site if "://" in site else f"{'http' if private else 'https'}://{site}"
    async with open_reach(allow_private_networks=private) as reach:
        found = await discover(reach, address, clock())
    say(f"{found.name or address}: {found.kind} at {found.url}")
    with TemporaryDirectory(prefix="dispatch-demo-") as name:
        start = _start(found, allow_private_networks=private)
        config = await asyncio.to_thread(
            write_configuration, Path(name), start, public_url=NOWHERE, first_number=1, magazine=False
        )
        return await _preview(config, out, say, clock())


def is_private(address: str) -> bool:
    """Whether somebody asks for a site on their own machine or network: naming it is permission to look there."""
    host = urlsplit(address).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost"


def _start(found: Discovered, *, allow_private_networks: bool) -> Start:
    plain = Start()
    return Start(
        url=found.home,
        name=found.name or plain.name,
        tagline=found.tagline,
        language=found.language or plain.language,
        timezone=found.timezone or plain.timezone,
        source_kind=found.kind,
        source_url=found.url,
        allow_private_networks=allow_private_networks,
        postal_address=SAMPLE_ADDRESS,
    )


async def _preview(config: Path, out: Path, say: Callable[[str], None], now: datetime) -> Path:
    with closing(open_application(config, now=now)) as dispatch:
        report = await dispatch.collect(fresh=True)
        result = await dispatch.preview(NEWSLETTER, None, out, AudienceKey(0, books=False))
    for line in (*report.lines(), *(str(file) for file in (result.page, *result.files))):
        say(line)
    return result.page
