"""`dispatch collect`: fetch the site's new posts."""

import asyncio
import json
from typing import Annotated

import typer

from dispatch.cli.opening import PROBLEM, USAGE, moment, open_dispatch
from dispatch.cli.watching import waited_for


def collect(
    context: typer.Context,
    source: Annotated[list[str] | None, typer.Argument(help="Only these sources.")] = None,
    release: Annotated[bool, typer.Option("--release", help="Let go what the storm guard holds.")] = False,
    archive: Annotated[bool, typer.Option("--archive", help="Never mail what the storm guard holds.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
    now: Annotated[str | None, typer.Option(help="The moment to act for, ISO 8601.")] = None,
) -> None:
    """Fetch every source now, and say what is new.

    When far more new posts appear than a source ever had, they are held; --release or --archive decides about them.

    Examples:

      dispatch collect

      dispatch collect site --release
    """
    if release and archive:
        typer.echo("--release and --archive are two answers: give one", err=True)
        raise typer.Exit(USAGE)
    with open_dispatch(context.obj.config, now=moment(now)) as dispatch:
        if release or archive:
            count = asyncio.run(dispatch.decide_held(source, release=release))
            typer.echo(f"{count} held posts {'released' if release else 'archived'}")
            return
        report = asyncio.run(waited_for("collecting", dispatch.collect(source, fresh=not source)))
        if as_json:
            typer.echo(json.dumps(report.as_json(), indent=2))
        else:
            for line in report.lines():
                typer.echo(line)
        raise typer.Exit(PROBLEM if report.problems else 0)
