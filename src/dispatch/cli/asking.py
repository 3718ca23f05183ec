"""`dispatch subscribers ask`: one question to everybody who was imported and never confirmed."""

import asyncio
from typing import Annotated

import typer

from dispatch.cli.opening import NOTHING_TO_DO, moment, open_dispatch


def ask(
    context: typer.Context,
    newsletter: Annotated[str | None, typer.Option(help="Only about this newsletter.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how many it concerns, and ask nobody.")] = False,
    now: Annotated[str | None, typer.Option(help="The moment to act for, ISO 8601.")] = None,
) -> None:
    """Ask everybody who was imported as unconfirmed whether they want the newsletter; a button in the mail says yes.

    Nobody is asked twice, however often you call this. The mails leave with the next `run` or `send`.

    Examples:

      dispatch subscribers ask --dry-run

      dispatch subscribers ask --newsletter review
    """
    from dispatch.subscribing.asking import ask_unconfirmed

    with open_dispatch(context.obj.config, now=moment(now)) as dispatch:
        asked = asyncio.run(
            ask_unconfirmed(
                dispatch.database, dispatch.settings, dispatch.now(), newsletter=newsletter, dry_run=dry_run
            )
        )
    people = "1 person" if asked.people == 1 else f"{asked.people} people"
    before = f"; {asked.before} were asked before and are left alone" if asked.before else ""
    typer.echo(f"{people} {'would be' if dry_run else 'will be'} asked{before}")
    if not asked.people:
        raise typer.Exit(NOTHING_TO_DO)
