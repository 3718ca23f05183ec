"""Which pictures of a text have been copied, noted in the cleaned text itself: `data-copy` names the file.

Cleaning lets no `data-copy` of a stranger through, so whatever stands there is ours: the name of a file in the media
folder, with the copy's width and height beside it, or "" where there is nothing at that address that could be shown.
"""

import re
from collections.abc import Callable, Mapping
from html import escape, unescape

from dispatch.model.post import Picture

# The text is nh3's: every attribute has double quotes, with none inside.
_PICTURE = re.compile(r'<img((?: [\w-]+="[^"]*")+)>')
_ATTRIBUTE = re.compile(r' ([\w-]+)="([^"]*)"')
_COPY = "data-copy"


def uncopied_pictures(html: str) -> list[str]:
    """The addresses of the pictures of a cleaned text that nothing is noted of, in order, each once."""
    found = [_attributes(match) for match in _PICTURE.finditer(html)]
    return list(dict.fromkeys(each["src"] for each in found if each.get("src") and _COPY not in each))


def with_copies(html: str, copies: Mapping[str, Picture | None]) -> str:
    """A cleaned text with a note at each picture of which there is a copy, or (None) will be none."""

    def note(attributes: dict[str, str]) -> dict[str, str]:
        source = attributes.get("src", "")
        if source not in copies:
            return attributes
        copy = copies[source]
        if copy is None:
            return attributes | {_COPY: ""}
        return attributes | {"width": str(copy.width), "height": str(copy.height), _COPY: copy.file}

    return _rewritten(html, note)


def with_copies_of(html: str, earlier: str) -> str:
    """A cleaned text with the notes that an earlier edition of it has of the same pictures."""
    known: dict[str, dict[str, str]] = {}
    for match in _PICTURE.finditer(earlier):
        attributes = _attributes(match)
        if attributes.get(_COPY):
            known[attributes.get("src", "")] = {name: attributes[name] for name in ("width", "height", _COPY)}
    return _rewritten(html, lambda attributes: attributes | known.get(attributes.get("src", ""), {})) if known else html


def _attributes(picture: re.Match[str]) -> dict[str, str]:
    return {name: unescape(value) for name, value in _ATTRIBUTE.findall(picture[1])}


def _rewritten(html: str, change: Callable[[dict[str, str]], dict[str, str]]) -> str:
    def written(picture: re.Match[str]) -> str:
        before = _attributes(picture)
        # What is not changed keeps its spelling: nh3 and html.escape write an apostrophe differently.
        as_it_was = dict(_ATTRIBUTE.findall(picture[1]))
        spelled = (
            (name, as_it_was[name] if before.get(name) == value else escape(value))
            for name, value in change(before).items()
        )
        return "<img" + "".join(f' {name}="{value}"' for name, value in spelled) + ">"

    return _PICTURE.sub(written, html)
