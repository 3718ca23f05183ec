"""Logos are copied as pictures are: a mail shows nothing from where the configuration says that its logo is.

logo of the configuration → fetch → a small picture on the mail's paper, in the media folder → remembered

Flattened, whatever was transparent in it: dark letters on nothing would vanish where a program darkens the mail.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from dispatch.collecting.fetching import Fetched, Limits, Reach, fetch, open_reach
from dispatch.config.places import media_folder
from dispatch.config.settings import Settings
from dispatch.errors import CollectError, PictureError
from dispatch.model.post import Picture, Problem
from dispatch.rendering.logo import WantedLogo, shown_logo
from dispatch.rendering.look_faults import logos_wanted
from dispatch.store.database import Database
from dispatch.store.logos import LogoMemory, logo_memories, remember_logos
from dispatch.store.media import store_picture

MAX_BYTES = 200_000
# Flat colours and sharp edges stay exactly that in a PNG; one that is larger than this is a photograph.
MAX_PNG_BYTES = 60_000
SMALLEST = (16, 8)  # CSS px; what is smaller is a favicon or a rule
# An issue may be waiting, and has its name in words without.
PATIENCE = Limits(seconds=15, connect_seconds=5, read_seconds=10)
AGAIN_AFTER_A_FAILURE = timedelta(hours=1)
LOOKS_FOR_A_NEW_ONE = timedelta(days=1)
_IMAGE_TYPES = "image/png, image/webp, image/jpeg;q=0.9, image/*;q=0.5"


async def copy_logos(database: Database, settings: Settings, now: datetime, *, fresh: bool = False) -> list[Problem]:
    """Copy the logos that are not here (with `fresh` also what failed just now), and see daily whether they changed.

    Returns what is wrong with those that were asked for. One that cannot be had costs a mail nothing but its logo.
    """
    wanted = logos_wanted(settings)
    if not wanted:
        return []
    media, known = media_folder(settings), await database.read(logo_memories)
    due = [logo for logo in wanted if _is_due(known.get(logo.key), media, now, fresh=fresh)]
    if not due:
        return []
    private = settings.collect.allow_private_networks
    async with open_reach(allow_private_networks=private, limits=PATIENCE) as reach:
        asked = await asyncio.gather(*(_asked(reach, media, logo, known.get(logo.key), now) for logo in due))
    found = dict(zip((logo.key for logo in due), asked, strict=True))
    memories = {logo.key: memory for logo in wanted if (memory := found.get(logo.key) or known.get(logo.key))}
    await database.run(remember_logos, memories)
    return _problems(due, found, media)


async def logo_lines(database: Database, settings: Settings) -> list[str]:
    """A warning for each logo that is not shown as it is meant, as `dispatch status` prints it."""
    wanted = logos_wanted(settings)
    memories = await database.read(logo_memories) if wanted else {}
    return [f"{problem.where}: {problem.what}" for problem in _problems(wanted, memories, media_folder(settings))]


def _is_due(memory: LogoMemory | None, media: Path, now: datetime, *, fresh: bool) -> bool:
    if memory is None or (memory.copy and not _is_here(memory, media)):
        return True
    if memory.copy:
        return now >= memory.asked_at + LOOKS_FOR_A_NEW_ONE
    return fresh or now >= memory.asked_at + AGAIN_AFTER_A_FAILURE


def _is_here(memory: LogoMemory, media: Path) -> bool:
    return memory.copy is not None and (media / memory.copy.file).is_file()


async def _asked(reach: Reach, media: Path, logo: WantedLogo, memory: LogoMemory | None, now: datetime) -> LogoMemory:
    """What is known of a logo after having asked for it: the copy that is here stays until there is a better one."""
    here = memory if memory and _is_here(memory, media) else None
    etag, last_modified = (here.etag, here.last_modified) if here else ("", "")
    try:
        fetched = await fetch(
            reach, logo.setting, logo.url, now, etag=etag, last_modified=last_modified, accept=_IMAGE_TYPES
        )
        if fetched.not_modified and here:
            return replace(here, asked_at=now)
        copy = await asyncio.to_thread(_copied, media, logo, fetched)
    except (CollectError, PictureError, OSError) as error:
        problem = str(error).removeprefix(f"{logo.setting}: ")
        return replace(here, asked_at=now) if here else LogoMemory(now, problem=problem)
    return LogoMemory(now, copy, _too_few_pixels(logo, copy), fetched.etag, fetched.last_modified)


def _copied(media: Path, logo: WantedLogo, fetched: Fetched) -> Picture:
    width, height = logo.pixels
    copy = store_picture(
        media,
        fetched.body,
        max_width=width,
        max_height=height,
        max_bytes=MAX_BYTES,
        max_png_bytes=MAX_PNG_BYTES,
        paper=logo.paper,
    )
    shown = shown_logo(logo, copy)
    if shown.width < SMALLEST[0] or shown.height < SMALLEST[1]:
        raise PictureError(f"{logo.url} has {copy.width} × {copy.height} pixels, too few to be shown")
    return copy


def _too_few_pixels(logo: WantedLogo, copy: Picture) -> str:
    """What to say of a logo that is shown smaller than it is meant to be, or it would look blurred."""
    shown = shown_logo(logo, copy)
    scale = min(logo.width / shown.width, logo.height / shown.height)
    width, height = int(shown.width * scale), int(shown.height * scale)
    # A pixel less is rounding.
    if width - shown.width <= 1 or height - shown.height <= 1:
        return ""
    return (
        f"it is shown {shown.width} px wide and not {width}, or it would look blurred: "
        f"{logo.url} should be {width * 2} pixels wide"
    )


def _problems(
    logos: tuple[WantedLogo, ...] | list[WantedLogo], known: Mapping[str, LogoMemory], media: Path
) -> list[Problem]:
    """A sentence for each logo that is not as it is meant; two looks may want the same picture."""
    found = (
        Problem(logo.setting, what, about=logo.url)
        for logo in logos
        if (what := _in_words(logo, known.get(logo.key), media))
    )
    return list(dict.fromkeys(found))


def _in_words(logo: WantedLogo, memory: LogoMemory | None, media: Path) -> str:
    instead = "the name in words" if logo.setting == "look.logo" else "look.logo at night too"
    if memory is None:
        return f"{logo.url} is not copied yet, so mail shows {instead}; `dispatch collect` copies it"
    if memory.copy is None:
        return f"it was not copied, so mail shows {instead}: {memory.problem}"
    if not _is_here(memory, media):
        return f"its copy is missing in {media}, so mail shows nothing in its place; `dispatch collect` copies it anew"
    return memory.problem
