"""`dispatch preview`: the mail itself, as files to open."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from dispatch.cli.opening import PROBLEM, moment, open_dispatch


def preview(
    context: typer.Context,
    newsletter: Annotated[str, typer.Argument(help="The newsletter, by its name in the configuration.")],
    out: Annotated[Path, typer.Option(help="Where the files go.")] = Path("preview"),
    schedule: Annotated[str | None, typer.Option(help="Which of its schedules; the default one if left out.")] = None,
    region: Annotated[str, typer.Option(help="As a reader in this region sees it.")] = "",
    language: Annotated[str, typer.Option(help="As a reader of this language sees it.")] = "",
    books: Annotated[bool, typer.Option("--books/--no-books", help="With or without the books.")] = True,
    lint: Annotated[bool, typer.Option("--lint", help="Check the mail too; a finding is exit code 1.")] = False,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    now: Annotated[str | None, typer.Option(help="Preview for this moment, ISO 8601.")] = None,
) -> None:
    """Write the next issue as .html, .txt and .eml: the bytes that would go out, but for date and tokens.

    With nothing due the newest posts are shown, marked SAMPLE. No relay is needed, nothing is sent.

    Examples:

      dispatch preview review --open

      dispatch preview review --region GB --out proof --lint
    """
    from dispatch.model.issue import AudienceKey

    with open_dispatch(context.obj.config, now=moment(now)) as dispatch:
        reader = AudienceKey(0, region=region.upper(), language=language, books=books)
        result = asyncio.run(dispatch.preview(newsletter, schedule, out, reader))
        for path in result.files:
            typer.echo(str(path))
        for note in result.notes:
            typer.echo(f"note: {note}", err=True)
        findings = result.findings if lint else ()
        for finding in findings:
            typer.echo(f"lint: {finding}", err=True)
        if open_page:
            typer.launch(result.files[0].resolve().as_uri())
        raise typer.Exit(PROBLEM if findings else 0)
