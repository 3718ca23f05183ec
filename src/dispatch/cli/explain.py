"""`dispatch explain`: why somebody did or did not get it."""

import asyncio
from typing import Annotated

import typer

from dispatch.cli.opening import open_dispatch


def explain(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="The address, in any spelling.")],
    issue: Annotated[int | None, typer.Argument(help="One issue, by its id; the newest ones if left out.")] = None,
) -> None:
    """Say in words what became of somebody's mail.

    Examples:

      dispatch explain reader@example.org

      dispatch explain reader@example.org 12
    """
    with open_dispatch(context.obj.config) as dispatch:
        for line in asyncio.run(dispatch.explain(address, issue)):
            typer.echo(line)
