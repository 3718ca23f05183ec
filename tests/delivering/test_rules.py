"""What follows from a try."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.delivering.rules import (
    BRAKE_AT,
    FREE_RETRIES,
    Refusals,
    chance_of,
    judge,
    rest_after_problem,
    retry_delay,
    returned,
)
from dispatch.model.delivery import ClaimedDelivery, DeliveryKind, DeliveryState, Outcome, Reply, Stage, Try

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def delivery(
    attempts: int = 0, kind: DeliveryKind = DeliveryKind.DIGEST, expires_at: datetime | None = None
) -> ClaimedDelivery:
    return ClaimedDelivery(7, kind, 1, 1, None, 1, None, "mara@harbour.example", "Mara", attempts, expires_at)


def a_try(outcome: Outcome, reply: Reply | None = None, stage: Stage = Stage.RCPT) -> Try:
    return Try(outcome, stage, reply)


@pytest.mark.parametrize(
    ("outcome", "attempts", "state", "at_once", "row"),
    [
        (Outcome.ACCEPTED, 0, DeliveryState.ACCEPTED, True, ""),
        (Outcome.ACCEPTED, 1, DeliveryState.ACCEPTED, True, "accepted"),
        (Outcome.REFUSED, 0, DeliveryState.REFUSED, True, "refused"),
        (Outcome.DEFERRED, 0, DeliveryState.DEFERRED, False, "deferred"),
        (Outcome.TURNED_AWAY, 0, DeliveryState.QUEUED, False, "turned_away"),
        (Outcome.BUSY, 0, DeliveryState.DEFERRED, True, "busy"),
        (Outcome.LOST, FREE_RETRIES - 1, DeliveryState.DEFERRED, True, "lost"),
        (Outcome.LOST, FREE_RETRIES, DeliveryState.DEFERRED, False, "lost"),
        (Outcome.IN_DOUBT, 0, DeliveryState.QUEUED, True, "in_doubt"),
        (Outcome.IN_DOUBT, 2, DeliveryState.IN_DOUBT, True, "in_doubt"),
    ],
)
def test_what_a_try_means(outcome: Outcome, attempts: int, state: DeliveryState, at_once: bool, row: str) -> None:
    """State, whether it may go again at once, and the attempt row."""
    verdict = judge(delivery(attempts), a_try(outcome), NOW)
    assert verdict is not None
    assert (verdict.state, verdict.due_at is None, verdict.outcome) == (state, at_once, row)
    assert verdict.attempts == attempts + 1


def test_what_was_not_licensed_is_not_judged() -> None:
    """The ledger has decided already."""
    assert judge(delivery(), a_try(Outcome.UNLICENSED), NOW) is None


@pytest.mark.parametrize("kind", [DeliveryKind.SHARE, DeliveryKind.SERVICE])
def test_shares_and_service_mail_in_doubt_are_held(kind: DeliveryKind) -> None:
    """A friend must not get the same thing twice."""
    verdict = judge(delivery(kind=kind), a_try(Outcome.IN_DOUBT), NOW)
    assert verdict is not None
    assert (verdict.state, verdict.done) == (DeliveryState.IN_DOUBT, "")


def test_a_newsletter_can_hold_what_is_in_doubt() -> None:
    """Then its digests wait for an operator the first time, as shares do."""
    verdict = judge(replace(delivery(), is_held=True), a_try(Outcome.IN_DOUBT), NOW)
    assert verdict is not None
    assert (verdict.state, verdict.done) == (DeliveryState.IN_DOUBT, "")


def test_what_would_be_tried_after_its_time_is_given_up_now() -> None:
    """Unless it may have arrived."""
    soon = delivery(expires_at=NOW + 4 * MINUTE)
    verdict = judge(soon, a_try(Outcome.DEFERRED, Reply(450, "", "later")), NOW)
    assert verdict is not None
    assert (verdict.state, verdict.reason, verdict.reply) == (DeliveryState.REFUSED, "expired", "450 later")
    doubted = judge(delivery(2, expires_at=NOW), a_try(Outcome.IN_DOUBT), NOW)
    assert doubted is not None
    assert doubted.state is DeliveryState.IN_DOUBT


def test_what_was_only_put_back_costs_nothing() -> None:
    """Neither an attempt nor its place in the queue."""
    verdict = returned(delivery(2), NOW)
    assert (verdict.state, verdict.due_at, verdict.attempts, verdict.outcome) == (DeliveryState.QUEUED, None, 2, "")


@given(st.integers(0, 200), st.integers(1, 10**9))
def test_retries_wait_longer_each_time_but_never_for_ever(attempts: int, number: int) -> None:
    """Five minutes at first, four hours at most, up to a fifth more."""
    assert timedelta(minutes=5) <= retry_delay(attempts) <= retry_delay(attempts + 1) <= timedelta(hours=4)
    assert 0 <= chance_of(number, attempts) < 1
    assert chance_of(number, attempts) == chance_of(number, attempts)


def test_what_was_deferred_together_does_not_come_back_together() -> None:
    """The chances cover everything from never to always."""
    chances = sorted(chance_of(number, 0) for number in range(1_000))
    assert chances[10] < 0.05
    assert chances[-10] > 0.95


def wait_after(attempts: int, code: int, enhanced: str, text: str) -> tuple[timedelta, timedelta]:
    """The shortest and the longest wait of a hundred deliveries after this reply at RCPT."""
    waits = []
    for number in range(100):
        whose = ("mara@harbour.example", "Mara")
        one = ClaimedDelivery(number, DeliveryKind.DIGEST, 1, 1, None, 1, None, *whose, attempts, None)
        verdict = judge(one, a_try(Outcome.DEFERRED, Reply(code, enhanced, text)), NOW)
        assert verdict is not None
        waits.append((verdict.due_at or NOW) - NOW)
    return min(waits), max(waits)


def test_a_greylisted_reader_is_tried_again_after_the_time_named() -> None:
    """With something to spare, and not all in one moment; without a time after five minutes."""
    shortest, longest = wait_after(0, 451, "4.7.1", "Greylisted, try again in 120 seconds")
    assert timedelta(seconds=130) <= shortest < timedelta(seconds=135)
    assert timedelta(seconds=180) < longest <= timedelta(seconds=190)
    shortest, longest = wait_after(0, 451, "4.7.1", "Greylisted")
    assert shortest >= 5 * MINUTE
    assert 5.9 * MINUTE < longest <= 6 * MINUTE


def test_the_time_named_is_believed_within_bounds() -> None:
    """A minute at least and an hour at most; and not for ever."""
    assert wait_after(0, 451, "", "come back in 1 second")[0] >= MINUTE
    assert wait_after(0, 451, "", "come back in 999 hours")[1] <= 72 * MINUTE
    assert wait_after(3, 451, "", "come back in 60 seconds")[0] >= 40 * MINUTE


def test_who_only_waits_because_we_are_too_fast_may_go_at_once() -> None:
    """It is the pace that holds them back; in the end they wait like all others."""
    assert wait_after(0, 450, "4.7.28", "unusual rate") == (timedelta(0), timedelta(0))
    assert wait_after(FREE_RETRIES, 450, "4.7.28", "unusual rate")[0] >= 5 * MINUTE
    assert wait_after(0, 450, "4.2.1", "this user gets mail at too high a rate")[0] >= 5 * MINUTE


POLICY = Try(Outcome.TURNED_AWAY, Stage.DOT, Reply(554, "5.7.1", "spam"))


def after(*tries: Try) -> tuple[Refusals, str]:
    seen, reason = Refusals(), ""
    for one in tries:
        seen = seen.after(one)
        reason = seen.tripped(one)
    return seen, reason


def test_the_brake_is_pulled_at_fifty_of_one_kind() -> None:
    """With the relay's words; what concerns readers neither pulls nor releases it."""
    reader = a_try(Outcome.REFUSED, Reply(550, "5.1.1", "unknown"))
    assert after(*[POLICY] * (BRAKE_AT - 1))[1] == ""
    assert "554 5.7.1 spam" in after(*[POLICY] * (BRAKE_AT - 1), reader, POLICY)[1]


def test_an_acceptance_releases_the_brake() -> None:
    """Counting starts anew."""
    accepted = a_try(Outcome.ACCEPTED, Reply(250), Stage.DOT)
    assert after(*[POLICY] * (BRAKE_AT - 1), accepted, *[POLICY] * (BRAKE_AT - 1))[1] == ""


def test_refusals_of_different_kinds_are_counted_apart() -> None:
    """Fifty of one kind."""
    other = Try(Outcome.TURNED_AWAY, Stage.MAIL, Reply(550, "5.7.1", "no"))
    assert after(*[POLICY, other] * (BRAKE_AT - 1))[1] == ""


def test_a_relay_rests_longer_each_time() -> None:
    """A lost one at most half a minute; one that somebody has to mend at least five minutes."""
    rests = [rest_after_problem(failures, needs_somebody=False) for failures in range(1, 40)]
    assert rests[0] == timedelta(seconds=1)
    assert rests == sorted(rests)
    assert rests[-1] == timedelta(seconds=30)
    assert rest_after_problem(1, needs_somebody=True) == 5 * MINUTE
    assert rest_after_problem(99, needs_somebody=True) == 60 * MINUTE
