"""The colours and fonts of the mail, refused where they could not be read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from dispatch.errors import ConfigurationError

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
# What could end a declaration, a style element or a style attribute does not belong into a font's name.
_FONTS = re.compile(r"[\w '\-,.]{1,200}")


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours by the part they play, each "#rrggbb" (Word knows nothing else, and Gmail drops what it cannot read)."""

    paper: str  # the page
    panel: str  # behind books and the invitation
    ink: str  # what is read
    soft: str  # what others said
    muted: str  # labels and small print
    accent: str  # section labels, the bar of a quotation, the main button
    press: str  # the main button under the pointer
    label: str  # the words on the main button
    hair: str  # rules
    edge: str  # outlines of the other buttons


@dataclass(frozen=True, slots=True)
class Look:
    """Both palettes and both font stacks, as a template sees them."""

    light: Palette
    dark: Palette
    serif: str
    sans: str


LIGHT = Palette(
    paper="#fcfaf5",
    panel="#f2ecdf",
    ink="#1e1b17",
    soft="#423c34",
    muted="#6a6155",
    accent="#96281b",
    press="#74190f",
    label="#ffffff",
    hair="#ddd5c5",
    edge="#857b6d",
)
DARK = Palette(
    paper="#161412",
    panel="#221f1b",
    ink="#f0e9dc",
    soft="#d3cabb",
    muted="#a89e8f",
    accent="#ee9183",
    press="#f3aca1",
    label="#161412",
    hair="#3a352e",
    edge="#7d7364",
)
SERIF = "Georgia, 'Times New Roman', serif"
SANS = "'Helvetica Neue', Helvetica, Arial, sans-serif"


@dataclass(frozen=True, slots=True)
class _Rule:
    front: str
    backs: tuple[str, ...]
    ratio: float
    why: str


# WCAG 2.2: 1.4.6 for what is read at length, 1.4.3 for the rest, 1.4.11 for outlines of controls.
_CONTRASTS = (
    _Rule("ink", ("paper", "panel"), 7.0, "text that is read"),
    _Rule("soft", ("paper", "panel"), 7.0, "quotations"),
    _Rule("muted", ("paper", "panel"), 4.5, "small text and links"),
    _Rule("accent", ("paper", "panel"), 4.5, "labels and links"),
    _Rule("label", ("accent", "press"), 4.5, "the words on a button"),
    _Rule("edge", ("paper", "panel"), 3.0, "the outline of a button"),
)


def look_from(settings_look: Mapping[str, object]) -> Look:
    """The look that a `[look]` table describes, over the shipped one; raises ConfigurationError with every problem.

    Known keys: `light` and `dark` (colour names → "#rrggbb"), `serif`, `sans`; others are somebody else's.
    """
    problems: list[str] = []
    look = Look(
        light=_palette("light", LIGHT, settings_look.get("light"), problems),
        dark=_palette("dark", DARK, settings_look.get("dark"), problems),
        serif=_fonts("serif", settings_look.get("serif", SERIF), problems),
        sans=_fonts("sans", settings_look.get("sans", SANS), problems),
    )
    if not problems:
        problems = [*_unreadable("light", look.light), *_unreadable("dark", look.dark)]
    if problems:
        raise ConfigurationError(problems)
    return look


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two "#rrggbb" colours (WCAG 2.2, 1.0 … 21.0)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _palette(mode: str, shipped: Palette, wanted: object, problems: list[str]) -> Palette:
    colours = wanted if isinstance(wanted, Mapping) else {}
    names = [field.name for field in fields(Palette)]
    good: dict[str, str] = {}
    for name, colour in colours.items():
        if name not in names:
            problems.append(f'look.{mode}: "{name}" is not a colour of the mail; there are: {", ".join(names)}')
        elif not isinstance(colour, str) or not _COLOUR.fullmatch(colour):
            problems.append(f'look.{mode}.{name}: "{colour}" is not a colour like "#96281b"')
        else:
            good[str(name)] = colour.lower()
    return replace(shipped, **good)


def _fonts(key: str, wanted: object, problems: list[str]) -> str:
    if isinstance(wanted, str) and _FONTS.fullmatch(wanted) and wanted.count("'") % 2 == 0:
        return wanted
    problems.append(f"look.{key}: expected names of fonts, separated by commas, quoted with ' where they have spaces")
    return ""


def _unreadable(mode: str, palette: Palette) -> list[str]:
    problems = []
    for rule in _CONTRASTS:
        for back in rule.backs:
            ratio = contrast(getattr(palette, rule.front), getattr(palette, back))
            if ratio < rule.ratio:
                problems.append(
                    f"look.{mode}: {rule.front} on {back} has a contrast of {ratio:.1f}:1, "
                    f"{rule.why} needs {rule.ratio}:1; move them further apart"
                )
    return problems


def _luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
