"""What countries and languages are called."""

from dispatch.rendering.words import language_of, locale_of


def region_name(region: str, tag: str) -> str:
    """A country in words of a language: "United Kingdom" for "GB"; a region of books.toml is called as it is there."""
    return str(locale_of(tag).territories.get(region, region))


def language_name(tag: str) -> str:
    """A language as its own speakers call it: "Deutsch"."""
    name = str(locale_of(tag).languages.get(language_of(tag), tag))
    return name[:1].upper() + name[1:]
