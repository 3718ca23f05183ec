"""Many subscribers at once: import a file, list, export."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dispatch.cli.opening import PROBLEM, moment, open_dispatch

if TYPE_CHECKING:
    from dispatch.app import Dispatch
    from dispatch.model.subscriber import SubscriptionState
    from dispatch.subscribing.report import ImportReport

PROGRESS_AFTER_SECONDS = 1.0


class ImportedAs(StrEnum):
    """What a file says of the people in it."""

    SUBSCRIBED = "subscribed"
    UNCONFIRMED = "unconfirmed"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"


class ListedState(StrEnum):
    """Whose subscriptions are listed."""

    ACTIVE = "active"
    UNCONFIRMED = "unconfirmed"
    LEFT = "left"
    ALL = "all"


Newsletter = Annotated[
    str | None, typer.Option(help="Which newsletter, by its name in the configuration; if there is one, that.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]
Now = Annotated[str | None, typer.Option(help="The moment to act for, ISO 8601.")]
Which = Annotated[ListedState, typer.Option("--state", help="Whose subscriptions.")]
Suppressed = Annotated[bool, typer.Option("--suppressed", help="Also those whose address is suppressed.")]


def import_subscribers(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A CSV file; its first line names the columns, one of them email.")],
    newsletter: Newsletter = None,
    imported_as: Annotated[ImportedAs, typer.Option("--as", help="What the people in it are.")] = ImportedAs.SUBSCRIBED,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report, and change nothing.")] = False,
    as_json: AsJson = False,
    now: Now = None,
) -> None:
    """Bring people in from a CSV file, and say what became of every row.

    Nobody who left, bounced, complained or was erased is brought back. Running it again adds nobody twice.

    Examples:

      dispatch subscribers import readers.csv --dry-run

      dispatch subscribers import bounces.csv --as bounced
    """
    from dispatch.subscribing.importing import import_file

    with open_dispatch(context.obj.config, now=moment(now)) as dispatch:
        with _progress(file.name) as progress:
            report = asyncio.run(
                import_file(
                    dispatch.database,
                    dispatch.settings,
                    dispatch.now(),
                    file,
                    address_key=dispatch.address_key,
                    newsletter=newsletter,
                    as_state=imported_as.value,
                    dry_run=dry_run,
                    progress=progress,
                )
            )
        _tell(report, as_json=as_json)


def list_subscribers(
    context: typer.Context,
    newsletter: Newsletter = None,
    state: Which = ListedState.ACTIVE,
    suppressed: Suppressed = False,
    find: Annotated[str, typer.Option(help="Only those whose address or name has this in it.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List subscriptions, one a line; `export` gives all of them as a file.

    Examples:

      dispatch subscribers list --find ada

      dispatch subscribers list --state left --json
    """
    from dispatch.cli.people import listed_as_json, listed_line
    from dispatch.store.subscribers import list_subscriptions

    with open_dispatch(context.obj.config) as dispatch:
        _check_newsletter(dispatch, newsletter)
        rows = dispatch.database.transact(
            list_subscriptions,
            newsletter_slug=newsletter,
            states=_states(state),
            suppressed=suppressed,
            find=find,
            limit=limit,
        )
    if as_json:
        typer.echo(json.dumps([listed_as_json(row) for row in rows], indent=2, ensure_ascii=False))
        return
    for row in rows:
        typer.echo(listed_line(row))


def export_subscribers(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="Where to write it; to standard output if left out.")] = None,
    newsletter: Newsletter = None,
    state: Which = ListedState.ACTIVE,
    suppressed: Suppressed = False,
) -> None:
    """Write subscriptions as a CSV file that `import` takes back and no spreadsheet runs.

    Examples:

      dispatch subscribers export readers.csv

      dispatch subscribers export everybody.csv --state all --suppressed
    """
    from dispatch.errors import DispatchError
    from dispatch.subscribing.exporting import export_csv

    with open_dispatch(context.obj.config) as dispatch:
        _check_newsletter(dispatch, newsletter)
        pieces = export_csv(dispatch.database, newsletter=newsletter, states=_states(state), suppressed=suppressed)
        try:
            asyncio.run(_write(pieces, file))
        except OSError as error:
            raise DispatchError(f"{error.filename or file}: it cannot be written: {error.strerror or error}") from error


def _check_newsletter(dispatch: "Dispatch", slug: str | None) -> None:
    """All newsletters if none is named; raises NotFoundError for one that is not there."""
    from dispatch.subscribing.newsletters import newsletter_named

    if slug is not None:
        newsletter_named(dispatch.settings, slug)


def _states(state: ListedState) -> "list[SubscriptionState]":
    from dispatch.model.subscriber import SubscriptionState

    return list(SubscriptionState) if state is ListedState.ALL else [SubscriptionState(state.value)]


async def _write(pieces: AsyncIterator[str], file: Path | None) -> None:
    if file is None:
        async for piece in pieces:
            typer.echo(piece, nl=False)
        return
    # An export that was cut short must not pass for a whole one.
    unfinished = file.with_name(f"{file.name}.part")
    with unfinished.open("w", encoding="utf-8", newline="") as stream:
        async for piece in pieces:
            stream.write(piece)
    unfinished.replace(file)


def _tell(report: "ImportReport", *, as_json: bool) -> None:
    """Print what an import did; it failed if it could make nothing of any row."""
    from dispatch.errors import NothingToDoError

    typer.echo(json.dumps(report.as_json(), indent=2, ensure_ascii=False) if as_json else "\n".join(report.lines()))
    if report.rows == 0:
        raise NothingToDoError(f"{report.file} names its columns and holds no rows")
    if report.broken == report.rows:
        raise typer.Exit(PROBLEM)


@contextmanager
def _progress(name: str) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on a terminal, once there was a second to wait; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task(name, total=None)

    def advance(done: int, whole: int) -> None:
        bar.update(task, completed=done, total=whole)
        elapsed = bar.tasks[0].elapsed or 0
        if elapsed > PROGRESS_AFTER_SECONDS and not bar.live.is_started:
            bar.start()

    try:
        yield advance
    finally:
        bar.stop()
