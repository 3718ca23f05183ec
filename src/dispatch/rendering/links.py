"""Links: which are the site's own, what is added to them, and letters that start in the reader's own mail program."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import idna

MAX_LINK = 2000
_PAGE = re.compile(r"https?://[^\s/?#]\S*", re.IGNORECASE)
_LETTER = re.compile(r"mailto:[^\s@?]+@\S+", re.IGNORECASE)
# What RFC 3986 lets stand, and "%" because what is encoded already stays so.
_LEFT_ALONE = "!#$%&'()*+,/:;=?@[]~"
# Mail programs cut longer mailto: links.
_MAILTO_BYTES = 1900


@dataclass(frozen=True, slots=True)
class Tagging:
    """How links to the own site say which issue they came from; `value` None leaves them alone."""

    site_url: str
    value: str | None

    def __call__(self, url: str) -> str:
        """`url` with utm parameters if it is on the own site and has none yet."""
        if not self.value or not is_on_site(url, self.site_url):
            return url
        parts = urlsplit(url)
        if any(name.startswith("utm_") for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
            return url
        added = urlencode({"utm_source": host_of(self.site_url), "utm_medium": "email", "utm_campaign": self.value})
        return urlunsplit(parts._replace(query=f"{parts.query}&{added}" if parts.query else added))


def linkable(url: str) -> str:
    """`url` in ASCII if a mail may link to it (http, https, mailto, not endless), else "".

    lxml would write other characters as %XX, host included, and the text part would differ from the HTML.
    """
    url = url.strip()
    if not (_PAGE.fullmatch(url) or _LETTER.fullmatch(url)):
        return ""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if not host.isascii():
            parts = parts._replace(netloc=parts.netloc.lower().replace(host, idna.encode(host, uts46=True).decode()))
        ascii_only = quote(urlunsplit(parts), safe=_LEFT_ALONE, errors="replace")
    except ValueError:
        return ""
    return ascii_only if len(ascii_only) <= MAX_LINK else ""


def page_link(url: str) -> str:
    """`url` if it is a page that a mail may link to, else ""."""
    return linkable(url) if url.strip().lower().startswith("http") else ""


def host_of(url: str) -> str:
    """The host that a reader would name: lower case, without "www." and port; "" if there is none."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def is_on_site(url: str, site_url: str) -> bool:
    """Whether `url` is a page of exactly the site's host."""
    return url.lower().startswith(("http://", "https://")) and bool(host_of(url)) and host_of(url) == host_of(site_url)


def mailto(subject: str, paragraphs: Sequence[str]) -> str:
    """A link that opens a letter to nobody yet (RFC 6068), as many of the paragraphs in it as such links carry."""
    link = f"mailto:?subject={quote(subject, safe='')}&body="
    for number, paragraph in enumerate(paragraphs):
        encoded = quote(("\r\n\r\n" if number else "") + paragraph.replace("\n", "\r\n"), safe="")
        if number and len(link) + len(encoded) > _MAILTO_BYTES:
            break
        link += encoded
    return link
