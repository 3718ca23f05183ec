"""The page to leave on: one button, what writes less often instead, and the way back.

Opening it changes nothing. Mail programs end a subscription by themselves with one POST (RFC 8058), which is answered
with 200 and nothing else, whatever its token is worth.
"""

from types import SimpleNamespace
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatch.model.subscriber import SubscriptionState
from dispatch.rendering.words import said
from dispatch.subscribing.leaving import Leaving, OfferedSchedule
from dispatch.web.forms import TOKEN_FIELD, first, is_one_click, read_form
from dispatch.web.next_mail import Telling
from dispatch.web.page import PRIVATE, Pages, page_route

if TYPE_CHECKING:
    from dispatch.readers import Readers

LEAVE = "leave"  # what its form tokens are for
LESS, BACK = "less", "back"  # what was done, as the address of the page after it says


def routes(pages: Pages, readers: "Readers") -> list[Route]:
    """`/unsubscribe/TOKEN`."""
    leaving = _Leaving(pages, readers)
    return [page_route("/unsubscribe/{token}", leaving.show, leaving.take)]


class _Leaving:
    def __init__(self, pages: Pages, readers: "Readers") -> None:
        self.pages = pages
        self.readers = readers

    async def show(self, request: Request) -> Response:
        leaving = await self.readers.leaving(request.path_params["token"])
        return self._page(request, leaving, {})

    async def take(self, request: Request) -> Response:
        token = request.path_params["token"]
        form = await read_form(request)
        network = self.pages.network(request)
        if is_one_click(form):
            await self.readers.leave(token, one_click=True, network=network)
            return Response(headers=PRIVATE)
        leaving = await self.readers.leaving(token)
        fault = self.pages.tokens.fault(first(form, TOKEN_FIELD), LEAVE, token, self.pages.now())
        if fault or leaving is None:
            sentence = "" if fault is None else said(self._words(request, leaving), f"page_form_{fault.value}")
            return self._page(request, leaving, {"": sentence})
        page = f"/unsubscribe/{token}"
        if schedule := first(form, "schedule"):
            await self.readers.write_less(token, schedule, network)
            return self.pages.see(f"{page}?done={LESS}")
        if BACK in form:
            await self.readers.come_back(token, network)
            return self.pages.see(f"{page}?done={BACK}")
        await self.readers.leave(token, one_click=False, network=network)
        return self.pages.see(page)

    def _words(self, request: Request, leaving: Leaving | None) -> SimpleNamespace:
        return self.pages.words(self.pages.language(request, leaving.language if leaving else ""))

    def _page(self, request: Request, leaving: Leaving | None, faults: dict[str, str]) -> Response:
        if leaving is None:
            return self.pages.neutral(request)
        token = request.path_params["token"]
        language = self.pages.language(request, leaving.language)
        telling = Telling(self.pages.words(language), language, leaving.zone, self.pages.now())
        has_left = leaving.state is not SubscriptionState.ACTIVE
        return self.pages.answer(
            request,
            "left" if has_left else "leave",
            private=True,
            language=language,
            newsletter=leaving.newsletter,
            faults=faults,
            leaving=leaving,
            done="" if has_left else request.query_params.get("done", ""),
            left=telling.moment(leaving.left_at) if leaving.left_at else "",
            cadence=self._cadence(leaving, leaving.schedule, language),
            rarer=[(one.slug, self.pages.often(leaving.newsletter, one.slug, language)) for one in leaving.rarer],
            coming=_coming(leaving, telling),
            preferences=self.pages.path(f"/preferences/{leaving.preferences}"),
            form_token=self.pages.tokens.mint(LEAVE, token, self.pages.now()),
        )

    def _cadence(self, leaving: Leaving, schedule: OfferedSchedule | None, language: str) -> str:
        return self.pages.cadence(leaving.newsletter, schedule.slug, language) if schedule else ""


def _coming(leaving: Leaving, telling: Telling) -> str:
    if leaving.suppressed:
        return said(telling.words, "page_choose_suppressed")
    next_at = leaving.schedule.next_at if leaving.schedule else None
    return " ".join(telling.coming(next_at, leaving.paused_until))
