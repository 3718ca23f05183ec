"""Covers: the pictures beside books.toml, copied into the media folder at twice the size a mail shows them."""

from pathlib import Path

from dispatch.errors import PictureError
from dispatch.model.book import Book
from dispatch.model.post import Picture, Problem
from dispatch.store.media import store_picture

COVER_WIDTH, COVER_HEIGHT = 152 * 2, 228 * 2
MAX_COVER_BYTES = 200_000


def copy_cover(book: Book, media: Path, panel: str) -> tuple[Picture | None, Problem | None]:
    """A book's cover in the media folder, or what is wrong with it; a book without one is shown all the same.

    What is transparent in it shows `panel` ("#rrggbb"), the colour that books stand on.
    """
    if not book.cover:
        return None, None
    try:
        data = Path(book.cover).read_bytes()
    except OSError as error:
        return None, _problem(book, f"its cover cannot be read: {error.strerror or error}")
    try:
        alt = f"Cover of {book.title}, by {book.author}"
        picture = store_picture(
            media, data, max_width=COVER_WIDTH, max_height=COVER_HEIGHT, max_bytes=MAX_COVER_BYTES, alt=alt, paper=panel
        )
    except PictureError as error:
        return None, _problem(book, f"its cover cannot be shown: {error}")
    return picture, None


def _problem(book: Book, sentence: str) -> Problem:
    return Problem(f"books.{book.slug}", sentence, "`dispatch books check` says which file", about=book.slug)
