"""The look of a newsletter: its type, colours and fonts, refused where they could not be read; and its logo."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from dispatch.errors import ConfigurationError
from dispatch.rendering.logo import Logo, logo_view
from dispatch.rendering.style import LookFile, Style, read_look_file
from dispatch.rendering.templates import shipped_folder
from dispatch.rendering.words import direction_of

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
    """How a newsletter's mail looks; `logo` is None where there is none, or none that is copied."""

    light: Palette
    dark: Palette
    serif: str
    sans: str
    style: Style
    logo: Logo | None = None


MAGAZINE = "magazine"
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
    _Rule("muted", ("hair",), 4.5, "what stands in the place of a cover that is blocked"),
    _Rule("accent", ("paper", "panel"), 4.5, "labels and links"),
    _Rule("label", ("accent", "press"), 4.5, "the words on a button"),
    _Rule("edge", ("paper", "panel"), 3.0, "the outline of a button"),
)


def look_from(settings_look: Mapping[str, object], name: str = MAGAZINE) -> Look:
    """The look `name` (looks/NAME.toml) with a `[look]` table over it; raises ConfigurationError with every problem.

    Known keys: `light` and `dark` (colour names → "#rrggbb"), `serif`, `sans`, and `templates`, the operator's folder,
    whose looks/NAME.toml goes over ours line by line; others are somebody else's. The logo is looks_from's.
    """
    problems: list[str] = []
    file = _look_file(name, settings_look.get("templates"))
    look = Look(
        light=_palette("light", file.light, settings_look.get("light"), problems),
        dark=_palette("dark", file.dark, settings_look.get("dark"), problems),
        serif=_fonts("serif", settings_look.get("serif", SERIF), problems),
        sans=_fonts("sans", settings_look.get("sans", SANS), problems),
        style=file.style,
    )
    if not problems:
        problems = [*_unreadable("light", look.light), *_unreadable("dark", look.dark)]
    if problems:
        raise ConfigurationError(problems)
    return look


def look_values(look: Look, language: str, media_url: str) -> dict[str, object]:
    """What every template sees of the look, and of the direction of its page's language; pictures at `media_url`."""
    rtl = direction_of(language) == "rtl"
    return {
        "language": language.replace("_", "-"),
        "dir": "rtl" if rtl else "ltr",
        "start": "right" if rtl else "left",
        "end": "left" if rtl else "right",
        "light": look.light,
        "dark": look.dark,
        "serif": look.serif,
        "sans": look.sans,
        "style": look.style,
        "logo": logo_view(look.logo, media_url),
    }


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two "#rrggbb" colours (WCAG 2.2, 1.0 … 21.0)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _look_file(name: str, own: object) -> LookFile:
    """The look's file as shipped, the operator's over it; raises ConfigurationError where one of them is wrong."""
    folders = [shipped_folder(), *([own] if isinstance(own, Path) else [])]
    files = [file for folder in folders if (file := folder / "looks" / f"{name}.toml").is_file()]
    problems: list[str] = []
    found = (
        read_look_file([file.read_text(encoding="utf-8", errors="replace") for file in files], problems)
        if files
        else None
    )
    if found is None:
        said = problems or ["there is no such look"]
        raise ConfigurationError([f"look.templates: looks/{name}.toml: {problem}" for problem in said])
    return found


def _palette(mode: str, shipped: Mapping[str, str], wanted: object, problems: list[str]) -> Palette:
    colours = {**shipped, **(wanted if isinstance(wanted, Mapping) else {})}
    names = [field.name for field in fields(Palette)]
    for name, colour in colours.items():
        if name not in names:
            problems.append(f'look.{mode}: "{name}" is not a colour of the mail; there are: {", ".join(names)}')
        elif not isinstance(colour, str) or not _COLOUR.fullmatch(colour):
            problems.append(f'look.{mode}.{name}: "{colour}" is not a colour like "#96281b"')
    return Palette(**{name: str(colours.get(name, "")).lower() for name in names})


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
