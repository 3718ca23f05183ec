"""The one seam between our asynchronous code and the synchronous database.

Every function of the store takes a connection inside a transaction and does its work there; `Database.run` gives it one
in a thread. SQLite has one writer thread and BEGIN IMMEDIATE, so nothing ever waits for a lock it holds half of, and
`Database.read` looks at it beside the writer; PostgreSQL has a few threads. docs/decisions/0002 says why neither an ORM
nor an async driver.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

# Connection is handed on: a verb that makes one transaction of several store functions names its type, no more.
__all__ = ["Connection", "Database", "skip_locked", "sqlite_url"]

P = ParamSpec("P")
T = TypeVar("T")

POSTGRES_THREADS = 4
READING_THREADS = 2
BUSY_MILLISECONDS = 60_000


class Database:
    """An open database; close it when done."""

    def __init__(self, url: str, *, durability: str = "power") -> None:
        """`url` as SQLAlchemy writes it; `durability` "power" survives a power cut, "process" a killed process."""
        self.engine = _engine(url, durability)
        threads = 1 if self.engine.dialect.name == "sqlite" else POSTGRES_THREADS
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="store")
        self._readers = ThreadPoolExecutor(READING_THREADS, thread_name_prefix="reading")

    @property
    def is_sqlite(self) -> bool:
        """Whether this is an embedded file; only there does one process hold the sender's lock."""
        return self.engine.dialect.name == "sqlite"

    @property
    def file(self) -> Path | None:
        """The database file, or None where a server keeps the data."""
        name = self.engine.url.database
        return Path(name) if self.is_sqlite and name else None

    def transact(self, function: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function(connection, …)` in one transaction, in this thread; it commits unless an error leaves it."""
        with self.engine.begin() as connection:
            return function(connection, *args, **kwargs)

    async def run(self, function: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function(connection, …)` in one transaction, in a thread of the store."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: self.transact(function, *args, **kwargs))

    async def run_trusted(
        self, function: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `run`, for a function all of whose references are keys of rows that its statements read themselves.

        SQLite does not look each of them up again, which for a delivery takes half as long as storing it; nobody else
        can write between reading and storing. PostgreSQL, where somebody can, checks as always.
        """

        def trust() -> T:
            with self.engine.connect().execution_options(trusts_references=self.is_sqlite) as connection:
                try:
                    with connection.begin():
                        return function(connection, *args, **kwargs)
                finally:
                    if self.is_sqlite:
                        _check_references(connection.connection.driver_connection, "on")

        return await asyncio.get_running_loop().run_in_executor(self._executor, trust)

    async def read(self, function: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function(connection, …)`, which only reads, beside whoever writes: it holds nobody up."""

        def look() -> T:
            with self.engine.connect().execution_options(only_reads=True) as connection, connection.begin():
                return function(connection, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._readers, look)

    def close(self) -> None:
        """Wait for what is running, then close every connection."""
        self._executor.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        self.engine.dispose()


def sqlite_url(path: Path) -> str:
    """The URL of a database file."""
    return f"sqlite:///{path}"


def skip_locked(connection: Connection) -> bool:
    """Whether rows can be locked one by one here; on SQLite the writer is alone anyway."""
    return connection.dialect.name == "postgresql"


def _engine(url: str, durability: str) -> Engine:
    # Parameters are hidden in errors, because errors are logged, and parameters are addresses.
    if url.startswith(("postgresql://", "postgres://")):
        url = "postgresql+psycopg://" + url.partition("://")[2]
    if not url.startswith("sqlite"):
        return sa.create_engine(
            url, pool_size=POSTGRES_THREADS, max_overflow=4, pool_pre_ping=True, hide_parameters=True
        )
    engine = sa.create_engine(url, hide_parameters=True)
    synchronous = "full" if durability == "power" else "normal"

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        # The driver's own transactions begin too late: a read that turns into a write could fail as "locked".
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout={BUSY_MILLISECONDS}",
            "journal_mode=wal",
            f"synchronous={synchronous}",
            "foreign_keys=on",
            "secure_delete=on",
        ):
            connection.execute(f"pragma {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("trusts_references"):
            _check_references(connection.connection.driver_connection, "off")
        only_reads = options.get("only_reads")
        connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")

    return engine


def _check_references(connection: Any, wanted: str) -> None:
    # Means something only where no transaction is open, so not by way of SQLAlchemy, which would begin one.
    connection.execute(f"pragma foreign_keys={wanted}")
