"""`dispatch books preview`, `pin` and `ban`: what the next issue shows to whom, and an editor's word about it."""

import asyncio
import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated

import typer

from dispatch.cli.opening import PROBLEM, moment, open_dispatch

if TYPE_CHECKING:
    from dispatch.app import Dispatch
    from dispatch.model.book import PromoDecision
    from dispatch.promoting.looking_ahead import IssueAhead
    from dispatch.store.promos import IssueOccasion

Newsletter = Annotated[str, typer.Argument(help="The newsletter, by its name in the configuration.")]
Slug = Annotated[str, typer.Argument(help="The book or notice, by its name in books.toml.")]
Schedule = Annotated[str | None, typer.Option(help="Which of its schedules; the default one if left out.")]
SlotKey = Annotated[
    str | None, typer.Option(help="Which issue, by its local time like 2026-11-27T07:00; the next one if left out.")
]
Undo = Annotated[bool, typer.Option("--undo", help="Take it back: the draw decides again.")]
Now = Annotated[str | None, typer.Option(help="The moment to answer for, ISO 8601.")]

# How far ahead an issue can be named by its time.
SLOTS_AHEAD = 400


def preview(
    context: typer.Context,
    newsletter: Newsletter,
    schedule: Schedule = None,
    region: Annotated[str, typer.Option(help="Readers of which region: a country like GB.")] = "",
    language: Annotated[str, typer.Option(help='Readers of which language, like "en-GB".')] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
    now: Now = None,
) -> None:
    """Say which books the next issue shows to whom, and why; and of the others, why not.

    Examples:

      dispatch books preview review

      dispatch books preview review --schedule daily --region GB --json
    """
    from dispatch.composing.upcoming import upcoming_issue
    from dispatch.promoting.looking_ahead import promos_ahead

    with open_dispatch(context.obj.config, now=moment(now)) as dispatch:

        async def look() -> "IssueAhead":
            at = dispatch.now()
            upcoming = await upcoming_issue(dispatch.database, dispatch.settings, newsletter, at, schedule)
            return await promos_ahead(dispatch.database, dispatch.settings, upcoming, at, region, language)

        ahead = asyncio.run(look())
    if as_json:
        typer.echo(json.dumps(asdict(ahead), indent=2, ensure_ascii=False))
        return
    for line in _lines(ahead):
        typer.echo(line)


def pin(
    context: typer.Context,
    newsletter: Newsletter,
    slug: Slug,
    schedule: Schedule = None,
    slot: SlotKey = None,
    undo: Undo = False,
    now: Now = None,
) -> None:
    """Pin a book to one issue: everybody gets it who can buy it, whether it rests or not.

    Examples:

      dispatch books pin review salt-almanac

      dispatch books pin review salt-almanac --slot 2026-12-18T07:00
    """
    from dispatch.model.book import PromoDecision

    with open_dispatch(context.obj.config, now=moment(now)) as dispatch:
        asyncio.run(_decide(dispatch, newsletter, slug, schedule, slot, None if undo else PromoDecision.PIN))


def ban(
    context: typer.Context,
    newsletter: Newsletter,
    slug: Slug,
    schedule: Schedule = None,
    slot: SlotKey = None,
    undo: Undo = False,
    now: Now = None,
) -> None:
    """Ban a book from one issue: nobody gets it there.

    Examples:

      dispatch books ban review salt-almanac

      dispatch books ban review salt-almanac --schedule daily --undo
    """
    from dispatch.model.book import PromoDecision

    with open_dispatch(context.obj.config, now=moment(now)) as dispatch:
        asyncio.run(_decide(dispatch, newsletter, slug, schedule, slot, None if undo else PromoDecision.BAN))


async def _decide(
    dispatch: "Dispatch",
    newsletter: str,
    slug: str,
    schedule: str | None,
    slot: str | None,
    decision: "PromoDecision | None",
) -> None:
    from dispatch.composing.upcoming import upcoming_issue
    from dispatch.promoting.looking_ahead import decide
    from dispatch.promoting.promote import occasion_ahead

    now = dispatch.now()
    upcoming = await upcoming_issue(dispatch.database, dispatch.settings, newsletter, now, schedule)
    coming = await occasion_ahead(dispatch.database, upcoming, now)
    if slot is not None:
        coming = _at_slot(dispatch, coming, slot)
    await decide(dispatch.database, dispatch.settings, coming, slug, decision, now)
    done = {"pin": "is pinned to", "ban": "is banned from"}.get(decision or "", "is left to the draw in")
    typer.echo(f"{slug} {done} {coming.newsletter}, {coming.schedule}, {coming.slot}")


def _at_slot(dispatch: "Dispatch", coming: "IssueOccasion", slot: str) -> "IssueOccasion":
    """The same for a later issue; leaves with a sentence where the schedule has none at that time."""
    slots = dispatch.next_slots(coming.newsletter, SLOTS_AHEAD)
    keys = [each.local for each in slots if each.schedule == coming.schedule]
    if slot != coming.slot and slot not in keys:
        nearest = ", ".join(keys[:3]) or "none"
        typer.echo(
            f"{coming.newsletter}, {coming.schedule}: no issue is due at {slot}; the next are: {nearest}", err=True
        )
        raise typer.Exit(PROBLEM)
    return replace(coming, slot=slot)


def _lines(ahead: "IssueAhead") -> list[str]:
    cohorts = len(ahead.by_cohort)
    where = f"readers of {ahead.region}" if ahead.region else "readers of no region"
    lines = [f"{ahead.newsletter}, {ahead.schedule}, {ahead.slot or 'when published'}: for {where}"]
    for promo in ahead.promos:
        if promo.cohorts:
            lines.append(f"  {promo.slug:<24} {promo.cohorts:>2} of {cohorts} cohorts: {promo.reason}")
        else:
            lines.append(f"  {promo.slug:<24} not shown: {promo.reason}")
    without = sum(not slugs for slugs in ahead.by_cohort)
    return [*lines, f"  {without} of {cohorts} cohorts get no book"] if without else lines
