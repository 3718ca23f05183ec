"""Checks of the files of a mail's pictures, where they are at hand: how heavy they are, and how sharp."""

import re
from collections.abc import Iterator
from pathlib import Path

import lxml.html

from dispatch.errors import PictureError
from dispatch.store.media import picture_size

MAX_PICTURE_BYTES = 200_000
# Pixels of the file for one of the page: fewer look blurred on a fine screen, more are waited for and not seen.
FEWEST_PIXELS, MOST_PIXELS = 1.5, 2.2
_FILE = re.compile(r"[0-9a-f]+\.(?:jpg|png)")


def picture_files(html: str, url: str, folder: Path) -> list[str]:
    """What is wrong with the files of the pictures below an address, which stand in a folder; a sentence each."""
    found: dict[str, str] = {}
    for image in lxml.html.document_fromstring(html.encode(), parser=lxml.html.HTMLParser(encoding="utf-8")).iter(
        "img"
    ):
        source = image.get("src", "")
        name, width = source.removeprefix(url), image.get("width", "")
        if source.startswith(url) and _FILE.fullmatch(name) and (folder / name).is_file():
            for problem in _faults((folder / name).read_bytes(), name, int(width) if width.isdigit() else 0):
                found[problem] = name
    return list(found)


def _faults(data: bytes, name: str, width: int) -> Iterator[str]:
    if len(data) > MAX_PICTURE_BYTES:
        yield (
            f"The picture {name} has {len(data):,} bytes; over {MAX_PICTURE_BYTES:,} a phone waits: "
            "use a smaller or calmer one."
        )
    try:
        pixels, _ = picture_size(data)
    except PictureError as error:
        yield f"The picture {name} cannot be read: {error}"
        return
    if width and not FEWEST_PIXELS <= pixels / width <= MOST_PIXELS:
        fault = "looks blurred on a fine screen" if pixels < width * FEWEST_PIXELS else "is heavier than it is seen"
        yield (
            f"The picture {name} has {pixels} pixels for {width} of the page and {fault}; "
            f"{FEWEST_PIXELS:g} to {MOST_PIXELS:g} for each are right: give it another width."
        )
