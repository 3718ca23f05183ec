"""`dispatch`: the commands, in the order in which a newcomer needs them."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from dispatch import __version__
from dispatch.cli import (
    check,
    collect,
    compose,
    demo,
    explain,
    init,
    issues,
    next_slots,
    plan,
    preview,
    run,
    send,
    status,
)
from dispatch.cli.books import books_app
from dispatch.cli.dkim import dkim_app
from dispatch.cli.opening import CommandContext, configure_logging
from dispatch.cli.subscribers import subscribers_app

MAP = """\
dispatch: a newsletter made of a site's new posts.

  dispatch demo                      see it work: a sample magazine and a local inbox
  dispatch init https://your.site    write config.toml and its keys
  dispatch check                     what is wrong, and what to do about it
  dispatch subscribers import F.csv  who gets it (also: add, show, set, remove, erase, export)
  dispatch collect                   fetch the site's new posts
  dispatch plan NEWSLETTER           what the next issue will be, and who gets it
  dispatch preview NEWSLETTER        the mail itself, as files to open
  dispatch next NEWSLETTER           when the next issues go
  dispatch run                       the whole service (or: run --once, from cron)
  dispatch status                    what was sent, and whether it adds up
  dispatch explain ADDRESS           why somebody did or did not get it

`dispatch --help` lists every command; each has --help with examples.
"""

app = typer.Typer(
    add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, invoke_without_command=True
)


@app.callback()
def dispatch(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(help="The configuration; else $DISPATCH_CONFIG, ./config.toml, /etc/dispatch/config.toml."),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what is done to standard error.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    """A newsletter made of a site's new posts, mailed once to everybody who asked for it."""
    configure_logging(verbose=verbose)
    context.obj = CommandContext(config=config, verbose=verbose)
    if version:
        typer.echo(f"dispatch {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(MAP, nl=False)


app.command()(demo.demo)
app.command()(init.init)
app.command()(check.check)
app.add_typer(subscribers_app, name="subscribers")
app.add_typer(books_app, name="books")
app.add_typer(dkim_app, name="dkim")
app.command()(collect.collect)
app.command()(compose.compose)
app.command()(plan.plan)
app.command()(preview.preview)
app.command(name="next")(next_slots.next_slots)
app.command()(send.send)
app.command()(run.run)
app.add_typer(issues.issues_app, name="issues")
app.command()(status.status)
app.command()(explain.explain)


def main() -> None:
    """The entry point; an interruption at the keyboard is not a crash."""
    try:
        app()
    except KeyboardInterrupt:
        typer.echo("stopped", err=True)
        sys.exit(130)
