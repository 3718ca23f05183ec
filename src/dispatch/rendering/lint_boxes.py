"""The boxes that elements of a finished mail make: what their style attributes say of margins, padding and borders."""

import re
from collections.abc import Mapping

from lxml.html import HtmlElement

from dispatch.rendering.painted import declared, pixels

_SIDES = ("top", "right", "bottom", "left")
_BORDER = re.compile(r"(\d+(?:\.\d+)?)px")


def room(element: HtmlElement, side: str, *names: str) -> float:
    """How many pixels of these (margin, padding, border) the element has on one side: "top", "right" …"""
    says = declared(element)
    return sum(_border(says, side) if name == "border" else _length(says, name, side) for name in names)


def width_inside(element: HtmlElement, column: HtmlElement, width: float) -> float:
    """How wide the text of an element can be, in a column so wide that stands around it."""
    path = [element]
    for above in element.iterancestors():
        if above is column:
            break
        path.append(above)
    for box in reversed(path):
        most = pixels(declared(box).get("max-width", ""))
        width = width if most is None else min(width, most)
        width -= room(box, "left", "margin", "padding", "border") + room(box, "right", "margin", "padding", "border")
    return width


def _length(says: Mapping[str, str], name: str, side: str) -> float:
    """One side of a property that can be written as shorthand; 0 for "auto" and whatever else is no length in px."""
    parts = says.get(name, "0").split()
    place = _SIDES.index(side)
    of_shorthand = parts[place] if place < len(parts) else parts[place - 2] if place - 2 < len(parts) else parts[0]
    return pixels(says.get(f"{name}-{side}", of_shorthand if place else parts[0])) or 0.0


def _border(says: Mapping[str, str], side: str) -> float:
    found = _BORDER.search(says.get(f"border-{side}", says.get("border", "")))
    return float(found[1]) if found else 0.0
