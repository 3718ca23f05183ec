"""Fetching one document over HTTP, with limits on everything that a stranger's server decides.

Time, size (after decompression), number of redirects and the address connected to are ours to limit. The transport is
used without a client around it: no cookies, no proxies from the environment, no redirects that we did not look at.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx2

from dispatch import __version__
from dispatch.collecting.network import Network, RefusedAddressError, anywhere
from dispatch.collecting.unpacking import TooLargeError, UnreadableEncodingError, unpack
from dispatch.errors import CollectError

USER_AGENT = f"dispatch/{__version__} (newsletter; reads feeds)"
FEED_TYPES = "application/rss+xml, application/atom+xml, application/feed+json, application/json;q=0.9, */*;q=0.5"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GONE = 410
_NOT_MODIFIED = 304


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a stranger's server we put up with."""

    seconds: float = 30.0  # for everything: names, all redirects, the last byte
    connect_seconds: float = 10.0
    read_seconds: float = 15.0  # between two pieces
    max_bytes: int = 10 * 1024 * 1024  # after decompression
    redirects: int = 5


class FetchError(CollectError):
    """A document could not be fetched. `gone`: 410, for ever; `retry_after`: how long the server wants to be left."""

    def __init__(
        self, source: str, message: str, *, gone: bool = False, status: int = 0, retry_after: timedelta | None = None
    ) -> None:
        self.gone = gone
        self.status = status
        self.retry_after = retry_after
        super().__init__(source, message)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document, or the news that it has not changed (then `body` is empty)."""

    url: str  # where it was found in the end
    body: bytes
    content_type: str = ""
    etag: str = ""
    last_modified: str = ""
    max_age: timedelta | None = None
    not_modified: bool = False
    headers: dict[str, str] = field(default_factory=dict)  # names in lower case


@dataclass(frozen=True, slots=True)
class Reach:
    """What fetching works with: an open transport, the networks it may enter, its limits."""

    transport: httpx2.AsyncBaseTransport
    network: Network
    limits: Limits


@dataclass(frozen=True, slots=True)
class _Target:
    """One question to one server: for whom, where, with which conditions."""

    source: str
    url: httpx2.URL
    headers: dict[str, str]

    def error(self, message: str) -> FetchError:
        return FetchError(self.source, message)


@asynccontextmanager
async def open_reach(
    *, allow_private_networks: bool = False, network: Network | None = None, limits: Limits | None = None
) -> AsyncIterator[Reach]:
    """Open what `fetch` works with; closes every connection at the end."""
    if network is None:
        network = Network(permits=anywhere) if allow_private_networks else Network()
    # No connection is kept: two hosts at one address would share it, with the certificate of the first.
    limit = httpx2.Limits(max_connections=20, max_keepalive_connections=0)
    async with httpx2.AsyncHTTPTransport(trust_env=False, limits=limit) as transport:
        yield Reach(transport, network, limits or Limits())


async def fetch(
    reach: Reach,
    source: str,
    url: str,
    now: datetime,
    *,
    etag: str = "",
    last_modified: str = "",
    accept: str = FEED_TYPES,
) -> Fetched:
    """Fetch `url` for `source`; with `etag` or `last_modified` only if it has changed (RFC 9110 §13).

    Raises FetchError, a sentence that names the source, for everything that goes wrong.
    """
    headers = {"User-Agent": USER_AGENT, "Accept": accept, "Accept-Encoding": "gzip, deflate"}
    validators = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    headers |= {name: value for name, value in validators.items() if value and value.isascii() and value.isprintable()}
    target = _Target(source, _read_url(source, url), headers)
    try:
        async with asyncio.timeout(reach.limits.seconds):
            return await _follow(reach, target, now)
    except TimeoutError as error:
        raise target.error(
            f"{_shown(target.url)} took longer than {reach.limits.seconds:g} seconds; it is tried again later"
        ) from error


async def _follow(reach: Reach, target: _Target, now: datetime) -> Fetched:
    start = target.url
    for _ in range(reach.limits.redirects + 1):
        response = await _ask(reach, target)
        try:
            if response.status_code in _REDIRECTS and "location" in response.headers:
                target = _Target(target.source, _next_url(target, response), target.headers)
                continue
            return await _read(reach.limits, target, response, now)
        finally:
            await response.aclose()
    raise target.error(f"{_shown(start)} redirects more than {reach.limits.redirects} times: check its address")


async def _ask(reach: Reach, target: _Target) -> httpx2.Response:
    """Send the question to the first checked address that answers."""
    url = target.url
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        addresses = await reach.network.checked_addresses(url.raw_host.decode("ascii"), port)
        failure: Exception | None = None
        for address in addresses:
            try:
                response = await reach.transport.handle_async_request(_request(reach.limits, target, address))
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                failure = error
                continue
            return await _from_permitted_peer(reach.network, response, url.host)
        raise target.error(f"{_shown(url)} cannot be reached ({_cause(failure)}); it is tried again later")
    except RefusedAddressError as error:
        raise target.error(str(error)) from error
    except (httpx2.HTTPError, ValueError, OSError) as error:
        raise target.error(
            f"{_shown(url)} did not answer properly ({_cause(error)}); it is tried again later"
        ) from error


def _request(limits: Limits, target: _Target, address: str) -> httpx2.Request:
    timeout = httpx2.Timeout(limits.read_seconds, connect=limits.connect_seconds).as_dict()
    return httpx2.Request(
        "GET",
        target.url.copy_with(host=address, fragment=None, userinfo=b""),
        headers={"Host": target.url.netloc.decode("ascii"), **target.headers},
        extensions={"timeout": timeout, "sni_hostname": target.url.raw_host.decode("ascii")},
    )


async def _from_permitted_peer(network: Network, response: httpx2.Response, host: str) -> httpx2.Response:
    """The response, if whoever is really at the other end may be there."""
    stream = response.extensions.get("network_stream")
    peer = stream.get_extra_info("server_addr") if stream is not None else None
    try:
        if peer:
            network.check(str(peer[0]), host)
    except RefusedAddressError:
        await response.aclose()
        raise
    return response


async def _read(limits: Limits, target: _Target, response: httpx2.Response, now: datetime) -> Fetched:
    headers = {name.lower(): value for name, value in response.headers.items()}
    if response.status_code == _NOT_MODIFIED:
        return _fetched(target, headers, b"", not_modified=True)
    if response.status_code != httpx2.codes.OK:
        raise _status_error(target, response.status_code, headers, now)
    try:
        body = await unpack(response.aiter_raw(), headers.get("content-encoding", ""), limits.max_bytes)
    except TooLargeError as error:
        size = limits.max_bytes // (1024 * 1024)
        raise target.error(f"{_shown(target.url)} is larger than {size} MiB and was not read") from error
    except UnreadableEncodingError as error:
        raise target.error(f"{_shown(target.url)}: {error}") from error
    except httpx2.HTTPError as error:
        raise target.error(f"{_shown(target.url)} broke off ({_cause(error)}); it is tried again later") from error
    return _fetched(target, headers, body, not_modified=False)


def _fetched(target: _Target, headers: dict[str, str], body: bytes, *, not_modified: bool) -> Fetched:
    return Fetched(
        url=str(target.url),
        body=body,
        content_type=headers.get("content-type", ""),
        etag=headers.get("etag", ""),
        last_modified=headers.get("last-modified", ""),
        max_age=_max_age(headers.get("cache-control", "")),
        not_modified=not_modified,
        headers=headers,
    )


def _status_error(target: _Target, status: int, headers: dict[str, str], now: datetime) -> FetchError:
    shown = _shown(target.url)
    if status == _GONE:
        message = f"{shown} is gone for good (410): remove the source or give it its new address"
        return FetchError(target.source, message, gone=True, status=status)
    advice = {
        401: "it wants a log-in, which sources cannot have",
        403: "it refuses to be read; ask whoever runs it to let dispatch in",
        404: "nothing is there: check the address",
        429: "it is asked too often; it is tried again later",
    }.get(status, "it is tried again later")
    wait = _retry_after(headers.get("retry-after", ""), now)
    return FetchError(target.source, f"{shown} answered {status}: {advice}", status=status, retry_after=wait)


def _read_url(source: str, url: str) -> httpx2.URL:
    try:
        read = httpx2.URL(url.strip())
    except (httpx2.InvalidURL, ValueError) as error:
        raise FetchError(source, f"{url[:200]!r} is not an address on the web ({error})") from error
    if read.scheme not in ("http", "https") or not read.host or "%" in read.host:
        raise FetchError(source, f"{url[:200]!r} is not an http or https address")
    if read.port is not None and not 0 < read.port < 65536:
        raise FetchError(source, f"{_shown(read)} has a port that does not exist")
    return read


def _next_url(target: _Target, response: httpx2.Response) -> httpx2.URL:
    location = response.headers["location"]
    try:
        joined = str(target.url.join(location))
    except (httpx2.InvalidURL, ValueError) as error:
        raise target.error(f"{_shown(target.url)} redirects to something that is no address") from error
    return _read_url(target.source, joined)


def _max_age(cache_control: str) -> timedelta | None:
    found = re.search(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})", cache_control, re.IGNORECASE)
    return timedelta(seconds=int(found[1])) if found else None


def _retry_after(value: str, now: datetime) -> timedelta | None:
    """How long Retry-After asks us to wait: seconds or a date (RFC 9110 §10.2.3)."""
    if re.fullmatch(r"\s*\d{1,9}\s*", value):
        return timedelta(seconds=int(value))
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(aware - now, timedelta(0))


def _shown(url: httpx2.URL) -> str:
    """An address as messages show it: no log-in and no query, either may hold a secret."""
    return str(url.copy_with(query=None, fragment=None, userinfo=b""))


def _cause(error: Exception | None) -> str:
    return str(error) or type(error).__name__
