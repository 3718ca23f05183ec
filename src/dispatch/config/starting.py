"""The configuration that `dispatch init` writes: short, readable, with only what matters to begin with."""

import json
import re
import unicodedata
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from dispatch.config.crosschecks import Table

# What stands in for something nobody has said yet; `dispatch check` looks for it.
FILL_IN = "FILL IN"
SAMPLE_HOST = "your-site.example"
SAMPLE_ADDRESS = f"{FILL_IN}: name, street, town and country"

DEFAULT_SUBMISSION_PORT = 587
_IMPLICIT_TLS_PORT = 465
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Start:
    """What a first configuration is made of; what is not known yet is a sample that has to be filled in."""

    url: str = f"https://{SAMPLE_HOST}"
    name: str = "Your Magazine"
    tagline: str = ""
    language: str = "en-US"
    timezone: str = "UTC"
    source_kind: str = "wordpress"
    source_url: str = f"https://{SAMPLE_HOST}"
    allow_private_networks: bool = False
    postal_address: str = SAMPLE_ADDRESS
    sender: str = ""
    relay_host: str = "localhost"
    relay_port: int = 25
    share: str = "link"

    @property
    def slug(self) -> str:
        """The newsletter's name in addresses and commands."""
        plain = unicodedata.normalize("NFKD", self.name).encode("ascii", "ignore").decode().lower()
        words = re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "")).strip("-")
        return words.removeprefix("the-")[:40].strip("-") or "newsletter"

    @property
    def domain(self) -> str:
        """The site's domain; a sample where the site is an address of this machine."""
        host = (urlsplit(self.url).hostname or "").removeprefix("www.")
        return host if re.search(r"\.[a-z][a-z0-9-]*$", host) else SAMPLE_HOST

    @property
    def default_sender(self) -> str:
        """A sender at the site's domain, named as the site is."""
        name = re.sub(r'["\\\\]', "", self.name)
        quoted = f'"{name}"' if re.search(r"[()<>\[\]:;@,.]", name) else name  # RFC 5322 §3.2.3
        return f"{quoted} <newsletter@{self.domain}>"


def with_relay(start: Start, place: str) -> Start:
    """The relay set to "HOST" or "HOST:PORT" (an IPv6 address in brackets); raises ValueError if it is neither."""
    match = re.fullmatch(r"\[([0-9A-Fa-f:.]+)\](?::(\d{1,5}))?|([^\s:/@\[\]]+)(?::(\d{1,5}))?", place.strip())
    port = int((match[2] or match[4]) or DEFAULT_SUBMISSION_PORT) if match else 0
    if not match or not 0 < port < 65536:
        raise ValueError(f'a relay is "HOST:PORT" like "smtp.example.com:{DEFAULT_SUBMISSION_PORT}"')
    return replace(start, relay_host=match[1] or match[3], relay_port=port)


def wrong_with_relay(place: str) -> str:
    """What is wrong with the place of a relay, as a sentence; "" if nothing."""
    try:
        with_relay(Start(), place)
    except ValueError as error:
        return str(error)
    return ""


def starting_configuration(start: Start) -> str:
    """The text of config.toml."""
    texts = ("name", "url", "tagline", "language", "timezone", "share", "postal_address", "source_kind", "source_url")
    return _CONFIGURATION.format(
        **{text: _toml(getattr(start, text)) for text in texts},
        collect="\n[collect]\nallow_private_networks = true\n" if start.allow_private_networks else "",
        slug=start.slug,
        sender=_toml(start.sender or start.default_sender),
        relay_host=_toml(start.relay_host),
        relay_port=start.relay_port,
        security=_toml(_security(start)),
        public_url=_toml(f"https://post.{start.domain}"),
    )


def starting_books(start: Start) -> str:
    """The text of books.toml: a press, and a book to put in the place of."""
    return _BOOKS.format(press=_toml(start.name))


def what_to_fill_in(data: Table, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The keys of a configuration that still have the sample `init` wrote."""
    found: list[tuple[str, ...]] = []
    for key, value in data.items():
        if isinstance(value, dict):
            found += what_to_fill_in(value, (*path, key))
        elif isinstance(value, str) and (value.startswith(FILL_IN) or SAMPLE_HOST in value):
            found.append((*path, key))
    return found


def _security(start: Start) -> str:
    if start.relay_port == _IMPLICIT_TLS_PORT:
        return "tls"
    # A mail server on the same machine has no certificate for "localhost", and nothing leaves the machine.
    local = start.relay_host in _LOOPBACK and start.relay_port != DEFAULT_SUBMISSION_PORT
    return "none" if local else "starttls"


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


_CONFIGURATION = """\
# The configuration of dispatch. `dispatch check` says what is wrong or missing.
# config.example.toml has every other key with its default. Paths are relative to the folder of this file.

[site]
name = {name}
url = {url}
tagline = {tagline}
postal_address = {postal_address}
timezone = {timezone}  # schedules are written in this zone
language = {language}

[sources.site]
kind = {source_kind}
url = {source_url}
#backlog = "7d"  # posts of the last days count as new at the first start; else only what comes
{collect}
[newsletters.{slug}]
name = {name}
from = {sender}
sources = ["site"]
default_schedule = "weekly"

[newsletters.{slug}.schedules]  # readers may choose; "on publish" sends each post when it appears
weekly = "fri 07:00"
#daily = "daily 07:00"
#each = "on publish"

[relays.main]  # the SMTP service that sends
host = {relay_host}
port = {relay_port}
security = {security}  # "starttls", "tls" or "none"
#username = "…"
#password = "file:keys/relay.password"  # put the password into that file, or say "env:NAME"

[web]
public_url = {public_url}  # links in the mail lead here: your proxy passes them to dispatch
token_keys = ["file:keys/token.key"]  # signs the links; never throw an old one away
trusted_proxies = ["127.0.0.1"]  # the web server before it, which says who its readers are

[store]
address_key = "file:keys/address.key"  # keep a copy: without it nobody who left is recognised

[books]
file = "books.toml"

[share]
from_mail = {share}
"""

_BOOKS = """\
# The house's own books. An issue shows one of them; without any, it has no such block.

[press]
name = {press}
#shop = "https://press.example/books/{{slug}}"

#[regions]  # which shops, in which order
#US = ["press", "amazon-us", "bookshop-us"]
#GB = ["amazon-uk", "waterstones"]
#elsewhere = ["amazon-us", "amazon-uk"]

#[books.salt-almanac]
#title = "The Salt Almanac"
#author = "Marguerite Oyelaran"
#isbn = {{ US = "9780000000071", GB = "9780000000149" }}
#format = "Hardback, 288 pages"
#cover = "covers/salt-almanac.jpg"
#blurb = "Twelve months on a tidal river, told by the woman who measures it."
#praise = [{{ text = "I read it in a night.", by = "Ana Quiroga, Harbour Books" }}]
#topics = ["sea", "nature"]  # it goes well with posts of these categories
"""
