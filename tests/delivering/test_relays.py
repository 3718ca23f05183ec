"""The relay as sending sees it."""

import asyncio
from pathlib import Path

import pytest

from dispatch.delivering.relays import GIVE_UP_AFTER, RelayHealth, access_to, relay_for
from dispatch.errors import RelayError, RelaySetupError
from tests.delivering.make import settings_for
from tests.smtp_server import SmtpServer, Step, answer, closed_port


def test_the_first_relay_that_carries_it_is_taken(tmp_path: Path) -> None:
    """Its name goes into the ledger."""
    settings = settings_for(tmp_path, 2525)
    assert relay_for(settings, "digests")[0] == "main"
    with pytest.raises(RelayError, match="no relay carries digests"):
        relay_for(settings_for(tmp_path, 2525, carries=["shares"]), "digests")


def test_we_greet_with_the_name_readers_know(tmp_path: Path) -> None:
    """And the password is in no representation."""
    (tmp_path / "password").write_text("secret\n")
    access = access_to(settings_for(tmp_path, 2525, username="lamplight", password="file:password"), "main")
    assert access.greeting_name == "post.lamplight.example"
    assert access.password == "secret"
    assert "secret" not in repr(access)


async def connect_together(health: RelayHealth, count: int) -> int:
    """So many connections at once; how many stood."""
    sessions = await asyncio.gather(*(health.connected() for _ in range(count)))
    for session in sessions:
        if session:
            await session.close()
    return sum(session is not None for session in sessions)


def test_a_wrong_password_is_tried_once_however_many_connections_there_are(tmp_path: Path) -> None:
    """The others wait for the first."""
    (tmp_path / "password").write_text("wrong")
    with SmtpServer(login=("lamplight", "right")) as server:
        settings = settings_for(tmp_path, server.port, username="lamplight", password="file:password")

        async def talk() -> None:
            over = asyncio.Event()
            health = RelayHealth(access_to(settings, "main"), over, gives_up=True)
            assert await connect_together(health, 10) == 0
            assert isinstance(health.gave_up_for, RelaySetupError)
            assert over.is_set()
            assert not await health.is_open()

        asyncio.run(talk())
        assert server.reached("connect") == 1


def test_a_relay_that_comes_back_is_used_again(tmp_path: Path) -> None:
    """The service does not give up: it rests and tries, one connection at a time."""

    def twice_no(step: Step) -> object:
        return answer("421 4.3.2 not now", drop=True) if step.stage == "connect" and step.connection <= 2 else None

    with SmtpServer(twice_no) as server:  # type: ignore[arg-type]
        settings = settings_for(tmp_path, server.port)

        async def talk() -> None:
            health = RelayHealth(access_to(settings, "main"), asyncio.Event(), gives_up=False)
            assert await connect_together(health, 5) == 0
            assert "421 4.3.2 not now" in str(health.problem)
            assert await health.is_open()
            assert await connect_together(health, 5) == 0
            assert await health.is_open()
            assert await connect_together(health, 5) == 5
            assert health.problem is None
            assert health.gave_up_for is None

        asyncio.run(asyncio.wait_for(talk(), 20))
        assert server.reached("connect") == 2 + 5


def test_a_relay_is_given_up_at_the_third_failure_and_not_once_it_is_over(tmp_path: Path) -> None:
    """Until then a failure may pass; and a run that has ended has not ended for what fails afterwards."""

    async def talk(port: int, ends_first: bool) -> RelayHealth:
        over = asyncio.Event()
        health = RelayHealth(access_to(settings_for(tmp_path, port), "main"), over, gives_up=True)
        for _ in range(GIVE_UP_AFTER):
            assert health.gave_up_for is None
            # Asked one after the other, without the rest between them that `connected` keeps.
            await health._connect()
            if ends_first:
                over.set()
        assert over.is_set()
        return health

    with closed_port() as port:
        assert "cannot be reached" in str(asyncio.run(talk(port, False)).gave_up_for)
        ended = asyncio.run(talk(port, True))
        assert "cannot be reached" in str(ended.problem)
        assert ended.gave_up_for is None


def test_waiting_for_a_relay_ends_with_the_stop(tmp_path: Path) -> None:
    """Nobody waits out a rest once it is over."""

    async def talk(port: int) -> None:
        over = asyncio.Event()
        health = RelayHealth(access_to(settings_for(tmp_path, port), "main"), over, gives_up=False)
        for _ in range(5):
            await connect_together(health, 1)
        asyncio.get_running_loop().call_later(0.1, over.set)
        assert not await health.is_open()

    with closed_port() as port:
        asyncio.run(asyncio.wait_for(talk(port), 10))
