"""`dispatch send`: send what waits, once; or a trial to one address."""

from typing import Annotated

import typer

from dispatch.cli.opening import PROBLEM, USAGE, moment, open_dispatch
from dispatch.cli.watching import watched
from dispatch.event_loop import run_async


def send(
    context: typer.Context,
    newsletter: Annotated[str | None, typer.Argument(help="With --to: which newsletter's next issue.")] = None,
    to: Annotated[
        str | None, typer.Option(help="Send a trial, marked [TEST], to this address and to nobody else.")
    ] = None,
    now: Annotated[str | None, typer.Option(help="The moment to act for, ISO 8601.")] = None,
) -> None:
    """Send what waits until nothing is due any more.

    Examples:

      dispatch send

      dispatch send review --to me@example.org
    """
    if to and not newsletter:
        typer.echo("--to needs to know which newsletter: dispatch send NEWSLETTER --to ADDRESS", err=True)
        raise typer.Exit(USAGE)
    with open_dispatch(context.obj.config, now=moment(now)) as dispatch:
        if to and newsletter:
            reply = run_async(dispatch.send_trial(newsletter, to))
            typer.echo(f"the relay answered: {reply}")
            return
        from dispatch.schedule import send_once

        report = run_async(watched(dispatch, send_once(dispatch)))
        for line in report.lines:
            typer.echo(line)
        raise typer.Exit(PROBLEM if report.failed else 0)
