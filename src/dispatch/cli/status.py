"""`dispatch status`: what was sent, and whether it adds up."""

import asyncio
import json
from typing import Annotated

import typer

from dispatch.cli.opening import open_dispatch

COLUMNS = ("audience", "accepted", "refused", "suppressed", "in_doubt", "waiting")


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
            issues = asyncio.run(dispatch.issues(1_000_000 if count == 20 else count))
            typer.echo(json.dumps([issue.as_json() for issue in issues], indent=2))
            return
        report = asyncio.run(dispatch.status(count))
        for line in report:
            typer.echo(line)
