"""What is wrong between two values of the configuration, each of them right alone.

The checks read the document as it is written, so that they find what is wrong also where other keys are.
"""

from collections.abc import Iterator
from email.utils import parseaddr
from typing import Any, get_args

from dispatch.config.faults import Fault
from dispatch.config.positions import KeyPath
from dispatch.config.settings import Newsletter, Relay, Source
from dispatch.config.wording import found, meant
from dispatch.errors import AddressError
from dispatch.model.address import parse_address

Table = dict[str, Any]


def crosschecks(data: Table) -> Iterator[Fault]:
    """Every contradiction in a document."""
    yield from _one_database(_table(data.get("store")))
    for name, source in _tables(data, "sources"):
        yield from _place_of_source(name, source)
    for name, newsletter in _tables(data, "newsletters"):
        yield from _sources_exist(name, newsletter, _table(data.get("sources")))
        yield from _default_schedule_exists(name, newsletter)
    for name, relay in _tables(data, "relays"):
        yield from _log_in_is_whole(name, relay)
        yield from _second_signature_is_whole(("relays", name, "dkim"), _table(relay.get("dkim")))
        yield from _signs_for_the_sender(name, relay, dict(_tables(data, "newsletters")))


def _one_database(store: Table) -> Iterator[Fault]:
    if "path" in store and "url" in store:
        yield Fault(("store", "url"), "found a second database beside store.path; allowed: one of path and url")


def _place_of_source(name: str, source: Table) -> Iterator[Fault]:
    kind = source.get("kind")
    if kind not in get_args(Source.model_fields["kind"].annotation):
        return
    wanted, other = ("path", "url") if kind == "folder" else ("url", "path")
    if wanted not in source:
        yield Fault(("sources", name, wanted), f'found nothing, and a source of kind "{kind}" needs {wanted}')
    if other in source:
        yield Fault(("sources", name, other), f'found {other}; allowed: a source of kind "{kind}" has {wanted} alone')


def _sources_exist(name: str, newsletter: Table, sources: Table) -> Iterator[Fault]:
    named = newsletter.get("sources")
    for number, source in enumerate(named if isinstance(named, list) else []):
        if isinstance(source, str) and source not in sources:
            yield Fault(("newsletters", name, "sources", number), _not_one_of(source, sources, "a source"))


def _default_schedule_exists(name: str, newsletter: Table) -> Iterator[Fault]:
    field = Newsletter.model_fields
    schedules = newsletter.get("schedules", field["schedules"].default)
    chosen = newsletter.get("default_schedule", field["default_schedule"].default)
    if isinstance(schedules, dict) and isinstance(chosen, str) and chosen not in schedules:
        sentence = _not_one_of(chosen, schedules, "a schedule of this newsletter")
        if "default_schedule" not in newsletter:
            sentence = f"found nothing, so {sentence.removeprefix('found ')}"
        yield Fault(("newsletters", name, "default_schedule"), sentence)


def _log_in_is_whole(name: str, relay: Table) -> Iterator[Fault]:
    if relay.get("kind", "smtp") not in ("smtp", "postfix"):
        return
    for given, wanted in (("username", "password"), ("password", "username")):
        if given in relay and wanted not in relay:
            yield Fault(("relays", name, wanted), f"found nothing, and a log-in with {given} needs {wanted} too")


def _second_signature_is_whole(path: KeyPath, dkim: Table) -> Iterator[Fault]:
    for given, wanted in (("ed25519_key", "ed25519_selector"), ("ed25519_selector", "ed25519_key")):
        if given in dkim and wanted not in dkim:
            yield Fault((*path, wanted), f"found nothing, and a second signature with {given} needs {wanted} too")
    selector = dkim.get("ed25519_selector")
    if isinstance(selector, str) and selector == dkim.get("selector"):
        yield Fault(
            (*path, "ed25519_selector"),
            f"found {found(selector)}, which is the selector of the RSA key; "
            "allowed: another one, because each key has its own record in DNS",
        )


def _signs_for_the_sender(name: str, relay: Table, newsletters: dict[str, Table]) -> Iterator[Fault]:
    """DMARC (RFC 7489 §3.1.1) wants the signature of the From domain's organisation: one domain is within the other."""
    signer = _table(relay.get("dkim")).get("domain")
    carries = relay.get("carries", Relay.model_fields["carries"].default)
    if not isinstance(signer, str) or not isinstance(carries, list) or "digests" not in carries:
        return
    for newsletter, table in newsletters.items():
        sender = _domain_of(table.get("from"))
        if sender and not _is_within(signer, sender) and not _is_within(sender, signer):
            yield Fault(
                ("relays", name, "dkim", "domain"),
                f'found {found(signer)}, and newsletters.{newsletter} comes from "{sender}"; allowed: that domain, '
                "one above it or one below it, because mailboxes trust no other signature",
            )


def _domain_of(sender: object) -> str:
    try:
        return parse_address(parseaddr(sender)[1]).domain if isinstance(sender, str) else ""
    except AddressError:
        return ""


def _is_within(domain: str, other: str) -> bool:
    """Whether a domain is another one or stands below it; a name without a dot is nobody's own."""
    domain, other = domain.casefold(), other.casefold()
    return domain == other or ("." in other and domain.endswith(f".{other}"))


def _not_one_of(name: str, known: Table, what: str) -> str:
    names = ", ".join(f'"{each}"' for each in known) or "none, as there is none yet"
    return f"found {found(name)}, which is not {what}; allowed: {names}{meant(name, known)}"


def _tables(data: Table, key: str) -> Iterator[tuple[str, Table]]:
    for name, table in _table(data.get(key)).items():
        yield name, _table(table)


def _table(value: object) -> Table:
    return value if isinstance(value, dict) else {}
