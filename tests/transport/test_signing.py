"""Signing in threads: every message comes back signed, whoever is asked in which order."""

import asyncio
from datetime import UTC, datetime

import dkim
import pytest

from dispatch.transport.dkim import DkimSigner
from dispatch.transport.dkim_keys import new_private_key, read_signing_key
from dispatch.transport.signing import Signing

NOW = datetime(2025, 1, 3, 12, 0, tzinfo=UTC)  # verifiers do not believe in the future
KEY = read_signing_key(new_private_key("rsa"), "d2026", "rsa", "key")


def message(number: int) -> bytes:
    """A message that differs from the others in its header and its body."""
    return f"From: a@lamplight.example\r\nSubject: {number}\r\n\r\nnumber {number}\r\n".encode()


def test_each_of_many_messages_comes_back_with_its_own_signature() -> None:
    """Asked all at once and one after the other; dkimpy verifies, and the size was told before."""

    async def talk() -> list[bytes]:
        signing = Signing(DkimSigner("lamplight.example", KEY), lambda: NOW)
        together = await asyncio.gather(*(signing.signed(message(number)) for number in range(60)))
        apart = [await signing.signed(message(number)) for number in range(60, 70)]
        assert len(together[0]) == len(message(0)) + signing.added_to(message(0))
        signing.close()
        return [*together, *apart]

    signed = asyncio.run(asyncio.wait_for(talk(), 60))
    for number, each in enumerate(signed):
        assert each.endswith(message(number))
        assert dkim.verify(each, dnsfunc=lambda *_, **__: KEY.record.encode())


def test_what_cannot_be_signed_is_told_to_whoever_waits() -> None:
    """And the others are signed all the same."""

    def broken() -> datetime:
        raise OverflowError("no such time")

    async def talk() -> None:
        signing = Signing(DkimSigner("lamplight.example", KEY), broken)
        with pytest.raises(OverflowError):
            await signing.signed(message(1))
        signing.close()

    asyncio.run(asyncio.wait_for(talk(), 20))


def test_what_nobody_waits_for_any_more_disturbs_nobody() -> None:
    """A cancelled wait, as when a connection is given up."""

    async def talk() -> bytes:
        signing = Signing(DkimSigner("lamplight.example", KEY), lambda: NOW)
        given_up = signing.signed(message(1))
        given_up.cancel()
        wanted = await signing.signed(message(2))
        signing.close()
        return wanted

    assert asyncio.run(asyncio.wait_for(talk(), 20)).endswith(message(2))
