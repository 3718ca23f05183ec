"""What an operator writes down for one person, checked before anything is stored."""

from collections.abc import Callable
from dataclasses import dataclass
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


def person_of(settings: Settings, wishes: Wishes) -> dict[str, str]:
    """The columns of a subscriber that were named; "" takes a value away. Raises DispatchError for what cannot be."""
    written: dict[str, tuple[str | None, Callable[[str], str | None], str]] = {
        "region": (wishes.region, lambda text: region_of(text, region_names(settings)), "a country like GB"),
        "zone": (wishes.zone, _zone, 'a time zone like "Europe/London"'),
        "language": (wishes.language, language_tag, 'a language like "en-GB"'),
        "name": (wishes.name, person_name, "a name"),
    }
    person: dict[str, str] = {}
    for column, (text, read, form) in written.items():
        value = read(text) if text is not None else ""
        if value is None:
            raise DispatchError(f'"{text}" is not {form}')
        if text is not None:
            person[column] = value
    return person


def _zone(text: str) -> str | None:
    wanted = text.strip().casefold().replace(" ", "_")
    return next((zone for zone in available_timezones() if zone.casefold() == wanted), None if wanted else "")
