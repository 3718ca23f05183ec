"""The pictures that mails show: copied at collection, named after their contents, served for ever."""

import re
from http import HTTPStatus
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

# The pattern has no slash and no dot but the last one, so no name leads out of the folder.
MEDIA_FILE = re.compile(r"[0-9a-f]{8,64}\.(?:jpg|png)")
# A name is the hash of what it names: whoever has it never needs to ask again.
_HEADERS = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}


def media_route(folder: Path) -> Route:
    """`/media/HASH.jpg` out of a folder; everything else there is not found."""

    async def media(request: Request) -> Response:
        name = request.path_params["name"]
        if not MEDIA_FILE.fullmatch(name) or not (folder / name).is_file():
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return FileResponse(folder / name, headers=_HEADERS)

    return Route("/media/{name:path}", media)
