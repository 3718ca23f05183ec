"""The bench's newsletter: its configuration, its posts and its readers, on files of its own."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import cast

from dispatch.config.load import load
from dispatch.config.places import database_url
from dispatch.config.secrets import make_key
from dispatch.config.settings import Settings
from dispatch.demo.magazine.pieces import DOMAIN, LANGUAGE, NAME, POSTAL_ADDRESS, TAGLINE, TIMEZONE, Piece, read_pieces
from dispatch.model.post import CleanEntry, Post, PostState
from dispatch.store.database import Database
from dispatch.store.opening import open_store
from dispatch.transport.dkim_keys import new_private_key

NEWSLETTER = "review"
SCHEDULE = "weekly"
SOURCE = "site"

_CONFIGURATION = """
[site]
name = "{name}"
url = "https://{domain}"
tagline = "{tagline}"
postal_address = "{postal_address}"
timezone = "{timezone}"
language = "{language}"

[store]
path = "dispatch.db"
durability = "{durability}"
address_key = "file:address.key"

[web]
public_url = "https://post.{domain}"
token_keys = ["file:token.key"]

[sources.site]
kind = "feed"
url = "https://{domain}/feed/"

[newsletters.review]
name = "{name}"
from = "{name} <letters@{domain}>"
sources = ["site"]
max_posts = 25
default_schedule = "weekly"
schedules = {{ weekly = "on publish" }}

[relays.main]
host = "127.0.0.1"
port = {port}
security = "none"
connections = {connections}
"""

_DKIM = """
[relays.main.dkim]
domain = "{domain}"
selector = "bench"
key = "file:dkim.pem"
"""


@dataclass(frozen=True, slots=True)
class Relay:
    """How dispatch is to send: where to, over how many connections, how durably, signed or not."""

    port: int = 25
    connections: int = 10
    durability: str = "process"
    signed: bool = False


def write_configuration(folder: Path, relay: Relay) -> Path:
    """Write config.toml, and the keys it names where they are not there yet; returns its path."""
    facts = {
        "name": NAME, "domain": DOMAIN, "tagline": TAGLINE, "postal_address": POSTAL_ADDRESS, "timezone": TIMEZONE,
        "language": LANGUAGE, "port": relay.port, "connections": relay.connections, "durability": relay.durability,
    }  # fmt: skip
    config = folder / "config.toml"
    config.write_text((_CONFIGURATION + (_DKIM if relay.signed else "")).format(**facts), encoding="utf-8")
    for name in ("address.key", "token.key"):
        if not (folder / name).exists():
            make_key(folder / name)
    if relay.signed:
        (folder / "dkim.pem").write_bytes(signing_key())
    return config


@cache
def signing_key() -> bytes:
    """The RSA-2048 key that every contender signs with in this run."""
    return new_private_key("rsa")


def open_magazine(config: Path) -> tuple[Settings, Database]:
    """Read a configuration and open its store, as the command line does."""
    settings = load(config)
    key = settings.store.address_key.read_key()
    return settings, open_store(database_url(settings), durability=settings.store.durability, address_key=key)


def entries(count: int, now: datetime) -> list[CleanEntry]:
    """So many posts of the sample magazine, cleaned, oldest first; its pieces come again under other titles."""
    pieces = list(reversed(read_pieces(now)))
    return [_entry(_again(pieces[number % len(pieces)], number // len(pieces)), number) for number in range(count)]


def posts(count: int, now: datetime) -> tuple[Post, ...]:
    """The same as stored posts, newest first."""
    return tuple(_post(entry, number) for number, entry in enumerate(entries(count, now), 1))[::-1]


def _again(piece: Piece, times: int) -> Piece:
    if not times:
        return piece
    return replace(piece, title=f"{piece.title}, part {times + 1}", slug=f"{piece.slug}-{times + 1}")


def _entry(piece: Piece, number: int) -> CleanEntry:
    return CleanEntry(
        title=piece.title,
        url=f"https://{DOMAIN}{piece.path}",
        author=piece.author,
        body=piece.html,
        published_at=piece.published_at - timedelta(minutes=number),
        updated_at=None,
        categories=piece.categories,
        words=len(piece.html.split()),
        replies=piece.replies,
        replies_url="",
        language=LANGUAGE,
        image_url=None,
        image_alt="",
        image_credit="",
        keys=(f"url:{piece.slug}",),
    )


def _post(entry: CleanEntry, number: int) -> Post:
    return Post(
        id=number,
        source=SOURCE,
        title=entry.title,
        url=entry.url,
        author=entry.author,
        body=entry.body,
        published_at=cast("datetime", entry.published_at),
        categories=entry.categories,
        words=entry.words,
        replies=entry.replies,
        language=entry.language,
        state=PostState.RELEASED,
    )
