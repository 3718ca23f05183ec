"""What is the same on all mail of one newsletter: whose it is, where they are, in which language they write."""

from dataclasses import dataclass

from dispatch.rendering.links import host_of
from dispatch.rendering.look import Look, look_values
from dispatch.rendering.page import IssuePage
from dispatch.rendering.view import one_line


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Whose mail it is; texts as configured."""

    site_name: str
    site_url: str
    tagline: str
    postal_address: str
    newsletter_name: str
    language: str  # "en-US"
    cadence: str = ""  # "Fridays"
    media_url: str = ""  # what a Picture's file is appended to


def letterhead_of(page: IssuePage) -> Letterhead:
    """The letterhead of the newsletter that a page is of."""
    return Letterhead(
        site_name=page.site_name,
        site_url=page.site_url,
        tagline=page.tagline,
        postal_address=page.postal_address,
        newsletter_name=page.newsletter_name,
        language=page.language,
        cadence=page.cadence,
        media_url=page.media_url,
    )


def letterhead_values(letterhead: Letterhead, look: Look, words: object) -> dict[str, object]:
    """The values that the templates of every message have."""
    site = one_line(letterhead.site_name)
    return {
        **look_values(look, letterhead.language, letterhead.media_url),
        "words": words,
        "site": site,
        "site_url": letterhead.site_url,
        "site_host": signed_up_at(letterhead.site_name, letterhead.site_url),
        "tagline": one_line(letterhead.tagline),
        "postal_address": one_line(letterhead.postal_address),
        "newsletter": one_line(letterhead.newsletter_name) or site,
        "cadence": one_line(letterhead.cadence),
    }


def signed_up_at(site_name: str, site_url: str) -> str:
    """Where readers signed up: the site's host, or its name where it is tried out on an address without one."""
    host = host_of(site_url)
    return host if "." in host.rstrip("0123456789.") else one_line(site_name)
