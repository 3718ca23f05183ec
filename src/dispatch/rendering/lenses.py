"""A finished mail as one kind of mail program shows it: each lens takes inlined HTML and gives HTML for a browser.

Lenses look at a mail, they never change what is sent. That of Word is an approximation (docs/preview.md says of what).
All of them rely on HTML as lxml writes it: "<" and ">" stand in tags alone, values between double quotes.
"""

import re
from collections.abc import Callable
from typing import Literal

from dispatch.rendering.shades import dark_ground, dark_words, turned

Scheme = Literal["light", "dark"]
Lens = Callable[[str], str]
Shade = Callable[[str], str]

STYLE_ELEMENT = re.compile(r"<!--.*?-->|(<style\b[^>]*>)(.*?)(</style\s*>)", re.DOTALL | re.IGNORECASE)
_HEAD_END = re.compile(r"</head\s*>", re.IGNORECASE)
_SCHEME_RULE = re.compile(r"@media\s*\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)", re.IGNORECASE)
_SCHEME_FEATURE = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)", re.IGNORECASE)
_SCHEMES_KNOWN = re.compile(r'(<meta name="(?:supported-)?color-schemes?" content=")[^"]*"', re.IGNORECASE)

_TAG = re.compile(r"<!--.*?-->|<([a-z][a-z0-9]*)\b[^<>]*>", re.DOTALL | re.IGNORECASE)
_STYLE_ATTRIBUTE = re.compile(r'\sstyle="([^"]*)"')
_GROUND_ATTRIBUTE = re.compile(r'(\sbgcolor=")(#[0-9a-fA-F]{3,6})"')
_PICTURE = re.compile(r"<img\b[^<>]*>", re.IGNORECASE)
_SOURCE = re.compile(r'\s(?:src|srcset)="[^"]*"')

_COLOURED = re.compile(r"(?<![\w.#-])(color|background(?:-color)?|border(?:-[a-z]+)*)(\s*:\s*)([^;{}]*)")
_COLOUR = re.compile(r"#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b|\b(?:white|black)\b")
_NAMED = {"white": "#ffffff", "black": "#000000"}


def in_scheme(html: str, scheme: Scheme) -> str:
    """As a reader with that colour scheme sees it in a program that asks for it, whatever the browser's own is.

    A page cannot tell a browser which scheme to draw a frame in, so the media queries are decided here:
    `@media (prefers-color-scheme:dark)` becomes `@media all` in dark and `@media not all` in light.
    """

    def decided(rules: str) -> str:
        rules = _SCHEME_RULE.sub(lambda rule: f"@media {'all' if rule[1].lower() == scheme else 'not all'}", rules)
        return _SCHEME_FEATURE.sub(
            lambda feature: "(min-width:0)" if feature[1].lower() == scheme else "(max-width:0)", rules
        )

    html = _each_style_element(html, decided)
    html = _SCHEMES_KNOWN.sub(rf'\1{scheme}"', html)
    return _with_rules(html, f":root{{color-scheme:{scheme} !important}}")


def by_day(html: str) -> str:
    """With the mail's own light colours."""
    return in_scheme(html, "light")


def by_night(html: str) -> str:
    """With the mail's own dark colours."""
    return in_scheme(html, "dark")


def forced_dark(html: str) -> str:
    """As programs show it that darken a mail without asking: light grounds and dark words are turned, the rest stays.

    Gmail for Android, Outlook and others that know nothing of the mail's own dark colours, or do not ask for them.
    """
    return _darkened(html, dark_words, dark_ground)


def inverted(html: str) -> str:
    """As programs show it that turn every colour over, the dark ones too: Gmail for iOS."""
    return _darkened(html, turned, turned)


def without_styles(html: str) -> str:
    """As programs show it that take every style element out: Gmail with another provider's account."""
    return _with_rules(_without_style_elements(html), ":root{color-scheme:light}")


def without_pictures(html: str) -> str:
    """As it looks before the reader allows pictures: their descriptions stand in their places."""
    return by_day(_PICTURE.sub(lambda picture: _SOURCE.sub("", picture.group()), html))


def in_head(html: str, element: str) -> str:
    """A page with one element more, the last of its head."""
    found = _HEAD_END.search(html)
    return element + html if found is None else html[: found.start()] + element + html[found.start() :]


def _each_style_element(html: str, change: Callable[[str], str]) -> str:
    def changed(found: re.Match[str]) -> str:
        return found.group() if found[1] is None else found[1] + change(found[2]) + found[3]

    return STYLE_ELEMENT.sub(changed, html)


def _without_style_elements(html: str) -> str:
    return STYLE_ELEMENT.sub(lambda found: found.group() if found[1] is None else "", html)


def _with_rules(html: str, rules: str) -> str:
    return in_head(html, f"<style>{rules}</style>")


def _darkened(html: str, words: Shade, ground: Shade) -> str:
    shades: dict[str, Shade] = {"color": words, "background": ground, "background-color": ground}

    def redrawn(declarations: str) -> str:
        return _COLOURED.sub(
            lambda found: found[1] + found[2] + _shaded(found[3], shades.get(found[1], turned)), declarations
        )

    def tag(found: re.Match[str]) -> str:
        if found[1] is None:
            return found.group()
        painted = _STYLE_ATTRIBUTE.sub(lambda style: f' style="{redrawn(style[1])}"', found.group())
        return _GROUND_ATTRIBUTE.sub(lambda colour: f'{colour[1]}{_shaded(colour[2], ground)}"', painted)

    # Their own dark colours are the mail's answer to another question, which these programs do not ask.
    html = _each_style_element(by_day(html), redrawn)
    page = f"html{{background-color:{ground('#ffffff')};color:{words('#000000')}}}"
    return _with_rules(_TAG.sub(tag, html), page)


def _shaded(value: str, shade: Shade) -> str:
    return _COLOUR.sub(lambda colour: shade(_six_digits(colour.group())), value)


def _six_digits(colour: str) -> str:
    """A colour as "#rrggbb", from "#rgb" and the two names too."""
    colour = _NAMED.get(colour, colour)
    return colour if len(colour) == 7 else "#" + "".join(2 * digit for digit in colour[1:])
