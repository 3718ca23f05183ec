"""What every command that works on a configuration starts with: find it, read it, open the store."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    from dispatch.app import Dispatch
    from dispatch.errors import DispatchError

DONE, PROBLEM, USAGE, NOTHING_TO_DO = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class CommandContext:
    """What the options before the command said."""

    config: Path | None = None
    verbose: bool = False


@contextmanager
def open_dispatch(config: Path | None, *, now: datetime | None = None) -> "Iterator[Dispatch]":
    """Read the configuration, open its store and hand out a Dispatch; errors become a sentence and exit code 1.

    `now` is where the decision clock starts; without it, the wall clock.
    """
    from dispatch.app import Dispatch, open_application
    from dispatch.errors import ConfigurationError, DispatchError

    dispatch: Dispatch | None = None
    try:
        dispatch = open_application(config, now=now)
        for warning in dispatch.warnings:
            typer.echo(f"note: {warning}", err=True)
        yield dispatch
    except ConfigurationError as error:
        for problem in error.problems:
            typer.echo(problem, err=True)
        raise typer.Exit(PROBLEM) from error
    except DispatchError as error:
        fail(error)
    finally:
        if dispatch is not None:
            dispatch.close()


def fail(error: "DispatchError") -> NoReturn:
    """Print the sentence of an error and leave with its exit code."""
    from dispatch.errors import NothingToDoError

    typer.echo(str(error), err=True)
    raise typer.Exit(NOTHING_TO_DO if isinstance(error, NothingToDoError) else PROBLEM) from error


def moment(text: str | None) -> datetime | None:
    """Read the value of --now: ISO 8601; a time without a zone is UTC."""
    if text is None:
        return None
    try:
        value = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f'"{text}" is not a time: write it like 2026-11-27T12:05:00Z') from error
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def configure_logging(*, verbose: bool) -> None:
    """Log to standard error: warnings, or everything we do with --verbose."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.DEBUG if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    # Other people's libraries log addresses and whole conversations at these levels.
    for name in ("aiosmtplib", "httpx2", "httpcore2", "asyncio", "apscheduler", "alembic", "mail.log", "PIL"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # It warns of every form that is broken: whoever posts nonsense would fill the log.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
