"""The form on which people join.

It answers the same to everybody: whether an address is known is told to its inbox and to nobody else. Nothing but one
mail comes of it until its owner says so (web/confirming.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType, SimpleNamespace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatch.model.joining import JoinAnswer, JoinAsked, Offer
from dispatch.rendering.view import one_line
from dispatch.rendering.words import said
from dispatch.web.forms import HONEYPOT_FIELD, SHORTEST, TOKEN_FIELD, Form, FormFault, first, read_form
from dispatch.web.page import Pages, page_route

if TYPE_CHECKING:
    from dispatch.readers import Readers

Choices = tuple[tuple[str, str], ...]  # newsletter and schedule

FORM = "join"  # what its form tokens are for
PATH, SENT = "/subscribe", "/subscribe/sent"
_LONGEST_ADDRESS = 254
_LONGEST_PLACE = 200
_NO_FAULTS: Mapping[str, str] = MappingProxyType({})
_SENTENCES = {
    FormFault.MISSING: "page_form_missing",
    FormFault.STALE: "page_form_stale",
    FormFault.HASTY: "page_form_hasty",
}
_FAULTS = {
    JoinAnswer.BAD_ADDRESS: ("email", "page_join_bad_address"),
    JoinAnswer.NO_SUCH_NEWSLETTER: ("newsletter", "page_join_none_chosen"),
}


@dataclass(frozen=True, slots=True)
class Offered:
    """A newsletter as the form shows it: its schedules as (slug, how often it comes), and the one that is picked."""

    slug: str
    name: str
    schedules: tuple[tuple[str, str], ...]
    picked: str

    @property
    def option(self) -> tuple[str, str]:
        """Itself to be ticked: value and label."""
        return self.slug, self.name

    @property
    def field(self) -> str:
        """The name of the field in which its schedule is chosen."""
        return f"schedule.{self.slug}"


@dataclass(frozen=True, slots=True)
class _Typed:
    """What somebody filled in, as they did: their address, the newsletters ticked, schedules by newsletter."""

    email: str = ""
    newsletters: tuple[str, ...] = ()
    schedules: Mapping[str, str] = field(default_factory=dict)


def routes(pages: Pages, readers: "Readers") -> list[Route]:
    """`/subscribe` and `/subscribe/sent`."""
    joining = _Joining(pages, readers)
    return [page_route(PATH, joining.show, joining.take), page_route(SENT, joining.sent)]


class _Joining:
    def __init__(self, pages: Pages, readers: "Readers") -> None:
        self.pages = pages
        self.readers = readers

    async def show(self, request: Request) -> Response:
        return self._form(request, _Typed())

    async def sent(self, request: Request) -> Response:
        return self.pages.answer(request, "sent")

    async def take(self, request: Request) -> Response:
        form = await read_form(request)
        if first(form, HONEYPOT_FIELD):
            return self.pages.see(SENT)
        typed = _typed(form)
        words = self.pages.words(self.pages.language(request))
        # Who posts from a page of the site and knows nothing of form tokens has the site's own form.
        embedded = TOKEN_FIELD not in form and request.headers.get("Origin") == self.pages.site_origin
        fault = None if embedded else self._fault(form)
        if fault:
            return self._form(request, typed, {"": said(words, _SENTENCES[fault])})
        choices = self._choices(request, typed)
        if not choices:
            return self._form(request, typed, {"newsletter": said(words, "page_join_none_chosen")})
        answer = await self.readers.ask_to_join(self._asked(request, typed, choices, embedded=embedded))
        if answer is JoinAnswer.TOO_MANY:
            return self.pages.problem(request, HTTPStatus.TOO_MANY_REQUESTS)
        if answer in _FAULTS:
            field, sentence = _FAULTS[answer]
            return self._form(request, typed, {field: said(words, sentence)})
        return self.pages.see(SENT)  # the same for whatever address

    def _fault(self, form: Form) -> FormFault | None:
        return self.pages.tokens.fault(first(form, TOKEN_FIELD), FORM, "", self.pages.now(), shortest=SHORTEST)

    def _asked(self, request: Request, typed: _Typed, choices: Choices, *, embedded: bool) -> JoinAsked:
        language = self.pages.language(request)
        return JoinAsked(
            address=typed.email,
            choices=choices,
            language=language,
            via="form" if embedded else "page",
            page=_place(request, self.pages.site_origin) if embedded else self.pages.url(PATH),
            wording=self._wording(self.pages.words(language), self._slugs(request)),
            network=self.pages.network(request),
        )

    def _form(self, request: Request, typed: _Typed, faults: Mapping[str, str] = _NO_FAULTS) -> Response:
        slugs = self._slugs(request)
        language = self.pages.language(request)
        offers = self.pages.offers(language)
        named = slugs[0] if len(slugs) == 1 else None
        return self.pages.answer(
            request,
            "subscribe",
            newsletter=named,
            faults=faults,
            action=self.pages.path(f"{PATH}?newsletter={named}" if named and request.query_params else PATH),
            tagline=self.pages.settings.site.tagline,
            past_issues=self._past_issues(slugs),
            offers=[self._offered(offer, typed, language) for offer in offers if offer.newsletter in slugs],
            ticked=typed.newsletters,
            email=typed.email,
            wording=self._wording(self.pages.words(language), slugs),
            form_token=self.pages.tokens.mint(FORM, "", self.pages.now()),
        )

    def _past_issues(self, slugs: tuple[str, ...]) -> str:
        """The path of the past issues, "" where none of them may be read."""
        newsletters = self.pages.settings.newsletters
        readable = [slug for slug in slugs if newsletters[slug].archive]
        if not readable:
            return ""
        return self.pages.path("/issues" if len(slugs) > 1 else f"/issues/{slugs[0]}")

    def _slugs(self, request: Request) -> tuple[str, ...]:
        """The newsletters that the form is for: the one of its address (?newsletter=), else all of them."""
        configured = tuple(self.pages.settings.newsletters)
        asked = request.query_params.get("newsletter", "")
        return (asked,) if asked in configured else configured

    def _offered(self, offer: Offer, typed: _Typed, language: str) -> Offered:
        slug = offer.newsletter
        schedules = tuple((each.schedule, self.pages.often(slug, each.schedule, language)) for each in offer.rhythms)
        return Offered(slug, offer.name, schedules, self._schedule(slug, typed))

    def _schedule(self, slug: str, typed: _Typed) -> str:
        """The schedule that was chosen, else the newsletter's own choice."""
        newsletter = self.pages.settings.newsletters[slug]
        wanted = typed.schedules.get(slug, "")
        return wanted if wanted in newsletter.schedules else newsletter.default_schedule

    def _choices(self, request: Request, typed: _Typed) -> Choices:
        slugs = self._slugs(request)
        wanted = slugs if len(slugs) == 1 else [slug for slug in slugs if slug in typed.newsletters]
        return tuple((slug, self._schedule(slug, typed)) for slug in wanted)

    def _wording(self, words: SimpleNamespace, slugs: tuple[str, ...]) -> str:
        """The sentence that stands beside the button, and is kept as what was agreed to."""
        site = self.pages.settings.site.name
        if len(slugs) > 1:
            return said(words, "page_join_agreement_many", site=site)
        return said(words, "page_join_agreement", site=site, newsletter=self.pages.settings.newsletters[slugs[0]].name)


def _typed(form: Form) -> _Typed:
    schedules = {name.removeprefix("schedule."): first(form, name) for name in form if name.startswith("schedule.")}
    return _Typed(first(form, "email")[:_LONGEST_ADDRESS], tuple(form.get("newsletter", ())), schedules)


def _place(request: Request, origin: str) -> str:
    """Where on the site a form stands, as far as the browser says; without a query, which may say who somebody is."""
    try:
        referer = urlsplit(request.headers.get("Referer", ""))
    except ValueError:  # "http://["
        return origin
    return one_line(origin + (referer.path if f"{referer.scheme}://{referer.netloc}" == origin else ""), _LONGEST_PLACE)
