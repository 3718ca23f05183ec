"""Opening the database: made or brought up to date, and refused where it is not ours to use."""

import hashlib
import os
from pathlib import Path
from typing import NoReturn

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import dispatch.store.promo_tables
import dispatch.store.reader_tables  # noqa: F401 their tables are part of the metadata
from dispatch.errors import StoreError, StoreTooNewError, WrongAddressKeyError
from dispatch.store.conflicts import insert_if_absent
from dispatch.store.database import Database
from dispatch.store.tables import meta, metadata

# The newest step in migrations/versions/. Known here, so that Alembic is only loaded where there is something to do.
HEAD = "0004"
# Any number, the same for everybody who migrates this database.
_MIGRATION_LOCK = 6_201_114
_ADDRESS_KEY = "address_key"


def open_store(url: str, *, durability: str, address_key: bytes) -> Database:
    """Open a database, with its tables as this version wants them; any number of processes may do so at once.

    `url` as SQLAlchemy or libpq writes it. Raises StoreError where it cannot be reached, StoreTooNewError where a newer
    dispatch made it, WrongAddressKeyError where it was made with another key. No message holds a password.
    """
    database = _connected(url, durability)
    try:
        database.transact(_bring_up_to_date)
        database.transact(_check_address_key, address_key)
    except sa.exc.DBAPIError as error:
        database.close()
        _refuse(url, error)
    except BaseException:
        database.close()
        raise
    return database


def migrate(connection: Connection, target: str = "head") -> None:
    """Run the steps that are missing up to `target`, in this transaction."""
    from alembic import command
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    configuration.set_main_option("path_separator", "os")
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, target)


def _connected(url: str, durability: str) -> Database:
    try:
        database = Database(url, durability=durability)
    except (sa.exc.ArgumentError, ValueError):
        # The text of these errors may quote the whole address, password and all.
        raise StoreError("store.url is not the address of a database: write postgresql://USER@HOST/NAME") from None
    except ImportError:
        raise StoreError(
            'store.url names a PostgreSQL server, whose driver is not installed: pip install "dispatch-mail[postgres]"'
        ) from None
    if database.file:
        _make_file(database.file)
    return database


def _make_file(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # It holds addresses: nobody else on the machine may read it. SQLite's side files inherit the mode.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}: store.path has to be a file that can be written") from error


def _bring_up_to_date(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
    revision = _revision(connection)
    if revision == HEAD:
        return
    if revision is not None and revision > HEAD:
        raise StoreTooNewError(
            f"the database is at revision {revision}, and this dispatch knows revisions up to {HEAD}: "
            "upgrade dispatch, or restore a backup made before the database was upgraded"
        )
    migrate(connection)


def _revision(connection: Connection) -> str | None:
    inspector = sa.inspect(connection)
    if inspector.has_table("alembic_version"):
        return connection.scalars(sa.text("SELECT version_num FROM alembic_version")).first()
    strangers = sorted(set(inspector.get_table_names()) & set(metadata.tables))
    if strangers:
        raise StoreError(
            f'the database has a table "{strangers[0]}" that dispatch did not make: give dispatch a database of its own'
        )
    return None


def _check_address_key(connection: Connection, address_key: bytes) -> None:
    fingerprint = hashlib.sha256(b"dispatch address key\0" + address_key).hexdigest()[:16]
    connection.execute(insert_if_absent(connection, meta).values(key=_ADDRESS_KEY, value=fingerprint))
    known = connection.scalars(sa.select(meta.c.value).where(meta.c.key == _ADDRESS_KEY)).one()
    if known != fingerprint:
        raise WrongAddressKeyError(
            "this database was made with another store.address_key, under which alone its suppressions are recognised: "
            "put the old key back (it is never changed), or start with a new database"
        )


def _refuse(url: str, error: sa.exc.DBAPIError) -> NoReturn:
    place = sa.make_url(url)
    reason = " ".join(str(error.orig).split())
    if place.get_backend_name() == "sqlite":
        raise StoreError(f"{place.database}: {reason}: is it a database of dispatch, on a disk that can be written?")
    where = f"{place.host or 'localhost'}:{place.port or 5432}, database {place.database}, user {place.username}"
    raise StoreError(f"PostgreSQL at {where}: {reason}: store.url says where it is and who logs in") from None
