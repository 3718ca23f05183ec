"""The pages that promos lead to: which are to be asked whether they are still there, and what they answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.store.conflicts import insert_if_absent
from dispatch.store.promo_tables import shop_page

NOT_THERE = (404, 410)
HTTP_OK, HTTP_ERRORS = 200, 400


@dataclass(frozen=True, slots=True)
class MissingPage:
    """A page that answers 404 or 410. `about` says whose it is: "salt-almanac at Amazon US"."""

    url: str
    about: str
    status: int
    since: datetime


def note_pages(connection: Connection, pages: Mapping[str, str]) -> None:
    """Remember these pages (address → what it is about), and forget every other."""
    known = dict(connection.execute(sa.select(shop_page.c.url, shop_page.c.about)).all())
    gone = [{"the_url": url} for url in known.keys() - pages.keys()]
    if gone:
        connection.execute(sa.delete(shop_page).where(shop_page.c.url == sa.bindparam("the_url")), gone)
    new = [{"url": url, "about": about} for url, about in pages.items() if url not in known]
    if new:
        connection.execute(insert_if_absent(connection, shop_page), new)
    renamed = [{"the_url": url, "what": about} for url, about in pages.items() if url in known and known[url] != about]
    if renamed:
        here = shop_page.c.url == sa.bindparam("the_url")
        connection.execute(sa.update(shop_page).where(here).values(about=sa.bindparam("what")), renamed)


def pages_to_ask(connection: Connection, before: datetime) -> list[str]:
    """The addresses not asked since `before`, those that waited longest first."""
    due = sa.or_(shop_page.c.asked_at.is_(None), shop_page.c.asked_at <= before)
    query = sa.select(shop_page.c.url).where(due)
    return list(connection.scalars(query.order_by(shop_page.c.asked_at.nulls_first(), shop_page.c.url)))


def take_page(connection: Connection, url: str, before: datetime, now: datetime) -> bool:
    """Take a page to ask it now; False if somebody else has meanwhile. However many processes ask, it is asked once."""
    due = sa.or_(shop_page.c.asked_at.is_(None), shop_page.c.asked_at <= before)
    taken = sa.update(shop_page).where(shop_page.c.url == url, due).values(asked_at=now).returning(shop_page.c.url)
    return connection.execute(taken).first() is not None


def record_answer(connection: Connection, url: str, status: int, now: datetime) -> None:
    """Remember what a page answered; whoever was found missing stays so until it answers that it is there.

    No answer (0), "too often" and "not you" say nothing about the page, and change nothing.
    """
    there = HTTP_OK <= status < HTTP_ERRORS
    if not there and status not in NOT_THERE:
        return
    since = sa.func.coalesce(shop_page.c.missing_since, sa.literal(now, shop_page.c.missing_since.type))
    values = {"status": status, "missing_since": None if there else since}
    connection.execute(sa.update(shop_page).where(shop_page.c.url == url).values(values))


def missing_pages(connection: Connection) -> list[MissingPage]:
    """The pages that are not there any more."""
    query = sa.select(shop_page.c.url, shop_page.c.about, shop_page.c.status, shop_page.c.missing_since)
    rows = connection.execute(query.where(shop_page.c.missing_since.is_not(None)).order_by(shop_page.c.about))
    return [MissingPage(*row) for row in rows]
