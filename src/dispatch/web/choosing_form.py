"""The form of a reader's own page: its fields as templates show them, and what comes back of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from dispatch.model.subscriber import SubscriptionState
from dispatch.rendering.naming import language_name, region_name
from dispatch.rendering.words import counted, language_of, put_in, said
from dispatch.subscribing.choices import Choices, PlaceChoices
from dispatch.subscribing.choosing import NOT_AT_ALL, Chosen, ChosenPlace
from dispatch.web.forms import Form, first
from dispatch.web.next_mail import Telling
from dispatch.web.page import Pages

WEEKS = (1, 2, 4)
NOT = "."  # in the place of a schedule: "not at all"; no schedule is called so
KEEP, NO_PAUSE = "", "none"
# What is on beside a newsletter's sections.
_SECTION, _BOOKS = "section:", "books"
_LONGEST_NAME = 120

Option = tuple[str, ...]  # value, label, and what stands smaller below it


@dataclass(frozen=True, slots=True)
class PlaceFields:
    """The fields of one newsletter; no parts and no pauses for who does not get it."""

    slug: str
    name: str
    schedules: tuple[Option, ...]
    schedule: str
    parts: tuple[Option, ...]
    parts_on: tuple[str, ...]
    pauses: tuple[Option, ...]
    pause: str
    pause_until: str


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody filled in that has to be shown to them again; None where the form was not sent."""

    form: Form | None = None

    def value(self, name: str, otherwise: str) -> str:
        """What stands in a field: what was typed, else what is stored."""
        return otherwise if self.form is None else first(self.form, name)

    def values(self, name: str, otherwise: tuple[str, ...]) -> tuple[str, ...]:
        """The same of a field with several."""
        return otherwise if self.form is None else tuple(self.form.get(name, ()))


@dataclass(frozen=True, slots=True)
class Fields:
    """How the fields of one page are made: in which words, for which time of which day."""

    pages: Pages
    choices: Choices
    language: str
    now: datetime
    typed: Typed

    @property
    def words(self) -> SimpleNamespace:
        """The words of the page."""
        return self.pages.words(self.language)

    @property
    def telling(self) -> Telling:
        """How moments are told to this reader."""
        zone = self.choices.zone or self.pages.settings.site.timezone
        return Telling(self.words, self.language, zone, self.now)

    def places(self) -> list[PlaceFields]:
        """The fields of every newsletter, that whose mail led here first."""
        ordered = sorted(self.choices.places, key=lambda place: place.newsletter != self.choices.newsletter)
        return [self._place(place) for place in ordered]

    def regions(self) -> list[Option]:
        """Where books can be bought, the reader's own country among them; [] where no book is shown."""
        known = [*self.choices.regions]
        if not self.choices.has_books or not known:
            return []
        if self.choices.region and self.choices.region not in known:
            known.append(self.choices.region)
        named = sorted((region_name(region, self.language), region) for region in known)
        return [("", said(self.words, "page_choose_region_none")), *((region, name) for name, region in named)]

    def languages(self, written: frozenset[str]) -> list[Option]:
        """The languages that there are words for; [] where there is one alone."""
        mine = self.choices.language
        tags = sorted(written - {language_of(mine)} | ({mine} if language_of(mine) in written else set()))
        if len(tags) < 2:
            return []
        none = [] if mine in tags else [("", said(self.words, "page_choose_language_none"))]
        return [*none, *((tag, language_name(tag)) for tag in tags)]

    def _place(self, place: PlaceChoices) -> PlaceFields:
        slug, gets = place.newsletter, place.state is SubscriptionState.ACTIVE
        parts = self._parts(place) if gets else ()
        stored = tuple(f"{_SECTION}{label}" for label, on in place.sections if on) + ((_BOOKS,) if place.books else ())
        return PlaceFields(
            slug=slug,
            name=self.pages.settings.newsletters[slug].name,
            schedules=self._schedules(place),
            schedule=self.typed.value(f"schedule.{slug}", place.schedule if gets else NOT),
            parts=parts,
            parts_on=self.typed.values(f"part.{slug}", stored),
            pauses=self._pauses(place) if gets else (),
            pause=self.typed.value(f"pause.{slug}", KEEP if place.paused_until else NO_PAUSE),
            pause_until=self.typed.value(f"until.{slug}", ""),
        )

    def _schedules(self, place: PlaceChoices) -> tuple[Option, ...]:
        offered = []
        for one in place.schedules:
            often = self.pages.often(place.newsletter, one.slug, self.language)
            hint = ""
            if one.next_at is not None:
                hint = said(self.words, "page_choose_next_hint", moment=self.telling.moment(one.next_at))
            offered.append((one.slug, often, hint))
        not_at_all = (NOT, said(self.words, "page_choose_not_at_all"))
        return (*offered, not_at_all)

    def _parts(self, place: PlaceChoices) -> tuple[Option, ...]:
        sections = tuple((f"{_SECTION}{label}", label) for label, _ in place.sections)
        books = ((_BOOKS, said(self.words, "page_choose_books")),) if self.choices.has_books else ()
        return sections + books

    def _pauses(self, place: PlaceChoices) -> tuple[Option, ...]:
        paused: tuple[Option, ...] = ()
        if place.paused_until is not None:
            until = self.telling.date(place.paused_until)
            paused = ((KEEP, said(self.words, "page_choose_pause_kept", date=until)),)
        none = (NO_PAUSE, said(self.words, "page_choose_pause_over" if paused else "page_choose_pause_none"))
        weeks = tuple((str(number), self._weeks(number)) for number in WEEKS)
        return (*paused, none, *weeks)

    def _weeks(self, number: int) -> str:
        until = self.telling.date(self.now.astimezone(ZoneInfo(self.telling.zone)) + timedelta(weeks=number))
        return put_in(counted(self.words.page_choose_pause_weeks, number, self.language), {"date": until})


def chosen_of(form: Form, choices: Choices) -> Chosen:
    """What a posted form says. Of what stood on the page and is missing, a tick box is off and all else stays."""
    shown = form.get("newsletter", [])
    return Chosen(
        places={place.newsletter: _place_of(form, place) for place in choices.places if place.newsletter in shown},
        name=_text(form, "name"),
        region=_text(form, "region"),
        language=_text(form, "language"),
        zone=_text(form, "zone"),
        larger_type="larger_type" in form if "about" in form else None,
    )


def _place_of(form: Form, place: PlaceChoices) -> ChosenPlace:
    slug = place.newsletter
    schedule = _text(form, f"schedule.{slug}") or None
    if schedule == NOT:
        schedule = NOT_AT_ALL
    if f"parts.{slug}" not in form:
        return ChosenPlace(schedule)
    on = form.get(f"part.{slug}", [])
    return ChosenPlace(
        schedule,
        books=_BOOKS in on if f"books.{slug}" in form else None,
        sections=frozenset(part.removeprefix(_SECTION) for part in on if part.startswith(_SECTION)),
        pause=first(form, f"until.{slug}") or first(form, f"pause.{slug}"),
    )


def _text(form: Form, name: str) -> str | None:
    return first(form, name)[:_LONGEST_NAME] if name in form else None
