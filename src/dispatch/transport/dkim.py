"""DKIM signatures (RFC 6376): relaxed/relaxed over a finished message, RSA and optionally Ed25519 beside it (RFC 8463).

    message ─line ends─ fields covered + hash of the body ─key→ DKIM-Signature ─before→ message

Every field that a reader sees or a mailbox acts on is covered, and named once more than it occurs ("oversigned",
§8.15): a second one put before ours would be shown instead, and otherwise break no signature. There is no l=.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from dispatch.config.secrets import SecretReference
from dispatch.config.settings import Dkim, Relay
from dispatch.errors import ConfigurationError
from dispatch.transport.dkim_keys import KeyKind, SigningKey, read_signing_key
from dispatch.transport.header_text import LINE

# Named once more than they occur, also where they do not. The last two decide how the same body is read.
OVERSIGNED = (
    b"from", b"to", b"subject", b"date", b"reply-to", b"list-unsubscribe", b"list-unsubscribe-post",
    b"mime-version", b"content-type",
)  # fmt: skip
# Named as often as they occur: some services add one of their own, which must not break our signature.
COVERED = (b"message-id", b"content-transfer-encoding", b"list-id", b"feedback-id")

SIGNING_KINDS = ("smtp", "postfix")  # the other kinds of relay rewrite what is signed, and sign it themselves
KEPT_PLANS = 64  # one for each key and set of field names; ours have a handful

# They hold the room of t= and bh= while a field is folded; neither can occur in a domain or a selector.
_TIME = "t=0123456789"
_HASH_LENGTH = 44  # SHA-256 in base64
_HASH = f"bh={'?' * _HASH_LENGTH}"

Field = tuple[bytes, bytes, bytes]  # name, colon, value

_NEWLINE = re.compile(rb"\r\n|\r|\n")
_BARE_CR, _BARE_LF = re.compile(rb"\r(?!\n)"), re.compile(rb"\n(?<!\r\n)")
_NOT_RELAXED = re.compile(rb" [ \t\r]")  # of a body without tabs


@dataclass(frozen=True, slots=True)
class _Plan:
    """How one key signs messages with the same field names; the two texts are templates with room for t= and bh=."""

    covered: tuple[tuple[bytes, int], ...]  # "name:" and the place of the field, in the order of h=
    written: bytes  # the DKIM-Signature up to its signature
    canonical: bytes  # the same as it is signed
    added: int  # octets, with the signature


class DkimSigner:
    """Signs messages for one domain with one key, or with two of different kinds. Threads may share it."""

    __slots__ = ("_domain", "_keys")

    def __init__(self, domain: str, *keys: SigningKey) -> None:
        self._domain, self._keys = domain, keys

    @property
    def keys(self) -> tuple[SigningKey, ...]:
        """What it signs with, in the order of the signatures."""
        return self._keys

    def signed(self, message: bytes, at: datetime) -> bytes:
        """The message with its signatures before it; what is signed is what is returned.

        A message with bare CR or LF, or without a newline at its end, comes back with CRLF line ends, because it would
        not travel otherwise (RFC 6376 §5.3). Its fields have to be those of RFC 5322.
        """
        message = _with_line_ends(message)
        head, body = _parted(message)
        fields = _fields(head)
        names = tuple([name for name, _, _ in fields])
        body_hash = base64.b64encode(hashlib.sha256(_canonical_body(body)).digest())
        filling = (int(at.timestamp()), body_hash)
        return b"".join([*(self._signature(key, names, fields, filling) for key in self._keys), message])

    def added_to(self, message: bytes) -> int:
        """How many octets `signed` adds; the same for all messages with CRLF line ends and the same field names."""
        names = tuple([name for name, _, _ in _fields(_parted(message)[0])])
        return sum(self._plan(key, names).added for key in self._keys)

    def _signature(
        self, key: SigningKey, names: tuple[bytes, ...], fields: list[Field], filling: tuple[int, bytes]
    ) -> bytes:
        plan = self._plan(key, names)
        covered = [name + fields[place][2].strip(b" ") + b"\r\n" for name, place in plan.covered]
        return _folded(plan.written % filling, key.sign(b"".join(covered) + plan.canonical % filling))

    def _plan(self, key: SigningKey, names: tuple[bytes, ...]) -> _Plan:
        return _plan(self._domain, key.selector, key.algorithm, key.signature_length, names)


def signer_for(relay: Relay, name: str) -> DkimSigner | None:
    """What signs the mail that goes through a relay; None where the relay itself does, or nobody.

    Raises ConfigurationError, with the key of the configuration and what to do, if a key cannot be used.
    """
    if relay.dkim is None or relay.kind not in SIGNING_KINDS:
        return None
    return DkimSigner(relay.dkim.domain, *signing_keys(relay.dkim, f"relays.{name}.dkim"))


def signing_keys(dkim: Dkim, path: str) -> tuple[SigningKey, ...]:
    """The keys of a [relays.NAME.dkim], the RSA key first; `path` names that table. Raises ConfigurationError."""
    keys = [_key(dkim.key, dkim.selector, "rsa", f"{path}.key")]
    if dkim.ed25519_key is not None and dkim.ed25519_selector is not None:
        keys.append(_key(dkim.ed25519_key, dkim.ed25519_selector, "ed25519", f"{path}.ed25519_key"))
    return tuple(keys)


def _key(secret: SecretReference, selector: str, kind: KeyKind, path: str) -> SigningKey:
    if secret.path is not None and not secret.path.exists():
        raise ConfigurationError([f"{path}: {secret.path} is not there: `dispatch dkim new` makes a key"])
    return read_signing_key(secret.read_bytes(), selector, kind, f"{path}: {secret}")


def _with_line_ends(message: bytes) -> bytes:
    """The message as it travels: every line ends in CRLF."""
    if not message.endswith(b"\r\n"):
        message += b"\n"
    if _BARE_CR.search(message) or _BARE_LF.search(message):
        message = _NEWLINE.sub(b"\r\n", message)
    return message


def _parted(message: bytes) -> tuple[bytes, bytes]:
    if message.startswith(b"\r\n"):
        return b"", message[2:]
    head, _, body = message.partition(b"\r\n\r\n")
    return head, body


def _fields(head: bytes) -> list[Field]:
    """Each field as name, colon and value: unfolded and with single spaces (RFC 6376 §3.4.2), those at the ends too."""
    if b"\t" in head:
        head = head.replace(b"\t", b" ")
    head = head.replace(b"\r\n ", b" ")
    while b"  " in head:
        head = head.replace(b"  ", b" ")
    return [line.partition(b":") for line in head.split(b"\r\n")]


def _canonical_body(body: bytes) -> bytes:
    """RFC 6376 §3.4.4, of a body whose lines end in CRLF."""
    body = body.replace(b"\t", b" ")
    if _NOT_RELAXED.search(body):
        while b"  " in body:
            body = body.replace(b"  ", b" ")
        body = body.replace(b" \r\n", b"\r\n")
    if body.endswith(b"\r\n\r\n") or body == b"\r\n":
        body = body.rstrip(b"\r\n")
        return body + b"\r\n" if body else b""
    return body


@lru_cache(KEPT_PLANS)
def _plan(domain: str, selector: str, algorithm: str, signature_length: int, names: tuple[bytes, ...]) -> _Plan:
    places: dict[bytes, list[int]] = {name: [] for name in (*OVERSIGNED, *COVERED)}
    for place, name in enumerate(names):
        places.get(name.rstrip(b" ").lower(), []).append(place)
    # Of several fields with one name the last is taken first (RFC 6376 §5.4.2).
    covered = [(name + b":", place) for name in places for place in reversed(places[name])]
    listed = [name.decode() for name in places for _ in (*places[name], *[name] * (name in OVERSIGNED))]
    tags = ["v=1", f"a={algorithm}", "c=relaxed/relaxed", f"d={domain}", f"s={selector}", _TIME]
    written = _wrapped(["DKIM-Signature:", *(f" {tag};" for tag in tags), *_h_tag(listed), f" {_HASH};"]) + b"\r\n b="
    ((_, _, value),) = _fields(written)
    added = len(_folded(written, b"?" * signature_length))
    return _Plan(tuple(covered), _template(written), b"dkim-signature:" + _template(value).strip(b" "), added)


def _h_tag(names: list[str]) -> list[str]:
    """The tag in pieces between which it may be folded."""
    return [f" h={names[0]}:", *(f"{name}:" for name in names[1:-1]), f"{names[-1]};"]


def _wrapped(pieces: list[str]) -> bytes:
    lines = [""]
    for piece in pieces:
        if len(lines[-1]) + len(piece) > LINE:
            lines.append(" " + piece.lstrip(" "))
        else:
            lines[-1] += piece
    return "\r\n".join(lines).encode("ascii")


def _template(field: bytes) -> bytes:
    return field.replace(_TIME.encode(), b"t=%010d").replace(_HASH.encode(), b"bh=%b")


def _folded(field: bytes, signature: bytes) -> bytes:
    """A field that ends in " b=" with its signature; white space in one does not count (RFC 6376 §3.5)."""
    first, width = LINE - len(" b="), LINE - len(" ")
    lines = [signature[:first], *(signature[at : at + width] for at in range(first, len(signature), width))]
    return field + b"\r\n ".join(lines) + b"\r\n"
