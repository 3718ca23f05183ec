"""Opening a database: made, brought up to date, or refused in a sentence that says what to do."""

import multiprocessing
import os
import stat
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from dispatch.errors import StoreError, StoreTooNewError, WrongAddressKeyError
from dispatch.store import tables
from dispatch.store.database import Database, sqlite_url
from dispatch.store.opening import open_store

KEY = b"an address key of a fair length"


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without any table."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "data" / "dispatch.db")
        return
    server = sa.make_url(request.getfixturevalue("postgres_url"))
    name = f"opening_{uuid.uuid4().hex}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE template0")
    yield server.set(database=name).render_as_string(hide_password=False)
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def test_a_database_is_made_when_it_is_opened_first_and_found_again(empty_url: str) -> None:
    """Opening is all the set-up there is; opening again changes nothing."""
    for _ in range(2):
        database = open_store(empty_url, durability="process", address_key=KEY)
        assert set(sa.inspect(database.engine).get_table_names()) == {*tables.metadata.tables, "alembic_version"}
        database.close()


def test_processes_that_start_together_all_get_the_database(empty_url: str) -> None:
    """One of them makes the tables, the others wait for it."""
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    starters = [context.Process(target=_open_once, args=(empty_url, results)) for _ in range(4)]
    for starter in starters:
        starter.start()
    outcomes = [results.get(timeout=60) for _ in starters]
    for starter in starters:
        starter.join()
    assert outcomes == ["opened"] * 4


def test_a_database_of_a_newer_version_is_refused(empty_url: str) -> None:
    """Both revisions are named, and what to do about it."""
    database = open_store(empty_url, durability="process", address_key=KEY)
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9000'"))
    database.close()
    with pytest.raises(StoreTooNewError, match=r"9000.*0004.*upgrade dispatch, or restore a backup"):
        open_store(empty_url, durability="process", address_key=KEY)


def test_a_database_made_with_another_address_key_is_refused(empty_url: str) -> None:
    """Nothing of either key is in the message."""
    open_store(empty_url, durability="process", address_key=KEY).close()
    with pytest.raises(WrongAddressKeyError, match="put the old key back") as caught:
        open_store(empty_url, durability="process", address_key=b"another key of a fair length too")
    assert "fair length" not in str(caught.value)


def test_a_database_of_somebody_else_is_refused(empty_url: str, tmp_path: Path) -> None:
    """Where our table names are taken by tables we did not make, nothing is touched."""
    (tmp_path / "data").mkdir()
    database = Database(empty_url)
    with database.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE post (id INTEGER)"))
    database.close()
    with pytest.raises(StoreError, match='"post" that dispatch did not make'):
        open_store(empty_url, durability="process", address_key=KEY)


def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    """It holds addresses; the files that SQLite keeps beside it are no more open."""
    database = open_store(sqlite_url(tmp_path / "dispatch.db"), durability="power", address_key=KEY)
    with database.engine.connect() as connection:
        connection.execute(sa.text("SELECT 1"))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    database.close()
    assert set(modes.values()) == {0o600}
    assert "dispatch.db-wal" in modes


def test_a_file_that_is_no_database_is_refused_by_name(tmp_path: Path) -> None:
    """Somebody else's file is neither changed nor overwritten."""
    path = tmp_path / "letter.txt"
    path.write_text("Dear reader, this is a letter and not a database. " * 40)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"letter\.txt: file is not a database"):
        open_store(sqlite_url(path), durability="process", address_key=KEY)
    assert path.read_bytes() == before


def test_a_folder_in_place_of_the_file_is_refused_by_name(tmp_path: Path) -> None:
    """The sentence names the path and the setting."""
    (tmp_path / "data").mkdir()
    with pytest.raises(StoreError, match=r"data: Is a directory: store\.path has to be a file"):
        open_store(sqlite_url(tmp_path / "data"), durability="process", address_key=KEY)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_that_may_not_be_written_is_refused_by_name(tmp_path: Path) -> None:
    """The sentence names the path."""
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match=r"dispatch\.db: Permission denied"):
        open_store(sqlite_url(tmp_path / "dispatch.db"), durability="process", address_key=KEY)
    tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        (
            "postgresql://editor:s3cret@127.0.0.1:1/review",
            r"PostgreSQL at 127\.0\.0\.1:1, database review, user editor",
        ),
        ("postgresql://editor:s3cret@[::1", "not the address of a database"),
        ("postgresql://editor:s3cret@127.0.0.1:port/review", "not the address of a database"),
    ],
    ids=["nobody listens", "half an address", "no number for a port"],
)
def test_a_server_that_cannot_be_reached_is_named_without_the_password(url: str, place: str) -> None:
    """The operator sees where we tried and as whom, never the password."""
    with pytest.raises(StoreError, match=place) as caught:
        open_store(url, durability="process", address_key=KEY)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__suppress_context__


def _open_once(url: str, results: "multiprocessing.Queue[str]") -> None:
    try:
        open_store(url, durability="process", address_key=KEY).close()
        results.put("opened")
    except Exception as error:  # noqa: BLE001 whatever it is, the test shows it
        results.put(repr(error))


def _administer(server: sa.URL, statement: str) -> None:
    database = Database(server.render_as_string(hide_password=False))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text(statement))
    database.close()
