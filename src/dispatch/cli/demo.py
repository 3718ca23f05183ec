"""`dispatch demo`: see it work, without a site, a relay or a configuration of your own."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from dispatch.cli.opening import USAGE, fail


def demo(
    once: Annotated[bool, typer.Option("--once", help="Tell the whole story and leave.")] = False,
    out: Annotated[Path | None, typer.Option(help="Leave each received message here as .eml.")] = None,
    site: Annotated[str | None, typer.Option(help="Show this site's newest posts as an issue instead.")] = None,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """A sample magazine, a local inbox, one issue to five subscribers; or your own site as an issue.

    Examples:

      dispatch demo

      dispatch demo --site https://your.site --out sample
    """
    from dispatch.app import real_now
    from dispatch.errors import DispatchError

    if site and once:
        typer.echo("--once belongs to the sample magazine, --site to your own: give one of them", err=True)
        raise typer.Exit(USAGE)
    try:
        if site:
            from dispatch.demo.any_site import sample_of

            page = asyncio.run(sample_of(site, out or Path("sample"), say=typer.echo, clock=real_now))
            if open_page:
                typer.launch(page.resolve().as_uri())
            return
        from dispatch.demo.run import run_demo

        asyncio.run(
            run_demo(once=once, out=out, say=typer.echo, clock=real_now, open_page=typer.launch if open_page else None)
        )
    except DispatchError as error:
        fail(error)
