"""What readers do for themselves: requests, proof of consent, messages to one alone, and what they choose."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables, and the columns of the others."""
    _make_request()
    _make_consent()
    _make_message()
    _make_wanted_mail()
    _extend_delivery()
    op.add_column("subscriber", sa.Column("larger_type", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("subscription", _text("sections_off"))
    _remake_issue_audience()


def downgrade() -> None:
    """Refuse: going back would lose what the new version has stored."""
    raise NotImplementedError("restore the backup made before the upgrade")


def _text(name: str, default: str | None = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=default, nullable=False)


def _make_request() -> None:
    op.create_table(
        "request",
        sa.Column("id", _ID, nullable=False),
        _text("kind", None),
        sa.Column("address", sa.Text(), nullable=True),
        _text("address_hash", None),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("subscriber_id", _ID, nullable=True),
        *(_text(name) for name in ("language", "via", "page", "wording", "network")),
        _text("state", None),
        _text("reason"),
        sa.Column("asked_at", _TIME, nullable=False),
        sa.Column("mailed_at", _TIME, nullable=True),
        sa.Column("ended_at", _TIME, nullable=True),
        _text("answer_network"),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscriber.id"], name=op.f("fk_request_subscriber_id_subscriber")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
    )
    op.create_index("ix_request_state", "request", ["state"])
    op.create_index("ix_request_address_hash", "request", ["address_hash", "asked_at"])
    op.create_index("ix_request_network", "request", ["network", "asked_at"])
    op.create_index("ix_request_asked_at", "request", ["asked_at"])


def _make_consent() -> None:
    op.create_table(
        "consent",
        sa.Column("id", _ID, nullable=False),
        sa.Column("subscription_id", _ID, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        _text("act", None),
        *(_text(name) for name in ("wording", "page", "network")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_consent_subscription_id_subscription")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index("ix_consent_subscription_id", "consent", ["subscription_id"])


def _make_message() -> None:
    op.create_table(
        "message",
        sa.Column("id", _ID, nullable=False),
        *(_text(name, None) for name in ("name", "newsletter", "hash", "subject")),
        _text("preheader"),
        *(_text(name, None) for name in ("html", "text")),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("newsletter", "hash", name=op.f("uq_message_newsletter_hash")),
    )


def _make_wanted_mail() -> None:
    op.create_table(
        "wanted_mail",
        sa.Column("id", _ID, nullable=False),
        _text("name", None),
        sa.Column("subscription_id", _ID, nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("address_hash", sa.Text(), nullable=True),
        sa.Column("wanted_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_wanted_mail_subscription_id_subscription")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wanted_mail")),
    )


def _extend_delivery() -> None:
    for target in ("message", "request"):
        # In words, because Alembic adds a reference by itself, which SQLite can only do together with its column.
        op.execute(
            f"ALTER TABLE delivery ADD COLUMN {target}_id "
            f"{'INTEGER' if op.get_bind().dialect.name == 'sqlite' else 'BIGINT'} "
            f"CONSTRAINT fk_delivery_{target}_id_{target} REFERENCES {target} (id)"
        )
    op.add_column("delivery", sa.Column("address", sa.Text(), nullable=True))
    op.add_column("delivery", sa.Column("address_hash", sa.Text(), nullable=True))


def _remake_issue_audience() -> None:
    key = ("issue_id", "from_seq", "region", "language", "cohort", "books")
    with op.batch_alter_table("issue_audience") as audience:
        audience.drop_constraint(op.f("pk_issue_audience"), type_="primary")
        audience.add_column(_text("sections_off"))
        audience.add_column(sa.Column("larger_type", sa.Boolean(), server_default=sa.false(), nullable=False))
        audience.create_primary_key(op.f("pk_issue_audience"), [*key, "sections_off", "larger_type"])
