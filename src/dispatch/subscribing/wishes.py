"""What an operator writes down for one person, checked before anything is stored."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from dispatch.config.settings import Settings
from dispatch.errors import DispatchError
from dispatch.model.address import address_hash, masked, parse_address
from dispatch.model.region import region_of
from dispatch.subscribing.cells import language_tag, person_name
from dispatch.subscribing.newsletters import region_names


@dataclass(frozen=True, slots=True)
class Who:
    """An address as an operator typed it, and the key under which it is remembered."""

    address: str
    address_key: bytes

    @property
    def digest(self) -> str:
        """The keyed hash of its mailbox; raises AddressError."""
        return address_hash(parse_address(self.address), self.address_key)

    def __str__(self) -> str:
        return masked(self.address)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody wants; None where nothing was said. `pause_until` is a date, a time, or one of NO_PAUSE."""

    schedule: str | None = None
    pause_until: str | None = None
    books: bool | None = None
    zone: str | None = None
    region: str | None = None
    language: str | None = None
    name: str | None = None
    sections_off: tuple[str, ...] | None = None
    larger_type: bool | None = None


def person_of(settings: Settings, wishes: Wishes) -> dict[str, Any]:
    """The columns of a subscriber that were named; "" takes a value away. Raises DispatchError for what cannot be."""
    person: dict[str, Any] = {}
    for column, read in person_columns(settings).items():
        text: str | None = getattr(wishes, column)
        if text is None:
            continue
        value = read(text)
        if value is None:
            raise DispatchError(f'"{text}" is not {_FORMS[column]}')
        person[column] = value
    if wishes.larger_type is not None:
        person["larger_type"] = wishes.larger_type
    return person


def person_columns(settings: Settings) -> dict[str, Callable[[str], str | None]]:
    """How what people write of themselves is read, by column: "" for nothing written, None for what cannot be."""
    return {
        "region": lambda text: region_of(text, region_names(settings)),
        "zone": zone_named,
        "language": language_tag,
        "name": person_name,
    }


def zone_named(text: str) -> str | None:
    """The time zone somebody means: "Europe/London" in any case, or its city alone; None where it cannot be told."""
    wanted = text.strip().casefold().replace(" ", "_")
    if not wanted:
        return ""
    zones = _zones()
    if wanted in zones:
        return zones[wanted]
    # Each city is of one continent; the zones named after countries ("US/Pacific") are old names of these.
    cities = [zone for name, zone in zones.items() if zone.startswith(_CONTINENTS) and name.endswith(f"/{wanted}")]
    return min(cities, default=None)


@cache
def _zones() -> Mapping[str, str]:
    # Asked within transactions, and it walks through a folder with some six hundred files.
    return {zone.casefold(): zone for zone in available_timezones()}


_CONTINENTS = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
_FORMS = {
    "region": "a country like GB",
    "zone": 'a time zone like "Europe/London"',
    "language": 'a language like "en-GB"',
    "name": "a name",
}
