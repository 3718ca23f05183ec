"""Signing: a key for everybody, dkimpy for the contenders in Python, and what OpenSSL can do at most."""

import os
import re
import shutil
import subprocess

from bench.letter import SELECTOR, SIGNING_DOMAIN

# Times end in "s"; sign/s is the first figure that does not. How many times there are depends on the version.
_SIGNS = re.compile(r"^rsa\s+2048 bits(?:\s+[\d.]+s)+\s+(\d+\.\d+)", re.MULTILINE)


def signed_by_dkimpy(message: bytes, key: bytes) -> bytes:
    """The message with a DKIM signature before it, relaxed/relaxed, as dkimpy makes it."""
    import dkim

    signature: bytes = dkim.sign(
        message, SELECTOR.encode(), SIGNING_DOMAIN.encode(), key, canonicalize=(b"relaxed", b"relaxed")
    )
    return signature + message


def is_signed(message: bytes, key: bytes) -> bool:
    """Whether a message carries a signature of this key that verifies, as dkimpy judges it."""
    import dkim

    from dispatch.transport.dkim_keys import read_signing_key

    record = read_signing_key(key, SELECTOR, "rsa", "the bench's key").record.encode()
    verified: bool = dkim.verify(message, dnsfunc=lambda _name, **_: record)
    return verified


def openssl_signatures(*, processes: int, seconds: int) -> float:
    """How many RSA-2048 signatures a second OpenSSL makes here; raises FileNotFoundError where it is missing."""
    found = shutil.which("openssl")
    if found is None:
        raise FileNotFoundError("openssl is not there, so nobody says what it signs: apt-get install openssl")
    command = [
        found,
        "speed",
        "-elapsed",
        "-seconds",
        str(seconds),
        *(["-multi", str(processes)] if processes > 1 else []),
    ]
    done = subprocess.run([*command, "rsa2048"], capture_output=True, text=True, check=True)
    return signatures_in(done.stdout)


def signatures_in(output: str) -> float:
    """The sign/s of `openssl speed rsa2048`; raises ValueError where its table has none."""
    found = _SIGNS.search(output)
    if found is None:
        raise ValueError(f"openssl speed printed no line for rsa 2048: {output!r}")
    return float(found[1])


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0))
