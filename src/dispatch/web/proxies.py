"""Who a request comes from: the connection's other end, or whom a proxy that we were told of says it has answered.

Of all the headers that name somebody, X-Forwarded-For alone is read, and only as far as proxies of ours wrote it.
"""

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network

from dispatch.model.network import read_ip

Proxies = tuple[IPv4Network | IPv6Network, ...]
# Some proxies write the port too: "192.0.2.7:4711", "[2001:db8::7]:4711".
_WITH_PORT = re.compile(r"(\[[^\]]+\]|[0-9.]+):\d+")


def proxies_of(networks: Iterable[str]) -> Proxies:
    """The proxies of `web.trusted_proxies`: addresses and networks."""
    return tuple(ip_network(network, strict=False) for network in networks)


def client_address(peer: str, forwarded_for: Sequence[str], trusted: Proxies) -> str:
    """The address that a request comes from, "" where nobody can say (a local socket).

    Each proxy appends whom it answered. Read from the right, the first that is no proxy of ours is the client: what
    stands to the left of it, the client could have written itself.
    """
    client = read_ip(peer)
    hops = [hop.strip() for line in forwarded_for for hop in line.split(",")]
    while client is not None and hops and any(client in network for network in trusted):
        hop = hops.pop()
        before = read_ip(match[1] if (match := _WITH_PORT.fullmatch(hop)) else hop)
        if before is None:  # something that is no address: the last one we believed it is
            break
        client = before
    return str(client) if client is not None else ""
