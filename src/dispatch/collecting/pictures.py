"""Lead pictures are copied when posts are collected: a mail must not fetch anything from where a post came from."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

from dispatch.collecting.fetching import Reach, fetch
from dispatch.errors import CollectError, PictureError
from dispatch.model.post import Problem
from dispatch.store.database import Database
from dispatch.store.media import store_picture
from dispatch.store.posts import WantedPicture, set_picture, wanted_pictures

MAX_WIDTH = 1_200  # px
MAX_BYTES = 200_000
SMALLEST = 100  # px; what is smaller is an icon, and would be blown up
MAX_PICTURES = 40  # copied in one run for one source
# A released post may be in an issue at any moment, so its picture is not worth trying for ever.
PATIENCE = timedelta(days=1)
_IMAGE_TYPES = "image/jpeg, image/png, image/webp, image/gif;q=0.9, image/*;q=0.5"


async def copy_pictures(database: Database, reach: Reach, source: str, folder: Path, now: datetime) -> list[Problem]:
    """Copy the pictures that posts of a source still want; one that cannot be had is a problem, and its post stays."""
    problems = []
    for wanted in await database.run(wanted_pictures, source, now - PATIENCE, MAX_PICTURES):
        try:
            await _copy(database, reach, source, wanted, folder, now)
        except (CollectError, PictureError, OSError) as error:
            what = str(error).removeprefix(f"{source}: ")
            problems.append(
                Problem(f"{source}: “{wanted.title}”", f"its picture was not copied: {what}", about=wanted.url)
            )
    return problems


async def _copy(
    database: Database, reach: Reach, source: str, wanted: WantedPicture, folder: Path, now: datetime
) -> None:
    fetched = await fetch(reach, source, wanted.url, now, accept=_IMAGE_TYPES)
    picture = await asyncio.to_thread(store_picture, folder, fetched.body, max_width=MAX_WIDTH, max_bytes=MAX_BYTES)
    if picture.width >= SMALLEST:
        await database.run(set_picture, wanted, picture)
