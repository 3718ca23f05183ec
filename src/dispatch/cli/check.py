"""`dispatch check`: what is wrong, and what to do about it."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dispatch.cli.opening import PROBLEM

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from dispatch.config.checks import Check

_COLOURS = {"ok": typer.colors.GREEN, "warning": typer.colors.YELLOW, "error": typer.colors.RED}


def check(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON, one object a check.")] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Make keys that are missing; take secrets from others.")] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Contact no relay, no source and no DNS.")] = False,
) -> None:
    """Look at the configuration and everything it names, one line a check.

    The configuration, the secrets, the database, the templates, the books, the sources, the relays and their
    signatures.

    Examples:

      dispatch check

      dispatch check --fix --offline
    """
    import asyncio

    checks = asyncio.run(_checks(context.obj.config, fix=fix, offline=offline, say=not as_json))
    if as_json:
        typer.echo(json.dumps([_as_json(each) for each in checks], indent=2, ensure_ascii=False))
    else:
        _say_sum(checks)
    raise typer.Exit(0 if all(each.ok for each in checks) else PROBLEM)


async def _checks(config: Path | None, *, fix: bool, offline: bool, say: bool) -> "list[Check]":
    checks = []
    async for each in _each_check(config, fix=fix, offline=offline):
        checks.append(each)
        if say:
            _say(each)
    return checks


async def _each_check(config: Path | None, *, fix: bool, offline: bool) -> "AsyncIterator[Check]":
    """Every check, as soon as it has an answer; without a configuration that can be used, no other."""
    from dispatch.cli.checking import CHECKS, Ground
    from dispatch.config.checks import Check, check_configuration
    from dispatch.config.load import find
    from dispatch.errors import ConfigurationError
    from dispatch.rendering.look_faults import look_faults

    try:
        settings, checks = check_configuration(find(config), [look_faults])
    except ConfigurationError as error:
        settings, checks = None, [Check("configuration", "error", problem) for problem in error.problems]
    for each in checks:
        yield each
    if settings is None:
        return
    ground = Ground(settings, datetime.now(UTC), fix=fix, offline=offline)
    for look_at in CHECKS:
        for each in await look_at(ground):
            yield each


def _say(check: "Check") -> None:
    # typer leaves colours out by itself where nobody looks (a pipe, a file); NO_COLOR says it for a terminal.
    mark = typer.style(f"{check.level:<8}", fg=_COLOURS[check.level])
    remedy = f" → {check.remedy}" if check.remedy else ""
    typer.echo(f"{mark}{check.name}: {check.message}{remedy}", color=False if os.environ.get("NO_COLOR") else None)


def _say_sum(checks: "list[Check]") -> None:
    counts = {level: sum(each.level == level for each in checks) for level in ("error", "warning")}
    parts = [f"{count} {level}{'s' if count != 1 else ''}" for level, count in counts.items() if count]
    typer.echo(f"{len(checks)} checks: {', '.join(parts) or 'all is well'}")


def _as_json(check: "Check") -> dict[str, Any]:
    return {
        "name": check.name,
        "ok": check.ok,
        "level": check.level,
        "message": check.message,
        "remedy": check.remedy,
    }
