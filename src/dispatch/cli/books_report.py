"""`dispatch books report`: how often what was shown."""

import asyncio
import csv
import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dispatch.cli.opening import NOTHING_TO_DO, USAGE, open_dispatch

if TYPE_CHECKING:
    from dispatch.promoting.reporting import ReportRow

Group = Literal["book", "shops", "issue", "topic"]
COLUMNS = ("impressions", "issues", "clicks")


def report(
    context: typer.Context,
    by: Annotated[Group, typer.Option(help="What to count by.")] = "book",
    newsletter: Annotated[str | None, typer.Option(help="Of one newsletter alone.")] = None,
    since: Annotated[str | None, typer.Option(help="Issues due on this day or later, YYYY-MM-DD.")] = None,
    until: Annotated[str | None, typer.Option(help="Issues due before this day, YYYY-MM-DD.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Answer as CSV.")] = False,
) -> None:
    """Count impressions: promos in messages that the relay has accepted. Nobody is told of opening a mail.

    The column of clicks stays empty: dispatch does not count clicks.

    Examples:

      dispatch books report

      dispatch books report --by topic --since 2026-09-01 --csv
    """
    from dispatch.promoting.reporting import GROUPS, impressions

    if as_json and as_csv:
        typer.echo("--json and --csv are two answers: give one", err=True)
        raise typer.Exit(USAGE)
    days = (_day(since), _day(until))
    with open_dispatch(context.obj.config) as dispatch:
        rows = GROUPS[by](asyncio.run(impressions(dispatch.database, newsletter, *days)))
    if as_json:
        answer = [
            {by: row.name, "impressions": row.impressions, "issues": row.issues, "clicks": row.clicks} for row in rows
        ]
        typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows([(by, *COLUMNS), *_cells(rows)])
    elif rows:
        typer.echo("\n".join(_table(by, rows)))
    else:
        typer.echo("nothing was shown to anybody yet")
        raise typer.Exit(NOTHING_TO_DO)


def _day(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise typer.BadParameter(f'"{text}" is not a day: write it like 2026-11-27') from error


def _cells(rows: "list[ReportRow]") -> list[tuple[str, str, str, str]]:
    return [
        (row.name, str(row.impressions), str(row.issues), "" if row.clicks is None else str(row.clicks)) for row in rows
    ]


def _table(by: str, rows: "list[ReportRow]") -> list[str]:
    lines = [(by, *COLUMNS), *_cells(rows)]
    width = max(len(line[0]) for line in lines)
    return [f"{name:<{width}}  {shown:>11}  {issues:>6}  {clicks:>6}".rstrip() for name, shown, issues, clicks in lines]
