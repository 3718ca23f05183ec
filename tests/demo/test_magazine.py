"""The sample magazine: whole, fresh, and invented."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import lxml.html
import pytest

from dispatch.demo.drawing.album import LEADS
from dispatch.demo.feed import DEBRIS
from dispatch.demo.magazine.pieces import Piece, read_pieces

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
PIECES = read_pieces(NOW)


def words(piece: Piece) -> int:
    """How many words a reader reads."""
    return len(lxml.html.fromstring(f"<div>{piece.html}</div>").text_content().split())


def test_there_are_a_dozen_pieces_and_one_of_them_is_the_editors_note() -> None:
    assert len(PIECES) == 12
    assert [piece.number for piece in PIECES if piece.categories == ("Editor's note",)] == [1]


def test_the_newest_piece_comes_first_and_all_have_been_published_within_the_week() -> None:
    dates = [piece.published_at for piece in PIECES]
    assert dates == sorted(dates, reverse=True)
    assert all(NOW - timedelta(days=7) < date < NOW - timedelta(minutes=10) for date in dates)


def test_most_pieces_quote_somebody_and_several_have_replies() -> None:
    assert sum("<blockquote" in piece.html for piece in PIECES) >= 7
    assert sum(piece.replies > 0 for piece in PIECES) >= 6


def test_one_piece_is_very_long_and_one_is_short() -> None:
    assert max(words(piece) for piece in PIECES) > 1400
    assert min(words(piece) for piece in PIECES) < 150


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.slug)
def test_a_piece_is_complete(piece: Piece) -> None:
    assert piece.title
    assert piece.author
    assert re.fullmatch(r"/[a-z-]+/[a-z-]+/", piece.path)
    assert set(piece.debris) <= set(DEBRIS)
    assert piece.picture in {"", *LEADS}
    assert bool(piece.picture) == bool(piece.picture_alt) == bool(piece.picture_credit)


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.slug)
def test_every_link_of_a_piece_leads_to_an_invented_domain(piece: Piece) -> None:
    """But for the film, whose address is made up and which nobody asks for."""
    hosts = {urlsplit(link).hostname for _, _, link, _ in lxml.html.fromstring(f"<div>{piece.html}</div>").iterlinks()}
    assert all(host and (host.endswith(".example") or host == "www.youtube.com") for host in hosts)


def test_no_two_pieces_stand_at_the_same_address() -> None:
    assert len({piece.path for piece in PIECES}) == len(PIECES)
