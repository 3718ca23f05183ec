"""Answering with a page: its template, its words in the reader's language, its style sheet, its headers.

Pages have no script, no cookie and nothing of anybody else's. Templates are in templates/pages/, the operator's in the
folder `pages` of `look.templates`; every sentence comes from words/*.toml.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from types import SimpleNamespace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from dispatch.model.joining import Offer
from dispatch.model.network import network_hash
from dispatch.rendering.languages import page_language
from dispatch.rendering.look import Look, Palette, contrast, look_from
from dispatch.rendering.words import direction_of
from dispatch.web.forms import FormTokens
from dispatch.web.guessing import Guesses
from dispatch.web.languages import best_language
from dispatch.web.proxies import client_address, proxies_of

if TYPE_CHECKING:
    from dispatch.app import Dispatch

Handler = Callable[[Request], Awaitable[Response]]

# What a page that carries somebody's token says, besides what every answer says (web/guard.py).
PRIVATE = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex", "Cache-Control": "no-store"}
PUBLIC = {"Cache-Control": "private, no-cache", "Vary": "Accept-Language"}
# The name of a style sheet is the hash of what is in it.
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_HASH_LENGTH = 16

# What is wrong and what is done, in colours that no palette has a part for; ink where they could not be read.
_BAD, _GOOD = ("#a3210f", "#ffab9c"), ("#2c5e3f", "#9fd3b0")
_READABLE = 4.5


@dataclass(frozen=True, slots=True)
class _Sheet:
    name: str  # "3f2a….css"
    css: str


class Pages:
    """The pages of one dispatch: what every handler answers with."""

    def __init__(self, dispatch: "Dispatch") -> None:
        settings = dispatch.settings
        self.settings = settings
        self.now: Callable[[], datetime] = dispatch.now
        self.tokens = FormTokens(dispatch.readers.keys)
        self._guesses = Guesses(self.now)
        self._address_key = dispatch.address_key
        self._proxies = proxies_of(settings.web.trusted_proxies)
        self.site_origin = _origin(settings.site.url)
        # Where a proxy serves us below a path, links on pages begin with it.
        self._base = urlsplit(settings.web.public_url).path.rstrip("/")
        self._templates = dispatch.workshop.templates
        self.languages = self._templates.languages()
        # Both are asked for by languages that there are words for, which are few.
        self._words: dict[str, SimpleNamespace] = {}
        self._offers: dict[str, tuple[Offer, ...]] = {}
        self._offers_in = dispatch.readers.offers
        look_names: list[str] = sorted({newsletter.template for newsletter in settings.newsletters.values()})
        self._looks = {name: look_from(settings.look.model_dump(), name) for name in look_names}
        self._sheets = {
            (look, sheet): self._compile(look, sheet) for look in self._looks for sheet in self._sheet_names()
        }

    def answer(
        self,
        request: Request,
        template: str,
        *,
        status: int = HTTPStatus.OK,
        language: str = "",
        newsletter: str | None = None,
        private: bool = False,
        **values: object,
    ) -> Response:
        """A page made of templates/pages/TEMPLATE.html.j2.

        `language` is the reader's where they are known, else what their browser asks for is taken. `newsletter` is the
        slug of the newsletter whose name and look the page has. `private` pages carry a token: nobody keeps or indexes
        them, and no link leads from them with their address.
        """
        tag = self.language(request, language)
        shown = self._values(request, tag, newsletter) | {"private": private, "faults": {}} | values
        html = self._templates.fill(f"pages/{template}.html.j2", shown)
        headers = {**(PRIVATE if private else PUBLIC), "Content-Language": tag}
        return HTMLResponse(html, status, headers=headers)

    def neutral(self, request: Request, *, status: int = HTTPStatus.NOT_FOUND) -> Response:
        """The one page for a link that is not genuine, no longer good, or of somebody who is gone: never says which."""
        if self._guesses.are_too_many(self.network(request)):
            return self.problem(request, HTTPStatus.TOO_MANY_REQUESTS)
        return self.answer(request, "neutral", status=status, private=True)

    def problem(self, request: Request, status: int) -> Response:
        """The page of an error: 404, 405, 413, 429 …; words of its own where there are some (`page_error_404`)."""
        return self.answer(request, "error", status=status, private=True, code=int(status))

    def see(self, path: str) -> Response:
        """Go on to the page at `path` (from "/"): answers a POST that did something, so that reloading is harmless."""
        return RedirectResponse(self.path(path), HTTPStatus.SEE_OTHER, headers={"Cache-Control": "no-store"})

    def path(self, path: str) -> str:
        """A path (from "/") as links on pages have it."""
        return self._base + path

    def url(self, path: str) -> str:
        """The whole address of a path (from "/")."""
        return self.settings.web.public_url.rstrip("/") + path

    def language(self, request: Request, reader: str = "") -> str:
        """The language of a page: the reader's where it is known, else the best of what their browser asks for."""
        wanted = reader or best_language(request.headers.get("Accept-Language", ""), self.languages)
        return page_language(wanted, self.settings.site.language, self.languages)

    def words(self, language: str) -> SimpleNamespace:
        """The words of a language."""
        if language not in self._words:
            self._words[language] = self._templates.words(language)
        return self._words[language]

    def offers(self, language: str) -> tuple[Offer, ...]:
        """The newsletters that one can join, in words of a page's language."""
        if language not in self._offers:
            self._offers[language] = self._offers_in(language)
        return self._offers[language]

    def cadence(self, newsletter: str, schedule: str, language: str) -> str:
        """How often a schedule of a newsletter comes, within a sentence: "every day"; its name where no words fit."""
        rhythms = (offer.rhythms for offer in self.offers(language) if offer.newsletter == newsletter)
        words = next((each.cadence for some in rhythms for each in some if each.schedule == schedule), "")
        return words or schedule.replace("-", " ")

    def often(self, newsletter: str, schedule: str, language: str) -> str:
        """The same to stand by itself: "Every day"."""
        words = self.cadence(newsletter, schedule, language)
        return words[:1].upper() + words[1:]

    def network(self, request: Request) -> str:
        """The keyed hash of the address block that a request comes from."""
        peer = request.client.host if request.client else ""
        ip = client_address(peer, request.headers.getlist("X-Forwarded-For"), self._proxies)
        return network_hash(ip, self._address_key)

    def style_url(self, newsletter: str | None = None, sheet: str = "pages") -> str:
        """The path of a style sheet (templates/pages/SHEET.css.j2) in a newsletter's look."""
        return self.path(f"/assets/{self._sheets[self._look_name(newsletter), sheet].name}")

    def assets(self) -> Route:
        """`/assets/HASH.css`."""
        by_name = {sheet.name: sheet.css for sheet in self._sheets.values()}

        async def asset(request: Request) -> Response:
            css = by_name.get(request.path_params["name"])
            if css is None:
                raise HTTPException(HTTPStatus.NOT_FOUND)
            return Response(css, media_type="text/css", headers=_FOR_EVER)

        return Route("/assets/{name}", asset)

    def _values(self, request: Request, tag: str, newsletter: str | None) -> dict[str, object]:
        site = self.settings.site
        return {
            "words": self.words(tag),
            "language": tag.replace("_", "-"),
            "dir": direction_of(tag),
            "site": site.name,
            "site_url": site.url,
            "newsletter": self.settings.newsletters[newsletter].name if newsletter else site.name,
            "postal_address": site.postal_address,
            "path": self.path,
            "here": self.path(request.url.path),
            "sheet": lambda name: self.style_url(newsletter, name),
        }

    def _look_name(self, newsletter: str | None) -> str:
        return self.settings.newsletters[newsletter].template if newsletter else next(iter(self._looks))

    def _sheet_names(self) -> list[str]:
        return [name.removeprefix("pages/").removesuffix(".css.j2") for name in self._templates.names("pages/*.css.j2")]

    def _compile(self, look_name: str, sheet: str) -> _Sheet:
        look = self._looks[look_name]
        css = self._templates.fill(f"pages/{sheet}.css.j2", _look_values(look))
        return _Sheet(f"{hashlib.sha256(css.encode()).hexdigest()[:_HASH_LENGTH]}.css", css)


def page_route(path: str, show: Handler, take: Handler | None = None) -> Route:
    """A path that `show` answers to GET (and HEAD), and `take` to POST where there is something to post."""

    async def answer(request: Request) -> Response:
        return await (take if take is not None and request.method == "POST" else show)(request)

    return Route(path, answer, methods=["GET", "POST"] if take else ["GET"])


def _origin(url: str) -> str:
    """The origin of an address as browsers write it (RFC 6454 §6.1): in small letters, without the usual port."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in (None, usual) else "")


def _look_values(look: Look) -> dict[str, object]:
    return {
        "light": look.light,
        "dark": look.dark,
        "serif": look.serif,
        "sans": look.sans,
        "rule": look.style.rule,
        "corner": look.style.corner,
        "style": look.style,
        "bad": (_readable(_BAD[0], look.light), _readable(_BAD[1], look.dark)),
        "good": (_readable(_GOOD[0], look.light), _readable(_GOOD[1], look.dark)),
    }


def _readable(colour: str, palette: Palette) -> str:
    return colour if contrast(colour, palette.paper) >= _READABLE <= contrast(colour, palette.panel) else palette.ink
