"""The stage of every story: a site, an SMTP server, an installation."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.small_site import Pages, small_site
from tests.smtp_server import SmtpServer
from tests.story.magazine import Magazine

MakeMagazine = Callable[..., Magazine]


@pytest.fixture
def inbox() -> Iterator[SmtpServer]:
    """An SMTP server that takes everything."""
    with SmtpServer() as server:
        yield server


@pytest.fixture
def pages() -> dict[str, tuple[str, str | bytes]]:
    """What the site serves; the story changes it as it goes."""
    return {}


@pytest.fixture
def site(pages: Pages) -> Iterator[str]:
    """The address of the site."""
    with small_site(pages) as address:
        yield address


@pytest.fixture
def make_magazine(
    tmp_path: Path, site: str, pages: dict[str, tuple[str, str | bytes]], inbox: SmtpServer
) -> MakeMagazine:
    """Makes the installation; keyword arguments are Magazine's."""

    def make(**options: object) -> Magazine:
        return Magazine(tmp_path / "magazine", site, inbox.port, pages, **options)  # type: ignore[arg-type]

    return make


@pytest.fixture(params=["sqlite", "postgres"])
def database_address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """ "" for the SQLite file beside the configuration, else the URL of an empty PostgreSQL database."""
    if request.param == "sqlite":
        yield ""
        return
    server: str = request.getfixturevalue("postgres_url")
    name = f"story_{tmp_path.name.replace('-', '_')}".lower()[:60]
    engine = sa.create_engine(server.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{name}"'))
        connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
    yield sa.make_url(server).set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(sa.text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    engine.dispose()
