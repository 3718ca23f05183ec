"""Whom a request comes from, whatever it says of itself."""

import pytest

from dispatch.model.network import address_block, network_hash
from dispatch.web.proxies import client_address, proxies_of

PROXIES = proxies_of(["127.0.0.1", "10.0.0.0/8", "2001:db8:f::/48"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.7", [], "192.0.2.7"),
        ("192.0.2.7", ["198.51.100.9"], "192.0.2.7"),  # no proxy of ours: it says what it likes
        ("127.0.0.1", ["198.51.100.9"], "198.51.100.9"),
        ("127.0.0.1", ["203.0.113.1, 198.51.100.9"], "198.51.100.9"),  # the left one was sent by the client
        ("127.0.0.1", ["203.0.113.1, 198.51.100.9, 10.1.2.3"], "198.51.100.9"),
        ("127.0.0.1", ["203.0.113.1", "198.51.100.9"], "198.51.100.9"),  # two lines are one list
        ("127.0.0.1", ["10.0.0.5, 10.0.0.6"], "10.0.0.5"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["unknown"], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.9, "], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.1, nonsense, 10.0.0.1"], "10.0.0.1"),
        ("127.0.0.1", ["198.51.100.9:4711"], "198.51.100.9"),
        ("127.0.0.1", ["[2001:db8::9]:4711"], "2001:db8::9"),
        ("::ffff:127.0.0.1", ["198.51.100.9"], "198.51.100.9"),
        ("2001:db8:f::1", ["2001:db8::9"], "2001:db8::9"),
        ("127.0.0.1", ["127.1"], "127.0.0.1"),
        ("", ["198.51.100.9"], ""),
        ("/run/dispatch.sock", ["198.51.100.9"], ""),
    ],
)
def test_the_client_is_the_first_from_the_right_that_is_no_proxy_of_ours(
    peer: str, forwarded: list[str], client: str
) -> None:
    """What stands to the left of it, anybody could have written."""
    assert client_address(peer, forwarded, PROXIES) == client


def test_without_trusted_proxies_nobody_is_believed() -> None:
    """Not even on loopback."""
    assert client_address("127.0.0.1", ["198.51.100.9"], proxies_of([])) == "127.0.0.1"


@pytest.mark.parametrize(
    ("ip", "block"),
    [
        ("192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.0/24"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", ""),
        ("", ""),
    ],
)
def test_an_address_is_remembered_as_its_block(ip: str, block: str) -> None:
    """What one household or office has."""
    assert address_block(ip) == block


def test_a_block_is_kept_as_a_keyed_hash() -> None:
    """The same for all of it, another for another block and under another key; the address is not in it."""
    key = b"k" * 32
    digest = network_hash("192.0.2.7", key)
    assert digest == network_hash("192.0.2.200", key)
    assert digest != network_hash("192.0.3.7", key)
    assert digest != network_hash("192.0.2.7", b"l" * 32)
    assert len(digest) == 64
