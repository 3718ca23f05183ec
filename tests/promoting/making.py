"""Books of an invented press, and the issues they stand in."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from PIL import Image

from dispatch.config.settings import Settings
from dispatch.model.address import COHORTS
from dispatch.model.book import Book
from dispatch.model.issue import AudienceKey, Rendering
from dispatch.store.database import Connection, Database
from dispatch.store.promos import promo_choices
from dispatch.store.subscriptions import rhythms_of
from dispatch.store.tables import delivery, issue, issue_post, post, subscriber, subscription
from dispatch.store.variants import insert_audience, insert_variant
from tests.subscribing.making import make_settings

BOOKS_TOML = """\
[press]
name = "Fulmar Press"
shop = "https://fulmar.example/books/{slug}"

[regions]
US        = ["press", "amazon-us", "bookshop-us", "barnes-noble"]
GB        = ["amazon-uk", "waterstones", "blackwells"]
elsewhere = ["amazon-us", "amazon-uk"]

[books.tide-tables]
title  = "Tide Tables"
author = "Una Marr"
isbn   = { US = "9780000000071", GB = "9780000000149" }
format = "Paperback, 96 pages"
cover  = "covers/tide.png"
blurb  = "Poems for two low waters a day."
praise = [{ text = "Read it standing up.", by = "Jo Fenn" }]
topics = ["sea"]
weight = 2

[books.stone-letters]
title  = "Stone Letters"
author = "Pavel Orme"
isbn   = "9780000000217"
blurb  = "What a mason wrote home."
topics = ["history"]
not_with = ["obituary"]

[books.long-shore]
title  = "The Long Shore"
author = "Ida Brandt"
isbn   = "978-0-00-000028-6"
blurb  = "A walk of nine months."
published = 2027-02-02
pitch = { text = "For anybody with boots.", from = 2026-11-01, until = 2026-12-24 }

[books.harbour-only]
title  = "Harbour Only"
author = "Lise Aumont"
isbn   = "9780000000491"
blurb  = "A novel of one winter."
only   = ["GB"]

[books.house-book]
title  = "House Book"
author = "Ines Calloway"
isbn   = "9780000000569"
blurb  = "Essays."
shops  = ["press"]
until  = 2026-12-31
"""

FRIDAY = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def write_books(folder: Path, text: str = BOOKS_TOML) -> Path:
    """Write books.toml with the one cover it names."""
    (folder / "covers").mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (400, 600), (30, 60, 90)).save(folder / "covers" / "tide.png")
    file = folder / "books.toml"
    file.write_text(text)
    return file


def settings_with_books(file: Path, **books: Any) -> Settings:
    """The Gannet's configuration with these books."""
    return make_settings(books={"file": str(file), **books})


def make_book(slug: str, **facts: Any) -> Book:
    """A book with as little as a book can have."""
    whole: dict[str, Any] = {
        "title": slug.title(),
        "author": "Una Marr",
        "isbn": {"": "9780000000071"},
        "asin": {},
        "format": "",
        "blurb": "A book.",
        "praise": (),
        "cover": "",
    }
    return Book(slug=slug, **(whole | facts))


def store_issue(
    database: Database, number: int, *, schedule_slug: str = "weekly", categories: Sequence[str] = ("essay",)
) -> int:
    """Store the `number`-th weekly issue (from 0), composed, with one post of these categories; returns its id."""
    return database.transact(_store_issue, number, schedule_slug, list(categories))


def store_readers(database: Database, *, regions: Sequence[str] = ("",), schedule_slug: str = "weekly") -> None:
    """Store a subscriber of every cohort in each of these regions."""
    database.transact(_store_readers, regions, schedule_slug)


def fan_out_issue(
    database: Database, issue_id: int, *, state: str = "accepted", cohorts: Sequence[int] | None = None
) -> None:
    """Give every reader (of these cohorts) a delivery of an issue in this state, and its kind a rendering."""
    database.transact(_fan_out, issue_id, state, range(COHORTS) if cohorts is None else cohorts)


def _store_issue(connection: Connection, number: int, schedule_slug: str, categories: list[str]) -> int:
    rhythms = rhythms_of(connection, "review")
    due_at = FRIDAY + timedelta(weeks=number)
    posted = {
        "source": "site",
        "title": f"Post {number}",
        "url": f"https://gannet.example/{number}",
        "published_at": due_at,
        "first_seen_at": due_at,
        "last_seen_at": due_at,
        "categories": categories,
        "state": "released",
    }
    values = {
        "newsletter_id": rhythms.newsletter_id,
        "schedule_id": rhythms.schedules[schedule_slug],
        "slot": f"{due_at:%Y-%m-%dT07:00}",
        "due_at": due_at,
        "through_seq": number + 1,
        "state": "composed",
        "created_at": due_at,
    }
    post_id = connection.scalars(sa.insert(post).values(posted).returning(post.c.id)).one()
    issue_id: int = connection.scalars(sa.insert(issue).values(values).returning(issue.c.id)).one()
    connection.execute(sa.insert(issue_post).values(issue_id=issue_id, seq=number + 1, post_id=post_id))
    return issue_id


def _store_readers(connection: Connection, regions: Sequence[str], schedule_slug: str) -> None:
    rhythms = rhythms_of(connection, "review")
    for region in regions:
        for cohort in range(COHORTS):
            name = json.dumps([region, cohort, schedule_slug])
            person = {"address": f"{name}@mail.example", "address_hash": name, "region": region, "cohort": cohort}
            values = person | {"created_at": FRIDAY}
            subscriber_id = connection.scalars(sa.insert(subscriber).values(values).returning(subscriber.c.id)).one()
            place = {
                "subscriber_id": subscriber_id,
                "newsletter_id": rhythms.newsletter_id,
                "schedule_id": rhythms.schedules[schedule_slug],
                "state": "active",
                "start_seq": 0,
                "seen_seq": 0,
                "joined_at": FRIDAY,
            }
            connection.execute(sa.insert(subscription).values(place))


def _fan_out(connection: Connection, issue_id: int, state: str, cohorts: Sequence[int]) -> None:
    connection.execute(sa.update(issue).where(issue.c.id == issue_id).values(state="sending"))
    chosen = promo_choices(connection, issue_id)
    rhythm = connection.execute(sa.select(issue.c.schedule_id, issue.c.through_seq).where(issue.c.id == issue_id)).one()
    people = connection.execute(
        sa.select(subscription.c.id, subscriber.c.id, subscriber.c.region, subscriber.c.cohort)
        .join(subscriber, subscriber.c.id == subscription.c.subscriber_id)
        .where(subscription.c.schedule_id == rhythm.schedule_id)
    ).all()
    for subscription_id, subscriber_id, region, cohort in people:
        books = sorted(chosen.get((cohort, region), chosen.get((cohort, ""), frozenset())))
        rendering = Rendering(f"{books}", "", f"{books} {region}", "")
        hash_of = f"{issue_id} {books} {region}"
        variant_id = insert_variant(connection, issue_id, rendering, hash_of, post_ids=[], books=books)
        insert_audience(connection, issue_id, {AudienceKey(0, region=region, cohort=cohort): variant_id})
        if cohort in cohorts:
            facts = {"subscription_id": subscription_id, "subscriber_id": subscriber_id, "variant_id": variant_id}
            values = facts | {"kind": "digest", "issue_id": issue_id, "state": state, "due_at": FRIDAY}
            connection.execute(sa.insert(delivery).values(values | {"created_at": FRIDAY, "from_seq": 0}))
