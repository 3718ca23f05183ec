"""A reader's own page: what they get and how, another address, their data, and being forgotten.

Opening it changes nothing. Its address carries a token and no name, and whoever has it sees the address masked.
"""

from collections.abc import Mapping
from http import HTTPStatus
from types import SimpleNamespace
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dispatch.model.subscriber import SubscriptionState
from dispatch.rendering.words import in_a_row, said
from dispatch.subscribing.choices import Choices, PlaceChoices
from dispatch.subscribing.choosing import Saved
from dispatch.subscribing.moving import MoveAnswer
from dispatch.web.choosing_form import Fields, Typed, chosen_of
from dispatch.web.forms import TOKEN_FIELD, Form, first, read_form
from dispatch.web.page import PRIVATE, Pages, page_route

if TYPE_CHECKING:
    from dispatch.readers import Readers

ROOT = "/preferences/{token}"
FORGOTTEN = "/preferences/forgotten"
# What the form tokens are for, and the last part of the paths that they are posted to.
CHOOSE, AGAIN, ADDRESS, RETURN, ERASE = "choose", "again", "address", "return", "erase"
# What a save can have changed: of a newsletter, and of what we know of its reader.
_OF_PLACES = ("joined", "left", "schedule", "sections", "books", "pause")
_OF_PERSON = ("name", "language", "zone", "region", "larger_type")
_NO_FAULTS: Mapping[str, str] = {}


def routes(pages: Pages, readers: "Readers") -> list[Route]:
    """`/preferences/TOKEN` and what lies below it."""
    choosing = _Choosing(pages, readers)
    return [
        page_route(FORGOTTEN, choosing.forgotten),
        page_route(ROOT, choosing.show, choosing.save),
        page_route(f"{ROOT}/{AGAIN}", choosing.back_to_page, choosing.again),
        page_route(f"{ROOT}/{ADDRESS}", choosing.back_to_page, choosing.move),
        page_route(f"{ROOT}/{RETURN}", choosing.back_to_page, choosing.come_back),
        page_route(f"{ROOT}/{ERASE}", choosing.show_erase, choosing.erase),
        page_route(f"{ROOT}/data.json", choosing.data),
    ]


class _Choosing:
    def __init__(self, pages: Pages, readers: "Readers") -> None:
        self.pages = pages
        self.readers = readers

    async def show(self, request: Request) -> Response:
        choices = await self.readers.choices(request.path_params["token"])
        return self._page(request, choices)

    async def back_to_page(self, request: Request) -> Response:
        return self.pages.see(_path(request))

    async def save(self, request: Request) -> Response:
        form = await read_form(request)
        choices = await self.readers.choices(request.path_params["token"])
        fault = self._fault(request, form, CHOOSE, choices)
        if fault or choices is None:
            return self._page(request, choices, {"": fault}, Typed(form))
        chosen = chosen_of(form, choices)
        saved = await self.readers.choose(request.path_params["token"], chosen, self.pages.network(request))
        if saved is not None and saved.faults:
            words = self._words(request, saved.choices)
            return self._page(request, saved.choices, _sentences(saved, words), Typed(form))
        changed = ",".join(saved.changed) if saved else ""
        return self.pages.see(f"{_path(request)}?saved={changed}")

    async def again(self, request: Request) -> Response:
        form = await read_form(request)
        choices = await self.readers.choices(request.path_params["token"])
        if choices is None or (fault := self._fault(request, form, AGAIN, choices)):
            return self._page(request, choices, {"": fault} if choices else _NO_FAULTS)
        answer = await self.readers.send_again(request.path_params["token"])
        return self.pages.see(f"{_path(request)}?again={answer}")

    async def move(self, request: Request) -> Response:
        form = await read_form(request)
        token, address = request.path_params["token"], first(form, "address")
        choices = await self.readers.choices(token)
        if choices is None or (fault := self._fault(request, form, ADDRESS, choices)):
            return self._page(request, choices, {"": fault} if choices else _NO_FAULTS, address=address)
        answer = await self.readers.move_address(token, address, self.pages.network(request))
        if answer in (MoveAnswer.BAD_ADDRESS, MoveAnswer.TOO_MANY):
            sentence = said(self._words(request, choices), f"page_choose_address_{answer}")
            return self._page(request, choices, {"address": sentence}, address=address)
        return self.pages.see(f"{_path(request)}?address=asked")

    async def come_back(self, request: Request) -> Response:
        form = await read_form(request)
        choices = await self.readers.choices(request.path_params["token"])
        if choices is None or (fault := self._fault(request, form, RETURN, choices)):
            return self._page(request, choices, {"": fault} if choices else _NO_FAULTS)
        await self.readers.come_back(request.path_params["token"], self.pages.network(request))
        return self.pages.see(f"{_path(request)}?saved=joined.{choices.newsletter}")

    async def show_erase(self, request: Request) -> Response:
        choices = await self.readers.choices(request.path_params["token"])
        return self._erase_page(request, choices, _NO_FAULTS)

    async def erase(self, request: Request) -> Response:
        form = await read_form(request)
        choices = await self.readers.choices(request.path_params["token"])
        if choices is None or (fault := self._fault(request, form, ERASE, choices)):
            return self._erase_page(request, choices, {"": fault} if choices else _NO_FAULTS)
        await self.readers.erase(request.path_params["token"])
        return self.pages.see(FORGOTTEN)

    async def forgotten(self, request: Request) -> Response:
        return self.pages.answer(request, "forgotten", private=True)

    async def data(self, request: Request) -> Response:
        document = await self.readers.data_of(request.path_params["token"])
        if document is None:
            return self.pages.neutral(request)
        name = {"Content-Disposition": 'attachment; filename="my-data.json"'}
        return JSONResponse(document, HTTPStatus.OK, headers={**PRIVATE, **name})

    def _fault(self, request: Request, form: Form, purpose: str, choices: Choices | None) -> str:
        """The sentence about a form that did not come from its page, "" where it did."""
        token = request.path_params["token"]
        fault = self.pages.tokens.fault(first(form, TOKEN_FIELD), purpose, token, self.pages.now())
        return said(self._words(request, choices), f"page_form_{fault.value}") if fault else ""

    def _words(self, request: Request, choices: Choices | None) -> SimpleNamespace:
        return self.pages.words(self.pages.language(request, choices.language if choices else ""))

    def _mint(self, request: Request, purpose: str) -> str:
        return self.pages.tokens.mint(purpose, request.path_params["token"], self.pages.now())

    def _erase_page(self, request: Request, choices: Choices | None, faults: Mapping[str, str]) -> Response:
        if choices is None:
            return self.pages.neutral(request)
        return self.pages.answer(
            request,
            "erase",
            private=True,
            language=self.pages.language(request, choices.language),
            newsletter=choices.newsletter,
            faults=faults,
            choices=choices,
            form_token=self._mint(request, ERASE),
            page=self.pages.path(_path(request)),
        )

    def _page(
        self,
        request: Request,
        choices: Choices | None,
        faults: Mapping[str, str] = _NO_FAULTS,
        typed: Typed | None = None,
        *,
        address: str = "",
    ) -> Response:
        if choices is None:
            return self.pages.neutral(request)
        language = self.pages.language(request, choices.language)
        fields = Fields(self.pages, choices, language, self.pages.now(), typed or Typed())
        mine = next(place for place in choices.places if place.newsletter == choices.newsletter)
        has_left = mine.left_at is not None and mine.state is SubscriptionState.LEFT
        return self.pages.answer(
            request,
            "preferences",
            private=True,
            language=language,
            newsletter=choices.newsletter,
            faults=faults,
            choices=choices,
            typed=fields.typed,
            places=fields.places(),
            regions=fields.regions(),
            languages=fields.languages(self.pages.languages),
            saved="saved" in request.query_params and not faults,
            told=_NO_TELLING if faults else self._told(request, fields),
            left=fields.telling.date(mine.left_at) if has_left and mine.left_at else "",
            undo=mine.undo,
            address=address,
            page=self.pages.path(_path(request)),
            mint=lambda purpose: self._mint(request, purpose),
        )

    def _told(self, request: Request, fields: Fields) -> tuple[str, ...]:
        """What was done, as the address of the page after it says: sentences about what holds now."""
        asked, words = request.query_params, fields.words
        told = []
        if asked.get("again") in ("comes", "too_soon", "none_yet"):
            told.append(said(words, f"page_choose_again_{asked['again']}"))
        if asked.get("address") == "asked":
            told.append(said(words, "page_choose_address_asked"))
        if "saved" in asked:
            told += self._saved(asked["saved"].split(","), fields)
        return tuple(told)

    def _saved(self, changed: list[str], fields: Fields) -> list[str]:
        words, language = fields.words, fields.language
        of_person = [said(words, f"page_choose_{name}") for name in _OF_PERSON if name in changed]
        told = []
        if of_person:
            told.append(said(words, "page_choose_saved_person", what=in_a_row(of_person, language)))
        some = False
        for place in fields.choices.places:
            of_place = [what for what in _OF_PLACES if f"{what}.{place.newsletter}" in changed]
            some = some or bool(of_place)
            if of_place or (of_person and place.state is SubscriptionState.ACTIVE):
                told.append(self._holds(place, of_place, fields))
        return told if of_person or some else [said(words, "page_choose_saved_nothing")]

    def _holds(self, place: PlaceChoices, changed: list[str], fields: Fields) -> str:
        """How one newsletter comes from now on, and when next."""
        words, name = fields.words, self.pages.settings.newsletters[place.newsletter].name
        if place.state is not SubscriptionState.ACTIVE:
            return said(words, "page_choose_holds_not", newsletter=name)
        cadence = self.pages.cadence(place.newsletter, place.schedule, fields.language)
        parts = [said(words, "page_choose_holds", newsletter=name, cadence=cadence)]
        kinds = [said(words, f"page_choose_{what}_named") for what in ("sections", "books") if what in changed]
        if kinds:
            parts.append(said(words, "page_choose_holds_parts", what=in_a_row(kinds, fields.language)))
        if fields.choices.suppressed:
            parts.append(said(words, "page_choose_suppressed"))
        else:
            parts += fields.telling.coming(place.next_at, place.paused_until)
        return " ".join(parts)


_NO_TELLING: tuple[str, ...] = ()


def _path(request: Request) -> str:
    return ROOT.replace("{token}", request.path_params["token"])


def _sentences(saved: Saved, words: SimpleNamespace) -> dict[str, str]:
    """Field → what is wrong with what was typed into it."""
    return {_field(fault.field): said(words, f"page_choose_bad_{fault.why}") for fault in saved.faults}


def _field(name: str) -> str:
    """A pause that cannot be is a date that cannot be: weeks always can."""
    return name.replace("pause.", "until.")
