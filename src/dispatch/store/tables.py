"""Every table, as today's code expects it; the migrations lead here and a test compares the two."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only where the key is exactly INTEGER.
Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class Utc(TypeDecorator[datetime]):
    """An aware UTC time; naive values are refused rather than guessed."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        # SQLite compares the text it stored, so every time has to be written in one zone.
        return value.astimezone(UTC) if dialect.name != "sqlite" else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 SQLAlchemy names it
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _id() -> sa.Column[int]:
    return sa.Column("id", Id, primary_key=True)


def _text(name: str, default: str | None = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=default)


def _reference(name: str, target: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, Id, sa.ForeignKey(target), nullable=nullable)


# One row a fact: "address_key" (fingerprint), "sender" …
meta = sa.Table("meta", metadata, sa.Column("key", sa.Text, primary_key=True), _text("value"))

# What is remembered of a configured source between two fetches. `name` is its key in the configuration.
source = sa.Table(
    "source",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    _text("etag"),
    _text("last_modified"),
    sa.Column("next_fetch_at", Utc),  # from `every`, Cache-Control or Retry-After, whichever is latest
    sa.Column("first_good_at", Utc),  # the first fetch that worked: what was there then is backlog
    sa.Column("last_good_at", Utc),
    sa.Column("last_tried_at", Utc),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),  # in a row
    _text("problem"),  # the last failure in words, "" after a good fetch
    sa.Column("gone", sa.Boolean, nullable=False, server_default=sa.false()),  # answered 410
    _text("site_url"),  # the home page that the feed names: its host counts as the source's own
)

post = sa.Table(
    "post",
    metadata,
    _id(),
    _text("source", None),
    _text("title", None),
    _text("url", None),
    _text("author"),
    _text("body"),  # cleaned HTML
    sa.Column("published_at", Utc, nullable=False),  # the entry's own date, else first sight
    sa.Column("updated_at", Utc),
    sa.Column("first_seen_at", Utc, nullable=False),
    sa.Column("last_seen_at", Utc, nullable=False),  # the last fetch that listed it
    sa.Column("categories", sa.JSON, nullable=False),
    sa.Column("words", sa.Integer, nullable=False, server_default="0"),
    sa.Column("replies", sa.Integer),
    _text("replies_url"),
    _text("language"),
    sa.Column("picture", sa.JSON),  # {file, width, height, alt, credit}
    _text("picture_url"),  # where it was copied from
    _text("state", None),
    sa.Column("release_at", Utc),  # settling: when it may be released
    sa.Column("withdrawn_at", Utc),
    _text("content_hash"),  # of everything a reader sees: unchanged means nothing to store
    sa.Index("ix_post_source_state", "source", "state"),
)

# Every identity a post was ever seen under, so that a changed guid, scheme or host is still the same post.
post_key = sa.Table(
    "post_key",
    metadata,
    _text("source", None),
    _text("key", None),
    _reference("post_id", "post.id"),
    sa.PrimaryKeyConstraint("source", "key"),
    sa.Index("ix_post_key_post_id", "post_id"),
)

newsletter = sa.Table(
    "newsletter",
    metadata,
    _id(),
    sa.Column("slug", sa.Text, nullable=False, unique=True),
    sa.Column("last_seq", sa.BigInteger, nullable=False, server_default="0"),
)

newsletter_post = sa.Table(
    "newsletter_post",
    metadata,
    _reference("newsletter_id", "newsletter.id"),
    sa.Column("seq", sa.BigInteger, nullable=False),
    _reference("post_id", "post.id"),
    sa.Column("released_at", Utc, nullable=False),
    sa.Column("left_out_at", Utc),  # an issue went past it while it was withdrawn; back again, it gets a new seq
    sa.PrimaryKeyConstraint("newsletter_id", "seq"),
    sa.UniqueConstraint("newsletter_id", "post_id"),
)

schedule = sa.Table(
    "schedule",
    metadata,
    _id(),
    _reference("newsletter_id", "newsletter.id"),
    _text("slug", None),
    sa.Column("base_seq", sa.BigInteger, nullable=False),
    # Numbers count by schedule: a weekly reader's issue 215 follows 214, however many daily ones lie between.
    sa.Column("last_number", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("created_at", Utc, nullable=False),
    sa.UniqueConstraint("newsletter_id", "slug"),
)

issue = sa.Table(
    "issue",
    metadata,
    _id(),
    _reference("newsletter_id", "newsletter.id"),
    _reference("schedule_id", "schedule.id"),
    _text("slot", None),
    sa.Column("due_at", Utc, nullable=False),
    sa.Column("number", sa.BigInteger),
    sa.Column(
        "after_seq", sa.BigInteger, nullable=False, server_default="0"
    ),  # issue_post is complete for (after_seq, through_seq]
    sa.Column("through_seq", sa.BigInteger, nullable=False),
    _text("state", None),
    _text("reason"),
    sa.Column("expires_at", Utc),  # deliveries not accepted by then are given up
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("finished_at", Utc),
    sa.UniqueConstraint("schedule_id", "slot"),
    sa.UniqueConstraint("schedule_id", "number"),
    sa.Index("ix_issue_state", "state"),
)

# The posts an issue may carry, frozen at composition; a subscriber gets those after their own seen_seq.
issue_post = sa.Table(
    "issue_post",
    metadata,
    _reference("issue_id", "issue.id"),
    sa.Column("seq", sa.BigInteger, nullable=False),
    _reference("post_id", "post.id"),
    sa.PrimaryKeyConstraint("issue_id", "seq"),
    sa.Index("ix_issue_post_post_id", "post_id"),
)

# One rendering. `segments` and the blanks between them are the message; see transport/compiler.py.
variant = sa.Table(
    "variant",
    metadata,
    _id(),
    _reference("issue_id", "issue.id"),
    _text("hash", None),
    _text("subject", None),
    _text("preheader"),
    _text("html", None),
    _text("text", None),
    sa.Column("post_ids", sa.JSON, nullable=False),
    sa.Column("books", sa.JSON, nullable=False),  # slugs shown
    sa.Column("notes", sa.JSON, nullable=False),
    sa.UniqueConstraint("issue_id", "hash"),
)

# Which variant each kind of subscriber gets; variant_id NULL: nothing is left for them in this issue.
issue_audience = sa.Table(
    "issue_audience",
    metadata,
    _reference("issue_id", "issue.id"),
    sa.Column("from_seq", sa.BigInteger, nullable=False),
    _text("region", None),
    _text("language", None),
    sa.Column("cohort", sa.Integer, nullable=False),
    sa.Column("books", sa.Boolean, nullable=False),
    _text("sections_off"),
    sa.Column("larger_type", sa.Boolean, nullable=False, server_default=sa.false()),
    _reference("variant_id", "variant.id", nullable=True),
    sa.PrimaryKeyConstraint(
        "issue_id", "from_seq", "region", "language", "cohort", "books", "sections_off", "larger_type"
    ),
)

# Which book a cohort was shown when: rest and caps are counted here, and so hold for each person.
promo_choice = sa.Table(
    "promo_choice",
    metadata,
    _reference("issue_id", "issue.id"),
    sa.Column("cohort", sa.Integer, nullable=False),
    _text("region", None),
    _text("book", None),
    sa.Column("chosen_at", Utc, nullable=False),
    sa.PrimaryKeyConstraint("issue_id", "cohort", "region", "book"),
    sa.Index("ix_promo_choice_book", "book", "cohort"),
)

subscriber = sa.Table(
    "subscriber",
    metadata,
    _id(),
    sa.Column("address", sa.Text, unique=True),  # NULL once erased
    sa.Column("address_hash", sa.Text, unique=True),  # of the mailbox; NULL once erased
    _text("domain"),
    _text("name"),
    _text("region"),
    _text("language"),
    _text("zone"),
    sa.Column("cohort", sa.Integer, nullable=False, server_default="0"),
    _text("source"),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("erased_at", Utc),
    sa.Column("larger_type", sa.Boolean, nullable=False, server_default=sa.false()),
)

suppression = sa.Table(
    "suppression",
    metadata,
    sa.Column("address_hash", sa.Text, primary_key=True),
    _text("reason", None),
    sa.Column("created_at", Utc, nullable=False),
)

subscription = sa.Table(
    "subscription",
    metadata,
    _id(),
    _reference("subscriber_id", "subscriber.id"),
    _reference("newsletter_id", "newsletter.id"),
    _reference("schedule_id", "schedule.id"),
    _text("state", None),
    sa.Column("start_seq", sa.BigInteger, nullable=False),  # seen_seq at joining
    sa.Column("seen_seq", sa.BigInteger, nullable=False),
    sa.Column("paused_until", Utc),
    sa.Column("books", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("joined_at", Utc, nullable=False),
    sa.Column("left_at", Utc),
    sa.Column("consent_at", Utc),
    _text("consent_source"),
    _text("sections_off"),  # labels of sections that this reader leaves out, sorted, one a line
    sa.UniqueConstraint("subscriber_id", "newsletter_id"),
    sa.Index("ix_subscription_schedule_state", "schedule_id", "state", "seen_seq"),
)

# Posts (from_seq, through_seq] that a subscription did not get and never will, and why ("paused", "nothing left",
# "missed"). With the intervals of its deliveries these cover (start_seq, seen_seq] exactly.
passed_over = sa.Table(
    "passed_over",
    metadata,
    _id(),
    _reference("subscription_id", "subscription.id"),
    sa.Column("issue_id", Id, sa.ForeignKey("issue.id")),
    sa.Column("from_seq", sa.BigInteger, nullable=False),
    sa.Column("through_seq", sa.BigInteger, nullable=False),
    _text("reason", None),
    sa.Column("created_at", Utc, nullable=False),
    sa.Index("ix_passed_over_subscription_id", "subscription_id"),
    sa.UniqueConstraint("issue_id", "subscription_id"),
)

delivery = sa.Table(
    "delivery",
    metadata,
    _id(),
    _text("kind", None),
    _reference("issue_id", "issue.id", nullable=True),
    _reference("subscription_id", "subscription.id", nullable=True),
    _reference("subscriber_id", "subscriber.id", nullable=True),
    _reference("variant_id", "variant.id", nullable=True),
    sa.Column("from_seq", sa.BigInteger),
    sa.Column("through_seq", sa.BigInteger),
    _text("state", None),
    _text("reason"),
    sa.Column("priority", sa.Integer, nullable=False, server_default="5"),  # smaller goes first
    sa.Column("due_at", Utc, nullable=False),
    sa.Column("expires_at", Utc),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("owner", sa.Text),  # the sender that holds it
    sa.Column("lease_until", Utc),
    _text("reply"),  # the last reply, addresses taken out
    _text("relay"),
    _text("handed_back"),  # "", "returned" or "missed": what became of its posts when it ended unaccepted
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("ended_at", Utc),
    _reference("message_id", "message.id", nullable=True),  # what it carries, where that is no variant
    _reference("request_id", "request.id", nullable=True),  # what its link confirms
    sa.Column("address", sa.Text),  # whom it is for, where that is no subscriber; NULL once it has ended
    sa.Column("address_hash", sa.Text),
    sa.Index(
        "uq_delivery_issue_subscription",
        "issue_id",
        "subscription_id",
        unique=True,
        sqlite_where=sa.text("kind IN ('digest', 'letter')"),
        postgresql_where=sa.text("kind IN ('digest', 'letter')"),
    ),
    sa.Index(
        "ix_delivery_due",
        "priority",
        "due_at",
        "id",
        sqlite_where=sa.text("state IN ('queued', 'deferred')"),
        postgresql_where=sa.text("state IN ('queued', 'deferred')"),
    ),
    sa.Index(
        "ix_delivery_held",
        "owner",
        sqlite_where=sa.text("state IN ('claimed', 'sending')"),
        postgresql_where=sa.text("state IN ('claimed', 'sending')"),
    ),
    sa.Index("ix_delivery_issue_state", "issue_id", "state"),
    sa.Index("ix_delivery_subscription_id", "subscription_id"),
)

# A try that was not simply accepted: what the relay said, when, and every time a delivery was in doubt.
attempt = sa.Table(
    "attempt",
    metadata,
    _id(),
    _reference("delivery_id", "delivery.id"),
    sa.Column("at", Utc, nullable=False),
    _text("outcome", None),  # accepted | deferred | refused | in_doubt | lost | returned (to the queue)
    _text("reply"),
    _text("done"),  # in doubt: what was done about it
    sa.Index("ix_attempt_delivery_id", "delivery_id"),
)

# What a relay has taught us. `name` is its key in the configuration; none of it holds for more than a day.
relay = sa.Table(
    "relay",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("pace", sa.Double),  # messages a second, NULL: as many as go
    sa.Column("pace_since", Utc),
    sa.Column("pace_said_at", Utc),  # when it last said "not now" at a rate that matters
    _text("pace_reply"),  # what it said, addresses taken out
    sa.Column("lost_at", Utc),  # the last connection lost between dot and reply
    sa.Column("stepwise_since", Utc),  # two were lost within the hour: one message after the other since then
)
