"""The looks of a configuration, and what is wrong with them: found when it is read, not when the mail goes."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from dispatch.config.settings import Settings
from dispatch.errors import ConfigurationError, RenderError
from dispatch.model.post import Picture
from dispatch.rendering.logo import WantedLogo, logo_of, wanted_logos
from dispatch.rendering.look import Look, look_from
from dispatch.rendering.templates import open_templates


def looks_from(settings: Settings, logos: Mapping[str, Picture] | None = None) -> dict[str, Look]:
    """The looks of the newsletters by name, with those of their `logos` (by WantedLogo.key) that are copied.

    Raises ConfigurationError with every problem of the first that is wrong.
    """
    names = dict.fromkeys(newsletter.template for newsletter in settings.newsletters.values())
    looks = {name: look_from(settings.look.model_dump(), name) for name in names}
    return {name: replace(look, logo=logo_of(_wanted(settings, look), logos or {})) for name, look in looks.items()}


def logos_wanted(settings: Settings) -> tuple[WantedLogo, ...]:
    """The logos of all looks, each once; raises ConfigurationError."""
    if not settings.look.logo:
        return ()
    return tuple(dict.fromkeys(logo for look in looks_from(settings).values() for logo in _wanted(settings, look)))


def look_faults(settings: Settings) -> Iterator[tuple[tuple[str, ...], str]]:
    """What is wrong with look and labels: the key's path and a sentence, for the loader, which knows the lines."""
    own = settings.look.templates
    if settings.look.logo_dark and not settings.look.logo:
        yield ("look", "logo_dark"), "it stands in the place of look.logo at night: give that one too"
    try:
        looks_from(settings)
        open_templates(own if own and own.is_dir() else None, settings.look.labels)
    except ConfigurationError as error:
        yield from map(_with_path, error.problems)
    except RenderError as error:
        yield _with_path(str(error))


def _wanted(settings: Settings, look: Look) -> tuple[WantedLogo, ...]:
    return wanted_logos(settings.look, light_paper=look.light.paper, dark_paper=look.dark.paper)


def _with_path(problem: str) -> tuple[tuple[str, ...], str]:
    key, _, sentence = problem.partition(": ")
    return tuple(key.split(".")), sentence
