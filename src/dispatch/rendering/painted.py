"""The colours that words are painted in, as a browser works them out from finished HTML.

Base styles stand in the elements once a mail is inlined, so day needs no style sheet; for the night the rules of
`@media (prefers-color-scheme:dark)` go over them. Selectors are those of the mail: elements, classes, descendants.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lxml.html import HtmlElement

from dispatch.rendering.lenses import STYLE_ELEMENT, Scheme

Declarations = Mapping[str, str]
Rule = tuple[Sequence[str], Declarations]  # the parts of a selector, "td.solid" each, and what it says

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_DARK = re.compile(r"@media\s*\(\s*prefers-color-scheme\s*:\s*dark\s*\)\s*\{((?:[^{}]*\{[^{}]*\})*)", re.IGNORECASE)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_SELECTOR = re.compile(r"[a-z0-9]*(?:\.[\w-]+)*(?: [a-z0-9]*(?:\.[\w-]+)*)*")
_PIXELS = re.compile(r"(\d+(?:\.\d+)?)px")
_SHADES = {"#fff": "#ffffff", "#000": "#000000"}


@dataclass(frozen=True, slots=True)
class Painted:
    """Words of one element with what they are painted in, "#rrggbb", and how large, in pixels."""

    words: str
    colour: str
    ground: str
    size: float
    element: HtmlElement


@dataclass(frozen=True, slots=True)
class _Paint:
    colour: str
    ground: str
    size: float = 16.0


_BLANK_PAGE: Mapping[Scheme, _Paint] = {"light": _Paint("#000000", "#ffffff"), "dark": _Paint("#ffffff", "#121212")}


def painted(html: str, root: HtmlElement, scheme: Scheme = "light") -> Iterator[Painted]:
    """Every piece of text that can be seen, and the description of every picture; `root` is `html` as a tree."""
    return _below(root, _BLANK_PAGE[scheme], _dark_rules(html) if scheme == "dark" else ())


def declared(element: HtmlElement) -> dict[str, str]:
    """What the element's style attribute says."""
    return _declarations(element.get("style", ""))


def pixels(value: str) -> float | None:
    """A length in pixels, or None for any other; "0" is one."""
    found = _PIXELS.fullmatch(value.strip())
    return float(found[1]) if found else 0.0 if value.strip() == "0" else None


def _below(element: HtmlElement, around: _Paint, rules: Sequence[Rule]) -> Iterator[Painted]:
    says = declared(element)
    if "none" in says.get("display", "") or element.tag in ("head", "script", "style", "title"):
        return
    for selector, changes in rules:
        if _matches(element, selector):
            says |= changes
    paint = _painted_by(element, says, around)
    children = [child for child in element if isinstance(child.tag, str)]
    words = "".join((element.text or "", *(child.tail or "" for child in element), element.get("alt", "")))
    if words.strip() and paint.size > 1:
        yield Painted(" ".join(words.split()), paint.colour, paint.ground, paint.size, element)
    for child in children:
        yield from _below(child, paint, rules)


def _painted_by(element: HtmlElement, says: Declarations, around: _Paint) -> _Paint:
    ground = _colour(says.get("background-color")) or _colour(element.get("bgcolor")) or around.ground
    size = pixels(says.get("font-size", ""))
    return replace(
        around,
        colour=_colour(says.get("color")) or around.colour,
        ground=ground,
        size=around.size if size is None else size,
    )


def _colour(value: str | None) -> str | None:
    value = _SHADES.get(value or "", value or "").lower()
    return value if _COLOUR.fullmatch(value) else None


def _declarations(style: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in style.replace("!important", "").split(";"))
    return {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}


def _dark_rules(html: str) -> list[Rule]:
    found: list[Rule] = []
    for element in STYLE_ELEMENT.finditer(html):
        for block in _DARK.findall(element[2] or ""):
            for selectors, body in _RULE.findall(block):
                wanted = (" ".join(selector.split()) for selector in selectors.split(","))
                found += [(one.split(), _declarations(body)) for one in wanted if _SELECTOR.fullmatch(one)]
    return found


def _matches(element: HtmlElement, selector: Sequence[str]) -> bool:
    if not _is_one(element, selector[-1]):
        return False
    above = element.iterancestors()
    return all(any(_is_one(ancestor, part) for ancestor in above) for part in reversed(selector[:-1]))


def _is_one(element: HtmlElement, part: str) -> bool:
    tag, *classes = part.split(".")
    return tag in ("", element.tag) and set(classes) <= set(element.get("class", "").split())
