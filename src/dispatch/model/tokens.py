"""Signed tokens: what a link or a return path says about whom, and that we said it.

A token is hexadecimal (survives relays that change case), made of the subject as six bytes and sixteen bytes of
HMAC-SHA256 over purpose and subject: 44 characters, no address in it, no expiry. Links in old mails work as long as
their key is configured.
"""

import hmac
from dataclasses import dataclass
from enum import Enum

TOKEN_LENGTH = 44  # characters
_SUBJECT_BYTES = 6
_MAC_BYTES = 16
_WHAT = b"dispatch token\0"


class Purpose(Enum):
    """What a token may be used for; one never works in another's place."""

    UNSUBSCRIBE = _WHAT + b"u"  # subject: subscription id
    PREFERENCES = _WHAT + b"p"  # subject: subscription id
    CONFIRM = _WHAT + b"c"  # subject: request id
    DECLINE = _WHAT + b"d"  # subject: request id
    BOUNCE = _WHAT + b"b"  # subject: delivery id
    MESSAGE = _WHAT + b"m"  # subject: delivery id


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """The signing keys, newest first: the first signs, all of them verify."""

    keys: tuple[bytes, ...]

    def __repr__(self) -> str:
        return f"TokenKeys({len(self.keys)} keys)"

    def sign(self, purpose: Purpose, subject: int) -> str:
        """A token for `subject` (less than 2**48), signed with the newest key."""
        number = subject.to_bytes(_SUBJECT_BYTES, "big")
        # Truncated to 128 bits, which RFC 2104 §5 has as the least for SHA-256.
        return (number + hmac.digest(self.keys[0], purpose.value + number, "sha256")[:_MAC_BYTES]).hex()

    def verify(self, purpose: Purpose, token: str) -> int | None:
        """The subject of a genuine token for this purpose, else None; takes the same time either way."""
        raw = _decode(token)
        number, mac = raw[:_SUBJECT_BYTES], raw[_SUBJECT_BYTES:]
        genuine = False
        for key in self.keys:
            expected = hmac.digest(key, purpose.value + number, "sha256")[:_MAC_BYTES]
            genuine |= hmac.compare_digest(expected, mac)
        return int.from_bytes(number, "big") if genuine else None


def _decode(token: str) -> bytes:
    try:
        raw = bytes.fromhex(token)
    except ValueError:
        raw = b""
    # fromhex passes over white space, but each token has one spelling.
    return raw if len(token) == TOKEN_LENGTH == 2 * len(raw) else bytes(TOKEN_LENGTH // 2)
