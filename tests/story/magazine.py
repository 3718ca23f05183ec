"""A whole installation for a story: a site on loopback, an SMTP server, a configuration, and the real command."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Any

# The Friday of every story, 07:01 in New York.
FRIDAY = "2026-11-27T12:01:00Z"

CONFIG = """
[site]
name = "The Tidewater Courant"
url = "{site}"
postal_address = "The Tidewater Courant, 3 Mole End, Port Ellery, ME 04629, USA"
timezone = "America/New_York"

[store]
{store}
durability = "process"
address_key = "file:keys/address.key"

[web]
public_url = "{public_url}"
token_keys = ["file:keys/token.key"]

[relays.main]
host = "127.0.0.1"
port = {port}
security = "none"
connections = {connections}

[collect]
allow_private_networks = true

[sources.site]
kind = "feed"
url = "{site}/feed.xml"
backlog = 100

[newsletters.review]
name = "The Tidewater Courant"
from = "The Tidewater Courant <courant@tidewater.example>"
sources = ["site"]

[newsletters.review.schedules]
weekly = "fri 07:00"
daily = "daily 07:00"
each = "on publish"
{more}
"""


@dataclass
class Piece:
    """One item of the feed."""

    slug: str
    title: str
    html: str = "<p>The harbour froze on a Tuesday, and nobody in the office believed the telephone.</p>"
    published: datetime = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
    guid: str = ""


@dataclass
class Magazine:
    """An installation in a folder; `site` is the address of the pages."""

    folder: Path
    site: str
    port: int
    pages: dict[str, tuple[str, str | bytes]]
    database_url: str = ""
    connections: int = 4
    public_url: str = "https://post.tidewater.example"
    more: str = ""
    pieces: list[Piece] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.folder / "keys").mkdir(parents=True, exist_ok=True)
        (self.folder / "keys/address.key").write_text("a" * 64)
        (self.folder / "keys/token.key").write_text("b" * 64)
        store = f'url = "{self.database_url}"' if self.database_url else 'path = "data/dispatch.db"'
        config = CONFIG.format(
            site=self.site,
            port=self.port,
            store=store,
            public_url=self.public_url,
            more=self.more,
            connections=self.connections,
        )
        (self.folder / "config.toml").write_text(config)

    def publish(self, *pieces: Piece) -> None:
        """Put these pieces at the top of the feed."""
        self.pieces = [*pieces, *self.pieces]
        self.pages["/feed.xml"] = ("application/rss+xml", rss(self.site, self.pieces))

    def subscribe(self, addresses: Iterable[str], *options: str) -> str:
        """Import subscribers from a CSV file, as an operator does."""
        file = self.folder / "readers.csv"
        with file.open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["email", "name"])
            writer.writerows([address, f"Reader {number}"] for number, address in enumerate(addresses))
        return self.dispatch("subscribers", "import", str(file), "--newsletter", "review", *options)

    def dispatch(self, *arguments: str, expect: int = 0) -> str:
        """Run a command; its output. Fails the test on another exit code."""
        done = subprocess.run(self.command(arguments), check=False, capture_output=True, text=True, timeout=300)
        assert done.returncode == expect, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command and leave it running."""
        return subprocess.Popen(
            self.command(arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def status(self) -> list[dict[str, Any]]:
        """`dispatch status --json`."""
        found: list[dict[str, Any]] = json.loads(self.dispatch("status", "--json"))
        return found

    def command(self, arguments: Iterable[str]) -> list[str]:
        """What to execute for `dispatch …` with this configuration."""
        return [sys.executable, "-m", "dispatch", "--config", str(self.folder / "config.toml"), *arguments]


def rss(site: str, pieces: Iterable[Piece], title: str = "The Tidewater Courant") -> str:
    """A feed of these pieces."""
    items = "".join(_item(site, piece) for piece in pieces)
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>{title}</title><link>{site}/</link>{items}</channel></rss>"
    )


def _item(site: str, piece: Piece) -> str:
    link = f"{site}/{piece.slug}/"
    return (
        f"<item><title>{escape(piece.title)}</title><link>{link}</link><guid>{piece.guid or link}</guid>"
        f"<pubDate>{format_datetime(piece.published)}</pubDate>"
        f"<content:encoded><![CDATA[{piece.html}]]></content:encoded></item>"
    )


def kill(process: subprocess.Popen[str]) -> None:
    """SIGKILL a process and wait for its end."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def wait_until(condition: Any, seconds: float = 30) -> None:
    """Wait for something to become true; fails the test after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def adds_up(issue: dict[str, Any]) -> bool:
    """Promise 2: audience = accepted + refused + suppressed + in doubt + waiting."""
    parts = ("accepted", "refused", "suppressed", "in_doubt", "waiting")
    return bool(issue["audience"] == sum(issue[part] for part in parts))


def read_strictly(raw: bytes) -> EmailMessage:
    """Parse a received message; a defect anywhere fails the test."""
    message = message_from_bytes(raw, policy=policy.SMTP.clone(raise_on_defect=True))
    assert isinstance(message, EmailMessage)
    assert not [part.defects for part in message.walk() if part.defects]
    return message


def parts(message: EmailMessage) -> tuple[str, str]:
    """The text and the HTML of a message."""
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    return text.get_content(), html.get_content()


def links(part: str) -> set[str]:
    """The http links of a text or of the body of HTML, without what campaign parameters add."""
    body = part.partition("<body")[2] or part
    found = re.findall(r"https?://[^\s\"'<>)\]]+", body.replace("&amp;", "&"))
    return {re.sub(r"[?&]utm_[a-z]+=[^&#]*", "", link).rstrip(".,;") for link in found}
