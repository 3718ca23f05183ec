"""`dispatch run`: the whole service."""

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from dispatch.cli.opening import PROBLEM, USAGE, moment, open_dispatch
from dispatch.cli.watching import watched
from dispatch.event_loop import run_async

if TYPE_CHECKING:
    from dispatch.app import Dispatch


def run(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Do what is due now, then leave.")] = False,
    now: Annotated[str | None, typer.Option(help="With --once: the moment to act for, ISO 8601.")] = None,
    only: Annotated[str | None, typer.Option(help="A part of the service: web, schedule or send.")] = None,
) -> None:
    """Collect, compose and send, whenever something is due, until stopped; and serve the pages of readers.

    SIGTERM stops cleanly: no new mail, outstanding replies are waited for.

    Examples:

      dispatch run

      dispatch run --once --now 2026-11-27T12:05:00Z
    """
    if only not in (None, "web", "schedule", "send"):
        typer.echo(f'--only is "web", "schedule" or "send", not "{only}"', err=True)
        raise typer.Exit(USAGE)
    if now and not once:
        typer.echo("--now goes with --once: the service itself follows the wall clock", err=True)
        raise typer.Exit(USAGE)
    with open_dispatch(context.obj.config, now=moment(now)) as dispatch:
        if once:
            from dispatch.schedule import serve_once

            report = run_async(watched(dispatch, serve_once(dispatch)))
            for line in report.lines:
                typer.echo(line)
            raise typer.Exit(PROBLEM if report.failed else 0)
        run_async(_run(dispatch, only))


async def _run(dispatch: "Dispatch", only: str | None) -> None:
    from dispatch.schedule import serve, stopping
    from dispatch.web.site import site_on

    async with AsyncExitStack() as stack:
        if only in (None, "web"):
            await stack.enter_async_context(site_on(dispatch.settings.web.listen, dispatch, typer.echo))
        if only == "web":
            typer.echo("running; SIGTERM or Ctrl-C stops")
            await stack.enter_context(stopping()).wait()
            return
        await serve(dispatch, schedule=only != "send", send=only != "schedule", say=typer.echo)
