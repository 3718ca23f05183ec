"""Variants: an issue's renderings, and which kind of subscriber gets which."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.model.issue import AudienceKey, Rendering
from dispatch.store.conflicts import insert_if_absent
from dispatch.store.tables import issue_audience, variant


def insert_variant(
    connection: Connection,
    issue_id: int,
    rendering: Rendering,
    digest: str,
    *,
    post_ids: Sequence[int],
    books: Sequence[str],
) -> int:
    """Store a rendering under its hash; one that is there already is used again. Returns the variant's id."""
    row = {
        "issue_id": issue_id,
        "hash": digest,
        "subject": rendering.subject,
        "preheader": rendering.preheader,
        "html": rendering.html,
        "text": rendering.text,
        "post_ids": list(post_ids),
        "books": list(books),
        "notes": list(rendering.notes),
    }
    connection.execute(insert_if_absent(connection, variant).values(row))
    same = sa.select(variant.c.id).where(variant.c.issue_id == issue_id, variant.c.hash == digest)
    variant_id: int = connection.scalars(same).one()
    return variant_id


def insert_audience(connection: Connection, issue_id: int, variants: Mapping[AudienceKey, int | None]) -> None:
    """Store which variant each kind of subscriber gets; None: nothing is left for them. What is known stays."""
    rows = [
        {
            "issue_id": issue_id,
            "from_seq": key.from_seq,
            "region": key.region,
            "language": key.language,
            "cohort": key.cohort,
            "books": key.books,
            "sections_off": key.sections_off,
            "larger_type": key.larger_type,
            "variant_id": variant_id,
        }
        for key, variant_id in variants.items()
    ]
    if rows:
        connection.execute(insert_if_absent(connection, issue_audience), rows)
