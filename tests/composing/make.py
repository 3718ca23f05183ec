"""A small magazine for tests: its settings, its posts, its readers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from dispatch.config.settings import Settings
from dispatch.model.issue import Rendering
from dispatch.model.post import CleanEntry, PostState
from dispatch.model.subscriber import Consent, SubscriptionState
from dispatch.rendering.page import IssuePage
from dispatch.store.database import Connection
from dispatch.store.newsletters import ensure_newsletters
from dispatch.store.posts import NewPost, insert_post
from dispatch.store.subscriptions import NewSubscription, insert_subscriptions, rhythms_of, subscriptions_of
from dispatch.store.tables import subscriber, variant

SITE = "site"
REVIEW = "review"


def magazine(
    schedules: Mapping[str, object] | None = None, *, base: Path = Path("/nowhere"), **newsletter: object
) -> Settings:
    """A configuration with one newsletter, "review", of one source, in New York; its files are in `base`."""
    document: dict[str, Any] = {
        "site": {
            "name": "The Lamplight Review",
            "url": "https://lamplight.example",
            "postal_address": "41 Harbour Row, Port Ellery",
            "timezone": "America/New_York",
        },
        "store": {"address_key": "file:address.key"},
        "web": {"public_url": "https://post.lamplight.example", "token_keys": ["file:token.key"]},
        "sources": {SITE: {"kind": "feed", "url": "https://lamplight.example/feed"}},
        "newsletters": {
            REVIEW: {
                "name": "The Lamplight Review",
                "from": "The Lamplight Review <review@lamplight.example>",
                "sources": [SITE],
                "schedules": schedules or {"weekly": "fri 07:00"},
                "default_schedule": next(iter(schedules or ["weekly"])),
                **newsletter,
            }
        },
    }
    return Settings.model_validate(document, context={"base": base})


def stored(connection: Connection, settings: Settings, now: datetime) -> None:
    """Make the rows of the configured newsletters."""
    slugs = {slug: list(newsletter.schedules) for slug, newsletter in settings.newsletters.items()}
    ensure_newsletters(connection, slugs, now)


def published(connection: Connection, title: str, at: datetime, now: datetime, categories: Sequence[str] = ()) -> int:
    """Store a settled post; returns its id."""
    entry = CleanEntry(
        title=title,
        url=f"https://lamplight.example/{title.replace(' ', '-').lower()}",
        author="Mara Lind",
        body=f"<p>{title}.</p>",
        published_at=at,
        updated_at=None,
        categories=tuple(categories),
        words=1,
        replies=None,
        replies_url="",
        language="en",
        image_url=None,
        image_alt="",
        image_credit="",
        keys=(f"text:{title}",),
    )
    return insert_post(connection, SITE, NewPost(entry, PostState.SETTLING, at, now, title), now)


def joined(
    connection: Connection, name: str, schedule: str, now: datetime, *, region: str = "", cohort: int = 0
) -> int:
    """Store a subscriber with an active subscription; returns the subscription's id."""
    row = {
        "address": f"{name}@reader.example",
        "address_hash": f"hash-of-{name}",
        "domain": "reader.example",
        "name": name,
        "region": region,
        "cohort": cohort,
        "created_at": now,
    }
    subscriber_id: int = connection.scalars(subscriber.insert().values(row).returning(subscriber.c.id)).one()
    rhythms = rhythms_of(connection, REVIEW)
    place = NewSubscription(
        subscriber_id, rhythms.newsletter_id, rhythms.schedules[schedule], SubscriptionState.ACTIVE, Consent()
    )
    insert_subscriptions(connection, [place], now)
    return subscriptions_of(connection, subscriber_id)[0].id


def set_in_type(page: IssuePage) -> Rendering:
    """A rendering that says which posts and books a page has: all that these tests look at."""
    titles = [post.title for post in page.posts]
    books = [book.slug for book in page.books]
    note = page.note.title if page.note else ""
    return Rendering(subject=titles[0], preheader="", html=f"{titles} {note} {books}", text=str(page.number))


def hash_of(rendering: Rendering) -> str:
    """The rendering itself, which is as good as a hash of it."""
    return rendering.html


def variants_of(connection: Connection, issue_id: int) -> Sequence[Any]:
    """The rows of an issue's variants, in the order they were made."""
    return connection.execute(sa.select(variant).where(variant.c.issue_id == issue_id).order_by(variant.c.id)).all()
