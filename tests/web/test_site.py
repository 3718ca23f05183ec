"""The site that `dispatch run` serves: the pictures of the mail."""

import asyncio
import socket
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from dispatch.web.site import site_on

PICTURE = "0123456789abcdef0123456789abcdef.jpg"


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
        async with site_on(address, media, print):
            return [await asyncio.to_thread(_get, f"http://{address}{path}") for path in paths]

    return asyncio.run(talk())


def test_a_picture_is_served_for_ever(tmp_path: Path) -> None:
    """Its name is the hash of its contents."""
    (tmp_path / PICTURE).write_bytes(b"picture")
    assert _ask(tmp_path, f"/media/{PICTURE}", "/health") == [
        (200, b"picture", "public, max-age=31536000, immutable"),
        (200, b"ok\n", ""),
    ]


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
            async with site_on(address, tmp_path, said.append):
                return True

        assert asyncio.run(work())
    assert address in said[0]
