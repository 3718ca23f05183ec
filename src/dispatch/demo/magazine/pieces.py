"""What the magazine has published: HTML files with TOML front matter between two lines of `+++`."""

import re
import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

NAME = "The Funicular"
TAGLINE = "Essays, books and news from halfway up"
LANGUAGE = "en-GB"
TIMEZONE = "Europe/London"
POSTAL_ADDRESS = "The Funicular, 9 Halfway Stair, Corrow QZ4 1FN, United Kingdom"
DOMAIN = "funicular.example"

POSTS = Path(__file__).parent / "posts"


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece as the magazine published it; `picture` names a drawing, `debris` what its site adds in the feed."""

    number: int
    slug: str
    title: str
    author: str
    categories: tuple[str, ...]
    published_at: datetime
    html: str
    replies: int = 0
    picture: str = ""
    picture_alt: str = ""
    picture_credit: str = ""
    debris: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Where it stands on the site."""
        section = re.sub(r"\W+", "-", self.categories[0].lower().replace("'", ""))
        return f"/{section}/{self.slug}/"

    @property
    def summary(self) -> str:
        """Its first paragraph, as HTML."""
        return self.html.partition("</p>")[0].removeprefix("<p>")


def read_pieces(now: datetime) -> tuple[Piece, ...]:
    """Every piece, newest first, with dates counted back from `now` so that the magazine is always fresh."""
    pieces = [_piece(file, now) for file in POSTS.glob("*.html")]
    return tuple(sorted(pieces, key=lambda piece: piece.published_at, reverse=True))


def _piece(file: Path, now: datetime) -> Piece:
    _, front, html = file.read_text(encoding="utf-8").split("+++\n", 2)
    facts: dict[str, Any] = tomllib.loads(front)
    number, _, slug = file.stem.partition("-")
    published_at = (now - timedelta(hours=facts.pop("hours_ago"))).replace(microsecond=0)
    for key in ("categories", "debris"):
        facts[key] = tuple(facts.get(key, ()))
    return Piece(int(number), slug, published_at=published_at, html=html.strip(), **facts)
