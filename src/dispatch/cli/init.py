"""`dispatch init`: the first configuration, with what the site says about itself, and its keys."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dispatch.cli.opening import PROBLEM, USAGE, fail

if TYPE_CHECKING:
    from dispatch.collecting.discovery import Discovered
    from dispatch.config.starting import Start


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked on a terminal, the option that answers it too, and what is wrong with an answer ("" if nothing)."""

    option: str
    text: str
    default: str | None
    wrong: Callable[[str], str]

    def answer(self, given: str | None, *, ask: bool) -> str | None:
        """What was given, else what is answered, asked again until it is right; None where nobody is asked."""
        if given is not None:
            if wrong := self.wrong(given):
                typer.echo(f"{self.option}: {wrong}", err=True)
                raise typer.Exit(USAGE)
            return given
        while ask:
            answer: str = typer.prompt(self.text, default=self.default)
            if not (wrong := self.wrong(answer)):
                return answer
            typer.echo(wrong)
        return None


def init(
    context: typer.Context,
    site: Annotated[str | None, typer.Argument(metavar="SITE", help="The site's address, or its feed's.")] = None,
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
    import asyncio

    from dispatch.errors import CollectError

    address = site if "://" in site else f"https://{site}"
    try:
        found = asyncio.run(_discover(address, allow_private_networks=start.allow_private_networks))
    except CollectError as error:
        typer.echo(str(error).removeprefix(f"{address}: "), err=True)
        typer.echo("`dispatch init` without a site writes a sample to fill in", err=True)
        raise typer.Exit(PROBLEM) from error
    typer.echo(f"{found.name or address}: {found.kind} at {found.url}")
    if not found.timezone:
        typer.echo(f"its time zone is not said there: {start.timezone} is written unless --timezone says another")
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

    questions = _questions(start)
    answers = {name: question.answer(given[name], ask=ask) for name, question in questions.items()}
    zone = _Question("--timezone", "", None, _key("site", "timezone")).answer(given["timezone"], ask=False)
    start = replace(
        start,
        postal_address=answers["postal_address"] or start.postal_address,
        sender=answers["sender"] or start.sender,
        share=answers["share"] or start.share,
        timezone=zone or start.timezone,
    )
    return with_relay(start, answers["relay"]) if answers["relay"] else start


def _questions(start: "Start") -> dict[str, _Question]:
    from dispatch.config.starting import wrong_with_relay

    return {
        "postal_address": _Question(
            "--postal-address",
            "Postal address (the law wants it in every issue)",
            None,
            _key("site", "postal_address"),
        ),
        "sender": _Question("--from", "From", start.default_sender, _key("newsletters", "any", "from")),
        "relay": _Question(
            "--relay", "SMTP relay, HOST:PORT", f"{start.relay_host}:{start.relay_port}", wrong_with_relay
        ),
        "share": _Question(
            "--share", 'Sharing with a friend: "link" or "off"', start.share, _key("share", "from_mail")
        ),
    }


def _key(*path: str) -> Callable[[str], str]:
    """What the configuration says about a value of this key."""
    from dispatch.config.faults import wrong_with

    return partial(wrong_with, path)


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
