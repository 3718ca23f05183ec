"""The private keys that mail is signed with: reading, making, and what of them is published in DNS.

The one home of `cryptography`. A PEM file without a passphrase holds one key: RSA (PKCS #1 or #8) or Ed25519 (PKCS #8).
"""

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from dispatch.errors import ConfigurationError

KeyKind = Literal["rsa", "ed25519"]

NEW_RSA_BITS = 2048
MIN_RSA_BITS = 1024  # RFC 8301 §3.2: nobody verifies less
WEAK_BELOW_BITS = 2048  # RFC 8301 §3.2: what signers should use
MAX_RSA_BITS = 4096  # RFC 8301 §3.2: what every verifier can do
TXT_STRING = 255  # octets in one string of a TXT record (RFC 1035 §3.3.14)

_PADDING, _SHA256 = padding.PKCS1v15(), hashes.SHA256()
_PRINTED_KINDS = {"rsa": "an RSA key", "ed25519": "an Ed25519 key"}
_MAKE_ONE = "`dispatch dkim new` makes one"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and the selector under which its public half is in DNS; any thread may sign with it."""

    selector: str
    kind: KeyKind
    bits: int
    public: str  # the value of p=, base64
    _private: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey = field(repr=False)

    @property
    def algorithm(self) -> str:
        """The value of a=."""
        return f"{self.kind}-sha256"

    @property
    def signature_length(self) -> int:
        """How many characters of base64 each of its signatures has."""
        octets = (self.bits + 7) // 8 if self.kind == "rsa" else 64
        return (octets + 2) // 3 * 4

    @property
    def record(self) -> str:
        """The TXT record that has to stand in DNS (RFC 6376 §3.6.1, RFC 8463 §4)."""
        return f"v=DKIM1; k={self.kind}; p={self.public}"

    def sign(self, data: bytes) -> bytes:
        """The signature in base64: PKCS #1 v1.5 over SHA-256, or Ed25519 over the SHA-256 digest (RFC 8463 §3)."""
        if isinstance(self._private, rsa.RSAPrivateKey):
            signature = self._private.sign(data, _PADDING, _SHA256)
        else:
            signature = self._private.sign(hashlib.sha256(data).digest())
        return base64.b64encode(signature)


def read_signing_key(pem: bytes, selector: str, wanted: KeyKind, place: str) -> SigningKey:
    """The key of a PEM file; `place` names it in errors. Raises ConfigurationError if it is not one of that kind."""
    private = _private_key(pem, place)
    kind = _kind_of(private)
    if kind != wanted or not isinstance(private, rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        found = _PRINTED_KINDS.get(kind, "a key of another kind")
        home = ": an Ed25519 key stands under ed25519_key, beside an RSA key" if kind == "ed25519" else ""
        raise ConfigurationError([f"{place}: found {found}, wanted {_PRINTED_KINDS[wanted]}{home}"])
    bits = private.key_size if isinstance(private, rsa.RSAPrivateKey) else 256
    if kind == "rsa" and bits < MIN_RSA_BITS:
        raise ConfigurationError([_too_short(place, bits)])
    return SigningKey(selector, wanted, bits, _published(private), private)


def new_private_key(kind: KeyKind) -> bytes:
    """A new key as PEM, PKCS #8 without a passphrase."""
    private: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
    if kind == "rsa":
        private = rsa.generate_private_key(public_exponent=65537, key_size=NEW_RSA_BITS)
    else:
        private = ed25519.Ed25519PrivateKey.generate()
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def zone_line(name: str, record: str) -> str:
    """A record as one line of a zone file: in strings of at most 255 octets, which verifiers put together again."""
    strings = [record[start : start + TXT_STRING] for start in range(0, len(record), TXT_STRING)]
    quoted = " ".join(f'"{each}"' for each in strings)
    return f"{name}. IN TXT ( {quoted} )"


def _private_key(pem: bytes, place: str) -> object:
    if b"PUBLIC KEY-----" in pem:
        raise ConfigurationError(
            [f"{place}: found a public key: the private one belongs here, the public one into DNS"]
        )
    try:
        return serialization.load_pem_private_key(pem, password=None)
    except TypeError as error:
        raise ConfigurationError(
            [f"{place}: the key has a passphrase, and nobody is there to type it: `openssl pkey` writes it without one"]
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigurationError([f"{place}: this is not a private key in PEM form: {_MAKE_ONE}"]) from error


def _kind_of(private: object) -> str:
    if isinstance(private, rsa.RSAPrivateKey):
        return "rsa"
    return "ed25519" if isinstance(private, ed25519.Ed25519PrivateKey) else ""


def _too_short(place: str, bits: int) -> str:
    return (
        f"{place}: the key has {bits} bits, and nobody verifies less than {MIN_RSA_BITS}: {_MAKE_ONE} of {NEW_RSA_BITS}"
    )


def _published(private: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> str:
    public = private.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        encoded = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    else:
        encoded = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return base64.b64encode(encoded).decode("ascii")
