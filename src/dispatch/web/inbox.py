"""A page to read received mail in: the demo's inbox. It runs no script and asks nothing outside for anything."""

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import cast, get_args
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from dispatch.rendering.lenses import Scheme
from dispatch.web.filling import PAGES, Html, fill, together
from dispatch.web.mail_reading import ReadMessage, ReceivedMessage, for_a_frame, read_message, with_links
from dispatch.web.pictures import media_route

FOLDER = PAGES / "inbox"
VIEWS = {"html": "HTML", "text": "Text", "source": "Source"}
WIDTHS = {"375": "Phone", "600": "Desktop"}
SCHEMES = {"light": "Light", "dark": "Dark"}

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
# A message brings its own styles; it runs nothing, submits nothing, and its pictures come from here alone.
# `sandbox` stands here too, so that the message stays harmless when its address is opened by itself.
MESSAGE_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src 'self' data:; form-action 'none'; frame-ancestors 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

Handler = Callable[[Request], Awaitable[Response]]


def inbox_app(
    messages: Sequence[ReceivedMessage], media: Path, title: str = "Inbox", *, pages: ASGIApp | None = None
) -> Starlette:
    """The inbox of these messages, of which there may be more later; `media` is the folder of mailed pictures.

    `pages` answers what is no page of the inbox: what the links in the mail lead to.
    """

    async def home(_: Request) -> Response:
        newest = messages[-1] if messages else None
        return _answer(_page(messages, newest, {}, title, opened=False))

    async def message(request: Request) -> Response:
        return _answer(_page(messages, _wanted(messages, request), _choices(request), title, opened=True))

    async def body(request: Request) -> Response:
        scheme = cast("Scheme", _choices(request)["scheme"])
        html = for_a_frame(read_message(_wanted(messages, request).raw).html, scheme)
        return _answer(html, policy=MESSAGE_POLICY)

    async def file(request: Request) -> Response:
        wanted = _wanted(messages, request)
        name = f'attachment; filename="message-{wanted.number}.eml"'
        return Response(wanted.raw, media_type="message/rfc822", headers={**HEADERS, "Content-Disposition": name})

    return Starlette(
        routes=[
            Route("/", home),
            Route("/message/{number:int}", message),
            Route("/message/{number:int}/body", body),
            Route("/message/{number:int}/file.eml", file),
            media_route(media),
            Route("/inbox.css", _shipped("inbox.css")),
            Route("/icon.svg", _shipped("icon.svg")),
            *([Mount("/", pages)] if pages else []),
        ],
        exception_handlers={HTTPStatus.NOT_FOUND: _not_found},
    )


def _answer(page: str, status: int = 200, *, policy: str = POLICY) -> Response:
    return HTMLResponse(page, status, headers={**HEADERS, "Content-Security-Policy": policy})


def _shipped(name: str) -> Handler:
    async def shipped(_: Request) -> Response:
        return FileResponse(FOLDER / name, headers=HEADERS)

    return shipped


async def _not_found(request: Request, _: Exception) -> Response:
    return _answer(fill(FOLDER / "missing.html", path=request.url.path), HTTPStatus.NOT_FOUND)


def _wanted(messages: Sequence[ReceivedMessage], request: Request) -> ReceivedMessage:
    number: int = request.path_params["number"]
    for message in messages:
        if message.number == number:
            return message
    raise HTTPException(HTTPStatus.NOT_FOUND)


def _choices(request: Request) -> dict[str, str]:
    """What the reader chose, out of what there is to choose; anything else is the default."""
    allowed = {"show": VIEWS, "width": WIDTHS, "scheme": SCHEMES}
    defaults = {"show": "html", "width": "600", "scheme": get_args(Scheme)[0]}
    asked = request.query_params
    return {key: asked[key] if asked.get(key) in values else defaults[key] for key, values in allowed.items()}


def _page(
    messages: Sequence[ReceivedMessage],
    current: ReceivedMessage | None,
    choices: dict[str, str],
    title: str,
    *,
    opened: bool,
) -> Html:
    choices = choices or {"show": "html", "width": "600", "scheme": "light"}
    rows = together(_row(message, choices, current=message is current) for message in reversed(messages))
    reading = _reading(current, choices) if current else fill(FOLDER / "empty.html")
    return fill(
        FOLDER / "page.html",
        title=read_message(current.raw).subject if current and opened else title,
        heading=title,
        count="1 message" if len(messages) == 1 else f"{len(messages)} messages",
        # Until the first message is there the page looks again by itself.
        refresh=Html() if messages else Html('<meta http-equiv="refresh" content="2">'),
        state="opened" if opened else "listing",
        rows=rows,
        reading=reading,
    )


def _row(message: ReceivedMessage, choices: dict[str, str], *, current: bool) -> Html:
    read = read_message(message.raw)
    return fill(
        FOLDER / "row.html",
        link=_link(message, choices),
        current=Html(' aria-current="true"') if current else Html(),
        sender=read.sender,
        subject=read.subject or "(no subject)",
        preheader=read.preheader,
        recipient=message.recipient,
        moment=message.at.isoformat(timespec="seconds"),
        time=f"{message.at.astimezone():%H:%M}",
        size=_size(len(message.raw)),
    )


def _reading(message: ReceivedMessage, choices: dict[str, str]) -> Html:
    read = read_message(message.raw)
    show = choices["show"]
    bodies = {"html": _html_view, "text": _text_view, "source": _source_view}
    return fill(
        FOLDER / "reading.html",
        subject=read.subject or "(no subject)",
        sender=dict(read.headers).get("From", message.sender),
        recipient=dict(read.headers).get("To", message.recipient),
        moment=message.at.isoformat(timespec="seconds"),
        time=f"{message.at.astimezone():%A %d %B %Y, %H:%M}",
        file=f"/message/{message.number}/file.eml",
        tabs=_switch(message, choices, "show", VIEWS),
        switches=_switches(message, choices) if show == "html" and read.html else Html(),
        show=show,
        body=bodies[show](message, read, choices),
    )


def _switches(message: ReceivedMessage, choices: dict[str, str]) -> Html:
    return fill(
        FOLDER / "switches.html",
        widths=_switch(message, choices, "width", WIDTHS),
        schemes=_switch(message, choices, "scheme", SCHEMES),
    )


def _switch(message: ReceivedMessage, choices: dict[str, str], key: str, values: dict[str, str]) -> Html:
    return together(
        fill(
            FOLDER / "choice.html",
            link=_link(message, {**choices, key: value}),
            current=Html(' aria-current="true"') if choices[key] == value else Html(),
            label=label,
        )
        for value, label in values.items()
    )


def _html_view(message: ReceivedMessage, read: ReadMessage, choices: dict[str, str]) -> Html:
    if not read.html:
        return Html("<p class='none'>This message has no HTML part.</p>")
    return fill(
        FOLDER / "frame.html",
        source=f"/message/{message.number}/body?{urlencode({'scheme': choices['scheme']})}",
        title=f"The message “{read.subject}”",
        width=choices["width"],
        scheme=choices["scheme"],
    )


def _text_view(_: ReceivedMessage, read: ReadMessage, __: dict[str, str]) -> Html:
    if not read.text:
        return Html("<p class='none'>This message has no text part.</p>")
    return fill(FOLDER / "text.html", text=with_links(read.text))


def _source_view(_: ReceivedMessage, read: ReadMessage, __: dict[str, str]) -> Html:
    rows = together(fill(FOLDER / "header.html", name=name, value=value) for name, value in read.headers)
    return fill(FOLDER / "source.html", headers=rows, source=read.source)


def _link(message: ReceivedMessage, choices: dict[str, str]) -> str:
    return f"/message/{message.number}?{urlencode(choices)}"


def _size(octets: int) -> str:
    return f"{octets / 1000:.0f} KB" if octets >= 1000 else f"{octets} B"
