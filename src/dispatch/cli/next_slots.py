"""`dispatch next`: when the next issues go."""

import json
from typing import Annotated

import typer

from dispatch.cli.opening import moment, open_dispatch


def next_slots(
    context: typer.Context,
    newsletter: Annotated[str | None, typer.Argument(help="The newsletter; all of them if left out.")] = None,
    count: Annotated[int, typer.Option(min=1, max=1000, help="How many slots of each schedule.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
    now: Annotated[str | None, typer.Option(help="Count from this moment, ISO 8601.")] = None,
) -> None:
    """Print the next slots of every schedule, in its own zone and in UTC; of "on publish", how often it may come.

    Examples:

      dispatch next review

      dispatch next review --json --now 2027-03-13T00:00:00Z --count 3
    """
    from dispatch.composing.calendar import slotless_lines

    with open_dispatch(context.obj.config, now=moment(now)) as dispatch:
        slots = dispatch.next_slots(newsletter, count)
        if as_json:
            typer.echo(json.dumps([slot.as_json() for slot in slots], indent=2))
            return
        for line in (*(slot.line() for slot in slots), *slotless_lines(dispatch.settings, newsletter)):
            typer.echo(line)
