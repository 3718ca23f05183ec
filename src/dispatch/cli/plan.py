"""`dispatch plan`: what the next issue will be, and who gets it."""

import asyncio
import json
from typing import Annotated

import typer

from dispatch.cli.opening import moment, open_dispatch
from dispatch.cli.watching import waited_for


def plan(
    context: typer.Context,
    newsletter: Annotated[str, typer.Argument(help="The newsletter, by its name in the configuration.")],
    schedule: Annotated[str | None, typer.Option(help="Which of its schedules; the default one if left out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
    now: Annotated[str | None, typer.Option(help="Plan for this moment, ISO 8601.")] = None,
) -> None:
    """Say what the next issue will be: posts, books, variants, audience, and who is left out and why.

    Nothing is stored and nothing is sent.

    Examples:

      dispatch plan review

      dispatch plan review --schedule daily --json
    """
    with open_dispatch(context.obj.config, now=moment(now)) as dispatch:
        plan = asyncio.run(waited_for("planning", dispatch.plan(newsletter, schedule)))
        typer.echo(json.dumps(plan.as_json(), indent=2, ensure_ascii=False) if as_json else "\n".join(plan.lines()))
