"""What `dispatch check` says about signatures: whether the keys are good, and whether DNS has their public halves."""

import asyncio
import os
from collections.abc import Iterator

from dispatch.config.checks import Check
from dispatch.config.settings import Dkim, Relay
from dispatch.errors import ConfigurationError
from dispatch.transport.dkim import SIGNING_KINDS, signing_keys
from dispatch.transport.dkim_keys import MAX_RSA_BITS, NEW_RSA_BITS, WEAK_BELOW_BITS, SigningKey
from dispatch.transport.dkim_record import judged, record_name
from dispatch.transport.published import VARIABLE, NameServers


async def signature_of(name: str, relay: Relay, *, offline: bool) -> list[Check]:
    """The checks of one relay's keys; `offline` asks no name server."""
    title = f"dkim {name}"
    if relay.dkim is None or relay.kind not in SIGNING_KINDS:
        return [Check(title, "ok", "no key is configured, so signing is left to the relay")]
    if _is_missing(relay.dkim):
        return []
    try:
        keys = signing_keys(relay.dkim, f"relays.{name}.dkim")
        servers = NameServers(os.environ.get(VARIABLE, ""))
    except ConfigurationError as error:
        return [Check(title, "error", str(error))]
    checks = [check for key in keys for check in _strength(title, key)]
    if offline:
        return checks or [Check(title, "ok", "the key can sign; DNS was not asked")]
    answers = (asyncio.to_thread(_published, title, servers, key, relay.dkim.domain) for key in keys)
    return [*checks, *await asyncio.gather(*answers)]


def _is_missing(dkim: Dkim) -> bool:
    """Whether a key's file is not there, which the check of the secrets has said."""
    files = [secret.path for secret in (dkim.key, dkim.ed25519_key) if secret is not None]
    return any(file is not None and not file.exists() for file in files)


def _strength(title: str, key: SigningKey) -> Iterator[Check]:
    if key.kind != "rsa":
        return
    make = f"`dispatch dkim new` makes one of {NEW_RSA_BITS} bits, under another selector"
    if key.bits < WEAK_BELOW_BITS:
        yield Check(title, "warning", f"the key has {key.bits} bits; mailboxes want {WEAK_BELOW_BITS}", make)
    if key.bits > MAX_RSA_BITS:
        yield Check(title, "warning", f"the key has {key.bits} bits, and not all verify more than {MAX_RSA_BITS}", make)


def _published(title: str, servers: NameServers, key: SigningKey, domain: str) -> Check:
    name = record_name(key.selector, domain)
    records = servers.text_records(name)
    if records.problem:
        return Check(title, "warning", f"{name} cannot be looked up: {records.problem}", "look at DNS, and check again")
    verdict = judged(records.texts, key)
    remedy = "" if verdict.level == "ok" else f"publish as its one TXT record: {key.record}"
    return Check(title, verdict.level, f"{name} {verdict.sentence}", remedy)
