"""The migrations lead to the tables that the code expects, on both databases."""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from dispatch.store import tables
from dispatch.store.database import Database, sqlite_url
from dispatch.store.opening import HEAD, migrate


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without a table."""
    if request.param == "sqlite":
        database = Database(sqlite_url(tmp_path / "migrated.db"))
        yield database
        database.close()
        return
    server = sa.make_url(request.getfixturevalue("postgres_url"))
    name = f"migrated_{uuid.uuid4().hex}"
    outside = Database(server.render_as_string(hide_password=False))
    with outside.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE template0"))
    database = Database(server.set(database=name).render_as_string(hide_password=False))
    yield database
    database.close()
    with outside.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    outside.close()


@pytest.fixture
def migrated(empty: Database) -> Database:
    """A database that only the migrations have touched."""
    empty.transact(migrate)
    return empty


def test_the_migrations_make_the_tables_of_today(migrated: Database) -> None:
    """Alembic, comparing the migrated database with tables.py, has nothing left to do."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with migrated.engine.connect() as connection:
        # Alembic misreads SQLite's empty defaults; there the next test compares them word for word.
        options = {"compare_type": True, "compare_server_default": not migrated.is_sqlite}
        context = MigrationContext.configure(connection, opts={**options, "target_metadata": tables.metadata})
        assert compare_metadata(context, tables.metadata) == []


def test_a_migrated_sqlite_file_has_the_schema_of_a_new_one(tmp_path: Path) -> None:
    """Every table has the columns, references and unique keys that create_all makes, every index its very words."""
    made, migrated = Database(sqlite_url(tmp_path / "made.db")), Database(sqlite_url(tmp_path / "migrated.db"))
    tables.metadata.create_all(made.engine)
    migrated.transact(migrate)
    assert _schema(migrated) == _schema(made)
    made.close()
    migrated.close()


def test_the_newest_migration_is_the_one_that_opening_expects(migrated: Database) -> None:
    """HEAD in opening.py names the last file in migrations/versions/."""
    with migrated.engine.connect() as connection:
        assert connection.scalars(sa.text("SELECT version_num FROM alembic_version")).all() == [HEAD]


def test_what_was_stored_before_readers_could_choose_stays(empty: Database) -> None:
    """The fourth step makes one table anew, which holds what issues under way go by."""
    empty.transact(migrate, "0003")
    at = "'2026-11-20 07:00:00'"
    rows = (
        "newsletter (id, slug) VALUES (1, 'review')",
        f"schedule (id, newsletter_id, slug, base_seq, created_at) VALUES (1, 1, 'weekly', 0, {at})",
        (
            "issue (id, newsletter_id, schedule_id, slot, due_at, through_seq, state, created_at) "
            f"VALUES (1, 1, 1, '2026-11-20T07:00', {at}, 3, 'sending', {at})"
        ),
        (
            "variant (id, issue_id, hash, subject, html, text, post_ids, books, notes) "
            "VALUES (1, 1, 'h', 's', 'h', 't', '[]', '[]', '[]')"
        ),
        (
            "issue_audience (issue_id, from_seq, region, language, cohort, books, variant_id) "
            "VALUES (1, 0, 'GB', 'en', 7, TRUE, 1)"
        ),
        (
            f"delivery (id, kind, issue_id, variant_id, state, due_at, created_at) "
            f"VALUES (1, 'digest', 1, 1, 'queued', {at}, {at})"
        ),
    )
    with empty.engine.begin() as connection:
        for row in rows:
            connection.execute(sa.text(f"INSERT INTO {row}"))
    empty.transact(migrate)
    with empty.engine.begin() as connection:
        (audience,) = connection.execute(sa.select(tables.issue_audience)).mappings()
        (delivery,) = connection.execute(sa.select(tables.delivery)).mappings()
    assert (audience["region"], audience["cohort"], audience["variant_id"]) == ("GB", 7, 1)
    assert (audience["sections_off"], audience["larger_type"]) == ("", False)
    assert (delivery["issue_id"], delivery["message_id"], delivery["address"]) == (1, None, None)


def _schema(database: Database) -> dict[str, list[object]]:
    """Of each table its columns and references (a column added later stands elsewhere), of each index its words."""
    with database.engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL")).all()
        return {
            name: _table(connection, name) if kind == "table" else [_one_line(sql)]
            for kind, name, sql in rows
            if name != "alembic_version"
        }


def _table(connection: sa.Connection, name: str) -> list[object]:
    columns = connection.execute(sa.text(f"PRAGMA table_info({name})")).all()
    references = connection.execute(sa.text(f"PRAGMA foreign_key_list({name})")).all()
    return [
        # Name, type, whether it may be NULL, default; the key's columns count in their order.
        sorted((column[1], column[2], column[3], column[4]) for column in columns),
        [column[1] for column in sorted(columns, key=lambda column: column[5]) if column[5]],
        sorted((reference[3], reference[2], reference[4]) for reference in references),
        sorted(_unique(connection, name)),
    ]


def _unique(connection: sa.Connection, name: str) -> list[tuple[str, ...]]:
    indexes = connection.execute(sa.text(f"PRAGMA index_list({name})")).all()
    return [
        tuple(row[2] or "" for row in connection.execute(sa.text(f"PRAGMA index_info({index[1]})")))
        for index in indexes
        if index[2]
    ]


def _one_line(statement: str) -> str:
    return re.sub(r"\s+", " ", statement).strip()
