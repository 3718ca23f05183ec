"""Signed tokens: what a link or a return path says about whom, and that we said it.

A token is base32 in lower case (survives relays that change case), made of: one byte purpose, two bytes key id, the
subject as eight bytes, sixteen bytes HMAC-SHA256. 27 bytes, 44 characters, no address in it, no expiry: links in old
mails work as long as their key is configured.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

_MAC_BYTES = 16
_LENGTH = 1 + 2 + 8 + _MAC_BYTES
_WHAT = b"dispatch token\0"
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"  # RFC 4648 §6, in lower case
# Ten bits at a time: each message carries four tokens, and the standard library's way takes three times as long.
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_SHIFTS = tuple(range(_LENGTH * 8 + 4 - 10, -1, -10))


class Purpose(Enum):
    """What a token may be used for; one never works in another's place."""

    UNSUBSCRIBE = b"u"  # subject: subscription id
    PREFERENCES = b"p"  # subject: subscription id
    BOUNCE = b"b"  # subject: delivery id
    MESSAGE = b"m"  # subject: delivery id


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """The signing keys, newest first: the first signs, all of them verify."""

    keys: tuple[bytes, ...]

    def __repr__(self) -> str:
        return f"TokenKeys({len(self.keys)} keys)"

    def sign(self, purpose: Purpose, subject: int) -> str:
        """A token for `subject`, signed with the newest key (44 characters)."""
        head, begun = _beginning(self.keys[0], purpose)
        number = subject.to_bytes(8, "big")
        mac = begun.copy()
        mac.update(number)
        return _spelled(head + number + mac.digest()[:_MAC_BYTES])

    def verify(self, purpose: Purpose, token: str) -> int | None:
        """The subject of a genuine token for this purpose, else None; takes the same time either way."""
        raw = _decode(token)
        head, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        genuine = False
        for key in self.keys:
            genuine |= _key_id(key) == head[1:3] and hmac.compare_digest(_mac(key, head), mac)
        if not genuine or head[:1] != purpose.value:
            return None
        return int.from_bytes(head[3:11], "big")


def _decode(token: str) -> bytes:
    try:
        raw = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except (binascii.Error, ValueError):
        raw = b""
    # Base32's last character has spare bits: only the one spelling that we would write is genuine.
    return raw if len(raw) == _LENGTH and _spelled(raw) == token.lower() else bytes(_LENGTH)


def _spelled(raw: bytes) -> str:
    number = int.from_bytes(raw, "big") << 4
    return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])


@lru_cache
def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"dispatch key id\0" + key).digest()[:2]


def _mac(key: bytes, head: bytes) -> bytes:
    return hmac.digest(key, _WHAT + head, "sha256")[:_MAC_BYTES]


@lru_cache
def _beginning(key: bytes, purpose: Purpose) -> tuple[bytes, hmac.HMAC]:
    """What every token of this key and purpose begins with, and its hash so far."""
    head = purpose.value + _key_id(key)
    return head, hmac.new(key, _WHAT + head, "sha256")
