"""The JSON API: what the site's own form or program asks for. Its document is /api/v1/openapi.json.

It answers as the form does: the same for addresses that are known, unknown and suppressed.
"""

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dispatch import __version__
from dispatch.model.joining import JoinAnswer, JoinAsked
from dispatch.rendering.view import one_line
from dispatch.web.page import Pages

if TYPE_CHECKING:
    from dispatch.readers import Readers

ROOT = "/api/v1"
_LONGEST_TEXT = 500
_RETRY_AFTER = "3600"  # seconds: limits are counted by the hour


class OfferedSchedule(BaseModel):
    """A rhythm of a newsletter."""

    schedule: str = Field(examples=["weekly"])
    often: str = Field(description="How often that is, in words; empty where no short ones fit.", examples=["Fridays"])


class OfferedNewsletter(BaseModel):
    """A newsletter that one can join."""

    newsletter: str = Field(examples=["review"])
    name: str = Field(examples=["The Lamplight Review"])
    schedules: list[OfferedSchedule]
    default_schedule: str = Field(examples=["weekly"])


class Wanted(BaseModel):
    """A newsletter to join."""

    newsletter: str = Field(max_length=40, examples=["review"])
    schedule: str = Field("", max_length=40, description="The newsletter's default if left out.", examples=["weekly"])


class Join(BaseModel):
    """Somebody who would like to join."""

    email: str = Field(max_length=254, examples=["reader@example.net"], json_schema_extra={"format": "email"})
    newsletters: list[Wanted] = Field(min_length=1, max_length=40)
    language: str = Field(
        "", max_length=35, description="Of the mail they get, such as en or de-AT; the site's if left out."
    )
    page: str = Field("", max_length=_LONGEST_TEXT, description="Where the form stood.")
    wording: str = Field("", max_length=_LONGEST_TEXT, description="The sentence they agreed to, as it was shown.")


class Asked(BaseModel):
    """The question is on its way to their inbox, if it may be; nothing else happens until it is answered."""

    status: str = Field("asked", examples=["asked"])


class Problem(BaseModel):
    """What is wrong."""

    detail: str


class Fault(BaseModel):
    """What is wrong with one field."""

    loc: list[str | int]
    msg: str
    type: str


class Faults(BaseModel):
    """What is wrong with what was sent."""

    detail: list[Fault]


_PROBLEMS: dict[int | str, dict[str, Any]] = {
    HTTPStatus.BAD_REQUEST: {"model": Problem, "description": "What was sent cannot be read."},
    HTTPStatus.REQUEST_TIMEOUT: {"model": Problem, "description": "What was sent took too long to arrive."},
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: {"model": Problem, "description": "More than 64 KB were sent."},
    HTTPStatus.UNPROCESSABLE_ENTITY: {"model": Faults, "description": "A field is wrong or missing."},
    HTTPStatus.TOO_MANY_REQUESTS: {
        "model": Problem,
        "description": "Too much was asked for from this network.",
    },
    HTTPStatus.NOT_FOUND: {"model": Problem, "description": "There is no such newsletter."},
}


def api(pages: Pages, readers: "Readers") -> FastAPI:
    """The application below /api/v1, for programs and pages of the site; a page of documentation would need scripts."""
    app = FastAPI(
        title=pages.settings.site.name,
        version=__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        root_path_in_servers=False,
        servers=[{"url": pages.path(ROOT)}],
        middleware=[
            Middleware(
                CORSMiddleware,
                allow_origins=[pages.site_origin],
                allow_methods=["GET", "POST"],
                allow_headers=["Content-Type"],
            )
        ],
    )
    _offer(app, pages)
    _take(app, pages, readers)
    app.add_exception_handler(HTTPException, _told)
    app.add_exception_handler(RequestValidationError, _at_fault)
    app.add_exception_handler(Exception, _failed)
    return app


def _offer(app: FastAPI, pages: Pages) -> None:
    async def newsletters() -> list[OfferedNewsletter]:
        """What one can join."""
        language = pages.settings.site.language
        return [
            OfferedNewsletter(
                newsletter=offer.newsletter,
                name=offer.name,
                schedules=[OfferedSchedule(schedule=each.schedule, often=each.cadence) for each in offer.rhythms],
                default_schedule=offer.default_schedule,
            )
            for offer in pages.offers(language)
        ]

    app.add_api_route("/newsletters", newsletters, methods=["GET"])
    app.add_api_route("/newsletters", newsletters, methods=["HEAD"], include_in_schema=False)


def _take(app: FastAPI, pages: Pages, readers: "Readers") -> None:
    async def subscribe(join: Join, request: Request) -> Asked:
        """Ask in the name of an address: a mail with a button goes to it, once a day at most."""
        asked = JoinAsked(
            address=join.email,
            choices=tuple((wanted.newsletter, wanted.schedule) for wanted in join.newsletters),
            language=one_line(join.language),
            via="api",
            page=one_line(join.page, _LONGEST_TEXT),
            wording=one_line(join.wording, _LONGEST_TEXT),
            network=pages.network(request),
        )
        answer = await readers.ask_to_join(asked)
        if answer is JoinAnswer.TOO_MANY:
            raise HTTPException(HTTPStatus.TOO_MANY_REQUESTS, headers={"Retry-After": _RETRY_AFTER})
        if answer is JoinAnswer.NO_SUCH_NEWSLETTER:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such newsletter, or no such schedule of it")
        if answer is JoinAnswer.BAD_ADDRESS:
            fault = {"type": "address", "loc": ("body", "email"), "msg": "An address looks like name@example.com"}
            raise RequestValidationError([fault])
        return Asked()

    app.add_api_route("/subscribe", subscribe, methods=["POST"], status_code=HTTPStatus.ACCEPTED, responses=_PROBLEMS)


async def _told(_: Request, error: Exception) -> Response:
    told = cast("HTTPException", error)
    return JSONResponse({"detail": told.detail}, told.status_code, headers=told.headers)


async def _at_fault(_: Request, error: Exception) -> Response:
    """Which fields are wrong, without what was in them: it may be nothing that JSON can say."""
    errors = cast("RequestValidationError", error).errors()
    faults = [{"loc": fault["loc"], "msg": fault["msg"], "type": fault["type"]} for fault in errors]
    return JSONResponse({"detail": faults}, HTTPStatus.UNPROCESSABLE_ENTITY)


async def _failed(_: Request, __: Exception) -> Response:
    return JSONResponse({"detail": "Something went wrong here"}, HTTPStatus.INTERNAL_SERVER_ERROR)
