"""`dispatch preview`: the mail itself, as a page to open and as the parts that would be sent."""

import asyncio
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dispatch.cli.opening import PROBLEM, moment, open_dispatch

if TYPE_CHECKING:
    from dispatch.config.settings import Settings


def preview(
    context: typer.Context,
    newsletter: Annotated[str, typer.Argument(help="The newsletter, by its name in the configuration.")],
    out: Annotated[Path, typer.Option(help="Where the files go.")] = Path("preview"),
    schedule: Annotated[str | None, typer.Option(help="Which of its schedules; the default one if left out.")] = None,
    message: Annotated[
        str, typer.Option(help="Another message than the issue: post, share, confirm, welcome, goodbye, proof, alert.")
    ] = "digest",
    region: Annotated[str, typer.Option(help="As a reader in this region sees it.")] = "",
    language: Annotated[str, typer.Option(help="As a reader of this language sees it.")] = "",
    books: Annotated[bool, typer.Option("--books/--no-books", help="With or without the books.")] = True,
    sections_off: Annotated[
        list[str] | None, typer.Option(help="Without this section, by its label; may be given more than once.")
    ] = None,
    larger_type: Annotated[bool, typer.Option("--larger-type", help="As who likes larger type sees it.")] = False,
    lint: Annotated[bool, typer.Option("--lint", help="Check the mail too; a finding is exit code 1.")] = False,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    now: Annotated[str | None, typer.Option(help="Preview for this moment, ISO 8601.")] = None,
) -> None:
    """Write the next issue as a page that shows it as mail programs do, and as .html, .txt and .eml.

    The page has desktop, phone, dark, forced dark, Outlook, pictures off, text, headers, sizes, notes and findings side
    by side; it asks nobody for anything. The other files are the bytes that would go out, but for date and tokens.
    With nothing due the newest posts are shown, marked SAMPLE. No relay is needed, nothing is sent.

    Examples:

      dispatch preview review --open

      dispatch preview review --region GB --out proof --lint

      dispatch preview review --language de --larger-type --sections-off Books

      dispatch preview review --message welcome
    """
    from dispatch.model.issue import AudienceKey

    with open_dispatch(context.obj.config, now=moment(now)) as dispatch:
        reader = AudienceKey(
            0,
            region=region.upper(),
            language=language,
            books=books,
            sections_off="\n".join(sorted(_known_sections(dispatch.settings, newsletter, sections_off or []))),
            larger_type=larger_type,
        )
        result = asyncio.run(dispatch.preview(newsletter, schedule, out, reader, message))
        for path in (result.page, *result.files):
            typer.echo(str(path))
        for note in result.notes:
            typer.echo(f"note: {note}", err=True)
        findings = result.findings if lint else ()
        for finding in findings:
            typer.echo(f"lint: {finding}", err=True)
        if open_page:
            typer.launch(result.page.resolve().as_uri())
        raise typer.Exit(PROBLEM if findings else 0)


def _known_sections(settings: "Settings", newsletter: str, labels: Collection[str]) -> set[str]:
    """The labels without doubles; one that the newsletter does not have is a usage error. Its name is checked later."""
    known = settings.newsletters[newsletter].sections if newsletter in settings.newsletters else labels
    for label in labels:
        if label not in known:
            there = ", ".join(known) or "none"
            raise typer.BadParameter(f'"{newsletter}" has no section "{label}"; there are: {there}')
    return set(labels)
