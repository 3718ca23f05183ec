"""What follows from a try: a delivery's next state and when it is due again; when an issue is braked, a relay rests."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dispatch.delivering.not_now import is_about_everybody, wait_named
from dispatch.model.delivery import (
    EXPIRED,
    ClaimedDelivery,
    DeliveryKind,
    DeliveryState,
    Outcome,
    Try,
    Verdict,
)

# In doubt, these are sent again with the same Message-ID unless their newsletter holds them; the others wait until an
# operator decides.
RESENT_KINDS = frozenset({DeliveryKind.DIGEST, DeliveryKind.LETTER})
# A relay that takes every message and hangs up each time would otherwise mail the same person for three days.
MOST_TRIES_IN_DOUBT = 3

FIRST_RETRY = timedelta(minutes=5)  # greylisting wants to see us again after one to five minutes
LONGEST_RETRY = timedelta(hours=4)
# So many lost connections or 421s say more about the relay than about the delivery: it may go again at once.
FREE_RETRIES = 5
# Where the reply names a time (greylisting does), that time counts, within these bounds and with something to spare.
SHORTEST_NAMED, LONGEST_NAMED = timedelta(minutes=1), timedelta(hours=1)
NAMED_MARGIN = timedelta(seconds=10)
# Up to a fifth later and at least up to a minute, so that what was refused together does not come back together.
SPREAD = 0.2
LEAST_SPREAD = timedelta(minutes=1)

BRAKE_AT = 50

PROBLEM_REST = timedelta(seconds=1)
LONGEST_PROBLEM_REST = timedelta(seconds=30)  # a relay that is back is used again within the minute
SETUP_REST = timedelta(minutes=5)  # a wrong password is no better a second later, and some relays lock us out
LONGEST_SETUP_REST = timedelta(hours=1)


def judge(delivery: ClaimedDelivery, result: Try, now: datetime) -> Verdict | None:
    """What a try means for its delivery; None where no dot was licensed, for then the ledger has decided already."""
    match result.outcome:
        case Outcome.ACCEPTED:
            return _accepted(delivery, result, now)
        case Outcome.REFUSED:
            return _ended(delivery, result, now, result.reason)
        case Outcome.DEFERRED:
            return _again(delivery, result, now, DeliveryState.DEFERRED, _deferral(delivery.attempts, result))
        case Outcome.TURNED_AWAY:
            return _again(delivery, result, now, DeliveryState.QUEUED, retry_delay(delivery.attempts + 1))
        case Outcome.BUSY | Outcome.LOST:
            return _again(delivery, result, now, DeliveryState.DEFERRED, _soon(delivery.attempts))
        case Outcome.IN_DOUBT:
            return _doubted(delivery, result, now)
        case Outcome.UNLICENSED:
            return None


def returned(delivery: ClaimedDelivery, now: datetime) -> Verdict:
    """Back to the queue as it was: nothing was tried, or nothing that counts against anybody."""
    return Verdict(delivery.id, DeliveryState.QUEUED, at=now, due_at=None, attempts=delivery.attempts)


def retry_delay(tries: int) -> timedelta:
    """How long to wait after so many tries, before jitter: 5, 10, 20 … minutes, at most four hours."""
    return min(FIRST_RETRY * (1 << min(max(tries - 1, 0), 16)), LONGEST_RETRY)


def chance_of(*about: object) -> float:
    """A number from 0 up to 1 that looks random and is the same whenever it is asked for."""
    digest = hashlib.sha256(":".join(map(str, about)).encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32


@dataclass(frozen=True, slots=True)
class Refusals:
    """The relay's own refusals of one issue since its last acceptance: kind of refusal → how many."""

    counts: Mapping[str, int] = field(default_factory=dict)

    def after(self, result: Try) -> "Refusals":
        """These refusals and one more try."""
        if result.outcome is Outcome.ACCEPTED:
            return Refusals()
        if result.outcome is not Outcome.TURNED_AWAY:
            return self
        kind = kind_of_refusal(result)
        return Refusals({**self.counts, kind: self.counts.get(kind, 0) + 1})

    def tripped(self, result: Try) -> str:
        """The sentence with which the brake pauses the issue, "" as long as it does not."""
        if result.outcome is not Outcome.TURNED_AWAY or self.counts.get(kind_of_refusal(result), 0) < BRAKE_AT:
            return ""
        return f"the relay refused {BRAKE_AT} messages in a row without taking one: {_words(result)}"


def kind_of_refusal(result: Try) -> str:
    """What makes two refusals the same: where, and with which code."""
    code = f"{result.reply.code} {result.reply.enhanced}" if result.reply else "here"
    return f"{result.stage} {code}"


def rest_after_problem(failures: int, *, needs_somebody: bool) -> timedelta:
    """How long a relay is left alone after so many failed connections in a row."""
    first, longest = (SETUP_REST, LONGEST_SETUP_REST) if needs_somebody else (PROBLEM_REST, LONGEST_PROBLEM_REST)
    return min(first * (1 << min(failures - 1, 16)), longest)


def _accepted(delivery: ClaimedDelivery, result: Try, now: datetime) -> Verdict:
    return Verdict(
        delivery_id=delivery.id,
        state=DeliveryState.ACCEPTED,
        at=now,
        due_at=None,
        attempts=delivery.attempts + 1,
        reply=str(result.reply or ""),
        outcome=Outcome.ACCEPTED if delivery.attempts else "",
    )


def _ended(delivery: ClaimedDelivery, result: Try, now: datetime, reason: str) -> Verdict:
    return Verdict(
        delivery_id=delivery.id,
        state=DeliveryState.REFUSED,
        at=now,
        due_at=None,
        attempts=delivery.attempts + 1,
        reply=_words(result),
        reason=reason,
        outcome=result.outcome,
    )


def _again(
    delivery: ClaimedDelivery, result: Try, now: datetime, state: DeliveryState, delay: timedelta, done: str = ""
) -> Verdict:
    chance = chance_of(delivery.id, delivery.attempts)
    due_at = now + delay + max(delay * SPREAD, LEAST_SPREAD) * chance if delay else now
    if delivery.expires_at is not None and due_at >= delivery.expires_at and result.outcome is not Outcome.IN_DOUBT:
        return _ended(delivery, result, now, EXPIRED)
    return Verdict(
        delivery_id=delivery.id,
        state=state,
        at=now,
        # At once means as before: a run that begins at the same moment again has to find it due.
        due_at=due_at if delay else None,
        attempts=delivery.attempts + 1,
        reply=_words(result),
        reason="in doubt" if result.outcome is Outcome.IN_DOUBT else result.reason,
        outcome=result.outcome,
        done=done,
    )


def _doubted(delivery: ClaimedDelivery, result: Try, now: datetime) -> Verdict:
    tries = delivery.attempts + 1
    if delivery.kind in RESENT_KINDS and not delivery.is_held and tries < MOST_TRIES_IN_DOUBT:
        done = "sent again, with the same Message-ID"
        return _again(delivery, result, now, DeliveryState.QUEUED, _soon(delivery.attempts), done)
    return _again(delivery, result, now, DeliveryState.IN_DOUBT, timedelta(0))


def _deferral(attempts: int, result: Try) -> timedelta:
    """How long one reader's delivery waits: at first as the reply says; not at all where only we are too fast."""
    if is_about_everybody(result):
        return _soon(attempts)
    usual = retry_delay(attempts + 1)
    named = wait_named(result.reply) if result.reply else None
    if named is None:
        return usual
    wanted = min(max(named + NAMED_MARGIN, SHORTEST_NAMED), LONGEST_NAMED)
    return wanted if attempts == 0 else max(wanted, usual)


def _soon(attempts: int) -> timedelta:
    return timedelta(0) if attempts < FREE_RETRIES else retry_delay(attempts - FREE_RETRIES + 1)


def _words(result: Try) -> str:
    if result.reply:
        return str(result.reply)
    if result.reason:
        return result.reason
    return {
        Outcome.LOST: f"the connection was lost at {result.stage.value.upper()}, before the message was complete",
        Outcome.IN_DOUBT: "the connection was lost after the last byte, before a reply",
    }.get(result.outcome, "")
