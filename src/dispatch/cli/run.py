"""`dispatch run`: the whole service."""

import asyncio
from typing import Annotated

import typer

from dispatch.cli.opening import PROBLEM, USAGE, moment, open_dispatch
from dispatch.cli.watching import watched


def run(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Do what is due now, then leave.")] = False,
    now: Annotated[str | None, typer.Option(help="With --once: the moment to act for, ISO 8601.")] = None,
    only: Annotated[str | None, typer.Option(help="A part of the service: schedule or send.")] = None,
) -> None:
    """Collect, compose and send, whenever something is due, until stopped.

    SIGTERM stops cleanly: no new mail, outstanding replies are waited for.

    Examples:

      dispatch run

      dispatch run --once --now 2026-11-27T12:05:00Z
    """
    if only not in (None, "schedule", "send"):
        typer.echo(f'--only is "schedule" or "send", not "{only}"', err=True)
        raise typer.Exit(USAGE)
    if now and not once:
        typer.echo("--now goes with --once: the service itself follows the wall clock", err=True)
        raise typer.Exit(USAGE)
    with open_dispatch(context.obj.config, now=moment(now)) as dispatch:
        from dispatch.schedule import serve, serve_once

        if once:
            report = asyncio.run(watched(dispatch, serve_once(dispatch)))
            for line in report.lines:
                typer.echo(line)
            raise typer.Exit(PROBLEM if report.failed else 0)
        asyncio.run(serve(dispatch, schedule=only != "send", send=only != "schedule", say=typer.echo))
