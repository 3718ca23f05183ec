"""`dispatch compose`: make the issue that is due, and leave it to be sent."""

import asyncio
from typing import Annotated

import typer

from dispatch.cli.opening import PROBLEM, moment, open_dispatch
from dispatch.cli.watching import waited_for


def compose(
    context: typer.Context,
    newsletter: Annotated[str, typer.Argument(help="The newsletter, by its name in the configuration.")],
    now: Annotated[str | None, typer.Option(help="The moment to act for, ISO 8601.")] = None,
) -> None:
    """Make the issue that is due at this moment; `dispatch send` or `dispatch run` sends it.

    Asking again changes nothing: one slot is one issue.

    Examples:

      dispatch compose review

      dispatch compose review --now 2026-11-27T12:05:00Z
    """
    from dispatch.errors import NothingToDoError

    with open_dispatch(context.obj.config, now=moment(now)) as dispatch:
        report = asyncio.run(waited_for("composing", dispatch.compose(newsletter)))
        for line in report.lines:
            typer.echo(line)
        if report.failed:
            raise typer.Exit(PROBLEM)
        if not report.lines:
            raise NothingToDoError(
                f'nothing is due for "{newsletter}" at this moment: `dispatch next {newsletter}` says when'
            )
