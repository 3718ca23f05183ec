"""The tables of promos beside `promo_choice`: how they were placed, what editors decided, the pages they lead to."""

import sqlalchemy as sa

from dispatch.store.tables import Id, Utc, metadata


def _text(name: str, default: str | None = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=default)


# What a promo looked like in an issue for readers of one region: books.toml says something else tomorrow.
promo_placement = sa.Table(
    "promo_placement",
    metadata,
    sa.Column("issue_id", Id, sa.ForeignKey("issue.id"), nullable=False),
    _text("region", None),
    _text("book", None),
    _text("kind", None),  # book, notice or praise
    sa.Column("shops", sa.JSON, nullable=False),  # their names in books.toml, in the order shown
    sa.Column("topics", sa.JSON, nullable=False),  # those that the posts were about
    sa.PrimaryKeyConstraint("issue_id", "region", "book"),
)

# What holds once: a promo pinned to, or banned from, the issue of one slot.
promo_decision = sa.Table(
    "promo_decision",
    metadata,
    sa.Column("schedule_id", Id, sa.ForeignKey("schedule.id"), nullable=False),
    _text("slot", None),
    _text("book", None),
    _text("decision", None),
    sa.Column("decided_at", Utc, nullable=False),
    sa.PrimaryKeyConstraint("schedule_id", "slot", "book"),
)

# The pages that promos lead to, and what each answered when it was last asked.
shop_page = sa.Table(
    "shop_page",
    metadata,
    sa.Column("url", sa.Text, primary_key=True),
    _text("about"),  # "salt-almanac at Amazon US"
    sa.Column("asked_at", Utc),
    sa.Column("status", sa.Integer, nullable=False, server_default="0"),  # 0 where no answer came
    sa.Column("missing_since", Utc),  # since when it has answered 404 or 410
)
