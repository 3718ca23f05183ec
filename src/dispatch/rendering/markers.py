"""Keeping our blanks apart from what an author typed that looks like one.

While a page is being rendered its blanks stand in a form that nobody can have typed, because it contains a hash of all
that was typed. At the end every look-alike is written differently (a reader sees no difference), and only then
do ours take their final form (model/blanks.py).
"""

import hashlib
import re
from collections import Counter
from dataclasses import dataclass

from dispatch.model.blanks import LINK_HOST, TEXT_MARKER, Blank, link, text

# RFC 5321 §4.5.3.1.3 for addresses; our own links are shorter than this by far.
LONGEST_ADDRESS = 254
LONGEST_LINK = 200
WORD_JOINER = "\u2060"
_TILDE = re.compile(r"~(?=[A-Z_]{2,}~)")


@dataclass(frozen=True, slots=True)
class Blanks:
    """The blanks that a template can set, in the form that lasts until the rendering is sealed."""

    address: str
    unsubscribe: str
    preferences: str


@dataclass(frozen=True, slots=True)
class Seal:
    """What makes the markers of one rendering ours."""

    nonce: str

    @property
    def blanks(self) -> Blanks:
        """The markers to render with."""
        return Blanks(
            f"~{Blank.ADDRESS}-{self.nonce}~",
            f"{LINK_HOST}{Blank.UNSUBSCRIBE}-{self.nonce}",
            f"{LINK_HOST}{Blank.PREFERENCES}-{self.nonce}",
        )

    def counted(self, rendered: str) -> Counter[str]:
        """How often each of our markers stands in `rendered`."""
        return Counter(re.findall(rf"([A-Z_]+)-{self.nonce}", rendered))

    def sealed_html(self, html: str) -> str:
        """Finished HTML: look-alikes behind character references, our markers in their final form."""
        ours = self._hidden(html)
        ours = _TILDE.sub("&#126;", ours).replace(LINK_HOST, "https:&#47;/blank.invalid/")
        return self._shown(ours)

    def sealed_text(self, plain: str) -> str:
        """Finished text: look-alikes broken by an invisible character (in addresses of pages by %7E)."""
        ours = self._hidden(plain)
        ours = re.sub(r"https?://\S+", lambda match: _TILDE.sub("%7E", match.group()), ours)
        ours = _TILDE.sub(f"~{WORD_JOINER}", ours)
        return self._shown(ours.replace(LINK_HOST, f"https://blank{WORD_JOINER}.invalid/"))

    def _hidden(self, rendered: str) -> str:
        rendered = re.sub(rf"~([A-Z_]+)-{self.nonce}~", rf"{self.nonce}t\1t", rendered)
        return re.sub(rf"{re.escape(LINK_HOST)}([A-Z_]+)-{self.nonce}", rf"{self.nonce}l\1l", rendered)

    def _shown(self, rendered: str) -> str:
        rendered = re.sub(rf"{self.nonce}t([A-Z_]+)t", lambda match: text(Blank(match[1])), rendered)
        return re.sub(rf"{self.nonce}l([A-Z_]+)l", lambda match: link(Blank(match[1])), rendered)


def seal_for(*typed: object) -> Seal:
    """The seal of a rendering made of `typed`: the same input gives the same bytes."""
    return Seal(hashlib.sha256(repr(typed).encode("utf-8", "surrogatepass")).hexdigest()[:24])


def blanks_in(rendered: str) -> Counter[str]:
    """The names of the markers in finished HTML or text, known or not, with how often each stands there."""
    return Counter(match[1] or match[2] for match in TEXT_MARKER.finditer(rendered))


def longest_bytes(rendered: str) -> int:
    """The size in UTF-8 once every blank is filled with its longest value."""
    size = len(rendered.encode())
    for match in TEXT_MARKER.finditer(rendered):
        size += (LONGEST_LINK if match[1] else LONGEST_ADDRESS) - len(match.group())
    return size
