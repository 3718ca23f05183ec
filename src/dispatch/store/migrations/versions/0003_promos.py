"""How promos are placed, what editors decide about them, and the pages they lead to."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "promo_placement",
        sa.Column("issue_id", _ID, nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("shops", sa.JSON(), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_promo_placement_issue_id_issue")),
        sa.PrimaryKeyConstraint("issue_id", "region", "book", name=op.f("pk_promo_placement")),
    )
    op.create_table(
        "promo_decision",
        sa.Column("schedule_id", _ID, nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("decided_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["schedule_id"], ["schedule.id"], name=op.f("fk_promo_decision_schedule_id_schedule")),
        sa.PrimaryKeyConstraint("schedule_id", "slot", "book", name=op.f("pk_promo_decision")),
    )
    op.create_table(
        "shop_page",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), server_default="", nullable=False),
        sa.Column("asked_at", _TIME, nullable=True),
        sa.Column("status", sa.Integer(), server_default="0", nullable=False),
        sa.Column("missing_since", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("url", name=op.f("pk_shop_page")),
    )


def downgrade() -> None:
    """Refuse: going back would lose what the new version has stored."""
    raise NotImplementedError("restore the backup made before the upgrade")
