"""Colours turned dark the way mail programs do it: lightness turned over, hue kept, words and grounds apart.

Lightness is that of CIELAB (CIE 15:2004, white point D65), 0 black … 100 white. The rule and its two factors are those
of React Email's preview; Gmail for Android and Outlook turn only what would not suit a dark page (`dark_words`,
`dark_ground`), Gmail for iOS turns everything (`turned`).
"""

from collections.abc import Callable

MIDDLE = 50.0
_REACH = 0.75  # of the way to the other end: white becomes a dark grey, not black
_CHROMA = 0.8

_TO_XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
_FROM_XYZ = (
    (3.2404542, -1.5371385, -0.4985314),
    (-0.9692660, 1.8760108, 0.0415560),
    (0.0556434, -0.2040259, 1.0572252),
)
_WHITE = (0.95047, 1.0, 1.08883)
_EDGE = 6 / 29

Lab = tuple[float, float, float]


def dark_words(colour: str) -> str:
    """A "#rrggbb" of words on a page that was made dark: dark words become light, light ones stay."""
    return _changed(colour, lambda lightness: lightness < MIDDLE)


def dark_ground(colour: str) -> str:
    """A "#rrggbb" behind words: a light ground becomes dark, a dark one stays."""
    return _changed(colour, lambda lightness: lightness >= MIDDLE)


def turned(colour: str) -> str:
    """A "#rrggbb" with its lightness turned over, whatever it was: of lines, and of everything in a full inversion."""
    return _changed(colour, lambda _: True)


def lightness_of(colour: str) -> float:
    """The lightness of a "#rrggbb", 0 … 100."""
    return _lab(colour)[0]


def _changed(colour: str, is_turned: Callable[[float], bool]) -> str:
    lightness, a, b = _lab(colour)
    if not is_turned(lightness):
        return colour
    return _hexadecimal((MIDDLE - (lightness - MIDDLE) * _REACH, a * _CHROMA, b * _CHROMA))


def _lab(colour: str) -> Lab:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    x, y, z = (
        _root(sum(part * channel for part, channel in zip(row, linear, strict=True)) / white)
        for row, white in zip(_TO_XYZ, _WHITE, strict=True)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _hexadecimal(lab: Lab) -> str:
    lightness, a, b = lab
    y = (lightness + 16) / 116
    xyz = [_cube(root) * white for root, white in zip((y + a / 500, y, y - b / 200), _WHITE, strict=True)]
    linear = [sum(part * value for part, value in zip(row, xyz, strict=True)) for row in _FROM_XYZ]
    # What no screen can show is cut to the nearest that it can.
    bounded = [min(max(channel, 0.0), 1.0) for channel in linear]
    channels = [12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in bounded]
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)


def _root(value: float) -> float:
    return value ** (1 / 3) if value > _EDGE**3 else value / (3 * _EDGE**2) + 4 / 29


def _cube(value: float) -> float:
    return value**3 if value > _EDGE else 3 * _EDGE**2 * (value - 4 / 29)
