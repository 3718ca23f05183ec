"""Pictures in the media folder: small, upright, on white, and only pictures."""

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from dispatch.errors import PictureError
from dispatch.store.media import MAX_BYTES_IN, store_picture


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """An image as a file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def noise(width: int, height: int) -> Image.Image:
    """What no encoder can make small."""
    return Image.effect_noise((width, height), 200).convert("RGB")


def stored(folder: Path, data: bytes, max_width: int = 1200, max_height: int | None = None) -> Image.Image:
    """The picture that is written for these bytes, as a mail program would open it."""
    picture = store_picture(folder, data, max_width=max_width, max_height=max_height, max_bytes=200_000)
    image = Image.open(folder / picture.file)
    assert (image.format, image.mode) == ("JPEG", "RGB")
    assert image.size == (picture.width, picture.height)
    image.load()
    return image


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP", "TIFF"])
def test_every_usual_format_becomes_a_jpeg(tmp_path: Path, kind: str) -> None:
    """No larger than asked, in its own proportions."""
    image = stored(tmp_path, encoded(Image.new("RGB", (2400, 1000), (200, 30, 40)), kind))
    assert image.size == (1200, 500)
    red, green, blue = image.convert("RGB").getpixel((600, 250))  # type: ignore[misc]
    assert red > 180
    assert max(green, blue) < 70


def test_a_small_picture_is_not_made_larger(tmp_path: Path) -> None:
    """It would only be blurred."""
    assert stored(tmp_path, encoded(Image.new("RGB", (300, 200)), "PNG")).size == (300, 200)


def test_a_tall_picture_keeps_to_its_height(tmp_path: Path) -> None:
    """A cover has a box, not only a width."""
    data = encoded(Image.new("RGB", (1000, 3000)), "PNG")
    assert stored(tmp_path, data, max_width=304, max_height=456).size == (152, 456)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_white(tmp_path: Path, mode: str) -> None:
    """Not black, which is what JPEG makes of it."""
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0)).convert(mode)
    options = {"transparency": image.getpixel((0, 0))} if mode == "P" else {}
    assert stored(tmp_path, encoded(image, "PNG", **options)).getpixel((20, 20)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "CMYK", "I;16"])
def test_other_colours_are_converted(tmp_path: Path, mode: str) -> None:
    """Black and white, grey, print colours, sixteen bits: a middle grey stays between black and white."""
    greys: dict[str, int | tuple[int, ...]] = {"1": 1, "L": 128, "CMYK": (0, 0, 0, 127), "I;16": 32768}
    image = stored(tmp_path, encoded(Image.new(mode, (40, 40), greys[mode]), "TIFF" if mode == "CMYK" else "PNG"))
    value = image.convert("L").getpixel((20, 20))
    assert value == 255 if mode == "1" else value in range(110, 146)


def test_a_photo_stands_upright_and_tells_nothing_of_its_camera(tmp_path: Path) -> None:
    """Its orientation is applied, then all metadata is gone."""
    sideways = Image.new("RGB", (60, 30))
    exif = sideways.getexif()
    exif[0x0112], exif[0x010F] = 6, "A camera"
    image = stored(tmp_path, encoded(sideways, "JPEG", exif=exif))
    assert image.size == (30, 60)
    assert not image.getexif()


def test_no_picture_is_heavier_than_asked(tmp_path: Path) -> None:
    """First the quality gives way, then the size."""
    picture = store_picture(tmp_path, encoded(noise(1200, 900), "PNG"), max_width=1200, max_bytes=60_000)
    assert (tmp_path / picture.file).stat().st_size <= 60_000
    assert picture.width < 1200


def test_the_same_picture_is_one_file(tmp_path: Path) -> None:
    """Named by what it holds; writing it again changes nothing, and nothing unfinished is left."""
    data = encoded(Image.new("RGB", (50, 50)), "PNG")
    first = store_picture(tmp_path / "media", data, max_width=40, max_bytes=9000, alt="A square", credit="Jo")
    again = store_picture(tmp_path / "media", data, max_width=40, max_bytes=9000)
    assert first.file == again.file
    assert (first.alt, first.credit) == ("A square", "Jo")
    assert [path.name for path in (tmp_path / "media").iterdir()] == [first.file]


def bomb() -> bytes:
    """A PNG of a few hundred bytes that says it has 10^10 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 999)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        pytest.param(b"", "not a picture that can be read", id="nothing"),
        pytest.param(b"<html><img src=x></html>", "not a picture that can be read", id="a page"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture that can be read", id="a drawing"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture", id="a program"),
        pytest.param(encoded(noise(90, 90), "JPEG")[:900], "not a picture that can be read", id="half a picture"),
        pytest.param(bomb(), "more than 40,000,000 pixels", id="a bomb"),
        pytest.param(encoded(Image.new("1", (8000, 8000)), "PNG"), "more than 40,000,000 pixels", id="a poster"),
        pytest.param(b"\xff\xd8" + b"\0" * MAX_BYTES_IN, "are the most that is read", id="too many bytes"),
    ],
)
def test_what_is_no_picture_is_refused_in_a_sentence(tmp_path: Path, data: bytes, sentence: str) -> None:
    """And nothing is written."""
    with pytest.raises(PictureError, match=sentence):
        store_picture(tmp_path, data, max_width=1200, max_bytes=200_000)
    assert list(tmp_path.iterdir()) == []
