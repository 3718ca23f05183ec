"""`dispatch dkim`: make the keys that mail is signed with, and print what of them has to stand in DNS."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from dispatch.cli.opening import NOTHING_TO_DO, PROBLEM

if TYPE_CHECKING:
    from dispatch.config.settings import Dkim, Relay, Settings
    from dispatch.transport.dkim_keys import KeyKind, SigningKey

dkim_app = typer.Typer(help="Make the keys that mail is signed with; print their DNS records.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]

USUAL_RELAY = "main"
LETTER = {"rsa": "d", "ed25519": "e"}  # with which the selectors begin that we make up


@dataclass(frozen=True, slots=True)
class _Wish:
    """A key to make; `config` has the lines that the configuration lacks for it, if any."""

    kind: "KeyKind"
    domain: str
    selector: str
    path: Path
    config: tuple[str, ...]


@dkim_app.command()
def new(
    context: typer.Context,
    relay: Annotated[str, typer.Argument(help="The relay whose mail is signed, by its name in config.toml.")] = "",
    domain: Annotated[str, typer.Option(help="The domain that signs; else as configured, or that of From.")] = "",
    selector: Annotated[str, typer.Option(help="Its name in DNS; else as configured, or made of the year.")] = "",
    file: Annotated[Path | None, typer.Option(help="Where the key is written; else as configured.")] = None,
    ed25519: Annotated[bool, typer.Option("--ed25519", help="Make an Ed25519 key, for a second signature.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a key, and print the DNS record and the lines of config.toml that it needs.

    With a relay's name, what is configured for it counts; with --domain alone, no configuration is needed.
    A key that is there already is never replaced.

    Examples:

      dispatch dkim new main

      dispatch dkim new --domain example.com --selector d2026

      dispatch dkim new main --ed25519
    """
    from dispatch.transport.dkim_keys import new_private_key, read_signing_key

    if not relay and not domain:
        raise typer.BadParameter("say which relay's mail is signed (`dispatch dkim new main`), or give --domain")
    with _sentences():
        wish = _wish(context.obj.config, relay, domain, selector, file, kind="ed25519" if ed25519 else "rsa")
        pem = new_private_key(wish.kind)
        _write(wish.path, pem)
        key = read_signing_key(pem, wish.selector, wish.kind, str(wish.path))
    if as_json:
        answer = {"file": str(wish.path), **_as_json(key, wish.domain), "config": list(wish.config)}
        typer.echo(json.dumps(answer, indent=2))
        return
    typer.echo(f"made {wish.path} ({_described(key)}), for you alone to read")
    _say_record(key, wish.domain)
    if wish.config:
        typer.echo("\nPut this into config.toml once DNS has the record:\n")
        typer.echo("\n".join(f"  {line}" for line in wish.config))
    typer.echo("\n`dispatch check` says whether DNS has it.")


@dkim_app.command()
def show(
    context: typer.Context,
    relay: Annotated[str, typer.Argument(help="One relay; all that have a key, if left out.")] = "",
    as_json: AsJson = False,
) -> None:
    """Print the DNS records of the configured keys.

    Examples:

      dispatch dkim show

      dispatch dkim show main --json
    """
    from dispatch.transport.dkim import signing_keys

    with _sentences():
        settings = _settings(context.obj.config)
        chosen = {relay: _relay(settings, relay)} if relay else settings.relays
        found = [
            (name, each.dkim, key)
            for name, each in chosen.items()
            if each.dkim is not None
            for key in signing_keys(each.dkim, f"relays.{name}.dkim")
        ]
    if not found:
        typer.echo("no key is configured: `dispatch dkim new` makes one", err=True)
        raise typer.Exit(NOTHING_TO_DO)
    if as_json:
        typer.echo(json.dumps([{"relay": name, **_as_json(key, dkim.domain)} for name, dkim, key in found], indent=2))
        return
    for number, (name, dkim, key) in enumerate(found):
        typer.echo(f"{chr(10) if number else ''}relay {name}: {_described(key)}")
        _say_record(key, dkim.domain)


@contextmanager
def _sentences() -> Iterator[None]:
    """Errors become sentences and exit code 1."""
    from dispatch.errors import ConfigurationError

    try:
        yield
    except ConfigurationError as error:
        for problem in error.problems:
            typer.echo(problem, err=True)
        raise typer.Exit(PROBLEM) from error


def _settings(config: Path | None) -> "Settings":
    from dispatch.config.load import find, load

    return load(find(config))


def _relay(settings: "Settings", name: str) -> "Relay":
    if name not in settings.relays:
        _fail(f'there is no relay "{name}": there is {", ".join(settings.relays) or "none yet"}')
    return settings.relays[name]


def _wish(config: Path | None, relay: str, domain: str, selector: str, file: Path | None, *, kind: "KeyKind") -> _Wish:
    """What to make: first what the options say, then what is configured, then what is usual."""
    from dispatch.config.load import find

    folder, dkim = Path(), None
    if relay:
        settings = _settings(config)
        dkim = _relay(settings, relay).dkim
        domain = domain or (dkim.domain if dkim else _domain_of_sender(settings))
        folder = find(config).parent
    configured = _configured(dkim, kind)
    selector = selector or configured.get("selector", f"{LETTER[kind]}{datetime.now(UTC).year}")
    _check_names(domain, selector)
    place = configured["key"] if selector == configured.get("selector") else f"file:keys/dkim-{selector}.pem"
    if file is not None:
        place = f"file:{file.expanduser().absolute()}"
    if not place.startswith("file:"):
        _fail(f"{place} is not a file, so nothing can be written there: say with --file where the key is to go")
    wanted = {**({"domain": domain} if kind == "rsa" else {}), "selector": selector, "key": place}
    return _Wish(
        kind, domain, selector, folder / place.removeprefix("file:"), _lacking(relay, kind, wanted, configured)
    )


def _configured(dkim: "Dkim | None", kind: "KeyKind") -> dict[str, str]:
    """What the configuration says about a key of that kind; nothing where it names none."""
    if dkim is None:
        return {}
    if kind == "rsa":
        return {"domain": dkim.domain, "selector": dkim.selector, "key": str(dkim.key)}
    if dkim.ed25519_selector is None or dkim.ed25519_key is None:
        return {}
    return {"selector": dkim.ed25519_selector, "key": str(dkim.ed25519_key)}


def _lacking(relay: str, kind: "KeyKind", wanted: dict[str, str], configured: dict[str, str]) -> tuple[str, ...]:
    prefix = "ed25519_" if kind == "ed25519" else ""
    lines = [f"{prefix}{key} = {json.dumps(value)}" for key, value in wanted.items() if configured.get(key) != value]
    return (f"[relays.{relay or USUAL_RELAY}.dkim]", *lines) if lines else ()


def _domain_of_sender(settings: "Settings") -> str:
    from dispatch.transport.headers import sender_of

    return sender_of(next(iter(settings.newsletters.values())))[1].domain


def _check_names(domain: str, selector: str) -> None:
    from dispatch.config.faults import wrong_with

    for key, value in (("domain", domain), ("selector", selector)):
        wrong = wrong_with(("relays", USUAL_RELAY, "dkim", key), value)
        if wrong:
            _fail(f"--{key}: {wrong}")


def _write(path: Path, pem: bytes) -> None:
    from dispatch.config.secrets import write_secret

    try:
        written = write_secret(path, pem)
    except OSError as error:
        _fail(f"{path}: {error.strerror or error}")
    if not written:
        _fail(
            f"{path} is there already, and no key is ever replaced: `dispatch dkim show` prints its record; "
            "for a new key give --selector a new name"
        )


def _described(key: "SigningKey") -> str:
    return f"RSA, {key.bits} bits" if key.kind == "rsa" else "Ed25519"


def _say_record(key: "SigningKey", domain: str) -> None:
    from dispatch.transport.dkim_keys import zone_line
    from dispatch.transport.dkim_record import record_name

    name = record_name(key.selector, domain)
    typer.echo(f"\nPublish this TXT record in DNS:\n\n  name   {name}\n  value  {key.record}")
    typer.echo(f"\nThe same as a line of a zone file:\n\n  {zone_line(name, key.record)}")


def _as_json(key: "SigningKey", domain: str) -> dict[str, Any]:
    from dispatch.transport.dkim_keys import zone_line
    from dispatch.transport.dkim_record import record_name

    name = record_name(key.selector, domain)
    return {
        "kind": key.kind,
        "bits": key.bits,
        "domain": domain,
        "selector": key.selector,
        "name": name,
        "value": key.record,
        "zone": zone_line(name, key.record),
    }


def _fail(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(PROBLEM)
