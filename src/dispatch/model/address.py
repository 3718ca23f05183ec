"""Mail addresses: which ones we can send to, and when two of them are one mailbox."""

import hmac
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import idna

from dispatch.errors import AddressError

MAX_ADDRESS_OCTETS = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets
MAX_LOCAL_OCTETS = 64  # RFC 5321 §4.5.3.1.1
COHORTS = 16

# Mailbox providers that ignore dots in the local part; everywhere else a dot counts.
_DOTLESS_DOMAINS = frozenset({"gmail.com", "googlemail.com"})
_ATEXT = re.compile(r"[^\x00-\x20\x7f()<>\[\]:;@\\,\"]+")


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """An address as its owner writes it; its domain is lower-case ASCII (IDNA 2008)."""

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"

    def __repr__(self) -> str:
        return f"EmailAddress(…@{self.domain})"

    @property
    def mailbox(self) -> str:
        """The normal form by which two spellings of one mailbox are one subscriber.

        NFKC, lower case, the "+tag" dropped; for providers known to ignore them, dots too. Never used for sending.
        """
        local = unicodedata.normalize("NFKC", self.local).casefold().partition("+")[0]
        domain = "gmail.com" if self.domain in _DOTLESS_DOMAINS else self.domain
        if domain in _DOTLESS_DOMAINS:
            local = local.replace(".", "")
        return f"{local or self.local.casefold()}@{domain}"


def parse_address(text: str) -> EmailAddress:
    """Read one bare address; raises AddressError with a sentence that says what is wrong."""
    address = unicodedata.normalize("NFC", text).strip()
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain:
        raise AddressError("an address looks like name@example.com")
    _check_local_part(local)
    ascii_domain = _ascii_domain(domain)
    if len(local.encode()) + 1 + len(ascii_domain) > MAX_ADDRESS_OCTETS:
        raise AddressError(f"the address is longer than {MAX_ADDRESS_OCTETS} bytes")
    return EmailAddress(local, ascii_domain)


def address_hash(address: EmailAddress, key: bytes) -> str:
    """The keyed hash under which a mailbox is remembered once its address is forgotten (64 hex digits)."""
    return hmac.digest(key, b"mailbox\0" + address.mailbox.encode(), "sha256").hex()


def cohort_of(digest: str) -> int:
    """The cohort (0 … COHORTS-1) of an address hash; fixed for the life of the address key."""
    return int(digest[:8], 16) % COHORTS


def masked(address: str) -> str:
    """An address fit for a log line: first letter and domain, at most 80 characters, nothing that moves a cursor.

    Takes anything: what is no address may still be most of one, so of that only the first letter stays.
    """
    local, at, domain = address.strip().rpartition("@")
    first, domain = (local[:1], domain) if at else (domain[:1], "")
    shown = f"{first}…{at}{domain[:77]}"
    return "".join(character if character.isprintable() else "?" for character in shown)


def _check_local_part(local: str) -> None:
    if len(local.encode()) > MAX_LOCAL_OCTETS:
        raise AddressError(f"the part before the @ is longer than {MAX_LOCAL_OCTETS} bytes")
    if not _ATEXT.fullmatch(local) or local.startswith(".") or local.endswith(".") or ".." in local:
        raise AddressError("the part before the @ has a character or dots that cannot stand there")
    if not local.isprintable():
        raise AddressError("the part before the @ has an invisible character in it")


@lru_cache(maxsize=4096)  # A million subscribers share a few thousand domains, and IDNA takes its time.
def _ascii_domain(domain: str) -> str:
    try:
        name = idna.encode(domain.removesuffix("."), uts46=True).decode("ascii").lower()
    except idna.IDNAError as error:
        raise AddressError("the part after the @ is not a domain name") from error
    if "." not in name:
        raise AddressError("the part after the @ has no dot in it")
    if name.rpartition(".")[2].isdigit():
        raise AddressError("the part after the @ is a number, not a domain name")
    return name
