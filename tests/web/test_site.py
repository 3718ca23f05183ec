"""The site that `dispatch run` serves: its pictures, what it says of mistakes, and how it stops."""

import asyncio
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from dispatch.app import Dispatch
from dispatch.web.site import site_on
from tests.web.opening import configuration, opened

PICTURE = "0123456789abcdef0123456789abcdef.jpg"


@contextmanager
def _showing(media: Path) -> Iterator[Dispatch]:
    """A dispatch whose pictures are in a folder."""
    with TemporaryDirectory() as folder:
        config = configuration(Path(folder))
        config.write_text(config.read_text().replace('media = "media"', f'media = "{media}"'))
        with opened(config) as dispatch:
            yield dispatch


def _free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


def _get(url: str) -> tuple[int, bytes, str]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.read(), answer.headers.get("Cache-Control", "")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, b"", ""


def _ask(media: Path, *paths: str) -> list[tuple[int, bytes, str]]:
    address = _free_address()

    async def talk() -> list[tuple[int, bytes, str]]:
        with _showing(media) as dispatch:
            async with site_on(address, dispatch, print):
                return [await asyncio.to_thread(_get, f"http://{address}{path}") for path in paths]

    return asyncio.run(talk())


def test_a_picture_is_served_for_ever(tmp_path: Path) -> None:
    """Its name is the hash of its contents."""
    (tmp_path / PICTURE).write_bytes(b"picture")
    assert _ask(tmp_path, f"/media/{PICTURE}", "/health") == [
        (200, b"picture", "public, max-age=31536000, immutable"),
        (200, b"ok\n", ""),
    ]


def _say(media: Path, method: str, path: str) -> tuple[int, dict[str, str], bytes]:
    """The answer to a request that is sent exactly as it is written here."""
    address = _free_address()

    def talk() -> tuple[int, dict[str, str], bytes]:
        connection = HTTPConnection(address, timeout=5)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    async def ask() -> tuple[int, dict[str, str], bytes]:
        with _showing(media) as dispatch:
            async with site_on(address, dispatch, print):
                return await asyncio.to_thread(talk)

    return asyncio.run(ask())


def test_a_picture_says_what_it_is_and_how_large(tmp_path: Path) -> None:
    """A JPEG and nothing else, whatever a browser would guess; asked for its head, it gives that alone."""
    (tmp_path / PICTURE).write_bytes(b"<script>alert(1)</script>")
    status, headers, body = _say(tmp_path, "GET", f"/media/{PICTURE}")
    assert (status, len(body)) == (200, 25)
    assert (headers["content-type"], headers["x-content-type-options"]) == ("image/jpeg", "nosniff")
    head_status, head_headers, head_body = _say(tmp_path, "HEAD", f"/media/{PICTURE}?from=mail")
    assert (head_status, head_body) == (200, b"")
    assert head_headers["content-length"] == "25"
    assert head_headers["cache-control"] == headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_a_picture_can_only_be_looked_at(method: str, tmp_path: Path) -> None:
    """Nothing can be put there, and nothing taken away."""
    (tmp_path / PICTURE).write_bytes(b"picture")
    status, _, body = _say(tmp_path, method, f"/media/{PICTURE}")
    assert status == 405
    assert b"picture" not in body
    assert (tmp_path / PICTURE).read_bytes() == b"picture"


@pytest.mark.parametrize(
    "path",
    [
        f"/media//{PICTURE}",
        f"/media/./{PICTURE}",
        f"/media/../{PICTURE}",
        f"/media/%2e%2e%2f{PICTURE}",
        f"/media/..%5c{PICTURE}",
        f"/media/sub/{PICTURE}",
        f"/media/{PICTURE}%00.jpg",
        f"/media/{PICTURE}%0a",
        f"/media/{PICTURE.upper()}",
        f"/media/.{PICTURE}.123",
        f"/{PICTURE}",
    ],
)
def test_no_name_leads_out_of_the_folder(path: str, tmp_path: Path) -> None:
    """Sent as they stand here: no client has tidied them up. What is half written is nobody's either."""
    media = tmp_path / "media"
    (media / "sub").mkdir(parents=True)
    for place in (tmp_path / PICTURE, media / "sub" / PICTURE, media / f".{PICTURE}.123"):
        place.write_bytes(b"secret")
    status, _, body = _say(media, "GET", path)
    assert status == 404
    assert b"secret" not in body


@pytest.mark.parametrize("name", ["../dispatch.db", "%2e%2e/dispatch.db", "dispatch.db", "", "a" * 32 + ".jpg"])
def test_nothing_else_is_served(name: str, tmp_path: Path) -> None:
    """Neither what lies beside the folder nor what is not there."""
    media = tmp_path / "media"
    media.mkdir()
    (tmp_path / "dispatch.db").write_bytes(b"secret")
    (media / "dispatch.db").write_bytes(b"secret")
    [(status, body, _)] = _ask(media, f"/media/{name}")
    assert (status, body) == (404, b"")


def test_a_second_process_leaves_the_port_to_the_first(tmp_path: Path) -> None:
    """It says so and does its other work."""
    said: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"

        async def work() -> bool:
            with _showing(tmp_path) as dispatch:
                async with site_on(address, dispatch, said.append):
                    return True

        assert asyncio.run(work())
    assert address in said[0]
