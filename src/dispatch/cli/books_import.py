"""`dispatch books import`: a CSV file into books.toml, the difference first."""

from pathlib import Path
from typing import Annotated

import typer

from dispatch.cli.opening import NOTHING_TO_DO, PROBLEM, open_dispatch


def import_books(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A CSV file whose columns are named like the keys of books.toml.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the difference, and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
) -> None:
    """Add the books of a CSV file to books.toml, or change those it has; the difference is shown first.

    Comments and the order of the file stay. One wrong cell, and nothing is written.

    Examples:

      dispatch books import spring.csv --dry-run

      dispatch books import spring.csv --yes
    """
    from dispatch.errors import BooksError
    from dispatch.promoting.importing import plan_import, write_import
    from dispatch.promoting.overview import books_file

    with open_dispatch(context.obj.config) as dispatch:
        try:
            planned = plan_import(file, books_file(dispatch.settings))
            if not planned.difference:
                typer.echo("books.toml says all of this already")
                raise typer.Exit(NOTHING_TO_DO)
            for line in planned.difference:
                typer.echo(line)
            typer.echo(f"{len(planned.new)} new, {len(planned.changed)} changed")
            if dry_run:
                typer.echo("nothing was changed")
                return
            if not yes and not typer.confirm(f"Write {planned.file}?"):
                typer.echo("nothing was changed")
                return
            write_import(planned)
        except BooksError as error:
            for problem in error.problems:
                typer.echo(problem, err=True)
            raise typer.Exit(PROBLEM) from error
    typer.echo(f"{planned.file} is written")
