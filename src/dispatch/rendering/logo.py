"""The logo in the place of the masthead's name: which pictures are wanted, and what of their copies is shown.

A mail fetches nothing from where the configuration says that the logo is: it shows the copy in the media folder, and
the name in words until there is one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from dispatch.config.settings import Look as LookSettings
from dispatch.model.post import Picture
from dispatch.rendering.view import LEAST_PIXELS

# A fine screen has two pixels for one; more would only be heavier.
PIXELS = 2


@dataclass(frozen=True, slots=True)
class WantedLogo:
    """A logo to be copied: for a box of width × height CSS px, on `paper` ("#rrggbb"), as `setting` names it."""

    setting: str  # "look.logo" or "look.logo_dark"
    url: str
    width: int
    height: int
    paper: str

    @property
    def key(self) -> str:
        """What its copy is remembered by: another address, size or paper is another copy."""
        return f"{self.width}x{self.height} on {self.paper}: {self.url}"

    @property
    def pixels(self) -> tuple[int, int]:
        """How large its copy may be."""
        return self.width * PIXELS, self.height * PIXELS


@dataclass(frozen=True, slots=True)
class LogoPicture:
    """A copied logo as it is shown: its file in the media folder, its size in CSS px."""

    file: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Logo:
    """A logo for the day, and its twin for the night where there is one."""

    day: LogoPicture
    night: LogoPicture | None = None


@dataclass(frozen=True, slots=True)
class LogoView:
    """A logo as templates see it, in CSS px; `night` is its twin, None where there is none."""

    src: str
    width: int
    height: int
    night: "LogoView | None" = None


def wanted_logos(settings: LookSettings, *, light_paper: str, dark_paper: str) -> tuple[WantedLogo, ...]:
    """The logos that a look wants: none, the one of the day, or that and its twin for the night."""
    box = (settings.logo_width, settings.logo_height)
    if not settings.logo:
        return ()
    day = WantedLogo("look.logo", settings.logo, *box, light_paper)
    return (day, WantedLogo("look.logo_dark", settings.logo_dark, *box, dark_paper)) if settings.logo_dark else (day,)


def logo_of(wanted: tuple[WantedLogo, ...], copies: Mapping[str, Picture]) -> Logo | None:
    """The logo to show, of copies by `WantedLogo.key`; None while that of the day is not there."""
    shown = [shown_logo(each, copies[each.key]) if each.key in copies else None for each in wanted]
    day, night = (*shown, None, None)[:2]
    return Logo(day, night) if day else None


def shown_logo(wanted: WantedLogo, copy: Picture) -> LogoPicture:
    """A copy in its own proportions, as large as the box and its pixels allow."""
    scale = min(wanted.width / copy.width, wanted.height / copy.height, 1 / LEAST_PIXELS)
    return LogoPicture(copy.file, max(1, int(copy.width * scale)), max(1, int(copy.height * scale)))


def logo_view(logo: Logo | None, media_url: str) -> LogoView | None:
    """The logo with its address under `media_url`."""
    if logo is None:
        return None
    night = _view(logo.night, media_url) if logo.night else None
    return _view(logo.day, media_url, night)


def _view(picture: LogoPicture, media_url: str, night: LogoView | None = None) -> LogoView:
    return LogoView(f"{media_url.rstrip('/')}/{picture.file}", picture.width, picture.height, night)
