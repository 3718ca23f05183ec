"""Joining: somebody asks for newsletters, and the owner of the address says yes or no from their inbox.

ask (a page, a form, the API)     one row, whoever the address belongs to: the answer can tell nobody anything
answer (answering.py)             the question is mailed, or that they get it already, or nothing
confirm, decline                  the subscription, with the proof of what was agreed to; or quiet for a season
"""

from datetime import datetime

from dispatch.config.settings import Settings
from dispatch.errors import AddressError
from dispatch.model.address import address_hash, masked, parse_address
from dispatch.model.joining import Confirmation, JoinAnswer, JoinAsked
from dispatch.model.request import Choice, NewRequest, Request, RequestKind, RequestState
from dispatch.model.service import ServiceMail
from dispatch.model.subscriber import (
    FOR_GOOD,
    Consent,
    ConsentAct,
    NewSubscriber,
    Subscription,
    SubscriptionState,
)
from dispatch.model.tokens import Purpose, TokenKeys
from dispatch.store.consents import insert_consent
from dispatch.store.database import Connection, Database
from dispatch.store.requests import asked_since, drop_request, end_request, insert_request, lock_request, read_request
from dispatch.store.service_mail import want_mail
from dispatch.store.subscribers import find_subscriber, insert_subscribers
from dispatch.store.subscriptions import (
    NewSubscription,
    insert_subscriptions,
    lock_subscriptions,
    pass_over_all_absences,
    return_to,
    rhythms_of,
    subscriptions_of,
)
from dispatch.store.suppressions import lift_suppression, suppression_reasons
from dispatch.subscribing.moving import apply_move


async def ask_to_join(
    database: Database, settings: Settings, address_key: bytes, now: datetime, asked: JoinAsked
) -> JoinAnswer:
    """Write down what somebody asked for; what becomes of it is decided later, so that all addresses take as long."""
    choices = _choices(settings, asked)
    if not choices:
        return JoinAnswer.NO_SUCH_NEWSLETTER
    try:
        address = parse_address(asked.address)
    except AddressError:
        return JoinAnswer.BAD_ADDRESS
    request = NewRequest(
        kind=RequestKind.JOIN,
        address=str(address),
        address_hash=address_hash(address, address_key),
        choices=choices,
        language=asked.language,
        via=asked.via,
        page=asked.page,
        wording=asked.wording,
        network=asked.network,
    )
    return await database.run(_ask, settings, request, now)


async def confirmation(database: Database, keys: TokenKeys, token: str) -> Confirmation | None:
    """What the page behind a question's link shows (either of its two links); None for a token that is not genuine."""
    request_id = keys.verify(Purpose.CONFIRM, token)
    if request_id is None:
        request_id = keys.verify(Purpose.DECLINE, token)
    return None if request_id is None else await database.read(_shown, request_id)


async def confirm(
    database: Database, settings: Settings, keys: TokenKeys, now: datetime, token: str, network: str
) -> Confirmation | None:
    """Say yes: the subscriptions begin, or the address moves; twice is once. None for a token that is not genuine."""
    request_id = keys.verify(Purpose.CONFIRM, token)
    return None if request_id is None else await database.run(_confirm, settings, request_id, network, now)


async def decline(database: Database, keys: TokenKeys, now: datetime, token: str) -> bool:
    """Say no: the address is forgotten, and not asked again for a season; says whether the token was genuine."""
    request_id = keys.verify(Purpose.DECLINE, token)
    if request_id is not None:
        await database.run(_decline, request_id, now)
    return request_id is not None


def _choices(settings: Settings, asked: JoinAsked) -> tuple[Choice, ...]:
    """What was chosen, each newsletter once; empty if any of it is not there to be chosen."""
    found: dict[str, Choice] = {}
    for newsletter, schedule in asked.choices:
        shape = settings.newsletters.get(newsletter)
        if shape is None or (schedule and schedule not in shape.schedules):
            return ()
        found[newsletter] = Choice(newsletter, schedule or shape.default_schedule)
    return tuple(found.values())


def _ask(connection: Connection, settings: Settings, request: NewRequest, now: datetime) -> JoinAnswer:
    limits = settings.subscribe
    # Without an address block (a proxy that names none) only the limit of the whole site is left.
    counted = [(request.network, limits.network)] if request.network else []
    for network, limit in (*counted, ("", limits.site)):
        if asked_since(connection, now - limit.period, network) >= limit.count:
            return JoinAnswer.TOO_MANY
    insert_request(connection, request, now)
    return JoinAnswer.ASKED


def _shown(connection: Connection, request_id: int) -> Confirmation | None:
    request = read_request(connection, request_id)
    if request is None:
        return None
    subscriber = find_subscriber(connection, request.address_hash)
    about = None
    if subscriber is not None and request.state is RequestState.CONFIRMED:
        wanted = {choice.newsletter for choice in request.choices}
        mine = subscriptions_of(connection, subscriber.id)
        about = next((one.id for one in mine if not wanted or one.newsletter in wanted), None)
    in_use = request.kind is RequestKind.MOVE and subscriber is not None and subscriber.id != request.subscriber_id
    return Confirmation(
        kind=request.kind,
        state=request.state,
        address=masked(request.address) if request.address else "",
        choices=request.choices,
        language=request.language,
        in_use=in_use and request.state is RequestState.CONFIRMED,
        subscription_id=None if in_use else about,
    )


def _confirm(
    connection: Connection, settings: Settings, request_id: int, network: str, now: datetime
) -> Confirmation | None:
    request = lock_request(connection, request_id, RequestState.MAILED)
    if request is not None:
        if request.kind is RequestKind.JOIN:
            is_done = _join(connection, settings, request, network, now)
        else:
            # An address that has a subscriber of its own is told so, by `in_use`.
            is_done = apply_move(connection, request, now) or _has_subscriber(connection, request.address_hash)
        if is_done:
            end_request(connection, request_id, RequestState.CONFIRMED, now, network)
        else:
            drop_request(connection, request_id, "no mail goes to this address, or nothing of it is left", now)
    return _shown(connection, request_id)


def _decline(connection: Connection, request_id: int, now: datetime) -> None:
    if lock_request(connection, request_id, RequestState.MAILED) is not None:
        end_request(connection, request_id, RequestState.DECLINED, now)


def _join(connection: Connection, settings: Settings, request: Request, network: str, now: datetime) -> bool:
    """Make the subscriptions; a bounce or an erasure does not outlive its owner's own yes, a complaint does.

    Returns whether there is one now.
    """
    suppressed = suppression_reasons(connection, [request.address_hash]).get(request.address_hash)
    choices = [choice for choice in request.choices if _is_offered(settings, choice)]
    if request.address is None or suppressed in FOR_GOOD or not choices:
        return False
    person = NewSubscriber(request.address, request.address_hash, language=request.language, source=request.via)
    subscriber_id = insert_subscribers(connection, [person], now)[request.address_hash]
    lock_subscriptions(connection, subscriber_id)
    if lift_suppression(connection, request.address_hash):
        pass_over_all_absences(connection, subscriber_id, now)
    welcomed = False
    for choice in choices:
        subscription_id, is_new = _subscribe(connection, subscriber_id, choice, request, now)
        _prove(connection, subscription_id, request, network, now)
        if is_new and not welcomed:
            want_mail(connection, ServiceMail.WELCOME, subscription_id, now)
            welcomed = True
    return True


def _has_subscriber(connection: Connection, digest: str) -> bool:
    return find_subscriber(connection, digest) is not None


def _is_offered(settings: Settings, choice: Choice) -> bool:
    """Whether it was not taken out of the configuration since it was asked for."""
    shape = settings.newsletters.get(choice.newsletter)
    return shape is not None and choice.schedule in shape.schedules


def _subscribe(
    connection: Connection, subscriber_id: int, choice: Choice, request: Request, now: datetime
) -> tuple[int, bool]:
    """The subscription, and whether it begins only now: somebody whose mail bounced may have had it all along."""
    rhythms = rhythms_of(connection, choice.newsletter)
    schedule_id = rhythms.schedules[choice.schedule]
    agreed = Consent(now, request.page or request.via)
    mine = next((one for one in subscriptions_of(connection, subscriber_id) if _is_of(one, choice)), None)
    if mine is not None:
        is_new = mine.state is not SubscriptionState.ACTIVE
        if is_new:
            return_to(connection, mine.id, schedule_id, agreed, now)
        return mine.id, is_new
    place = NewSubscription(subscriber_id, rhythms.newsletter_id, schedule_id, SubscriptionState.ACTIVE, agreed)
    insert_subscriptions(connection, [place], now)
    return next(one.id for one in subscriptions_of(connection, subscriber_id) if _is_of(one, choice)), True


def _is_of(subscription: Subscription, choice: Choice) -> bool:
    return subscription.newsletter == choice.newsletter


def _prove(connection: Connection, subscription_id: int, request: Request, network: str, now: datetime) -> None:
    """Both halves of the proof: what was asked, when and from where; and when and from where it was confirmed."""
    insert_consent(
        connection,
        [subscription_id],
        ConsentAct.ASKED,
        request.asked_at,
        wording=request.wording,
        page=request.page,
        network=request.network,
    )
    insert_consent(connection, [subscription_id], ConsentAct.CONFIRMED, now, page="confirm", network=network)
