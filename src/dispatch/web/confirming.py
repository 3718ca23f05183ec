"""The pages that the mail of a request leads to: the question whether it was meant, and "I did not ask for this".

Opening them changes nothing, since programs open every link of every mail; a button does. What a page shows is how far
the request has come, so that a button pressed twice, or a page opened again, shows the same.
"""

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatch.model.joining import Confirmation
from dispatch.model.request import KEPT, Choice, RequestState
from dispatch.model.tokens import Purpose
from dispatch.web.forms import TOKEN_FIELD, first, is_one_click, read_form
from dispatch.web.page import PRIVATE, Pages, page_route

if TYPE_CHECKING:
    from dispatch.readers import Readers

CONFIRM, DECLINE = "confirm", "decline"  # the first words of their paths, and what their form tokens are for
_PURPOSES = {CONFIRM: Purpose.CONFIRM, DECLINE: Purpose.DECLINE}
_OPEN = (RequestState.ASKED, RequestState.MAILED)


def routes(pages: Pages, readers: "Readers") -> list[Route]:
    """`/confirm/TOKEN` and `/decline/TOKEN`."""
    confirming = _Confirming(pages, readers)
    return [
        page_route("/confirm/{token}", confirming.show, confirming.confirm),
        page_route("/decline/{token}", confirming.show_decline, confirming.decline),
    ]


class _Confirming:
    def __init__(self, pages: Pages, readers: "Readers") -> None:
        self.pages = pages
        self.readers = readers

    async def show(self, request: Request) -> Response:
        return await self._page(request, CONFIRM)

    async def show_decline(self, request: Request) -> Response:
        return await self._page(request, DECLINE)

    async def confirm(self, request: Request) -> Response:
        token = request.path_params["token"]
        form = await read_form(request)
        if self.pages.tokens.fault(first(form, TOKEN_FIELD), CONFIRM, token, self.pages.now()):
            return await self.show(request)
        await self.readers.confirm(token, self.pages.network(request))
        return self.pages.see(f"/{CONFIRM}/{token}")

    async def decline(self, request: Request) -> Response:
        token = request.path_params["token"]
        form = await read_form(request)
        if is_one_click(form):  # a mail program: the same answer for whatever token
            await self.readers.decline(token)
            return Response(headers=PRIVATE)
        if self.pages.tokens.fault(first(form, TOKEN_FIELD), DECLINE, token, self.pages.now()):
            return await self.show_decline(request)
        await self.readers.decline(token)
        return self.pages.see(f"/{DECLINE}/{token}")

    async def _page(self, request: Request, what: str) -> Response:
        """The question while it is open, afterwards what became of it."""
        token = request.path_params["token"]
        ours = self.pages.tokens.keys.verify(_PURPOSES[what], token) is not None
        confirmation = await self.readers.confirmation(token) if ours else None
        if confirmation is None:
            return self.pages.neutral(request)
        language = self.pages.language(request, confirmation.language)
        choices = [choice for choice in confirmation.choices if self._is_there(choice)]
        return self.pages.answer(
            request,
            what if confirmation.state in _OPEN else "answered",
            private=True,
            language=language,
            newsletter=choices[0].newsletter if choices else None,
            confirmation=confirmation,
            wanted=[self._wanted(choice, language) for choice in choices],
            days=KEPT.days,
            preferences=self._preferences(confirmation),
            form_token=self.pages.tokens.mint(what, token, self.pages.now()),
        )

    def _is_there(self, choice: Choice) -> bool:
        """Whether the configuration has it still."""
        newsletter = self.pages.settings.newsletters.get(choice.newsletter)
        return newsletter is not None and choice.schedule in newsletter.schedules

    def _wanted(self, choice: Choice, language: str) -> tuple[str, str]:
        """A newsletter's name, and how often it comes."""
        cadence = self.pages.cadence(choice.newsletter, choice.schedule, language)
        return self.pages.settings.newsletters[choice.newsletter].name, cadence

    def _preferences(self, confirmation: Confirmation) -> str:
        """The path of the page to choose on, "" while there is nothing to choose."""
        if confirmation.subscription_id is None:
            return ""
        return self.pages.path(f"/preferences/{self.readers.preferences_token(confirmation.subscription_id)}")
