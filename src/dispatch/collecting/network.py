"""Which addresses a source may be fetched from.

A feed's address, its redirects and its pictures are written by others. Whoever writes `127.1`, `0x7f000001`, a name
that resolves to 10.0.0.5 or a redirect to 169.254.169.254 must not reach what stands beside us, so names are looked up
here, every address is judged, and the connection is made to the judged address, not to the name (DNS rebinding).
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

MAX_ADDRESSES = 4  # tried one after the other; a name with more gets no more patience
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052
_TEREDO = ipaddress.IPv6Network("2001::/32")  # RFC 4380
_SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")  # RFC 3056


class RefusedAddressError(ValueError):
    """The name leads to an address that must not be connected to, or to none at all; the message says which."""


async def look_up(host: str, port: int) -> list[str]:
    """The addresses of a host as the system resolves it, numeric short forms included."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: IpAddress) -> bool:
    """Whether an address is somebody's on the open internet, also when it is wrapped into IPv6."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = _inner_address(address)
        if inner is not None:
            return is_public(inner)
        if address in _TEREDO or address.scope_id is not None:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


@dataclass(frozen=True, slots=True)
class Network:
    """Who may be connected to, and how names are looked up."""

    permits: Callable[[IpAddress], bool] = is_public
    resolve: Callable[[str, int], Awaitable[list[str]]] = look_up

    async def checked_addresses(self, host: str, port: int) -> list[str]:
        """Addresses to connect to instead of the name; raises RefusedAddressError if even one of them is forbidden."""
        try:
            found = await self.resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise RefusedAddressError(f"the name {host} cannot be looked up ({_reason(error)})") from error
        if not found:
            raise RefusedAddressError(f"the name {host} has no address")
        for address in found:
            self.check(address, host)
        return found[:MAX_ADDRESSES]

    def check(self, address: str, host: str) -> None:
        """Raise RefusedAddressError unless this address may be connected to."""
        if not self.permits(ipaddress.ip_address(address)):
            raise RefusedAddressError(
                f"{host} is at {address}, on a private or reserved network: "
                "set collect.allow_private_networks = true if that is meant"
            )


def anywhere(_address: IpAddress) -> bool:
    """Permit every address, for `collect.allow_private_networks = true`."""
    return True


def _inner_address(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _SIX_TO_FOUR:
        return address.sixtofour
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _reason(error: OSError | UnicodeError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
