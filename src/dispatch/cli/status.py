"""`dispatch status`: what was sent, and whether it adds up."""

import asyncio
import json
from typing import Annotated

import typer

from dispatch.cli.answers import issue_as_json, issue_line
from dispatch.cli.opening import open_dispatch


def status(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
    count: Annotated[int, typer.Option("--last", min=1, help="How many issues.")] = 20,
) -> None:
    """Print the newest issues with their arithmetic, and what needs a look.

    audience = accepted + refused + suppressed + in doubt + waiting, for every issue, always.

    Examples:

      dispatch status

      dispatch status --json --last 3
    """
    with open_dispatch(context.obj.config) as dispatch:
        if as_json:
            typer.echo(json.dumps([issue_as_json(issue) for issue in asyncio.run(dispatch.issues(count))], indent=2))
            return
        for issue in asyncio.run(dispatch.issues(count)):
            typer.echo(issue_line(issue))
        for line in asyncio.run(dispatch.needs_a_look()):
            typer.echo(f"! {line}")
