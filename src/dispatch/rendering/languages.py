"""Which language a reader's mail is written in."""

from collections.abc import Collection

from dispatch.rendering.words import language_of


def page_language(wanted: str, site: str, known: Collection[str]) -> str:
    """The language tag of a page for a reader who wants `wanted`: the site's, where there are no words for another.

    `known` are the bare languages that there are words for. A region makes no language of its own, so that everybody
    who reads the same words shares a rendering; of the site's language it is the site's region.
    """
    language = language_of(wanted)
    return site if not language or language not in known or language == language_of(site) else language
