"""An issue on its way to its readers, for tests of the store and of fan-out."""

from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa

from dispatch.composing.compose import compose_newsletter
from dispatch.composing.release import release_settled
from dispatch.model.issue import Rendering
from dispatch.store.database import Connection
from dispatch.store.fan_out import keys_without_variant
from dispatch.store.newsletters import read_newsletter, schedule_of
from dispatch.store.tables import subscriber, subscription
from dispatch.store.variants import insert_audience, insert_variant
from tests.composing.make import REVIEW, joined, magazine, published, stored

MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
FRIDAY = datetime(2026, 11, 27, 12, tzinfo=UTC)  # 07:00 in New York
SETTINGS = magazine({"weekly": "fri 07:00", "daily": "daily 07:00"})


def composed(connection: Connection, *, posts: int, readers: Sequence[str] = ()) -> int:
    """Friday's weekly issue of so many posts and with these readers, not fanned out yet."""
    stored(connection, SETTINGS, MONDAY)
    for name in readers:
        joined(connection, name, "weekly", MONDAY)
    for number in range(posts):
        published(connection, f"Post {number}", MONDAY, MONDAY)
    return compose_again(connection, FRIDAY)


def compose_again(connection: Connection, now: datetime) -> int:
    """The weekly issue of this moment; returns its id."""
    release_settled(connection, SETTINGS, now)
    outcomes = compose_newsletter(connection, SETTINGS, REVIEW, now)
    return next(outcome.issue_id for outcome in outcomes if outcome.schedule == "weekly")


def crowd(connection: Connection, count: int) -> None:
    """So many readers of the weekly schedule, who joined before everything."""
    newsletter = read_newsletter(connection, REVIEW)
    weekly = schedule_of(connection, newsletter.id, "weekly")
    people = [
        {"address": f"r{number}@reader.example", "address_hash": f"{number:064}", "cohort": 0, "created_at": MONDAY}
        for number in range(count)
    ]
    connection.execute(sa.insert(subscriber), people)
    places = {
        "subscriber_id": subscriber.c.id,
        "newsletter_id": sa.literal(newsletter.id),
        "schedule_id": sa.literal(weekly.id),
        "state": sa.literal("active"),
        "start_seq": sa.literal(0),
        "seen_seq": sa.literal(0),
        "joined_at": subscriber.c.created_at,
    }
    everybody = sa.select(*places.values()).order_by(subscriber.c.id)
    connection.execute(sa.insert(subscription).from_select(list(places), everybody))


def first_variants(connection: Connection, issue_id: int, *, nothing_left: bool = False) -> None:
    """A variant for every kind of subscriber that has none yet."""
    for key in keys_without_variant(connection, issue_id):
        rendering = Rendering(f"For {key}", "", f"<p>{key}</p>", f"{key}")
        digest = f"hash of {key}"
        variant_id = None
        if not nothing_left:
            variant_id = insert_variant(connection, issue_id, rendering, digest, post_ids=[], books=[])
        insert_audience(connection, issue_id, {key: variant_id})
