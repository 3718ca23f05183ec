"""Whether what is published under a selector lets mailboxes verify what a key signs (RFC 6376 §3.6.1 and §3.6.2.2)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dispatch.transport.dkim_keys import SigningKey

_TAG = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*=([^;]*)")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What mailboxes will make of it; the sentence goes on after the name of the record."""

    level: Literal["ok", "warning", "error"]
    sentence: str


def record_name(selector: str, domain: str) -> str:
    """Where in DNS the key of a selector is looked for."""
    return f"{selector}._domainkey.{domain}"


def judged(texts: Sequence[str], key: SigningKey) -> Verdict:
    """What the text records under a selector mean for a key."""
    keys = [text for text in texts if _is_key(text)]
    if not texts:
        return Verdict("error", "is not in DNS, so nobody can verify what is signed")
    if not keys:
        return Verdict("error", f"has no key in DNS, but {_quoted(texts)}")
    if len(keys) > 1:
        return Verdict("error", f"has {len(keys)} keys in DNS, of which mailboxes take any one: {_quoted(keys)}")
    wrong = _what_is_wrong(keys[0], key)
    if wrong:
        return Verdict("error", f"{wrong}: {_quoted(keys)}")
    if "y" in _words(_tags(keys[0]).get("t", "")):
        return Verdict("warning", f"has our key marked as a test (t=y), so it counts for nothing: {_quoted(keys)}")
    return Verdict("ok", "has our key")


def _what_is_wrong(text: str, key: SigningKey) -> str:
    tags = _tags(text)
    kind = tags.get("k", "rsa")
    published = re.sub(r"\s", "", tags.get("p", ""))
    if '"' in text:
        return "has quotation marks in its record in DNS, which belong around it alone"
    if tags.get("v", "DKIM1") != "DKIM1" or "v" in list(tags)[1:]:
        return "has a record in DNS that does not begin with v=DKIM1"
    if not published:
        return "is revoked in DNS (p= is empty), so mailboxes take our signature for a forged one"
    if kind != key.kind:
        return f"has a key of another kind in DNS (k={kind}, and ours is {key.kind})"
    if "h" in tags and "sha256" not in _words(tags["h"]):
        return f"has a record in DNS that does not allow SHA-256 (h={tags['h']})"
    if "s" in tags and not {"*", "email"} & _words(tags["s"]):
        return f"has a record in DNS that is not for mail (s={tags['s']})"
    return _other_key(published, key)


def _other_key(published: str, key: SigningKey) -> str:
    if published == key.public:
        return ""
    if key.public.startswith(published):
        return f"has our key in DNS, but cut off after {len(published)} of {len(key.public)} characters of p="
    if re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", published):
        return "has another key in DNS"
    return "has a record in DNS whose p= is not base64"


def _is_key(text: str) -> bool:
    tags = _tags(text)
    return "p" in tags or tags.get("v") == "DKIM1"


def _tags(text: str) -> dict[str, str]:
    found = (_TAG.fullmatch(part) for part in text.split(";"))
    return {match[1]: match[2].strip() for match in found if match}


def _words(text: str) -> set[str]:
    return {word.strip() for word in text.split(":")}


def _quoted(texts: Sequence[str]) -> str:
    return ", ".join(f"“{text}”" for text in texts)
