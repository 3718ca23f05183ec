"""Golden pictures: which there are, how they are taken, and when two of them show the same mail.

    python -m tests.rendering.picturing [PART OF A NAME]     takes those anew whose names contain it, else all of them

A picture is kept at half its size in few colours: enough to see what changed, small enough to live beside the tests.
Two are compared as blocks of 8 × 8 CSS pixels, in which the edges of letters, which every version of a browser draws
a little differently, are gone, and every line, margin and colour is not.
"""

import io
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from PIL import Image, ImageChops, ImageDraw, ImageStat
from playwright.sync_api import Browser, BrowserType, Page, Route, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from dispatch.model.issue import Rendering
from dispatch.model.post import Picture
from dispatch.rendering.lenses import Lens, by_day, by_night, forced_dark, inverted, without_pictures, without_styles
from dispatch.rendering.look import Look, look_from
from dispatch.rendering.messages.sample import sample_messages
from dispatch.rendering.page import IssuePage
from dispatch.rendering.preview import SAMPLES, filled_html
from dispatch.rendering.templates import open_templates
from dispatch.rendering.word import in_word
from tests.rendering import hebrew
from tests.rendering.make import OWN, QUOTED, make_book, make_page, make_post, shipped

CHROMIUM = Path("/usr/bin/chromium")
FOLDER = Path(__file__).parent / "golden"
FONTS = FOLDER / "fonts.conf"

# Every message there is (rendering/messages/sample.py): each of them is photographed, validated and scored.
MESSAGES = (
    "digest", "post", "share", "confirm", "already", "welcome", "goodbye", "move", "moved", "erased", "proof", "alert",
)  # fmt: skip
SCALE = 2  # of the mail to the picture that is kept
BLOCK = 4  # pixels of that picture, to a side
COLOURS = 96
# Half of these is what hinted letters and the few colours come to together (test_golden.py holds it).
MOST_ON_AVERAGE, MOST_IN_A_BLOCK = 0.9, 55.0
_WEB_URL = "https://post.kite.example/issues/kite/weekly/12"
_LEAD = Picture("lead.jpg", 1200, 500, "A harbour at dusk")
# What draws Latin letters, and what draws Hebrew ones: of Debian's fonts-liberation and fonts-dejavu-core.
_FONT_FILES = ("LiberationSerif-Regular.*", "DejaVuSans.ttf")


@dataclass(frozen=True, slots=True)
class Shot:
    """One golden picture: a message in a look and language, through a lens, on a screen so wide."""

    name: str
    message: str
    lens: Lens
    width: int
    look: str = "magazine"
    language: str = "en-GB"
    larger_type: bool = False
    medium: Literal["screen", "print"] = "screen"


SHOTS = (
    Shot("digest-700", "digest", by_day, 700),
    Shot("digest-375", "digest", by_day, 375),
    Shot("digest-320", "digest", by_day, 320),
    Shot("digest-375-dark", "digest", by_night, 375),
    Shot("digest-375-forced-dark", "digest", forced_dark, 375),
    Shot("digest-375-inverted", "digest", inverted, 375),
    Shot("digest-375-pictures-off", "digest", without_pictures, 375),
    Shot("digest-375-no-styles", "digest", without_styles, 375),
    Shot("digest-700-word", "digest", in_word, 700),
    Shot("digest-375-larger", "digest", by_day, 375, larger_type=True),
    Shot("digest-375-rtl", "digest", by_day, 375, language="he"),
    Shot("digest-700-print", "digest", by_day, 700, medium="print"),
    Shot("digest-700-plain", "digest", by_day, 700, look="plain"),
    Shot("digest-375-plain-dark", "digest", by_night, 375, look="plain"),
    *(
        Shot(f"{message}-{name}", message, lens, width)
        for message in MESSAGES[1:]
        for name, lens, width in (("700", by_day, 700), ("375-dark", by_night, 375))
    ),
)


@cache
def messages(look: str, language: str, *, larger_type: bool = False) -> Mapping[str, Rendering]:
    """One of each message of a small magazine, by the names of their folders."""
    if language == "he":
        return sample_messages(_hebrew(), a_look(look), open_templates(labels={"he": hebrew.WORDS}))
    return sample_messages(replace(_english(language), larger_type=larger_type), a_look(look), shipped())


def _english(language: str) -> IssuePage:
    posts = (
        make_post(1, picture=_LEAD, replies=3),
        make_post(2, body=OWN + QUOTED, categories=("Notes",), author="Ines Okafor"),
        make_post(3, title="A correction", body=OWN + "<ul><li>First the tide</li><li>then the ferry</li></ul>"),
        make_post(4, title="What the ferry timetable knows", author="Ines Okafor"),
    )
    note, books = make_post(9, body=OWN), (make_book(),)
    return make_page(posts=posts, max_posts=3, note=note, books=books, language=language, web_url=_WEB_URL)


def _hebrew() -> IssuePage:
    note = make_post(9, body=hebrew.OWN, author="נל הארו")
    posts, books = hebrew.hebrew_posts(_LEAD), (hebrew.hebrew_book(),)
    return make_page(posts=posts, max_posts=3, note=note, books=books, web_url=_WEB_URL, **hebrew.MAGAZINE)


def a_look(name: str) -> Look:
    """A shipped look by its name."""
    return look_from({}, name)


def fonts_are_there() -> bool:
    """Whether the fonts of the golden pictures are installed."""
    folders = [Path(folder) for folder in re.findall(r"<dir>(.*?)</dir>", FONTS.read_text(encoding="utf-8"))]
    return all(any(list(folder.glob(file)) for folder in folders) for file in _FONT_FILES)


@contextmanager
def a_browser() -> Iterator[Browser]:
    """The system's Chromium, with what drives it."""
    with sync_playwright() as playwright, launched(playwright.chromium) as browser:
        yield browser


@contextmanager
def launched(kind: BrowserType, *switches: str) -> Iterator[Browser]:
    """The system's Chromium, its fonts those of the golden pictures whatever else is installed."""
    browser = kind.launch(
        executable_path=str(CHROMIUM),
        args=["--no-sandbox", "--disable-gpu", "--force-color-profile=srgb", *switches],
        env={**os.environ, "FONTCONFIG_FILE": str(FONTS)},
    )
    yield browser
    browser.close()


def photographed(browser: Browser, html: str, shot: Shot) -> Image.Image:
    """The whole mail on the shot's screen, half size; pictures are drawn here, nobody else is asked for anything."""
    context = browser.new_context(viewport={"width": shot.width, "height": 800}, color_scheme="light")
    context.route("**/*", _answer)
    page = context.new_page()
    page.emulate_media(media=shot.medium)
    page.set_content(html)
    taken = Image.open(io.BytesIO(_screenshot(page))).convert("RGB")
    context.close()
    return taken.reduce(SCALE)


def _screenshot(page: Page) -> bytes:
    try:
        return page.screenshot(full_page=True)
    except PlaywrightError:
        # On a machine with too much to do Chromium now and then says "Unable to capture screenshot", once.
        return page.screenshot(full_page=True)


def shot_taken(browser: Browser, shot: Shot, change: Callable[[str], str] = str) -> Image.Image:
    """What a shot shows now; `change` spoils the mail beforehand, to see whether that is noticed."""
    message = messages(shot.look, shot.language, larger_type=shot.larger_type)[shot.message]
    html = filled_html(message.html, SAMPLES)
    return photographed(browser, shot.lens(change(html)), shot)


@dataclass(frozen=True, slots=True)
class Difference:
    """How far two pictures are apart, 0 … 255: on average, and in the block that differs most, with its place."""

    average: float
    worst: float
    at: tuple[int, int]  # CSS pixels from left and top

    @property
    def is_seen(self) -> bool:
        """Whether they show different mails."""
        return self.average > MOST_ON_AVERAGE or self.worst > MOST_IN_A_BLOCK


def difference(one: Image.Image, other: Image.Image) -> Difference:
    """How far two pictures are apart; the shorter one is continued in magenta, which no mail has."""
    size = (max(one.width, other.width), max(one.height, other.height))
    blocks = [_filled_up(picture, size).reduce(BLOCK) for picture in (one, other)]
    apart = ImageChops.difference(*blocks)
    # The channel that differs most: a colour may change in one alone.
    red, green, blue = apart.split()
    most = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    _, worst = most.getextrema()
    place = most.tobytes().index(int(worst))  # type: ignore[arg-type]
    at = (place % most.width * BLOCK * SCALE, place // most.width * BLOCK * SCALE)
    return Difference(ImageStat.Stat(most).mean[0], float(worst), at)  # type: ignore[arg-type]


def _filled_up(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    filled = Image.new("RGB", size, "#ff00ff")
    filled.paste(picture)
    return filled


def golden(shot: Shot) -> Path:
    """Where a shot is kept."""
    return FOLDER / f"{shot.name}.png"


def keep(picture: Image.Image, path: Path) -> None:
    """Write a picture in few colours."""
    few = picture.quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


def take(part: str = "") -> None:
    """Take the pictures anew whose names contain `part`, and remove those that no shot is behind any more."""
    with a_browser() as browser:
        for shot in SHOTS:
            if part in shot.name:
                keep(shot_taken(browser, shot), golden(shot))
    for path in FOLDER.glob("*.png"):
        if path not in map(golden, SHOTS):
            path.unlink()


@cache
def _drawn(width: int, height: int) -> bytes:
    picture = Image.new("RGB", (width, height), "#2f4858")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, height * 2 // 3, width, height), fill="#c98f5a")
    draw.ellipse((width // 3, height // 4, width * 2 // 3, height * 3 // 4), fill="#e8d5b0")
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()


def _answer(route: Route) -> Any:
    size = (304, 456) if "cover" in route.request.url else (1200, 500)
    return route.fulfill(body=_drawn(*size), content_type="image/png")


if __name__ == "__main__":
    take(*sys.argv[1:2])
