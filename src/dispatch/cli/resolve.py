"""`dispatch issues resolve`: an operator decides about what is in doubt."""

import asyncio
import json
from typing import Annotated, Any

import typer

from dispatch.cli.answers import issue_as_json, issue_line
from dispatch.cli.opening import open_dispatch
from dispatch.model.doubt import Decision, Resolved
from dispatch.model.issue import IssueState
from dispatch.model.report import IssueSummary

MOST_NAMES = 20


def resolve(
    context: typer.Context,
    issue: Annotated[int, typer.Argument(help="The issue's id, as `dispatch issues list` prints it.")],
    decision: Annotated[
        Decision, typer.Argument(help="resend: once more, with the same Message-ID. hold: never again.")
    ],
    addresses: Annotated[list[str] | None, typer.Argument(help="Decide about these alone.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say whom it concerns, change nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Decide about what is in doubt in an issue: whoever may have it already, or may not.

    With `resend` nobody misses it and some have it twice; with `hold` nobody has it twice and some miss it.

    Examples:

      dispatch issues resolve 12 resend --dry-run

      dispatch issues resolve 12 hold reader@example.org
    """
    with open_dispatch(context.obj.config) as dispatch:
        decide = dispatch.undecided if dry_run else dispatch.resolve
        found = asyncio.run(decide(issue, decision, addresses or []))
        summary = asyncio.run(dispatch.issue_detail(issue)).summary
        if as_json:
            typer.echo(json.dumps(_as_json(found, summary, dry_run=dry_run), indent=2, ensure_ascii=False))
            return
        for line in _lines(found, summary, dry_run=dry_run):
            typer.echo(line)


def _as_json(found: Resolved, summary: IssueSummary, *, dry_run: bool) -> dict[str, Any]:
    return {
        "decision": found.decision,
        "dry_run": dry_run,
        "addresses": list(found.addresses),
        "left_alone": [{"address": address, "state": state} for address, state in found.left_alone.items()],
        "issue": issue_as_json(summary),
    }


def _lines(found: Resolved, summary: IssueSummary, *, dry_run: bool) -> list[str]:
    count = len(found.addresses)
    verb = "would be" if dry_run else "is" if count == 1 else "are"
    what = "sent again, with the same Message-ID" if found.decision is Decision.RESEND else "not sent again"
    noun = "delivery" if count == 1 else "deliveries"
    lines = [f"issue {summary.issue.id}: {count} {noun} {verb} {what}:"]
    lines += [f"  {address}" for address in found.addresses[:MOST_NAMES]]
    if count > MOST_NAMES:
        lines.append(f"  … and {count - MOST_NAMES} more: `dispatch issues show {summary.issue.id}` names them")
    lines += [f"not in doubt, and left alone: {address} ({state})" for address, state in found.left_alone.items()]
    if dry_run:
        return [*lines, "nothing was changed"]
    return [*lines, *_what_next(found, summary), issue_line(summary)]


def _what_next(found: Resolved, summary: IssueSummary) -> list[str]:
    issue = summary.issue
    if issue.state is IssueState.PAUSED:
        return [f"the issue is paused: `dispatch issues resume {issue.id}` lets it go on"]
    if found.decision is Decision.RESEND:
        return ["a running dispatch sends it, `dispatch send` does so now"]
    return []
