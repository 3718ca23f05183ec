"""The tables of what readers do for themselves: what they asked for and agreed to, what is mailed to one alone."""

import sqlalchemy as sa

from dispatch.store.tables import Id, Utc, metadata


def _text(name: str, default: str | None = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=default)


# Something asked for in the name of an address, which counts once its owner says so from their inbox.
request = sa.Table(
    "request",
    metadata,
    sa.Column("id", Id, primary_key=True),
    _text("kind", None),  # join | move
    sa.Column("address", sa.Text),  # NULL once it is over
    _text("address_hash", None),
    sa.Column("choices", sa.JSON, nullable=False),  # of a join: [[newsletter, schedule], …]
    sa.Column("subscriber_id", Id, sa.ForeignKey("subscriber.id")),  # of a move: who moves
    _text("language"),
    _text("via"),  # page | form | api | import
    _text("page"),  # where the form stood
    _text("wording"),  # the sentence they agreed to, as it was shown
    _text("network"),  # keyed hash of the address block it came from
    _text("state", None),  # asked → mailed → confirmed | declined | expired; asked → dropped
    _text("reason"),  # why it was dropped
    sa.Column("asked_at", Utc, nullable=False),
    sa.Column("mailed_at", Utc),
    sa.Column("ended_at", Utc),
    _text("answer_network"),  # keyed hash of the address block it was confirmed from
    sa.Index("ix_request_state", "state"),
    sa.Index("ix_request_address_hash", "address_hash", "asked_at"),
    sa.Index("ix_request_network", "network", "asked_at"),
    sa.Index("ix_request_asked_at", "asked_at"),
)

# The proof of what somebody agreed to and changed, never altered; it ends with the subscriber.
consent = sa.Table(
    "consent",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("subscription_id", Id, sa.ForeignKey("subscription.id"), nullable=False),
    sa.Column("at", Utc, nullable=False),
    _text("act", None),  # asked | confirmed | left | returned | changed | moved
    _text("wording"),
    _text("page"),
    _text("network"),
    sa.Index("ix_consent_subscription_id", "subscription_id"),
)

# The rendering of a message that is not an issue's: confirm, welcome, goodbye … As a variant, it is shared by everybody
# who would see the same bytes.
message = sa.Table(
    "message",
    metadata,
    sa.Column("id", Id, primary_key=True),
    _text("name", None),  # the folder of its templates: confirm, welcome …
    _text("newsletter", None),  # in whose name it goes
    _text("hash", None),
    _text("subject", None),
    _text("preheader"),
    _text("html", None),
    _text("text", None),
    sa.Column("created_at", Utc, nullable=False),
    sa.UniqueConstraint("newsletter", "hash"),
)

# Mail that has to be written to one reader, because of something that happened; gone once it is in the queue.
wanted_mail = sa.Table(
    "wanted_mail",
    metadata,
    sa.Column("id", Id, primary_key=True),
    _text("name", None),  # welcome, goodbye …
    sa.Column("subscription_id", Id, sa.ForeignKey("subscription.id")),
    sa.Column("address", sa.Text),  # whom it goes to, where that is not the subscriber's address any more
    sa.Column("address_hash", sa.Text),
    sa.Column("wanted_at", Utc, nullable=False),
)
