"""Never again: suppress an address, lift that, and forget a person altogether."""

from datetime import datetime

from dispatch.errors import DispatchError, NothingToDoError
from dispatch.model.subscriber import ConsentAct, SuppressionReason
from dispatch.store.consents import insert_consent
from dispatch.store.database import Connection, Database
from dispatch.store.erasing import erase_subscriber
from dispatch.store.requests import lock_requests
from dispatch.store.subscribers import find_subscriber
from dispatch.store.subscriptions import lock_subscriptions, pass_over_all_absences, subscriptions_of
from dispatch.store.suppressions import lift_suppression, suppress, suppression_reasons
from dispatch.subscribing.rules import lifting_refusal
from dispatch.subscribing.wishes import Who


async def erase(database: Database, now: datetime, who: Who) -> str:
    """Forget a person: address, name, everything but the keyed hash that keeps them from being mailed again."""
    known = await database.run(forget, who.digest, now)
    gone = "what was known about them is gone" if known else "nothing was known about them"
    return f"{who}: {gone}; a keyed hash of the address remains, so that no import brings them back"


async def suppress_address(
    database: Database, now: datetime, who: Who, reason: SuppressionReason = SuppressionReason.OPERATOR
) -> str:
    """Never mail this address again, whether it is known or not; raises NothingToDoError if that holds already."""
    if not await database.run(suppress, [who.digest], reason, now):
        raise NothingToDoError(f"{who} is suppressed already")
    return f"{who} is never mailed again ({reason})"


async def unsuppress_address(
    database: Database, now: datetime, who: Who, *, force: bool = False, because: str = ""
) -> str:
    """Mail an address again that was suppressed; what came out meanwhile is passed over.

    A bounce and an operator's own word are lifted; after a complaint or an erasure it needs `force`, and after a
    complaint the reason, which is kept with the proof of consent.
    """
    reason = await database.run(_unsuppress, who.digest, now, force=force, because=because.strip())
    return f"{who} may be mailed again (was: {reason})"


def forget(connection: Connection, digest: str, now: datetime) -> bool:
    """Erase whoever has this mailbox, and keep it from being mailed; says whether anybody had it."""
    subscriber = find_subscriber(connection, digest)
    if subscriber is not None:
        lock_requests(connection, digest, subscriber.id)
        lock_subscriptions(connection, subscriber.id)
        subscriber = find_subscriber(connection, digest)  # somebody may have forgotten them while we waited
    suppress(connection, [digest], SuppressionReason.ERASED, now)
    if subscriber is None:
        return False
    erase_subscriber(connection, subscriber.id, now)
    return True


def _unsuppress(connection: Connection, digest: str, now: datetime, *, force: bool, because: str) -> SuppressionReason:
    reason = suppression_reasons(connection, [digest]).get(digest)
    if reason is None:
        raise NothingToDoError("this address is not suppressed")
    refusal = lifting_refusal(reason, force=force, because=because)
    if refusal:
        raise DispatchError(f"the suppression stays: {refusal.sentence}")
    lift_suppression(connection, digest)
    subscriber = find_subscriber(connection, digest)
    places = subscriptions_of(connection, subscriber.id) if subscriber else []
    insert_consent(connection, [place.id for place in places], ConsentAct.LIFTED, now, wording=because)
    if subscriber is not None:
        pass_over_all_absences(connection, subscriber.id, now)
    return reason
