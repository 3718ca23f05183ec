"""People who were imported and never confirmed are asked once."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from dispatch.app import Clock, Dispatch
from dispatch.model.address import address_hash, parse_address
from dispatch.model.subscriber import Consent, NewSubscriber, SubscriptionState, SuppressionReason
from dispatch.store import reader_tables
from dispatch.store.database import Database
from dispatch.store.subscribers import insert_subscribers
from dispatch.store.subscriptions import NewSubscription, insert_subscriptions, rhythms_of
from dispatch.store.suppressions import suppress
from dispatch.subscribing.asking import Asked, ask_unconfirmed
from tests.correspondence import later, mail, subscriptions, token_in
from tests.delivering.make import NOW, rows_of, settings_for
from tests.smtp_server import SmtpServer

KEY = b"a" * 40


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    """The relay."""
    with SmtpServer() as running:
        yield running


@pytest.fixture
def dispatch(database: Database, server: SmtpServer, tmp_path: Path) -> Dispatch:
    """An open dispatch whose clock stands at NOW."""
    return Dispatch(settings_for(tmp_path, server.port), database, KEY, Clock(NOW))


def bring_in(dispatch: Dispatch, *addresses: str, state: SubscriptionState = SubscriptionState.UNCONFIRMED) -> None:
    """Store these people as an import does."""

    def store(connection: sa.Connection) -> None:
        people = [NewSubscriber(one, address_hash(parse_address(one), KEY), source="old tool") for one in addresses]
        ids = insert_subscribers(connection, people, NOW)
        rhythms = rhythms_of(connection, "review")
        rows = [
            NewSubscription(one, rhythms.newsletter_id, rhythms.schedules["weekly"], state, Consent())
            for one in ids.values()
        ]
        insert_subscriptions(connection, rows, NOW)

    dispatch.database.transact(store)


def ask(dispatch: Dispatch, *, dry_run: bool = False) -> Asked:
    return asyncio.run(ask_unconfirmed(dispatch.database, dispatch.settings, dispatch.now(), dry_run=dry_run))


def test_they_are_asked_once_and_their_yes_counts(dispatch: Dispatch, server: SmtpServer) -> None:
    """Whoever is active, or must not be mailed, is not asked at all."""
    bring_in(dispatch, "one@tide.example", "two@tide.example", "gone@tide.example")
    bring_in(dispatch, "reader@tide.example", state=SubscriptionState.ACTIVE)
    gone = address_hash(parse_address("gone@tide.example"), KEY)
    dispatch.database.transact(suppress, [gone], SuppressionReason.BOUNCED, NOW)
    assert ask(dispatch, dry_run=True) == Asked(2, 0)
    assert mail(dispatch, server) == []
    assert ask(dispatch) == Asked(2, 0)
    assert ask(dispatch) == Asked(0, 2)
    questions = mail(dispatch, server)
    assert {question["To"] for question in questions} == {"one@tide.example", "two@tide.example"}
    asyncio.run(dispatch.readers.confirm(token_in(questions[0], "confirm"), ""))
    assert (questions[0]["To"], "active") in subscriptions(dispatch)
    assert len([state for _, state in subscriptions(dispatch) if state == "active"]) == 2
    assert ask(later(dispatch, timedelta(days=30))).people == 0
    assert {row["via"] for row in rows_of(dispatch.database, reader_tables.request)} == {"import"}


@pytest.mark.parametrize("count", [0, 1])
def test_how_many_it_concerns_is_said_before(dispatch: Dispatch, count: int) -> None:
    """A dry run stores nothing."""
    if count:
        bring_in(dispatch, "one@tide.example")
    assert ask(dispatch, dry_run=True) == Asked(count, 0)
    assert rows_of(dispatch.database, reader_tables.request) == []
