"""Service mail is written here: what was asked for is answered, what has to be told is told.

Every message is rendered outside of any transaction, then stored with its delivery in one transaction with the fact
that it answers: whoever is killed in between has written nothing, and two who do it at once write one.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from dispatch.config.settings import Settings
from dispatch.errors import DispatchError
from dispatch.model.issue import Rendering
from dispatch.model.request import IMPORT, Request, RequestKind, RequestState
from dispatch.model.service import Draft, ServiceMail
from dispatch.model.subscriber import Standing, SubscriptionState
from dispatch.store.database import Connection, Database
from dispatch.store.requests import (
    asked_requests,
    drop_request,
    expire_requests,
    lock_request,
    mark_mailed,
    past_requests,
)
from dispatch.store.service_mail import (
    Recipient,
    WantedMail,
    end_doubtful_mail,
    insert_message,
    last_variant,
    queue_mail,
    take_wanted,
    wanted_mails,
)
from dispatch.store.subscribers import find_subscriber
from dispatch.store.subscriptions import rhythms_of, standings, subscriptions_of
from dispatch.store.suppressions import suppression_reasons
from dispatch.subscribing.request_rules import A_SEASON, Answer, Answered, answer_to_join, answer_to_move

BATCH = 50


@dataclass(frozen=True, slots=True)
class Written:
    """A message as it is stored: its rendering, and the hash of what would be sent."""

    rendering: Rendering
    hash: str


Write = Callable[[Draft], Awaitable[Written]]


async def write_service_mail(database: Database, settings: Settings, now: datetime, write: Write) -> list[str]:
    """Answer all that was asked for and write all that is wanted; one that cannot be written holds no other up.

    Returns what could not be written, in words; that waits.
    """
    problems = []
    after = 0
    while requests := await database.read(asked_requests, BATCH, after):
        for request in requests:
            try:
                await _answer(database, settings, now, request, write)
            except DispatchError as error:
                asked_at = f"{request.asked_at:%Y-%m-%d %H:%M} UTC"
                problems.append(f"a request of {asked_at} waits until this is mended: {error}")
        after = requests[-1].id
    after = 0
    while wanted_ones := await database.read(wanted_mails, BATCH, after):
        for wanted in wanted_ones:
            try:
                await _tell(database, settings, now, wanted, write)
            except DispatchError as error:
                problems.append(f"the mail “{wanted.mail}” waits until this is mended: {error}")
        after = wanted_ones[-1].id
    return problems


async def forget_unanswered(database: Database, now: datetime) -> None:
    """Forget the addresses of those who never answered, and end service mail that nobody can vouch for."""
    await database.run(expire_requests, now)
    await database.run(end_doubtful_mail, now)


async def _answer(database: Database, settings: Settings, now: datetime, request: Request, write: Write) -> None:
    answered, draft = await database.run(_decide, settings, request, now)
    if draft is None:
        await database.run(_drop, request, answered.reason, now)
        return
    written = await write(draft)
    await database.run(_ask, request, draft, written, now)


async def _tell(database: Database, settings: Settings, now: datetime, wanted: WantedMail, write: Write) -> None:
    if wanted.newsletter not in settings.newsletters and wanted.address is None:
        await database.run(take_wanted, wanted.id)  # nothing is said any more in the name of what is not configured
        return
    if wanted.mail is ServiceMail.AGAIN:
        await database.run(_send_again, wanted, now)
        return
    newsletter = _sender_of(settings, wanted)
    written = await write(Draft(wanted.mail, newsletter, wanted.language, wanted.schedule))
    await database.run(_queue_wanted, wanted, newsletter, written, now)


def _sender_of(settings: Settings, wanted: WantedMail) -> str:
    """The newsletter in whose name it goes: theirs, or any where that is gone and its owner has to be told."""
    return wanted.newsletter if wanted.newsletter in settings.newsletters else next(iter(settings.newsletters))


def _decide(
    connection: Connection, settings: Settings, request: Request, now: datetime
) -> tuple[Answered, Draft | None]:
    past = past_requests(connection, request.address_hash, now - A_SEASON)
    if request.kind is RequestKind.MOVE:
        suppressed = suppression_reasons(connection, [request.address_hash]).get(request.address_hash)
        answered = answer_to_move(suppressed, past, now)
        return answered, _move_draft(connection, settings, request) if answered.answer is Answer.ASK else None
    choices = tuple(choice for choice in request.choices if choice.newsletter in settings.newsletters)
    if not choices:
        return Answered(Answer.DROP, reason="its newsletters are not configured any more"), None
    found = {choice.newsletter: _standing(connection, choice.newsletter, request.address_hash) for choice in choices}
    answered = answer_to_join(choices, found, past, now)
    if answered.answer is Answer.DROP:
        return answered, None
    mail = ServiceMail.CONFIRM if answered.answer is Answer.ASK else ServiceMail.ALREADY
    first = answered.choices[0]
    return answered, Draft(mail, first.newsletter, request.language, first.schedule, answered.choices)


def _standing(connection: Connection, newsletter: str, digest: str) -> Standing:
    rhythms = rhythms_of(connection, newsletter)
    return standings(connection, rhythms.newsletter_id, [digest]).get(digest, Standing())


def _move_draft(connection: Connection, settings: Settings, request: Request) -> Draft | None:
    """In the name of a newsletter that the subscriber gets; None if they get none any more."""
    for one in subscriptions_of(connection, request.subscriber_id or 0):
        if one.state is SubscriptionState.ACTIVE and one.newsletter in settings.newsletters:
            return Draft(ServiceMail.MOVE, one.newsletter, request.language, one.schedule)
    return None


def _drop(connection: Connection, request: Request, reason: str, now: datetime) -> None:
    if lock_request(connection, request.id, RequestState.ASKED):
        drop_request(connection, request.id, reason or "there is nothing to ask", now)


def _ask(connection: Connection, request: Request, draft: Draft, written: Written, now: datetime) -> None:
    if not lock_request(connection, request.id, RequestState.ASKED):
        return
    recipient: Recipient | None
    if draft.mail is ServiceMail.ALREADY:
        recipient = _known(connection, request, draft.newsletter)
        drop_request(connection, request.id, "they get it already", now, mailed=True)
    else:
        recipient = Recipient(request_id=request.id, address=request.address, address_hash=request.address_hash)
        mark_mailed(connection, request.id, now)
    if recipient is not None:
        message_id = insert_message(connection, draft.mail, draft.newsletter, written.rendering, written.hash, now)
        is_awaited = request.via != IMPORT
        queue_mail(connection, draft.mail, recipient, now, message_id=message_id, is_awaited=is_awaited)


def _known(connection: Connection, request: Request, newsletter: str) -> Recipient | None:
    subscriber = find_subscriber(connection, request.address_hash)
    if subscriber is None:
        return None
    mine = subscriptions_of(connection, subscriber.id)
    subscription_id = next((one.id for one in mine if one.newsletter == newsletter), None)
    return Recipient(subscriber.id, subscription_id)


def _queue_wanted(connection: Connection, wanted: WantedMail, newsletter: str, written: Written, now: datetime) -> None:
    if not take_wanted(connection, wanted.id):
        return
    message_id = insert_message(connection, wanted.mail, newsletter, written.rendering, written.hash, now)
    recipient = Recipient(wanted.subscriber_id, wanted.subscription_id)
    if wanted.address is not None:
        # It is theirs no more: nothing of the subscriber's may stand in it.
        recipient = Recipient(address=wanted.address, address_hash=wanted.address_hash)
    queue_mail(connection, wanted.mail, recipient, now, message_id=message_id)


def _send_again(connection: Connection, wanted: WantedMail, now: datetime) -> None:
    variant_id = last_variant(connection, wanted.subscription_id)
    if take_wanted(connection, wanted.id) and variant_id is not None:
        recipient = Recipient(wanted.subscriber_id, wanted.subscription_id)
        queue_mail(connection, wanted.mail, recipient, now, variant_id=variant_id)
