"""`dispatch issues`: what there was, one by one; pause, resume, cancel, and decide about what is in doubt."""

import asyncio
import json
from typing import Annotated

import typer

from dispatch.cli.answers import issue_as_json, issue_line
from dispatch.cli.details import detail_as_json, detail_lines
from dispatch.cli.opening import open_dispatch
from dispatch.cli.resolve import resolve

issues_app = typer.Typer(
    help="What was sent, one by one; pause, resume, cancel, and decide about what is in doubt.", no_args_is_help=True
)

IssueId = Annotated[int, typer.Argument(help="The issue's id, as `dispatch issues list` prints it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


@issues_app.command(name="list")
def list_issues(
    context: typer.Context,
    as_json: AsJson = False,
    count: Annotated[int, typer.Option("--last", min=1, help="How many.")] = 1000,
) -> None:
    """List the issues, newest first.

    Examples:

      dispatch issues list

      dispatch issues list --json --last 5
    """
    with open_dispatch(context.obj.config) as dispatch:
        issues = asyncio.run(dispatch.issues(count))
        if as_json:
            typer.echo(json.dumps([issue_as_json(issue) for issue in issues], indent=2))
            return
        for issue in issues:
            typer.echo(issue_line(issue))


@issues_app.command()
def show(context: typer.Context, issue: IssueId, as_json: AsJson = False) -> None:
    """Show one issue: its posts, its arithmetic, and by name everybody who was ever in doubt or did not get it.

    Examples:

      dispatch issues show 12

      dispatch issues show 12 --json
    """
    with open_dispatch(context.obj.config) as dispatch:
        detail = asyncio.run(dispatch.issue_detail(issue))
        if as_json:
            typer.echo(json.dumps(detail_as_json(detail), indent=2, ensure_ascii=False))
            return
        for line in detail_lines(detail, dispatch.settings.site.timezone):
            typer.echo(line)


@issues_app.command()
def pause(context: typer.Context, issue: IssueId) -> None:
    """Send nothing more of an issue until it is resumed.

    Examples:

      dispatch issues pause 12

      dispatch issues resume 12
    """
    with open_dispatch(context.obj.config) as dispatch:
        asyncio.run(dispatch.pause_issue(issue))
        typer.echo(f"issue {issue} is paused: nothing more of it is sent until `dispatch issues resume {issue}`")


@issues_app.command()
def resume(context: typer.Context, issue: IssueId) -> None:
    """Go on with an issue that was paused, by you or by the brake.

    Examples:

      dispatch issues resume 12

      dispatch issues show 12
    """
    with open_dispatch(context.obj.config) as dispatch:
        asyncio.run(dispatch.resume_issue(issue))
        typer.echo(f"issue {issue} goes on; a running dispatch sends it, `dispatch send` does so now")


@issues_app.command()
def cancel(
    context: typer.Context,
    issue: IssueId,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say how many people it concerns, change nothing.")
    ] = False,
) -> None:
    """Stop an issue for good; whoever did not get it yet gets its posts with the next one.

    Examples:

      dispatch issues cancel 12 --dry-run

      dispatch issues cancel 12
    """
    with open_dispatch(context.obj.config) as dispatch:
        if dry_run:
            waiting = asyncio.run(dispatch.issue_detail(issue)).summary.tally.waiting
            typer.echo(f"{waiting} people would not get issue {issue}; its posts would come with their next issue")
            return
        stopped = asyncio.run(dispatch.cancel_issue(issue))
        typer.echo(f"issue {issue} is cancelled: {stopped} people get its posts with their next issue")


issues_app.command()(resolve)
