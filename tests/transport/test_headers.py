"""What the header of an issue says of its newsletter."""

from pathlib import Path

from dispatch.transport.headers import header_segments, headers_for, list_id_of
from tests.web.shelves import library


def _fields(folder: Path, newsletter: str, **options: str) -> bytes:
    headers = headers_for(library(folder, **options), newsletter, "weekly", "2026-11-27T07:00")
    return b"".join(segment for segment in header_segments(headers, "A subject") if isinstance(segment, bytes))


def test_the_archive_is_named_where_there_is_one(tmp_path: Path) -> None:
    """RFC 2369 §3.6: an address of the newsletter's past issues, whole, also where a proxy serves us below a path."""
    named = b"List-Archive: <https://post.lamplight.example/issues/review>\r\n"
    assert named in _fields(tmp_path, "review")
    below = b"List-Archive: <https://lamplight.example/post/issues/review>\r\n"
    assert below in _fields(tmp_path, "review", public_url="https://lamplight.example/post/")
    assert b"List-Archive" not in _fields(tmp_path, "hidden")


def test_a_list_id_is_made_of_the_sender_where_none_is_given(tmp_path: Path) -> None:
    """Below a domain that is ours."""
    assert list_id_of(library(tmp_path), "review") == "review.lamplight.example"
    assert list_id_of(library(tmp_path, list_id="tide.kite.example"), "review") == "tide.kite.example"
