"""`dispatch init`: the first configuration, with what the site says about itself, and its keys."""

import asyncio
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dispatch.cli.opening import PROBLEM, USAGE, fail

if TYPE_CHECKING:
    from dispatch.collecting.discovery import Discovered
    from dispatch.config.starting import Start

# The questions, the option each stands for, and the key of the configuration that says what may be answered.
_POSTAL_ADDRESS = "Postal address (the law wants it in every issue)"
_SENDER = "From"
_RELAY = "SMTP relay, HOST:PORT"
_SHARE = 'Sharing with a friend: "link" (the reader\'s own mail program) or "off"'


def init(
    context: typer.Context,
    site: Annotated[str | None, typer.Argument(metavar="[SITE]", help="The site's address, or its feed's.")] = None,
    config: Annotated[Path | None, typer.Option(help="The file to write; config.toml if not given.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write the file anew; keys and books.toml stay.")] = False,
    postal_address: Annotated[str | None, typer.Option(help="Where you can be reached by post.")] = None,
    sender: Annotated[str | None, typer.Option("--from", help='"Name <name@example.com>".')] = None,
    relay: Annotated[str | None, typer.Option(help="The SMTP service that sends, HOST:PORT.")] = None,
    share: Annotated[str | None, typer.Option(help="Sharing with a friend: link or off.")] = None,
    timezone: Annotated[str | None, typer.Option(help="The zone of the schedules, like Europe/London.")] = None,
    allow_private_networks: Annotated[
        bool, typer.Option("--allow-private-networks", help="The site is on this machine or on a private network.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing; what is not given is a sample to fill in.")] = False,
) -> None:
    """Write config.toml, books.toml and the keys, with what the site says about itself.

    Asks four questions on a terminal; elsewhere, and with --yes, the options answer them.

    Examples:

      dispatch init https://lamplight.example

      dispatch init --yes --from "Review <review@lamplight.example>" --relay smtp.lamplight.example:587
    """
    from dispatch.config.starting import Start

    path = config or context.obj.config or Path("config.toml")
    if path.exists() and not force:
        typer.echo(f"{path} is already there: --force writes it anew (keys and books.toml stay)", err=True)
        raise typer.Exit(PROBLEM)
    start = Start(allow_private_networks=allow_private_networks)
    if site:
        start = _with_site(start, site)
    given = {"postal_address": postal_address, "sender": sender, "relay": relay, "share": share, "timezone": timezone}
    start = _with_answers(start, given, ask=sys.stdin.isatty() and not yes)
    _write(path, start)
    _say_what_is_next(path, start)


def _with_site(start: "Start", site: str) -> "Start":
    from dispatch.errors import CollectError

    address = site if "://" in site else f"https://{site}"
    try:
        found = asyncio.run(_discover(address, allow_private_networks=start.allow_private_networks))
    except CollectError as error:
        typer.echo(str(error).removeprefix(f"{address}: "), err=True)
        typer.echo("`dispatch init` without a site writes a sample to fill in", err=True)
        raise typer.Exit(PROBLEM) from error
    typer.echo(f"{found.name or address}: {found.kind} at {found.url}")
    return replace(
        start,
        url=found.home,
        name=found.name or start.name,
        tagline=found.tagline,
        language=found.language or start.language,
        timezone=found.timezone or start.timezone,
        source_kind=found.kind,
        source_url=found.url,
    )


async def _discover(site: str, *, allow_private_networks: bool) -> "Discovered":
    from dispatch.collecting.discovery import discover
    from dispatch.collecting.fetching import open_reach

    async with open_reach(allow_private_networks=allow_private_networks) as reach:
        return await discover(reach, site, datetime.now(UTC))


def _with_answers(start: "Start", given: dict[str, str | None], *, ask: bool) -> "Start":
    from dispatch.config.starting import with_relay

    address = _answer(given["postal_address"], ("site", "postal_address"), _POSTAL_ADDRESS, None, ask=ask)
    sender = _answer(given["sender"], ("newsletters", "any", "from"), _SENDER, start.default_sender, ask=ask)
    relay = given["relay"] or (typer.prompt(_RELAY, default=f"{start.relay_host}:{start.relay_port}") if ask else None)
    share = _answer(given["share"], ("share", "from_mail"), _SHARE, start.share, ask=ask)
    zone = _answer(given["timezone"], ("site", "timezone"), "", start.timezone, ask=False)
    start = replace(
        start,
        postal_address=address or start.postal_address,
        sender=sender or start.sender,
        share=share or start.share,
        timezone=zone or start.timezone,
    )
    try:
        return with_relay(start, relay) if relay else start
    except ValueError as error:
        typer.echo(f"--relay: {error}", err=True)
        raise typer.Exit(USAGE) from error


def _answer(given: str | None, key: tuple[str, ...], question: str, default: str | None, *, ask: bool) -> str | None:
    """What an option says, or the answer to its question; asked again until the configuration would take it."""
    from dispatch.config.faults import wrong_with

    if given is not None:
        if wrong := wrong_with(key, given):
            typer.echo(f"--{key[-1].replace('_', '-')}: {wrong}", err=True)
            raise typer.Exit(USAGE)
        return given
    while ask:
        answer: str = typer.prompt(question, default=default)
        wrong = wrong_with(key, answer)
        if not wrong:
            return answer
        typer.echo(wrong)
    return None


def _write(path: Path, start: "Start") -> None:
    from dispatch.config.load import load
    from dispatch.config.secrets import make_key
    from dispatch.config.starting import starting_books, starting_configuration
    from dispatch.errors import ConfigurationError

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(starting_configuration(start), encoding="utf-8")
        _say_made(path, made=True)
        for key in ("address.key", "token.key"):
            place = path.parent / "keys" / key
            _say_made(place, made=make_key(place))
        books = path.parent / "books.toml"
        made = not books.exists()
        if made:
            books.write_text(starting_books(start), encoding="utf-8")
        _say_made(books, made=made)
        load(path)
    except OSError as error:
        typer.echo(f"{error.filename or path} cannot be written: {error.strerror or error}", err=True)
        raise typer.Exit(PROBLEM) from error
    except ConfigurationError as error:
        fail(error)


def _say_made(path: Path, *, made: bool) -> None:
    typer.echo(f"{'wrote' if made else 'kept '} {path}")


def _say_what_is_next(path: Path, start: "Start") -> None:
    command = "dispatch" if path == Path("config.toml") else f"dispatch --config {path}"
    typer.echo(
        f"\nNext:\n"
        f"  {command} check                              what is wrong or missing\n"
        f"  {command} subscribers import FILE.csv        who gets it\n"
        f"  {command} preview {start.slug} --out preview    what they will get"
    )
