"""What is wrong with the looks of a configuration: found when it is read, not when the mail goes."""

from collections.abc import Iterator

from dispatch.config.settings import Settings
from dispatch.errors import ConfigurationError, RenderError
from dispatch.rendering.look import Look, look_from
from dispatch.rendering.templates import open_templates


def looks_from(settings: Settings) -> dict[str, Look]:
    """The looks of the newsletters by name; raises ConfigurationError with every problem of the first that is wrong."""
    names = dict.fromkeys(newsletter.template for newsletter in settings.newsletters.values())
    return {name: look_from(settings.look.model_dump(), name) for name in names}


def look_faults(settings: Settings) -> Iterator[tuple[tuple[str, ...], str]]:
    """What is wrong with look and labels: the key's path and a sentence, for the loader, which knows the lines."""
    own = settings.look.templates
    try:
        looks_from(settings)
        open_templates(own if own and own.is_dir() else None, settings.look.labels)
    except ConfigurationError as error:
        yield from map(_with_path, error.problems)
    except RenderError as error:
        yield _with_path(str(error))


def _with_path(problem: str) -> tuple[tuple[str, ...], str]:
    key, _, sentence = problem.partition(": ")
    return tuple(key.split(".")), sentence
