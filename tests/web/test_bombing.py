"""Somebody has the door write to a victim: as often as they like, from wherever they say that they are."""

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import pytest
import sqlalchemy as sa

from dispatch.app import Clock, Dispatch
from dispatch.config.settings import Settings
from dispatch.store.database import Database
from dispatch.store.reader_tables import request
from dispatch.web.site import site
from tests.correspondence import later, mail
from tests.delivering.make import NOW, settings_for
from tests.smtp_server import SmtpServer
from tests.web.asking import Answer, answer_of

PROXY = "10.9.8.7"
VICTIM = "victim@harbour.example"
A_DAY = timedelta(days=1, minutes=1)
AT_ONCE = 50


def settings_with(
    folder: Path, port: int, limits: Mapping[str, str] = MappingProxyType({}), *, proxies: tuple[str, ...] = ()
) -> Settings:
    """One newsletter, behind these proxies, with these limits."""
    document = settings_for(folder, port)
    web = document.web.model_copy(update={"trusted_proxies": [*proxies]})
    subscribe = type(document.subscribe).model_validate(dict(limits))
    return document.model_copy(update={"web": web, "subscribe": subscribe})


def join_from(dispatch: Dispatch, *clients: str, peer: str = PROXY, address: str = VICTIM) -> list[Answer]:
    """Ask by the API for each of these clients, as X-Forwarded-For names them; all at once."""
    app = site(dispatch)
    body = json.dumps({"email": address, "newsletters": [{"newsletter": "review"}]}).encode()
    kind = ("content-type", "application/json")

    async def ask_all() -> list[Answer]:
        asked = (
            answer_of(app, "POST", "/api/v1/subscribe", body, [kind, ("x-forwarded-for", client)], peer=peer)
            for client in clients
        )
        return list(await asyncio.gather(*asked))

    return asyncio.run(ask_all())


def blocks(count: int) -> list[str]:
    """Clients of so many address blocks."""
    return [f"198.{number // 250}.{number % 250}.7" for number in range(count)]


def test_a_thousand_networks_ask_for_one_victim_who_gets_one_mail_a_day(database: Database, tmp_path: Path) -> None:
    """Through a proxy that says where each came from; after three mails without an answer there are no more."""
    with SmtpServer() as server:
        settings = settings_with(tmp_path, server.port, {"site": "100000/hour"}, proxies=(PROXY,))
        dispatch = Dispatch(settings, database, b"a" * 40, Clock(NOW))
        got = []
        for day, count in enumerate((1000, 20, 20, 20, 20)):
            on_that_day = later(dispatch, day * A_DAY)
            answers = join_from(on_that_day, *blocks(count))
            assert {answer.status for answer in answers} == {202}
            assert len(set(answers)) == 1
            got.append(len(mail(on_that_day, server)))
        assert got == [1, 1, 1, 0, 0]
        assert {one.recipient for one in server.received} == {VICTIM}
        assert len(set(_networks(database))) == 1000


def _networks(database: Database) -> list[str]:
    with database.engine.connect() as connection:
        return list(connection.scalars(sa.select(request.c.network)))


@pytest.mark.parametrize("proxies", [(), ("10.1.1.1",)])
def test_who_only_says_that_they_come_from_elsewhere_is_one_network(
    database: Database, tmp_path: Path, proxies: tuple[str, ...]
) -> None:
    """X-Forwarded-For of whoever is no proxy of ours counts for nothing."""
    dispatch = Dispatch(settings_with(tmp_path, 25, proxies=proxies), database, b"a" * 40, Clock(NOW))
    answers = join_from(dispatch, *blocks(30), peer="203.0.113.9")
    assert [answer.status for answer in answers].count(202) == 20
    assert [answer.status for answer in answers].count(429) == 10


def test_who_writes_hops_before_the_proxys_own_is_one_network(database: Database, tmp_path: Path) -> None:
    """The proxy appends whom it answered; what stands to the left of that is the client's invention."""
    dispatch = Dispatch(settings_with(tmp_path, 25, proxies=(PROXY,)), database, b"a" * 40, Clock(NOW))
    answers = join_from(dispatch, *(f"{invented}, 203.0.113.9" for invented in blocks(30)))
    assert [answer.status for answer in answers].count(202) == 20


@pytest.mark.parametrize("limits", [{"network": "7/hour"}, {"network": "100/hour", "site": "7/hour"}])
def test_a_limit_holds_for_those_who_come_at_once(database: Database, tmp_path: Path, limits: dict[str, str]) -> None:
    """Fifty at once, half of them to another process on the same database."""
    settings = settings_with(tmp_path, 25, limits)
    other = Database(database.engine.url.render_as_string(hide_password=False))
    try:
        sites = [site(Dispatch(settings, one, b"a" * 40, Clock(NOW))) for one in (database, other)]
        body = json.dumps({"email": VICTIM, "newsletters": [{"newsletter": "review"}]}).encode()
        kind = [("content-type", "application/json")]

        async def ask_all() -> list[Answer]:
            asked = (
                answer_of(sites[place % 2], "POST", "/api/v1/subscribe", body, kind, peer="203.0.113.9")
                for place in range(AT_ONCE)
            )
            return list(await asyncio.gather(*asked))

        statuses = [answer.status for answer in asyncio.run(ask_all())]
    finally:
        other.close()
    assert (statuses.count(202), statuses.count(429)) == (7, AT_ONCE - 7)
    assert len(_networks(database)) == 7
