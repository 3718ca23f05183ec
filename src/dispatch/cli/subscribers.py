"""`dispatch subscribers`: who gets it. What is done to one person is here, what is done to many in crowds.py."""

import asyncio
import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from dispatch.cli.asking import ask
from dispatch.cli.crowds import AsJson, Newsletter, Now, export_subscribers, import_subscribers, list_subscribers
from dispatch.cli.opening import moment, open_dispatch
from dispatch.cli.personal_data import personal_data

if TYPE_CHECKING:
    from dispatch.app import Dispatch
    from dispatch.subscribing.wishes import Who

subscribers_app = typer.Typer(
    help="Who gets it: import, add, show, set, list, export, ask, remove, data, erase, suppress.", no_args_is_help=True
)
subscribers_app.command(name="import")(import_subscribers)


class OnOff(StrEnum):
    """A switch."""

    ON = "on"
    OFF = "off"


Address = Annotated[str, typer.Argument(help="The address, in any spelling.")]
Schedule = Annotated[str | None, typer.Option(help="Which of the newsletter's schedules.")]
Name = Annotated[str | None, typer.Option(help="The person's name.")]
Region = Annotated[str | None, typer.Option(help="Where they buy books: a country like GB; decides the shops.")]
Language = Annotated[str | None, typer.Option(help='Their language, like "en-GB".')]
Zone = Annotated[str | None, typer.Option(help='Their time zone, like "Europe/London".')]
Force = Annotated[bool, typer.Option("--force", help="Overrule what the receiving side or the person said.")]


@subscribers_app.command(name="add")
def add_subscriber(
    context: typer.Context,
    address: Address,
    newsletter: Newsletter = None,
    schedule: Schedule = None,
    name: Name = None,
    region: Region = None,
    language: Language = None,
    zone: Zone = None,
    source: Annotated[str, typer.Option(help="Where they said yes; kept with their consent.")] = "operator",
    again: Annotated[
        bool, typer.Option("--again", help="They left, were erased or never confirmed, and have asked for it anew.")
    ] = False,
    force: Force = False,
    now: Now = None,
) -> None:
    """Subscribe one person who asked for it.

    Examples:

      dispatch subscribers add reader@example.org --schedule daily --region GB

      dispatch subscribers add reader@example.org --again --source "letter of 3 May"
    """
    from dispatch.subscribing.subscribe import add
    from dispatch.subscribing.wishes import Wishes

    wishes = Wishes(schedule=schedule, name=name, region=region, language=language, zone=zone)
    with open_dispatch(context.obj.config, now=moment(now)) as dispatch:
        work = add(
            dispatch.database,
            dispatch.settings,
            dispatch.now(),
            _who(dispatch, address),
            wishes,
            newsletter=newsletter,
            source=source,
            again=again,
            force=force,
        )
        typer.echo(asyncio.run(work))


@subscribers_app.command(name="show")
def show_profile(context: typer.Context, address: Address, as_json: AsJson = False) -> None:
    """Tell everything that is known about one address.

    Examples:

      dispatch subscribers show reader@example.org

      dispatch subscribers show reader@example.org --json
    """
    from dispatch.cli.people import profile_as_json, profile_lines
    from dispatch.subscribing.profile import profile

    with open_dispatch(context.obj.config) as dispatch:
        found = asyncio.run(profile(dispatch.database, _who(dispatch, address)))
    typer.echo(json.dumps(profile_as_json(found), indent=2) if as_json else "\n".join(profile_lines(found)))


@subscribers_app.command(name="set")
def set_preferences(
    context: typer.Context,
    address: Address,
    newsletter: Newsletter = None,
    schedule: Schedule = None,
    pause_until: Annotated[
        str | None, typer.Option(help='No mail before this day, like 2026-12-24; "none" ends a pause.')
    ] = None,
    zone: Zone = None,
    region: Region = None,
    books: Annotated[OnOff | None, typer.Option(help="Whether their issues have books in them.")] = None,
    sections_off: Annotated[
        str | None, typer.Option(help='Sections to leave out, with commas between them; "" for none.')
    ] = None,
    larger_type: Annotated[OnOff | None, typer.Option(help="Whether their mail is set in larger type.")] = None,
    language: Language = None,
    name: Name = None,
    now: Now = None,
) -> None:
    """Change how somebody gets it. Switching the schedule neither skips nor repeats a post; a pause passes over.

    Examples:

      dispatch subscribers set reader@example.org --schedule daily --books off

      dispatch subscribers set reader@example.org --newsletter review --pause-until 2026-12-24
    """
    from dispatch.subscribing.preferences import change
    from dispatch.subscribing.wishes import Wishes

    wishes = Wishes(
        schedule=schedule,
        pause_until=pause_until,
        books=_switched(books),
        zone=zone,
        region=region,
        language=language,
        name=name,
        sections_off=_labels(sections_off),
        larger_type=_switched(larger_type),
    )
    with open_dispatch(context.obj.config, now=moment(now)) as dispatch:
        work = change(
            dispatch.database,
            dispatch.settings,
            dispatch.now(),
            _who(dispatch, address),
            wishes,
            newsletter=newsletter,
        )
        for line in asyncio.run(work):
            typer.echo(line)


@subscribers_app.command(name="remove")
def remove_subscriber(context: typer.Context, address: Address, newsletter: Newsletter = None, now: Now = None) -> None:
    """End one subscription: what somebody asks for who writes "unsubscribe".

    Examples:

      dispatch subscribers remove reader@example.org

      dispatch subscribers remove reader@example.org --newsletter review
    """
    from dispatch.subscribing.subscribe import remove

    with open_dispatch(context.obj.config, now=moment(now)) as dispatch:
        work = remove(
            dispatch.database, dispatch.settings, dispatch.now(), _who(dispatch, address), newsletter=newsletter
        )
        typer.echo(asyncio.run(work))


@subscribers_app.command(name="erase")
def erase_subscriber(
    context: typer.Context,
    address: Address,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say whom it concerns, change nothing.")] = False,
    now: Now = None,
) -> None:
    """Forget a person for good. A keyed hash of the address stays, so that no import brings them back.

    Examples:

      dispatch subscribers erase reader@example.org --dry-run

      dispatch subscribers erase reader@example.org
    """
    from dispatch.cli.people import profile_lines
    from dispatch.subscribing.profile import profile
    from dispatch.subscribing.suppressing import erase

    with open_dispatch(context.obj.config, now=moment(now)) as dispatch:
        who = _who(dispatch, address)
        if dry_run:
            lines = profile_lines(asyncio.run(profile(dispatch.database, who)))
            typer.echo("\n".join(["would be erased:", *lines]))
            return
        typer.echo(asyncio.run(erase(dispatch.database, dispatch.now(), who)))


@subscribers_app.command(name="suppress")
def suppress_subscriber(
    context: typer.Context,
    address: Address,
    lift: Annotated[bool, typer.Option("--lift", help="The other way round: mail may go there again.")] = False,
    force: Force = False,
    because: Annotated[str, typer.Option(help="With --lift after a complaint: how you know they want mail.")] = "",
    now: Now = None,
) -> None:
    """Never mail an address again, whatever is imported; or, with --lift, mail it again.

    Examples:

      dispatch subscribers suppress reader@example.org

      dispatch subscribers suppress reader@example.org --lift --force --because "their letter of 3 May"
    """
    from dispatch.subscribing.suppressing import suppress_address, unsuppress_address

    with open_dispatch(context.obj.config, now=moment(now)) as dispatch:
        who = _who(dispatch, address)
        if lift:
            work = unsuppress_address(dispatch.database, dispatch.now(), who, force=force, because=because)
            typer.echo(asyncio.run(work))
        else:
            typer.echo(asyncio.run(suppress_address(dispatch.database, dispatch.now(), who)))


def _switched(value: OnOff | None) -> bool | None:
    return None if value is None else value is OnOff.ON


def _labels(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(label for part in text.split(",") if (label := part.strip()))


def _who(dispatch: "Dispatch", address: str) -> "Who":
    from dispatch.subscribing.wishes import Who

    return Who(address, dispatch.address_key)


subscribers_app.command(name="data")(personal_data)
subscribers_app.command(name="ask")(ask)
subscribers_app.command(name="list")(list_subscribers)
subscribers_app.command(name="export")(export_subscribers)
