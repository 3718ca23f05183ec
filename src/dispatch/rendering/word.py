"""The lens of Word, which draws the mail in Outlook for Windows: near enough to see what falls apart.

What Word leaves out is taken from the public tables of caniemail.com. It opens the comments that are meant for it,
knows no media query and no rounded corner, gives padding and borders to table cells alone, and measures pictures by
their attributes. The scaled spaces that give buttons their size in Word (blocks/button.html.j2) are drawn too.
"""

import re
from collections.abc import Iterator

from dispatch.rendering.lenses import STYLE_ELEMENT

_FOR_OTHERS = re.compile(r"<!--\[if !mso[^\]]*\]>\s*(?:<!-->|-->).*?<!--\s*<!\[endif\]-->", re.DOTALL)
_FOR_WORD = re.compile(r"<!--\[if (?!!)[^\]]*mso[^\]]*\]>(.*?)<!\[endif\]-->", re.DOTALL)
_SETTINGS = re.compile(r"<(noscript|xml)\b[^>]*>.*?</\1>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<([a-z][a-z0-9]*)\b[^<>]*>", re.IGNORECASE)
_STYLE = re.compile(r'\sstyle="([^"]*)"')
_HIDDEN = re.compile(r'\shidden(?:="[^"]*")?(?=[\s>/])')
_POINTS = re.compile(r"(\d+(?:\.\d+)?)pt")
_PERCENT = re.compile(r"(\d{1,3})%")

_CELLS = frozenset(("td", "th"))
_TABLES = frozenset(("table", "td", "th"))
_NO_MARGIN = frozenset(("body", "span", "a", "i", "b", "em", "strong", "img"))
_UNKNOWN = frozenset((
    "background-image", "background-position", "background-repeat", "background-size", "border-radius",
    "bottom", "box-shadow", "clip", "filter", "flex", "float", "gap", "left", "max-height", "max-width",
    "min-height", "min-width", "object-fit", "opacity", "outline", "overflow", "overflow-wrap", "position",
    "right", "text-shadow", "top", "transform", "transition", "visibility", "word-break",
))  # fmt: skip
_UNKNOWN_VALUE = re.compile(r"rgba|hsla?\(|var\(|calc\(|gradient\(|url\(|\brem\b|#[0-9a-fA-F]{8}\b")
_BOLD_FROM = 600


def in_word(html: str) -> str:
    """As Outlook for Windows draws it, approximately."""
    html = _FOR_OTHERS.sub("", html)
    html = STYLE_ELEMENT.sub(lambda found: found.group() if found[1] is None else "", html)
    html = _SETTINGS.sub("", _FOR_WORD.sub(r"\1", html))
    html = _TAG.sub(lambda tag: _HIDDEN.sub("", _redrawn(tag)), html)
    return html.replace("</head>", "<style>:root{color-scheme:light}</style></head>", 1)


def _redrawn(tag: re.Match[str]) -> str:
    name = tag[1].lower()
    return _STYLE.sub(lambda style: f' style="{";".join(_kept(name, style[1]))}"', tag.group())


def _kept(element: str, style: str) -> Iterator[str]:
    for declaration in style.split(";"):
        name, colon, value = declaration.partition(":")
        name, value = name.strip().lower(), value.strip()
        if not colon or _UNKNOWN_VALUE.search(value) or name in _UNKNOWN:
            continue
        if name.startswith("mso-"):
            yield from _of_words_own(element, name, value)
        elif _is_drawn(element, name, value):
            yield f"{name}:{_weight(value) if name == 'font-weight' else value}"


def _is_drawn(element: str, name: str, value: str) -> bool:
    if name.startswith("-"):
        return False
    if name == "display":
        return value in ("none", "block", "inline")
    if name.startswith("padding"):
        return element in _CELLS
    if name.startswith("border"):
        return element in _TABLES
    if name in ("width", "height"):
        return element in _TABLES
    if name.startswith("margin"):
        return element not in _NO_MARGIN and "auto" not in value and "-" not in value
    return True


def _of_words_own(element: str, name: str, value: str) -> Iterator[str]:
    """What a browser draws in the place of Word's own properties."""
    raised, scaled = _POINTS.fullmatch(value), _PERCENT.fullmatch(value)
    if name == "mso-hide":
        yield "display:none"
    elif name == "mso-padding-alt" and element in _CELLS:
        yield f"padding:{value}"
    elif name == "mso-font-width" and scaled:
        # Wider and not higher; exact for a space that is an em wide.
        yield f"letter-spacing:{int(scaled[1]) / 100 - 1:g}em"
    elif name == "mso-text-raise" and raised:
        # An empty raised word makes its line as high as it stands; a word with letters stands that much higher.
        yield f"display:inline-block;padding-top:{raised[1]}pt" if element == "i" else f"vertical-align:{raised[1]}pt"


def _weight(value: str) -> str:
    return ("bold" if int(value) >= _BOLD_FROM else "normal") if value.isdigit() else value
