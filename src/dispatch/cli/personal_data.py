"""`dispatch subscribers data`: everything that is stored about one person, for whoever asks by letter."""

import asyncio
import json
from typing import Annotated

import typer

from dispatch.cli.opening import open_dispatch


def personal_data(
    context: typer.Context, address: Annotated[str, typer.Argument(help="The address, in any spelling.")]
) -> None:
    """Print everything that is stored about a person, as JSON: what they download from their own page.

    Examples:

      dispatch subscribers data reader@example.org

      dispatch subscribers data reader@example.org > reader.json
    """
    from dispatch.subscribing.rights import data_of_address
    from dispatch.subscribing.wishes import Who

    with open_dispatch(context.obj.config) as dispatch:
        who = Who(address, dispatch.address_key)
        document = asyncio.run(data_of_address(dispatch.database, dispatch.now(), who))
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
