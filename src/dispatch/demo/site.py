"""The magazine's own site, on this machine: a home page, a page for each piece, pictures, and a WordPress-like feed."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from email.utils import format_datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from dispatch.demo.feed import feed_of
from dispatch.demo.magazine.pieces import LANGUAGE, NAME, TAGLINE, Piece
from dispatch.web.filling import Html, fill, together

PAGES = Path(__file__).parent / "magazine" / "pages"
# One piece embeds a film: in the demo nothing outside this machine is contacted, so no frame is loaded.
HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'"}


def magazine_site(pieces: Sequence[Piece], pictures: Path, url: str) -> Starlette:
    """The site of these pieces at `url`; `pictures` is the folder that /images/ shows."""
    by_path = {piece.path: piece for piece in pieces}
    images = {file.name: file for file in pictures.iterdir()}
    feed = feed_of(pieces, url).encode()

    async def home(_: Request) -> Response:
        rows = together(_row(piece) for piece in pieces)
        return _page(NAME, fill(PAGES / "home.html", rows=rows))

    async def piece_page(request: Request) -> Response:
        piece = by_path.get(request.url.path)
        return _page(f"{piece.title} · {NAME}", _whole(piece)) if piece else _missing()

    async def image(request: Request) -> Response:
        shown = images.get(request.path_params["name"])
        return FileResponse(shown) if shown else _missing()

    return Starlette(
        routes=[
            Route("/", home),
            Route("/feed/", _fresh(feed, format_datetime(pieces[0].published_at))),
            Route("/site.css", _stylesheet),
            Route("/images/{name}", image),
            Route("/{section}/{slug}/", piece_page),
        ]
    )


def _fresh(body: bytes, modified: str) -> Callable[[Request], Awaitable[Response]]:
    tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    headers = {"ETag": tag, "Last-Modified": modified, "Cache-Control": "max-age=0"}

    async def feed(request: Request) -> Response:
        if request.headers.get("If-None-Match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/rss+xml", headers=headers)

    return feed


async def _stylesheet(_: Request) -> Response:
    return FileResponse(PAGES / "site.css")


def _page(title: str, main: Html, status: int = 200) -> Response:
    page = fill(PAGES / "page.html", language=LANGUAGE, title=title, name=NAME, tagline=TAGLINE, main=main)
    return HTMLResponse(page, status, HEADERS)


def _missing() -> Response:
    return _page(
        f"Not here · {NAME}", Html("<h1>Not at this height</h1><p><a href='/'>Back to the magazine</a></p>"), 404
    )


def _row(piece: Piece) -> Html:
    return fill(
        PAGES / "row.html",
        path=piece.path,
        picture=_picture(piece),
        section=piece.categories[0],
        title=piece.title,
        author=piece.author,
        date=_date(piece),
        summary=Html(piece.summary),
    )


def _whole(piece: Piece) -> Html:
    return fill(
        PAGES / "piece.html",
        picture=_picture(piece),
        section=piece.categories[0],
        title=piece.title,
        author=piece.author,
        date=_date(piece),
        body=Html(piece.html),
        replies=f"{piece.replies} replies" if piece.replies else "No replies yet",
    )


def _picture(piece: Piece) -> Html:
    return fill(PAGES / "picture.html", name=piece.picture, alt=piece.picture_alt) if piece.picture else Html()


def _date(piece: Piece) -> str:
    return f"{piece.published_at.day} {piece.published_at:%B %Y}"
