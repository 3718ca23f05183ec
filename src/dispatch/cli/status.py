"""`dispatch status`: what was sent, and whether it adds up."""

import asyncio
import json
from typing import Annotated

import typer

from dispatch.cli.answers import issue_as_json, issue_line
from dispatch.cli.opening import open_dispatch

ALL = 1_000_000


def status(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
    count: Annotated[int | None, typer.Option("--last", min=1, help="How many issues; 20, or all as JSON.")] = None,
) -> None:
    """Print the newest issues with their arithmetic, and what needs a look.

    audience = accepted + refused + suppressed + in doubt + waiting, for every issue, always.

    Examples:

      dispatch status

      dispatch status --json --last 3
    """
    with open_dispatch(context.obj.config) as dispatch:
        issues = asyncio.run(dispatch.issues(count or (ALL if as_json else 20)))
        if as_json:
            typer.echo(json.dumps([issue_as_json(issue) for issue in issues], indent=2))
            return
        for issue in issues:
            typer.echo(issue_line(issue))
        if not issues:
            typer.echo("no issue yet: `dispatch next` says when the first one is due")
        for line in asyncio.run(dispatch.needs_a_look()):
            typer.echo(f"! {line}")
