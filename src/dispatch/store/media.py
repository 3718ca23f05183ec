"""Pictures in the media folder: small JPEGs of known size, each named by the hash of what it holds.

What comes in is untrusted: it is opened as one of a few formats, its size is judged before a pixel is unpacked, and
nothing of the original file (place, camera, comments) is in the copy.
"""

import hashlib
import io
import os
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageOps

from dispatch.errors import PictureError
from dispatch.model.post import Picture

MAX_BYTES_IN = 32_000_000
MAX_PIXELS_IN = 40_000_000
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP", "TIFF")
_TOO_MANY_PIXELS = f"the picture has more than {MAX_PIXELS_IN:,} pixels, which is the most that is read"
_QUALITIES = (85, 78, 70, 60, 50)
_SMALLEST_WIDTH = 40
_HASH_DIGITS = 32
_PAPER = (255, 255, 255)


def store_picture(
    folder: Path,
    data: bytes,
    *,
    max_width: int,
    max_bytes: int,
    max_height: int | None = None,
    alt: str = "",
    credit: str = "",
) -> Picture:
    """Copy a picture into `folder` as `HASH.jpg`, within these pixels and bytes; doing it again changes nothing.

    Raises PictureError for anything that is not a picture, or one that is unreasonably large.
    """
    picture = _opened(data, max_width, max_height)
    content, width, height = next(
        found for found in _encodings(picture) if len(found[0]) <= max_bytes or found[1] <= _SMALLEST_WIDTH
    )
    file = f"{hashlib.sha256(content).hexdigest()[:_HASH_DIGITS]}.jpg"
    _write_once(folder / file, content)
    return Picture(file, width, height, alt, credit)


def _opened(data: bytes, max_width: int, max_height: int | None) -> Image.Image:
    """The first frame, upright, on white, no larger than asked."""
    if len(data) > MAX_BYTES_IN:
        raise PictureError(f"the picture has {len(data):,} bytes: {MAX_BYTES_IN:,} are the most that is read")
    try:
        return _reduced(Image.open(io.BytesIO(data), formats=FORMATS), max_width, max_height)
    except PictureError:
        raise
    except Image.DecompressionBombError as error:
        raise PictureError(_TOO_MANY_PIXELS) from error
    # Damaged files make Pillow's decoders raise nearly anything; whatever it is, this is no picture to show.
    except Exception as error:
        raise PictureError(
            "this is not a picture that can be read (JPEG, PNG, GIF, WebP, AVIF, BMP and TIFF can)"
        ) from error


def _reduced(image: Image.Image, max_width: int, max_height: int | None) -> Image.Image:
    if image.width * image.height > MAX_PIXELS_IN:
        raise PictureError(_TOO_MANY_PIXELS)
    # A JPEG can be unpacked at a half, a quarter or an eighth, which saves the memory of a camera's whole picture.
    image.draft("RGB", (max_width * 2, (max_height or max_width * 4) * 2))
    upright = ImageOps.exif_transpose(image)
    opaque = _on_paper(upright)
    opaque.thumbnail((max_width, max_height or MAX_PIXELS_IN), Image.Resampling.LANCZOS)
    return opaque


def _on_paper(image: Image.Image) -> Image.Image:
    """The picture in plain RGB; what is transparent shows white, as an e-mail's JPEG has nothing behind it."""
    if image.mode.startswith("I"):
        # Sixteen bits of grey; converted straight to eight, everything above 255 would be white.
        image = image.convert("F").point(lambda grey: grey * (1 / 256)).convert("L")
    if not image.has_transparency_data:
        return image.convert("RGB")
    layered = image.convert("RGBA")
    paper = Image.new("RGB", layered.size, _PAPER)
    paper.paste(layered, mask=layered.getchannel("A"))
    return paper


def _encodings(picture: Image.Image) -> Iterator[tuple[bytes, int, int]]:
    """The picture as JPEG with its width and height: first with less and less quality, then ever smaller."""
    while True:
        for quality in _QUALITIES:
            buffer = io.BytesIO()
            picture.save(buffer, "JPEG", quality=quality, optimize=True, progressive=True)
            yield buffer.getvalue(), picture.width, picture.height
        picture = picture.resize(
            (max(1, picture.width * 4 // 5), max(1, picture.height * 4 // 5)), Image.Resampling.LANCZOS
        )


def _write_once(path: Path, content: bytes) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_bytes(content)
    unfinished.replace(path)
