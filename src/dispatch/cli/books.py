"""`dispatch books`: the house's own books, and how readers see them."""

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dispatch.cli import books_coming, books_import, books_report
from dispatch.cli.opening import PROBLEM, moment, open_dispatch

if TYPE_CHECKING:
    from dispatch.model.book import PromoBlock
    from dispatch.promoting.overview import Standing

books_app = typer.Typer(help="The house's own books, and how readers see them.", no_args_is_help=True)

Region = Annotated[str, typer.Option(help="Readers of which region: a country like GB; those of none, if left out.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]
Now = Annotated[str | None, typer.Option(help="The moment to answer for, ISO 8601.")]


@books_app.command(name="list")
def list_books(context: typer.Context, region: Region = "", as_json: AsJson = False, now: Now = None) -> None:
    """List books, notices and praise of the press: which may be shown today, and if not, why.

    Examples:

      dispatch books list

      dispatch books list --region GB --json
    """
    from dispatch.promoting.overview import standings

    with open_dispatch(context.obj.config, now=moment(now)) as dispatch:
        found = asyncio.run(standings(dispatch.database, dispatch.settings, dispatch.now(), region))
    if as_json:
        typer.echo(json.dumps([_standing_as_json(standing) for standing in found], indent=2, ensure_ascii=False))
        return
    for standing in found:
        typer.echo(_standing_line(standing))


@books_app.command()
def shops(context: typer.Context, as_json: AsJson = False) -> None:
    """List the shops that books.toml can name, and in which regions it does.

    Examples:

      dispatch books shops

      dispatch books shops --json
    """
    from dispatch.promoting.overview import configured_catalogue
    from dispatch.promoting.shops import every_shop

    with open_dispatch(context.obj.config) as dispatch:
        catalogue = configured_catalogue(dispatch.settings)
    places = {**catalogue.regions, "elsewhere": catalogue.elsewhere}
    rows = [
        (shop, [region for region, slugs in places.items() if shop.slug in slugs]) for shop in every_shop(catalogue)
    ]
    if as_json:
        answer = [
            {
                "slug": shop.slug,
                "name": shop.name,
                "link": shop.link,
                "regions": used,
                "affiliate": list(shop.tag_regions),
            }
            for shop, used in rows
        ]
        typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))
        return
    for shop, used in rows:
        tagged = f"  (affiliate links in {', '.join(shop.tag_regions)})" if shop.tag_regions else ""
        typer.echo(f"{shop.slug:<14} {shop.name:<18} {', '.join(used)}{tagged}".rstrip())


@books_app.command()
def show(
    context: typer.Context,
    slug: Annotated[str, typer.Argument(help="The book or notice, by its name in books.toml.")],
    region: Region = "",
    language: Annotated[str, typer.Option(help='Readers of which language, like "en-GB".')] = "",
    as_json: AsJson = False,
    now: Now = None,
) -> None:
    """Show one book as a mail does: its words, its shops with their links, its sentence.

    Examples:

      dispatch books show salt-almanac --region GB

      dispatch books show salt-almanac --json
    """
    from dispatch.promoting.overview import block_today

    with open_dispatch(context.obj.config, now=moment(now)) as dispatch:
        templates = dispatch.workshop.templates
        block = block_today(dispatch.settings, templates, slug, region, language, dispatch.now())
    if as_json:
        from dataclasses import asdict

        typer.echo(json.dumps(asdict(block), indent=2, ensure_ascii=False))
        return
    for line in _block_lines(block):
        typer.echo(line)


@books_app.command()
def check(context: typer.Context) -> None:
    """Read books.toml whole, with its covers, and name everything that is wrong with it or could be better.

    Examples:

      dispatch books check

      dispatch --config /etc/dispatch/config.toml books check
    """
    from dispatch.promoting.overview import advice, books_problems, configured_catalogue

    with open_dispatch(context.obj.config) as dispatch:
        problems = books_problems(dispatch.settings)
        if not problems:
            catalogue = configured_catalogue(dispatch.settings)
            for line in advice(catalogue):
                typer.echo(f"note: {line}", err=True)
            typer.echo(f"{len(catalogue.books)} books of {catalogue.press.name}: nothing is wrong")
    for problem in problems:
        typer.echo(problem, err=True)
    raise typer.Exit(PROBLEM if problems else 0)


books_app.command(name="import")(books_import.import_books)
books_app.command()(books_coming.preview)
books_app.command()(books_coming.pin)
books_app.command()(books_coming.ban)
books_app.command()(books_report.report)


def _standing_line(standing: "Standing") -> str:
    rests = [f"rests for {share:.0%} of {schedule}" for schedule, share in standing.resting.items()]
    state = "; ".join([f"not shown: {standing.why_not}" if standing.why_not else "shown", *rests])
    return f"{standing.promo.slug:<24} weight {standing.promo.weight:<3} {standing.title}: {state}"


def _standing_as_json(standing: "Standing") -> dict[str, Any]:
    promo = standing.promo
    return {
        "slug": promo.slug,
        "kind": standing.kind,
        "title": getattr(promo, "title", ""),
        "author": getattr(promo, "author", ""),
        "weight": promo.weight,
        "at_most": promo.at_most,
        "topics": list(promo.topics),
        "shown": not standing.why_not,
        "why_not": standing.why_not,
        "resting": standing.resting,
    }


def _block_lines(block: "PromoBlock") -> list[str]:
    heading = f"{block.title}, by {block.author}" if block.author else block.title
    lines = [
        block.label,
        block.pitch,
        heading + (f" ({block.format})" if block.format else ""),
        block.blurb,
        f"“{block.praise.text}” – {block.praise.by}" if block.praise else "",
        *(f"  {shop.name}: {shop.url}" for shop in block.shops),
        "" if block.shops or not block.url else f"  {block.button or block.title}: {block.url}",
        block.disclosure,
        block.sentence,
    ]
    return [line for line in lines if line]
