"""Pictures in the media folder: small, upright, on white, and only pictures."""

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from dispatch.errors import PictureError
from dispatch.store.media import MAX_BYTES_IN, MAX_PASSES_IN, picture_size, store_picture

PAPER = "#fcfaf5"


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


def test_flat_colours_stay_what_they_are_in_a_png(tmp_path: Path) -> None:
    """Where one is wanted and small enough: to the pixel, and with nothing of the file it came from."""
    drawing = Image.new("RGB", (300, 60), PAPER)
    drawing.paste("#96281b", (0, 0, 151, 60))
    data = encoded(drawing, "PNG", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    kept, heavy, unasked = (
        store_picture(tmp_path, data, max_width=300, max_bytes=200_000, max_png_bytes=limit)
        for limit in (60_000, 60, 0)
    )
    copy = Image.open(tmp_path / kept.file)
    assert (kept.file[-4:], copy.format, copy.info) == (".png", "PNG", {})
    assert copy.convert("RGB").tobytes() == drawing.tobytes()
    assert heavy.file == unasked.file
    assert heavy.file.endswith(".jpg")


def transparent(mode: str) -> bytes:
    """A PNG in which nothing is to be seen: by its alpha channel, or by a colour that means transparent."""
    if mode == "RGB":
        return encoded(Image.new("RGB", (40, 40), (1, 2, 3)), "PNG", transparency=(1, 2, 3))
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0)).convert(mode)
    return encoded(image, "PNG", **({"transparency": image.getpixel((0, 0))} if mode == "P" else {}))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "RGB"])
def test_what_is_transparent_is_white(tmp_path: Path, mode: str) -> None:
    """Not black, which is what JPEG makes of it."""
    assert stored(tmp_path, transparent(mode)).getpixel((20, 20)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "RGB"])
def test_what_is_transparent_shows_the_paper_that_the_mail_is_on(tmp_path: Path, mode: str) -> None:
    """A white box would stand around a drawing on a page that is not quite white."""
    file = store_picture(tmp_path, transparent(mode), max_width=1200, max_bytes=200_000, paper=PAPER).file
    pixel = Image.open(tmp_path / file).getpixel((20, 20))
    assert isinstance(pixel, tuple)
    assert all(abs(one - other) <= 2 for one, other in zip(pixel, (0xFC, 0xFA, 0xF5), strict=True))


def test_the_edge_of_something_transparent_has_no_rim(tmp_path: Path) -> None:
    """What cannot be seen is black in most files, and must not be mixed in where a picture is made smaller."""
    image = Image.new("RGBA", (2000, 2000), (0, 0, 0, 0))
    image.paste((255, 255, 255, 255), (0, 0, 1001, 2000))
    assert min(pixel_sums(stored(tmp_path, encoded(image, "PNG"), max_width=100))) >= 3 * 250


def test_a_palette_is_mixed_and_not_picked_from(tmp_path: Path) -> None:
    """Fine stripes made small are grey; picking every tenth pixel would make them black or white."""
    stripes = Image.new("P", (1000, 1000))
    stripes.putpalette([0, 0, 0, 255, 255, 255])
    stripes.putdata([column % 2 for _ in range(1000) for column in range(1000)])
    sums = pixel_sums(stored(tmp_path, encoded(stripes, "PNG"), max_width=100))
    assert min(sums) > 3 * 100
    assert max(sums) < 3 * 155


def pixel_sums(image: Image.Image) -> list[int]:
    """Red, green and blue of every pixel, added up."""
    data = image.tobytes()
    return [sum(data[at : at + 3]) for at in range(0, len(data), 3)]


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_what_moves_the_first_frame_stands(tmp_path: Path, kind: str) -> None:
    """A mail's JPEG does not move."""
    frames = [Image.new("RGB", (50, 30), colour) for colour in ((0, 0, 255), (255, 0, 0), (0, 255, 0))]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
    red, green, blue = stored(tmp_path, data).getpixel((25, 15))  # type: ignore[misc]
    assert (red < 30, green < 30, blue > 220) == (True, True, True)


def test_the_colours_of_print_are_those_of_a_screen(tmp_path: Path) -> None:
    """A JPEG made for a printer: its red is red, and not the reverse of it."""
    red, green, blue = stored(tmp_path, encoded(Image.new("CMYK", (40, 40), (0, 255, 255, 0)), "JPEG")).getpixel((9, 9))  # type: ignore[misc]
    assert (red > 200, green < 60, blue < 60) == (True, True, True)


def test_the_colours_of_a_profile_are_kept_when_it_goes(tmp_path: Path) -> None:
    """Without it a file in other colours than the screen's would change its look; a damaged one does no harm."""
    grey = Image.new("RGB", (40, 40), (64, 64, 64))
    linear = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    assert stored(tmp_path, encoded(grey, "PNG", icc_profile=linear)).getpixel((9, 9)) == (64, 64, 64)
    assert stored(tmp_path, encoded(grey, "PNG", icc_profile=b"no profile")).getpixel((9, 9)) == (64, 64, 64)
    brighter = stored(tmp_path, encoded(grey, "PNG", icc_profile=straight_profile())).getpixel((9, 9))
    assert isinstance(brighter, tuple)
    assert brighter[0] > 120


def straight_profile() -> bytes:
    """sRGB's profile with a straight line for its curve, in which 64 is half as bright as a screen's 137."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    (count,) = struct.unpack_from(">I", profile, 128)
    for tag in range(count):
        name, offset, _ = struct.unpack_from(">4sII", profile, 132 + 12 * tag)
        if name in (b"rTRC", b"gTRC", b"bTRC"):
            struct.pack_into(">4sIHHi", profile, offset, b"para", 0, 0, 0, 1 << 16)  # ICC.1 §10.18: Y = X to the 1st
    return bytes(profile)


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


def test_a_photo_s_size_is_that_of_the_upright_one() -> None:
    """It is asked before anything is unpacked."""
    sideways = Image.new("RGB", (60, 30))
    exif = sideways.getexif()
    exif[0x0112] = 8
    assert picture_size(encoded(sideways, "JPEG", exif=exif)) == (30, 60)
    assert picture_size(encoded(sideways, "PNG")) == (60, 30)


def test_a_photo_that_lies_on_its_side_fits_upright(tmp_path: Path) -> None:
    """Its width is the one that a mail shows."""
    sideways = Image.new("RGB", (4000, 3000))
    exif = sideways.getexif()
    exif[0x0112] = 6
    assert stored(tmp_path, encoded(sideways, "JPEG", exif=exif), max_width=1200, max_height=1500).size == (1125, 1500)


def test_a_camera_s_whole_picture_becomes_a_small_one(tmp_path: Path) -> None:
    """Three megabytes come in, at most 200 KB go out, at twice the width that a mail shows."""
    data = encoded(noise(2600, 1950), "JPEG", quality=80)
    assert len(data) > 3_000_000
    picture = store_picture(tmp_path, data, max_width=1200, max_bytes=200_000)
    assert (tmp_path / picture.file).stat().st_size <= 200_000
    assert picture.width >= 900


def test_a_phone_s_file_with_two_pictures_gives_the_first(tmp_path: Path) -> None:
    """MPO: the second is a map of brightness or depth."""
    first, second = Image.new("RGB", (50, 30), (0, 0, 255)), Image.new("RGB", (50, 30), (255, 0, 0))
    data = encoded(first, "MPO", save_all=True, append_images=[second])
    assert stored(tmp_path, data).getpixel((25, 15)) == (0, 0, 254)


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


def endless() -> bytes:
    """A small JPEG that draws itself again and again."""
    data = encoded(Image.new("L", (64, 64)), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * MAX_PASSES_IN + data[-2:]


def talkative() -> bytes:
    """A PNG whose comment is a hundred megabytes when it is unpacked."""
    data = encoded(Image.new("RGB", (9, 9)), "PNG")
    comment = b"zTXt" + b"a\0\0" + zlib.compress(b" " * 100_000_000, 9)
    chunk = struct.pack(">I", len(comment) - 4) + comment + struct.pack(">I", zlib.crc32(comment))
    return data[:33] + chunk + data[33:]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        pytest.param(b"", "not a picture that can be read", id="nothing"),
        pytest.param(b"<html><img src=x></html>", "not a picture that can be read", id="a page"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture that can be read", id="a drawing"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture", id="a program"),
        pytest.param(encoded(noise(90, 90), "JPEG")[:900], "not a picture that can be read", id="half a picture"),
        pytest.param(encoded(noise(90, 90), "PNG")[:900], "not a picture that can be read", id="half a PNG"),
        pytest.param(encoded(noise(90, 90), "WEBP")[:900], "not a picture that can be read", id="half a WebP"),
        pytest.param(endless(), "drawn in more than 100 passes", id="an endless one"),
        pytest.param(talkative(), "not a picture that can be read", id="an endless comment"),
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
