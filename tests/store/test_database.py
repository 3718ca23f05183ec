"""The seam to the database: references are looked up, except where a function has read them itself."""

import asyncio

import pytest
import sqlalchemy as sa

from dispatch.store.database import Connection, Database
from dispatch.store.tables import attempt
from tests.store.make import FRIDAY

NOBODY = 404


def _refer_to_nobody(connection: Connection) -> None:
    connection.execute(sa.insert(attempt).values(delivery_id=NOBODY, at=FRIDAY, outcome="lost"))


def _break_off(connection: Connection) -> None:
    _refer_to_nobody(connection)
    raise RuntimeError("in the middle")


def _count(database: Database) -> int:
    with database.engine.connect() as connection:
        return connection.scalars(sa.select(sa.func.count()).select_from(attempt)).one()


def test_who_is_trusted_is_not_checked_by_an_embedded_database(database: Database) -> None:
    """A server checks everybody: others may write there between reading and storing."""
    if database.is_sqlite:
        asyncio.run(database.run_trusted(_refer_to_nobody))
    else:
        with pytest.raises(sa.exc.IntegrityError):
            asyncio.run(database.run_trusted(_refer_to_nobody))
    assert _count(database) == (1 if database.is_sqlite else 0)


def test_whoever_comes_after_the_trusted_is_checked(database: Database) -> None:
    """On the same connection, of which there is one."""
    asyncio.run(database.run_trusted(_count_in))
    with pytest.raises(sa.exc.IntegrityError):
        asyncio.run(database.run(_refer_to_nobody))
    assert _count(database) == 0


def test_what_the_trusted_leave_half_done_is_undone(database: Database) -> None:
    """And whoever comes after is checked all the same."""
    with pytest.raises((RuntimeError, sa.exc.IntegrityError)):
        asyncio.run(database.run_trusted(_break_off))
    with pytest.raises(sa.exc.IntegrityError):
        asyncio.run(database.run(_refer_to_nobody))
    assert _count(database) == 0


def _count_in(connection: Connection) -> int:
    return connection.scalars(sa.select(sa.func.count()).select_from(attempt)).one()


def _fail_with_an_address(connection: Connection) -> None:
    connection.execute(
        sa.text("SELECT nothing FROM nowhere WHERE address = :address"), {"address": "mara@tide.example"}
    )


def test_what_fails_does_not_name_anybody(database: Database) -> None:
    """Errors end in logs, and what a statement was given is somebody's address."""
    with pytest.raises(sa.exc.DBAPIError) as caught:
        database.transact(_fail_with_an_address)
    assert "mara" not in str(caught.value)
