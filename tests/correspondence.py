"""Mail between a dispatch and its readers: sent over a real server, read as it arrived."""

import asyncio
import re
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import sqlalchemy as sa

from dispatch.app import Clock, Dispatch
from dispatch.store import tables
from tests.smtp_server import SmtpServer


def later(dispatch: Dispatch, by: timedelta) -> Dispatch:
    """The same installation some time on."""
    return Dispatch(dispatch.settings, dispatch.database, dispatch.address_key, Clock(dispatch.now() + by))


def mail(dispatch: Dispatch, server: SmtpServer) -> list[EmailMessage]:
    """Write and send what waits; the messages that arrived because of it."""
    before = len(server.received)
    report = asyncio.run(dispatch.send())
    assert not report.failed, report.lines
    return [message_from_bytes(one.data, policy=policy.default) for one in server.received[before:]]


def token_in(message: EmailMessage, page: str) -> str:
    """The token of the link to a page; text and HTML have the same."""
    found: set[str] = set()
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part is not None
        found |= set(re.findall(rf"/{page}/([0-9a-f]{{44}})", part.get_content()))
    (token,) = found
    return token


def subscriptions(dispatch: Dispatch) -> list[tuple[str, str]]:
    """Address and state of every subscription."""
    query = (
        sa.select(tables.subscriber.c.address, tables.subscription.c.state)
        .join(tables.subscription, tables.subscription.c.subscriber_id == tables.subscriber.c.id)
        .order_by(tables.subscription.c.id)
    )
    with dispatch.database.engine.begin() as connection:
        return [(address, state) for address, state in connection.execute(query)]
