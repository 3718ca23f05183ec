"""Where a request came from, as far as it is remembered: the block of addresses that one household or office has."""

import hmac
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

# One provider's line has many IPv6 addresses in a /64, and a reader's IPv4 address changes within a /24.
_PREFIX = {4: 24, 6: 64}


def read_ip(text: str) -> IPv4Address | IPv6Address | None:
    """An IP address in the one form that it has; None for what is none. IPv4 within IPv6 is IPv4."""
    try:
        address = ip_address(text.strip().strip("[]").partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def address_block(ip: str) -> str:
    """The block that an address is in: "192.0.2.0/24", "2001:db8::/64"; "" for what is no address (a socket's path)."""
    address = read_ip(ip)
    return str(ip_network((address, _PREFIX[address.version]), strict=False)) if address else ""


def network_hash(ip: str, key: bytes) -> str:
    """The keyed hash (64 hex digits) under which the block of an address is remembered, never the address itself."""
    return hmac.digest(key, b"network\0" + address_block(ip).encode(), "sha256").hex()
