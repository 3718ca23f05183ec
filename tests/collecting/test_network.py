"""Which addresses a source may be fetched from."""

import asyncio
import ipaddress

import pytest

from dispatch.collecting.network import Network, RefusedAddressError, is_public, look_up


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.5", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:5", "2002:7f00:1::", "2002:a00:5::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2", "fe80::1", "fe80::1%lo", "fc00::1", "fd12:3456::1", "ff02::1",
        "2001:db8::1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_on_the_open_internet_is_refused(address: str) -> None:
    """Private, shared, loopback, link-local, documentation, multicast, reserved, and each of them inside IPv6."""
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["9.9.9.9", "93.184.215.14", "2620:fe::fe", "64:ff9b::909:909", "2002:909:909::1"])
def test_a_public_address_is_permitted(address: str) -> None:
    """Public IPv4, IPv6, and public IPv4 behind a translator."""
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "host", ["127.1", "0", "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.1", "::1", "::ffff:127.0.0.1", "localhost"]
)
def test_every_way_to_write_loopback_is_refused(host: str) -> None:
    """The system's own resolver decides what a short form means, and its answer is what is judged."""
    with pytest.raises(RefusedAddressError, match=r"private or reserved network|cannot be looked up"):
        asyncio.run(Network().checked_addresses(host, 80))


def test_the_short_forms_really_lead_to_loopback() -> None:
    """Without the check they would be connected to: ipaddress alone does not know them."""
    assert asyncio.run(look_up("0x7f000001", 80)) == ["127.0.0.1"]


def test_a_name_with_one_private_address_is_refused_whole() -> None:
    """A resolver that answers with a public and a private address is not to be trusted with either."""

    async def both(_host: str, _port: int) -> list[str]:
        return ["9.9.9.9", "10.0.0.5"]

    with pytest.raises(RefusedAddressError, match=r"two-faced\.example is at 10\.0\.0\.5.*allow_private_networks"):
        asyncio.run(Network(resolve=both).checked_addresses("two-faced.example", 80))


def test_a_name_that_cannot_be_looked_up_says_so() -> None:
    """The message names the host and the reason."""

    async def broken(_host: str, _port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    with pytest.raises(RefusedAddressError, match=r"the name nowhere\.example cannot be looked up"):
        asyncio.run(Network(resolve=broken).checked_addresses("nowhere.example", 80))
