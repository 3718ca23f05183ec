"""Pictures are copied when posts are collected: a mail must not fetch anything from where a post came from.

picture above a post ─addresses→ fetch ─is it worth showing?→ JPEG in the media folder → noted at the post
pictures in a text   ─ the same, where a newsletter shows whole posts →                  noted in the text
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from dispatch.collecting.copies import uncopied_pictures, with_copies
from dispatch.collecting.fetching import Reach, fetch
from dispatch.collecting.originals import ENOUGH, addresses_to_try
from dispatch.config.places import media_folder
from dispatch.config.settings import Settings
from dispatch.errors import CollectError, PictureError
from dispatch.model.post import Picture, Problem
from dispatch.rendering.look import look_from
from dispatch.store.database import Database
from dispatch.store.media import picture_size, store_picture
from dispatch.store.pictures import (
    PicturedText,
    WantedPicture,
    pictured_texts,
    postpone_picture,
    replace_body,
    set_picture,
    wanted_pictures,
)

MAX_WIDTH = ENOUGH
MAX_HEIGHT = 1_500  # px; what is taller becomes narrower, or it would fill several screens of a phone
MAX_BYTES = 200_000
# Half of it is shown, as screens are fine; what is smaller than this is an icon, a badge or a rule.
SMALLEST_LEAD = (240, 80)
SMALLEST_IN_TEXT = (60, 20)
MAX_PICTURES = 40  # copied in one run for one source
MAX_IN_TEXT = 30  # of one post
SECONDS = 120.0  # for all pictures of one source in one run: an issue may be waiting for this
# A released post may be in an issue at any moment, so its picture is not worth trying for ever.
PATIENCE = timedelta(days=1)
# What is there and is no picture to show will hardly become one soon; an editor who mends it is not kept waiting long.
AGAIN = timedelta(hours=1)
_IMAGE_TYPES = "image/jpeg, image/png, image/webp, image/gif;q=0.9, image/*;q=0.5"


@dataclass(frozen=True, slots=True)
class Copying:
    """Where pictures are copied to, on what paper they will be seen, and whether those in texts are shown at all."""

    folder: Path
    paper: str
    in_texts: bool


@dataclass(frozen=True, slots=True)
class _Errand:
    """Copying one source's pictures: what that takes."""

    reach: Reach
    source: str
    copying: Copying
    now: datetime


def copying_for(settings: Settings, source: str) -> Copying:
    """How a source's pictures are copied: those inside its texts only where a newsletter shows whole posts."""
    shown_whole = any(
        source in newsletter.sources and newsletter.posts == "full" for newsletter in settings.newsletters.values()
    )
    return Copying(media_folder(settings), look_from(settings.look.model_dump()).light.paper, shown_whole)


async def copy_pictures(
    database: Database, reach: Reach, source: str, copying: Copying, now: datetime, *, seconds: float = SECONDS
) -> list[Problem]:
    """Copy the pictures that posts of a source still want; one that cannot be had is a problem, and its post stays."""
    errand = _Errand(reach, source, copying, now)
    problems: list[Problem] = []
    try:
        async with asyncio.timeout(seconds):
            await _copy_leads(database, errand, problems)
            if copying.in_texts:
                await _copy_in_texts(database, errand, problems)
    except TimeoutError:
        what = f"its pictures took longer than {seconds:g} seconds; the others are copied at the next visit"
        problems.append(Problem(source, what))
    return problems


async def _copy_leads(database: Database, errand: _Errand, problems: list[Problem]) -> None:
    since = errand.now - PATIENCE
    for wanted in await database.run(wanted_pictures, errand.source, since, errand.now, MAX_PICTURES):
        try:
            picture = await _copy(errand, wanted.url, SMALLEST_LEAD)
        except PictureError as error:
            await database.run(postpone_picture, wanted, errand.now + AGAIN)
            problems.append(_problem(errand, wanted, wanted.url, f"its picture was not copied: {error}"))
        except (CollectError, OSError) as error:
            problems.append(_problem(errand, wanted, wanted.url, f"its picture was not copied: {error}"))
        else:
            if picture is None:
                await database.run(postpone_picture, wanted, errand.now + PATIENCE)
            else:
                await database.run(set_picture, wanted, picture)


async def _copy_in_texts(database: Database, errand: _Errand, problems: list[Problem]) -> None:
    left = MAX_PICTURES
    for text in await database.run(pictured_texts, errand.source, errand.now - PATIENCE):
        copies: dict[str, Picture | None] = {}
        for url in uncopied_pictures(text.body)[: min(MAX_IN_TEXT, left)]:
            left -= 1
            try:
                copies[url] = await _copy(errand, url, SMALLEST_IN_TEXT)
            except PictureError as error:
                copies[url] = None
                problems.append(_problem(errand, text, url, f"a picture in its text was not copied: {error}"))
            except (CollectError, OSError) as error:
                problems.append(_problem(errand, text, url, f"a picture in its text was not copied: {error}"))
        if copies:
            await database.run(replace_body, text, with_copies(text.body, copies))


async def _copy(errand: _Errand, url: str, smallest: tuple[int, int]) -> Picture | None:
    """The best version of a picture that can be had, copied; None for one that is too small to be shown.

    Raises for the address that the post gives what is wrong there; that a larger version is missing is usual.
    """
    *larger, given = addresses_to_try(url)
    for address in larger:
        try:
            picture = await _copy_from(errand, address, smallest)
        except (CollectError, PictureError):
            continue
        if picture is not None:
            return picture
    return await _copy_from(errand, given, smallest)


async def _copy_from(errand: _Errand, url: str, smallest: tuple[int, int]) -> Picture | None:
    fetched = await fetch(errand.reach, errand.source, url, errand.now, accept=_IMAGE_TYPES)
    return await asyncio.to_thread(_stored, errand.copying, fetched.body, smallest)


def _stored(copying: Copying, data: bytes, smallest: tuple[int, int]) -> Picture | None:
    width, height = picture_size(data)
    scale = min(1.0, MAX_WIDTH / width, MAX_HEIGHT / height)
    if width * scale < smallest[0] or height * scale < smallest[1]:
        return None
    return store_picture(
        copying.folder, data, max_width=MAX_WIDTH, max_height=MAX_HEIGHT, max_bytes=MAX_BYTES, paper=copying.paper
    )


def _problem(errand: _Errand, post: WantedPicture | PicturedText, url: str, sentence: str) -> Problem:
    what = sentence.replace(f"{errand.source}: ", "", 1)
    return Problem(f"{errand.source}: “{post.title}”", what, about=url)
