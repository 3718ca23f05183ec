"""Which newsletter is meant, and what the configuration says of it."""

from dispatch.config.books import named_regions
from dispatch.config.settings import Newsletter, Settings
from dispatch.errors import NotFoundError


def newsletter_named(settings: Settings, slug: str | None) -> tuple[str, Newsletter]:
    """The newsletter of that name, or the only one if none is named; raises NotFoundError with the names there are."""
    if slug is None and len(settings.newsletters) == 1:
        return next(iter(settings.newsletters.items()))
    names = ", ".join(settings.newsletters)
    if slug is None:
        raise NotFoundError(f"there are several newsletters: say which with --newsletter ({names})")
    if slug not in settings.newsletters:
        raise NotFoundError(f'there is no newsletter "{slug}"; there are: {names}')
    return slug, settings.newsletters[slug]


def schedule_named(newsletter: str, shape: Newsletter, slug: str) -> str:
    """The schedule of that name; raises NotFoundError with the names there are."""
    if slug not in shape.schedules:
        raise NotFoundError(f'{newsletter} has no schedule "{slug}"; it has: {", ".join(shape.schedules)}')
    return slug


def region_names(settings: Settings) -> list[str]:
    """The regions that books.toml names beside the countries of ISO 3166."""
    return named_regions(settings.books.file)
