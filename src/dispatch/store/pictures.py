"""Pictures that posts want copied: the one above a post, and those inside its text."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.model.post import Picture, PostState
from dispatch.store.tables import post

# In `picture`, until it is copied: before this moment (ISO 8601, UTC) it is not worth asking for again.
_NOT_BEFORE = "not_before"


@dataclass(frozen=True, slots=True)
class WantedPicture:
    """A post whose picture has not been copied yet."""

    post_id: int
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class PicturedText:
    """A post with pictures in its text, copied or not."""

    post_id: int
    title: str
    body: str


def wanted_pictures(
    connection: Connection, source: str, first_seen_after: datetime, now: datetime, limit: int
) -> list[WantedPicture]:
    """Posts that may still be mailed and whose picture is not here: those that wait, and the latest of the others."""
    rows = connection.execute(
        sa.select(post.c.id, post.c.title, post.c.picture_url, post.c.picture)
        .where(_may_be_mailed(source, first_seen_after), post.c.picture_url != "")
        .order_by(post.c.published_at.desc())
    )
    missing = (WantedPicture(row.id, row.title, row.picture_url) for row in rows if _is_wanted(row.picture or {}, now))
    return list(islice(missing, limit))


def set_picture(connection: Connection, wanted: WantedPicture, picture: Picture) -> None:
    """Give a post its copied picture, unless it has another one by now; alt text and credit stay as collected."""
    _change_picture(connection, wanted, {"file": picture.file, "width": picture.width, "height": picture.height})


def postpone_picture(connection: Connection, wanted: WantedPicture, until: datetime) -> None:
    """Leave a post's picture alone for some time: what is there now is none that can be shown."""
    _change_picture(connection, wanted, {_NOT_BEFORE: until.isoformat()})


def pictured_texts(connection: Connection, source: str, first_seen_after: datetime) -> list[PicturedText]:
    """Posts that may still be mailed and have pictures in their text, newest first."""
    rows = connection.execute(
        sa.select(post.c.id, post.c.title, post.c.body)
        .where(_may_be_mailed(source, first_seen_after), post.c.body.like("%<img %"))
        .order_by(post.c.published_at.desc())
    )
    return [PicturedText(row.id, row.title, row.body) for row in rows]


def replace_body(connection: Connection, text: PicturedText, body: str) -> None:
    """Store the text with its copies noted in it, unless it was edited meanwhile."""
    here = sa.and_(post.c.id == text.post_id, post.c.body == text.body)
    connection.execute(sa.update(post).where(here).values(body=body))


def _may_be_mailed(source: str, first_seen_after: datetime) -> sa.ColumnElement[bool]:
    waits = post.c.state.in_([PostState.SETTLING.value, PostState.HELD.value])
    recent = sa.and_(post.c.state == PostState.RELEASED.value, post.c.first_seen_at >= first_seen_after)
    return sa.and_(post.c.source == source, post.c.withdrawn_at.is_(None), sa.or_(waits, recent))


def _is_wanted(picture: dict[str, Any], now: datetime) -> bool:
    not_before = picture.get(_NOT_BEFORE)
    return not picture.get("file") and (not_before is None or datetime.fromisoformat(not_before) <= now)


def _change_picture(connection: Connection, wanted: WantedPicture, values: dict[str, Any]) -> None:
    here = sa.and_(post.c.id == wanted.post_id, post.c.picture_url == wanted.url)
    row = connection.execute(sa.select(post.c.picture).where(here)).one_or_none()
    if row is not None:
        known = {name: value for name, value in (row.picture or {}).items() if name != _NOT_BEFORE}
        connection.execute(sa.update(post).where(here).values(picture={**known, **values}))
