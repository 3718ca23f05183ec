"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table, those first that others refer to."""
    _make_meta()
    _make_newsletter()
    _make_post()
    _make_source()
    _make_subscriber()
    _make_suppression()
    _make_newsletter_post()
    _make_post_key()
    _make_schedule()
    _make_issue()
    _make_subscription()
    _make_issue_post()
    _make_passed_over()
    _make_promo_choice()
    _make_variant()
    _make_delivery()
    _make_issue_audience()
    _make_attempt()


def downgrade() -> None:
    """Refuse: there is nothing before the first tables."""
    raise NotImplementedError("restore the backup made before the upgrade")


def _id() -> sa.BigInteger:
    # SQLite numbers rows by itself only where the key is exactly INTEGER.
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _make_meta() -> None:
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_meta")),
    )


def _make_newsletter() -> None:
    op.create_table(
        "newsletter",
        sa.Column("id", _id(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_newsletter")),
        sa.UniqueConstraint("slug", name=op.f("uq_newsletter_slug")),
    )


def _make_post() -> None:
    op.create_table(
        "post",
        sa.Column("id", _id(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("words", sa.Integer(), server_default="0", nullable=False),
        sa.Column("replies", sa.Integer(), nullable=True),
        sa.Column("replies_url", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.Column("picture", sa.JSON(), nullable=True),
        sa.Column("picture_url", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("release_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("content_hash", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post")),
    )
    op.create_index("ix_post_source_state", "post", ["source", "state"], unique=False)


def _make_source() -> None:
    op.create_table(
        "source",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), server_default="", nullable=False),
        sa.Column("last_modified", sa.Text(), server_default="", nullable=False),
        sa.Column("next_fetch_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_good_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_good_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.Column("gone", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("site_url", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_source")),
    )


def _make_subscriber() -> None:
    op.create_table(
        "subscriber",
        sa.Column("id", _id(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("address_hash", sa.Text(), nullable=True),
        sa.Column("domain", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("region", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.Column("zone", sa.Text(), server_default="", nullable=False),
        sa.Column("cohort", sa.Integer(), server_default="0", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriber")),
        sa.UniqueConstraint("address", name=op.f("uq_subscriber_address")),
        sa.UniqueConstraint("address_hash", name=op.f("uq_subscriber_address_hash")),
    )


def _make_suppression() -> None:
    op.create_table(
        "suppression",
        sa.Column("address_hash", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("address_hash", name=op.f("pk_suppression")),
    )


def _make_newsletter_post() -> None:
    op.create_table(
        "newsletter_post",
        sa.Column("newsletter_id", _id(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("post_id", _id(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["newsletter_id"], ["newsletter.id"], name=op.f("fk_newsletter_post_newsletter_id_newsletter")
        ),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_newsletter_post_post_id_post")),
        sa.PrimaryKeyConstraint("newsletter_id", "seq", name=op.f("pk_newsletter_post")),
        sa.UniqueConstraint("newsletter_id", "post_id", name=op.f("uq_newsletter_post_newsletter_id_post_id")),
    )


def _make_post_key() -> None:
    op.create_table(
        "post_key",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("post_id", _id(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_post_key_post_id_post")),
        sa.PrimaryKeyConstraint("source", "key", name=op.f("pk_post_key")),
    )
    op.create_index("ix_post_key_post_id", "post_key", ["post_id"], unique=False)


def _make_schedule() -> None:
    op.create_table(
        "schedule",
        sa.Column("id", _id(), nullable=False),
        sa.Column("newsletter_id", _id(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("base_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_number", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["newsletter_id"], ["newsletter.id"], name=op.f("fk_schedule_newsletter_id_newsletter")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule")),
        sa.UniqueConstraint("newsletter_id", "slug", name=op.f("uq_schedule_newsletter_id_slug")),
    )


def _make_issue() -> None:
    op.create_table(
        "issue",
        sa.Column("id", _id(), nullable=False),
        sa.Column("newsletter_id", _id(), nullable=False),
        sa.Column("schedule_id", _id(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("after_seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("through_seq", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["newsletter_id"], ["newsletter.id"], name=op.f("fk_issue_newsletter_id_newsletter")),
        sa.ForeignKeyConstraint(["schedule_id"], ["schedule.id"], name=op.f("fk_issue_schedule_id_schedule")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue")),
        sa.UniqueConstraint("schedule_id", "number", name=op.f("uq_issue_schedule_id_number")),
        sa.UniqueConstraint("schedule_id", "slot", name=op.f("uq_issue_schedule_id_slot")),
    )
    op.create_index("ix_issue_state", "issue", ["state"], unique=False)


def _make_subscription() -> None:
    op.create_table(
        "subscription",
        sa.Column("id", _id(), nullable=False),
        sa.Column("subscriber_id", _id(), nullable=False),
        sa.Column("newsletter_id", _id(), nullable=False),
        sa.Column("schedule_id", _id(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("start_seq", sa.BigInteger(), nullable=False),
        sa.Column("seen_seq", sa.BigInteger(), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("books", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("consent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("consent_source", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["newsletter_id"], ["newsletter.id"], name=op.f("fk_subscription_newsletter_id_newsletter")
        ),
        sa.ForeignKeyConstraint(["schedule_id"], ["schedule.id"], name=op.f("fk_subscription_schedule_id_schedule")),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name=op.f("fk_subscription_subscriber_id_subscriber")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("subscriber_id", "newsletter_id", name=op.f("uq_subscription_subscriber_id_newsletter_id")),
    )
    op.create_index(
        "ix_subscription_schedule_state", "subscription", ["schedule_id", "state", "seen_seq"], unique=False
    )


def _make_issue_post() -> None:
    op.create_table(
        "issue_post",
        sa.Column("issue_id", _id(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("post_id", _id(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_issue_post_issue_id_issue")),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_issue_post_post_id_post")),
        sa.PrimaryKeyConstraint("issue_id", "seq", name=op.f("pk_issue_post")),
    )
    op.create_index("ix_issue_post_post_id", "issue_post", ["post_id"], unique=False)


def _make_passed_over() -> None:
    op.create_table(
        "passed_over",
        sa.Column("id", _id(), nullable=False),
        sa.Column("subscription_id", _id(), nullable=False),
        sa.Column("issue_id", _id(), nullable=True),
        sa.Column("from_seq", sa.BigInteger(), nullable=False),
        sa.Column("through_seq", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_passed_over_issue_id_issue")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_passed_over_subscription_id_subscription")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passed_over")),
        sa.UniqueConstraint("issue_id", "subscription_id", name=op.f("uq_passed_over_issue_id_subscription_id")),
    )
    op.create_index("ix_passed_over_subscription_id", "passed_over", ["subscription_id"], unique=False)


def _make_promo_choice() -> None:
    op.create_table(
        "promo_choice",
        sa.Column("issue_id", _id(), nullable=False),
        sa.Column("cohort", sa.Integer(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_promo_choice_issue_id_issue")),
        sa.PrimaryKeyConstraint("issue_id", "cohort", "region", "book", name=op.f("pk_promo_choice")),
    )
    op.create_index("ix_promo_choice_book", "promo_choice", ["book", "cohort"], unique=False)


def _make_variant() -> None:
    op.create_table(
        "variant",
        sa.Column("id", _id(), nullable=False),
        sa.Column("issue_id", _id(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("preheader", sa.Text(), server_default="", nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("post_ids", sa.JSON(), nullable=False),
        sa.Column("books", sa.JSON(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_variant_issue_id_issue")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_variant")),
        sa.UniqueConstraint("issue_id", "hash", name=op.f("uq_variant_issue_id_hash")),
    )


def _make_delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", _id(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("issue_id", _id(), nullable=True),
        sa.Column("subscription_id", _id(), nullable=True),
        sa.Column("subscriber_id", _id(), nullable=True),
        sa.Column("variant_id", _id(), nullable=True),
        sa.Column("from_seq", sa.BigInteger(), nullable=True),
        sa.Column("through_seq", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("priority", sa.Integer(), server_default="5", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reply", sa.Text(), server_default="", nullable=False),
        sa.Column("relay", sa.Text(), server_default="", nullable=False),
        sa.Column("handed_back", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_delivery_issue_id_issue")),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name=op.f("fk_delivery_subscriber_id_subscriber")
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_delivery_subscription_id_subscription")
        ),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_delivery_variant_id_variant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
    )
    op.create_index(
        "ix_delivery_due",
        "delivery",
        ["priority", "due_at", "id"],
        unique=False,
        sqlite_where=sa.text("state IN ('queued', 'deferred')"),
        postgresql_where=sa.text("state IN ('queued', 'deferred')"),
    )
    op.create_index(
        "ix_delivery_held",
        "delivery",
        ["owner"],
        unique=False,
        sqlite_where=sa.text("state IN ('claimed', 'sending')"),
        postgresql_where=sa.text("state IN ('claimed', 'sending')"),
    )
    op.create_index("ix_delivery_issue_state", "delivery", ["issue_id", "state"], unique=False)
    op.create_index("ix_delivery_subscription_id", "delivery", ["subscription_id"], unique=False)
    op.create_index(
        "uq_delivery_issue_subscription",
        "delivery",
        ["issue_id", "subscription_id"],
        unique=True,
        sqlite_where=sa.text("kind IN ('digest', 'letter')"),
        postgresql_where=sa.text("kind IN ('digest', 'letter')"),
    )


def _make_issue_audience() -> None:
    op.create_table(
        "issue_audience",
        sa.Column("issue_id", _id(), nullable=False),
        sa.Column("from_seq", sa.BigInteger(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("cohort", sa.Integer(), nullable=False),
        sa.Column("books", sa.Boolean(), nullable=False),
        sa.Column("variant_id", _id(), nullable=True),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_issue_audience_issue_id_issue")),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_issue_audience_variant_id_variant")),
        sa.PrimaryKeyConstraint(
            "issue_id", "from_seq", "region", "language", "cohort", "books", name=op.f("pk_issue_audience")
        ),
    )


def _make_attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", _id(), nullable=False),
        sa.Column("delivery_id", _id(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reply", sa.Text(), server_default="", nullable=False),
        sa.Column("done", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_attempt_delivery_id_delivery")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    op.create_index("ix_attempt_delivery_id", "attempt", ["delivery_id"], unique=False)
