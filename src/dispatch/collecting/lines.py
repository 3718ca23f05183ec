"""Single lines of text: titles, names and categories, out of HTML that may be anything."""

import re
import unicodedata
from html import unescape

from dispatch.collecting.markup import collapse

TITLE_LENGTH = 300
_DERIVED_LENGTH = 72
_TAG = re.compile(r"<!--.*?-->|</?[a-zA-Z][^<>]{0,2000}>", re.DOTALL)
_FIRST_SENTENCE = re.compile(r"(.{12,72}?[.!?…])(?:\s|$)")
_ADDRESS = re.compile(r"\s*[(<\[]?\s*[^\s@<>()]+@[^\s@<>()]+\.[^\s@<>()]+\s*[)>\]]?")


def plain_line(html: str, length: int = TITLE_LENGTH) -> str:
    """One line of plain text: tags removed, entities decoded once, controls to spaces, NFC, at most `length` long."""
    # What would not fit anyway is not worth a regular expression's time.
    text = unescape(_TAG.sub("", html[: length * 50]))
    text = text.encode("utf-8", "replace").decode("utf-8")
    line = collapse(unicodedata.normalize("NFC", "".join(_visible(character) for character in text)))
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def plain_name(html: str) -> str:
    """A person's name without the mail address that some feeds put beside it."""
    return _ADDRESS.sub(" ", plain_line(html, 120)).strip(" ,;()<>")


def derived_title(text: str) -> str:
    """A title for a post that has none: its first sentence, or its first words."""
    sentence = _FIRST_SENTENCE.match(text)
    if sentence:
        return sentence[1]
    if len(text) <= _DERIVED_LENGTH:
        return text
    words = text[: _DERIVED_LENGTH - 1].rpartition(" ")[0] or text[: _DERIVED_LENGTH - 1]
    return words.rstrip(" ,;:–—-") + "…"


def _visible(character: str) -> str:
    """The character, or a space for controls, separators and what changes the direction of what follows."""
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp", "Co") or character in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069":
        return " "
    return character
