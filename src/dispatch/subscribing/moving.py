"""Moving to another address: asked on one's own page, done once the new inbox says yes, told to the old one.

Subscriber and subscriptions stay, and with them history, consent and what was seen.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from dispatch.errors import AddressError
from dispatch.model.address import address_hash, parse_address
from dispatch.model.request import NewRequest, Request, RequestKind
from dispatch.model.service import ServiceMail
from dispatch.model.subscriber import FOR_GOOD, ConsentAct, SubscriptionState
from dispatch.model.tokens import Purpose, TokenKeys
from dispatch.store.consents import insert_consent
from dispatch.store.database import Connection, Database
from dispatch.store.moving import mailbox_of, move_subscriber, moves_asked
from dispatch.store.requests import insert_request
from dispatch.store.service_mail import want_mail
from dispatch.store.subscribers import owner_of
from dispatch.store.subscriptions import lock_subscriptions, pass_over_all_absences, subscriptions_of
from dispatch.store.suppressions import lift_suppression, suppression_reasons

MOST_MOVES, MOVES_WITHIN = 3, timedelta(days=1)


class MoveAnswer(StrEnum):
    """What becomes of the wish for another address. It is the same whether that address is known or not."""

    ASKED = "asked"
    TOO_MANY = "too_many"
    BAD_ADDRESS = "bad_address"


async def move_address(
    database: Database, address_key: bytes, keys: TokenKeys, now: datetime, token: str, address: str, network: str = ""
) -> MoveAnswer | None:
    """Write down that somebody wants their mail elsewhere; nothing is moved. None for a link that is not genuine."""
    subscription_id = keys.verify(Purpose.PREFERENCES, token)
    if subscription_id is None:
        return None
    try:
        parsed = parse_address(address)
    except AddressError:
        parsed = None
    digest = address_hash(parsed, address_key) if parsed else ""
    return await database.run(_ask, subscription_id, str(parsed or ""), digest, network, now)


def apply_move(connection: Connection, request: Request, now: datetime) -> bool:
    """Move the subscriber to the address of a request that its owner has said yes to; the old address is told.

    Nothing changes, and False is returned, where the new mailbox is another subscriber's or is never to be mailed, or
    where the subscriber was erased meanwhile.
    """
    if request.address is None or request.subscriber_id is None:
        return False
    lock_subscriptions(connection, request.subscriber_id)
    old = mailbox_of(connection, request.subscriber_id)
    if old is None:
        return False
    suppressed = suppression_reasons(connection, [request.address_hash, old.address_hash])
    if suppressed.get(request.address_hash) in FOR_GOOD:
        return False
    if not move_subscriber(connection, request.subscriber_id, request.address, request.address_hash):
        return False
    lift_suppression(connection, request.address_hash)
    places = subscriptions_of(connection, request.subscriber_id)
    insert_consent(connection, [place.id for place in places], ConsentAct.MOVED, now, network=request.network)
    active = [place for place in places if place.state is SubscriptionState.ACTIVE]
    if suppressed:
        pass_over_all_absences(connection, request.subscriber_id, now)
    for place in (active or places)[:1]:
        want_mail(connection, ServiceMail.MOVED, place.id, now, address=old.address, address_hash=old.address_hash)
    return True


def _ask(
    connection: Connection, subscription_id: int, address: str, digest: str, network: str, now: datetime
) -> MoveAnswer | None:
    person = owner_of(connection, subscription_id)
    if person is None:
        return None
    if not address:
        return MoveAnswer.BAD_ADDRESS
    lock_subscriptions(connection, person.id)
    if moves_asked(connection, person.id, now - MOVES_WITHIN) >= MOST_MOVES:
        return MoveAnswer.TOO_MANY
    request = NewRequest(
        kind=RequestKind.MOVE,
        address=address,
        address_hash=digest,
        subscriber_id=person.id,
        language=person.language,
        page="preferences",
        network=network,
    )
    insert_request(connection, request, now)
    return MoveAnswer.ASKED
