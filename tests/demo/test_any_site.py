"""A sample issue of somebody's own site."""

import asyncio
from pathlib import Path

import pytest

from dispatch.app import real_now
from dispatch.demo.any_site import is_private, sample_of
from dispatch.demo.drawing.album import draw_leads
from dispatch.demo.magazine.pieces import read_pieces
from dispatch.demo.site import magazine_site
from dispatch.errors import CollectError
from dispatch.web.serving import serving


@pytest.mark.parametrize("scheme", ["http://", ""], ids=["with its scheme", "without"])
def test_a_site_is_shown_as_an_issue_of_its_newest_posts(tmp_path: Path, scheme: str) -> None:
    pieces = read_pieces(real_now())
    said: list[str] = []

    async def story() -> Path:
        draw_leads(tmp_path / "pictures")
        async with serving(lambda url: magazine_site(pieces, tmp_path / "pictures", url)) as url:
            site = scheme + url.removeprefix("http://")
            return await sample_of(site, tmp_path / "out", say=said.append, clock=real_now)

    page = asyncio.run(story())
    assert page.suffix == ".html"
    assert {file.suffix for file in (tmp_path / "out").iterdir()} >= {".html", ".txt", ".eml"}
    html = page.read_text(encoding="utf-8")
    assert [piece.title for piece in pieces if piece.number > 1 and piece.title not in html] == []
    assert any(line.startswith("The Funicular: feed at ") for line in said)


def test_a_site_without_posts_is_refused_by_name(tmp_path: Path) -> None:
    async def story() -> None:
        async with serving(lambda url: magazine_site(read_pieces(real_now()), tmp_path, url)) as url:
            await sample_of(f"{url}/essay/", tmp_path / "out", say=lambda _: None, clock=real_now)

    with pytest.raises(CollectError, match="/essay/"):
        asyncio.run(story())


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("http://localhost:8000/", True),
        ("http://127.0.0.1", True),
        ("http://192.168.1.4/blog", True),
        ("http://[::1]:80/", True),
        ("//localhost/x", True),
        ("https://funicular.example", False),
        ("https://93.184.216.34/", False),
        ("https://localhost.example/", False),
    ],
)
def test_only_a_site_named_as_private_may_be_private(address: str, private: bool) -> None:
    assert is_private(address) is private
