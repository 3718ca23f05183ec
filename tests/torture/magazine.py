"""The issue whose senders are killed: composed, not fanned out, with readers of several kinds and with outsiders."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from dispatch.composing.variants import make_variants
from dispatch.config.settings import Settings
from dispatch.model.issue import Rendering
from dispatch.rendering.page import IssuePage
from dispatch.store.database import Connection, Database
from dispatch.store.newsletters import read_newsletter, schedule_of
from dispatch.store.tables import subscriber, subscription, suppression
from tests.composing.make import REVIEW, hash_of, published
from tests.delivering.make import HTML, TEXT
from tests.store.make import FRIDAY, MONDAY, compose_again, composed

WEEK = timedelta(days=7)
POSTS = 3
# Fan-out takes 50,000 ids of subscriptions a transaction: so far apart, 2,000 readers take three.
APART = 60
# Some readers get a long message, so that some are killed in the middle of a body.
LONG = "<p>The keeper would not leave, and the ferry would not come.</p>\n" * 600


def readers(count: int) -> list[str]:
    """Everybody who is to get the issue."""
    return [f"reader{number:05}@{('harbour', 'ledge', 'tide')[number % 3]}.example" for number in range(count)]


OUTSIDERS = [f"{why}{number}@harbour.example" for why in ("left", "unconfirmed", "suppressed") for number in range(5)]


def first_issue(connection: Connection, count: int) -> tuple[int, datetime]:
    """Friday's issue, composed, and its readers; returns its id and when it is due."""
    issue_id = composed(connection, posts=POSTS)
    _join(connection, readers(count), OUTSIDERS)
    return issue_id, FRIDAY


def later_issue(connection: Connection, weeks: int) -> tuple[int, datetime]:
    """The issue so many weeks later, with one new post, for the same readers."""
    due = FRIDAY + weeks * WEEK
    published(connection, f"Week {weeks}", due - timedelta(days=2), due - timedelta(days=2))
    return compose_again(connection, due), due


async def have_variants(database: Database, settings: Settings, now: datetime, issue_id: int) -> None:
    """Make the variants that an issue lacks, as the application would, without books and with a plain look."""
    await make_variants(database, settings, now, issue_id, promos_for=lambda _key: (), render=_render, hash_of=hash_of)


def _render(page: IssuePage) -> Rendering:
    titles = "".join(f"<h2>{post.title}</h2>\n" for post in page.posts)
    return Rendering(page.posts[0].title, "", HTML + titles + (LONG if len(page.posts) == POSTS - 1 else ""), TEXT)


def _join(connection: Connection, audience: Sequence[str], outsiders: Sequence[str]) -> None:
    """Readers who differ in region, cohort and in what they have seen; and people who get nothing."""
    newsletter = read_newsletter(connection, REVIEW)
    weekly = schedule_of(connection, newsletter.id, "weekly")
    everybody = list(enumerate([*audience, *outsiders]))
    people = [
        {
            "id": place + 1, "address": address, "address_hash": f"hash of {address}", "name": "Mara Lind",
            "domain": address.rpartition("@")[2], "region": ("", "GB", "DE")[place % 3], "cohort": place % 2,
            "created_at": MONDAY,
        }
        for place, address in everybody
    ]  # fmt: skip
    connection.execute(sa.insert(subscriber), people)
    places = [
        {
            "id": place * APART + 1, "subscriber_id": place + 1, "newsletter_id": newsletter.id,
            "schedule_id": weekly.id, "state": _why(address) if _why(address) in ("left", "unconfirmed") else "active",
            "start_seq": int(place % 7 == 0), "seen_seq": int(place % 7 == 0), "joined_at": MONDAY,
        }
        for place, address in everybody
    ]  # fmt: skip
    connection.execute(sa.insert(subscription), places)
    barred = [
        {"address_hash": f"hash of {address}", "reason": "bounced", "created_at": MONDAY}
        for address in outsiders
        if _why(address) == "suppressed"
    ]
    connection.execute(sa.insert(suppression), barred)


def _why(address: str) -> str:
    """ "left3@harbour.example" → "left"."""
    return address.partition("@")[0].rstrip("0123456789")
