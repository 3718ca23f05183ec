"""What relays have taught us."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "relay",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("pace", sa.Double(), nullable=True),
        sa.Column("pace_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pace_said_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pace_reply", sa.Text(), server_default="", nullable=False),
        sa.Column("lost_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stepwise_since", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_relay")),
    )


def downgrade() -> None:
    """Refuse: going back would lose what the new version has stored."""
    raise NotImplementedError("restore the backup made before the upgrade")
