"""Pictures in the media folder: small JPEGs (and PNGs of logos) of known size, named by the hash of what they hold.

What comes in is untrusted: it is opened as one of a few formats whatever it calls itself, its size and the work it
makes are judged before a pixel is unpacked, and nothing of the original file (place, camera, comments) is in the copy.
Of what moves, the first frame stands.
"""

import hashlib
import io
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageCms, ImageOps

from dispatch.errors import PictureError
from dispatch.model.post import Picture

MAX_BYTES_IN = 32_000_000
MAX_PIXELS_IN = 40_000_000
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP", "TIFF")
# Every pass of a progressive JPEG goes over all its pixels: 10,000 of them fit in 600 KB and take minutes.
MAX_PASSES_IN = 100
_START_OF_SCAN = b"\xff\xda"
_PNG = b"\x89PNG"
_TOO_MANY_PIXELS = f"the picture has more than {MAX_PIXELS_IN:,} pixels, which is the most that is read"
_UNREADABLE = "this is not a picture that can be read (JPEG, PNG, GIF, WebP, AVIF, BMP and TIFF can)"
_QUALITIES = (85, 78, 70, 60, 50)
_SMALLEST_WIDTH = 40
_HASH_DIGITS = 32
_PAPER = "#ffffff"
_ORIENTATION = 0x0112  # EXIF
_ON_ITS_SIDE = (5, 6, 7, 8)
# A large picture takes hundreds of megabytes while it is made small; one at a time is enough for a small machine.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True)
class Box:
    """How large a picture may be, in pixels."""

    width: int
    height: int

    def around(self, width: int, height: int) -> tuple[int, int]:
        """The size that a picture of this size has inside, in its own proportions and never larger."""
        scale = min(1.0, self.width / width, self.height / height)
        return max(1, round(width * scale)), max(1, round(height * scale))


def store_picture(
    folder: Path,
    data: bytes,
    *,
    max_width: int,
    max_bytes: int,
    max_height: int | None = None,
    max_png_bytes: int = 0,
    paper: str = _PAPER,
    alt: str = "",
    credit: str = "",
) -> Picture:
    """Copy a picture into `folder` as `HASH.jpg`, within these pixels and bytes; doing it again changes nothing.

    What is transparent shows `paper` ("#rrggbb"), as an e-mail's JPEG has nothing behind it. What takes no more than
    `max_png_bytes` as a PNG, which keeps every colour and edge, becomes `HASH.png`. Raises PictureError for anything
    that is not a picture, or one that is unreasonably large.
    """
    with _one_at_a_time:
        picture = _small(_opened(data), Box(max_width, max_height or MAX_PIXELS_IN), paper)
        content, width, height = _as_png(picture, max_png_bytes) or next(
            found for found in _encodings(picture) if len(found[0]) <= max_bytes or found[1] <= _SMALLEST_WIDTH
        )
    kind = "png" if content.startswith(_PNG) else "jpg"
    file = f"{hashlib.sha256(content).hexdigest()[:_HASH_DIGITS]}.{kind}"
    _write_once(folder / file, content)
    return Picture(file, width, height, alt, credit)


def picture_size(data: bytes) -> tuple[int, int]:
    """Width and height of a picture as it is looked at, in pixels, with none of them unpacked; raises PictureError."""
    image = _opened(data)
    try:
        return (image.height, image.width) if _is_on_its_side(image) else image.size
    except Exception as error:
        raise PictureError(_UNREADABLE) from error


def _opened(data: bytes) -> Image.Image:
    """A picture of which only the size is read so far."""
    if len(data) > MAX_BYTES_IN:
        raise PictureError(f"the picture has {len(data):,} bytes: {MAX_BYTES_IN:,} are the most that is read")
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise PictureError(_TOO_MANY_PIXELS) from error
    # Damaged files make Pillow's decoders raise nearly anything; whatever it is, this is no picture to show.
    except Exception as error:
        raise PictureError(_UNREADABLE) from error
    if image.width * image.height > MAX_PIXELS_IN:
        raise PictureError(_TOO_MANY_PIXELS)
    if image.format in ("JPEG", "MPO") and data.count(_START_OF_SCAN) > MAX_PASSES_IN:
        raise PictureError(f"the picture is drawn in more than {MAX_PASSES_IN} passes, which is the most that is read")
    return image


def _small(image: Image.Image, box: Box, paper: str) -> Image.Image:
    """The first frame, upright, in plain RGB on paper, no larger than the box."""
    try:
        return _reduced(image, box, paper)
    except Exception as error:
        raise PictureError(_UNREADABLE) from error


def _reduced(image: Image.Image, box: Box, paper: str) -> Image.Image:
    profile = image.info.get("icc_profile")
    turned = Box(box.height, box.width) if _is_on_its_side(image) else box
    width, height = turned.around(*image.size)
    # A JPEG can be unpacked at a half, a quarter or an eighth, which saves the memory of a camera's whole picture.
    image.draft(None, (width * 2, height * 2))
    upright = _with_all_tones(ImageOps.exif_transpose(image))
    # Made small before anything else is done with it: what follows takes several copies.
    small = upright.resize(box.around(*upright.size), Image.Resampling.LANCZOS, reducing_gap=2.0)
    colours = _in_srgb(small, profile)
    if small.mode != "RGBA":
        return colours
    sheet = Image.new("RGB", small.size, paper)
    sheet.paste(colours, mask=small.getchannel("A"))
    return sheet


def _is_on_its_side(image: Image.Image) -> bool:
    return image.getexif().get(_ORIENTATION) in _ON_ITS_SIDE


def _with_all_tones(image: Image.Image) -> Image.Image:
    """The picture in a mode whose pixels can be mixed: not a palette, nor one colour that means transparent."""
    if image.mode.startswith("I"):
        # Sixteen bits of grey; converted straight to eight, everything above 255 would be white.
        return image.convert("F").point(lambda grey: grey * (1 / 256)).convert("L")
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")


def _in_srgb(image: Image.Image, profile: Any) -> Image.Image:
    """The colours as every screen shows them: those of a phone or a printer would look dull without their profile."""
    plain = image.convert("RGB") if image.mode == "RGBA" else image
    if profile:
        try:
            theirs, ours = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(plain, theirs, ours, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
            pass  # a damaged profile, or one for other colours than the picture has
        else:
            return converted or plain.convert("RGB")
    return plain.convert("RGB")


def _as_png(picture: Image.Image, max_bytes: int) -> tuple[bytes, int, int] | None:
    """The picture as PNG with its width and height; None where that is too large."""
    if not max_bytes:
        return None
    bare = Image.new("RGB", picture.size)
    bare.paste(picture)
    buffer = io.BytesIO()
    bare.save(buffer, "PNG", optimize=True)
    content = buffer.getvalue()
    return (content, picture.width, picture.height) if len(content) <= max_bytes else None


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
