"""What may be done to a subscription, as tables of situations and decisions."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from dispatch.model.subscriber import Standing, SubscriptionState, SuppressionReason
from dispatch.subscribing.rules import (
    Admission,
    Pause,
    Refusal,
    Verdict,
    Wanted,
    admission,
    import_verdict,
    lifting_refusal,
    pause,
    stricter,
)

NOBODY = Standing()
ACTIVE = Standing(1, 2, SubscriptionState.ACTIVE)
LEFT = Standing(1, 2, SubscriptionState.LEFT)
UNCONFIRMED = Standing(1, 2, SubscriptionState.UNCONFIRMED)
OTHER_NEWSLETTER = Standing(1)
BOUNCED = Standing(1, 2, SubscriptionState.ACTIVE, SuppressionReason.BOUNCED)
COMPLAINED = Standing(1, 2, SubscriptionState.ACTIVE, SuppressionReason.COMPLAINED)
ERASED = Standing(suppressed=SuppressionReason.ERASED)
BY_OPERATOR = Standing(suppressed=SuppressionReason.OPERATOR)


@pytest.mark.parametrize(
    ("standing", "wanted", "verdict"),
    [
        pytest.param(NOBODY, Wanted.SUBSCRIBED, Verdict.ADD, id="somebody new"),
        pytest.param(OTHER_NEWSLETTER, Wanted.SUBSCRIBED, Verdict.ADD, id="a subscriber of another newsletter"),
        pytest.param(ACTIVE, Wanted.SUBSCRIBED, Verdict.ALREADY, id="there already"),
        pytest.param(ACTIVE, Wanted.UNCONFIRMED, Verdict.ALREADY, id="confirmed long ago"),
        pytest.param(LEFT, Wanted.SUBSCRIBED, Verdict.LEFT, id="left"),
        pytest.param(LEFT, Wanted.UNCONFIRMED, Verdict.LEFT, id="left, and to be asked again"),
        pytest.param(UNCONFIRMED, Wanted.SUBSCRIBED, Verdict.UNCONFIRMED, id="never confirmed"),
        pytest.param(BOUNCED, Wanted.SUBSCRIBED, Verdict.SUPPRESSED, id="bounced"),
        pytest.param(ERASED, Wanted.UNSUBSCRIBED, Verdict.SUPPRESSED, id="erased: not stored again to say they left"),
        pytest.param(BOUNCED, Wanted.UNSUBSCRIBED, Verdict.END, id="leaving outlives the bounce"),
        pytest.param(ACTIVE, Wanted.UNSUBSCRIBED, Verdict.END, id="leaves now"),
        pytest.param(LEFT, Wanted.UNSUBSCRIBED, Verdict.ALREADY, id="left already"),
        pytest.param(ERASED, Wanted.BOUNCED, Verdict.SUPPRESS, id="a bounce is more than an erasure"),
        pytest.param(COMPLAINED, Wanted.BOUNCED, Verdict.ALREADY, id="a complaint is more than a bounce"),
        pytest.param(COMPLAINED, Wanted.SUPPRESSED, Verdict.ALREADY, id="a complaint is more than our word"),
        pytest.param(BOUNCED, Wanted.SUPPRESSED, Verdict.SUPPRESS, id="our word is more than a bounce"),
    ],
)
def test_what_a_row_does_depends_on_what_stands(standing: Standing, wanted: Wanted, verdict: Verdict) -> None:
    """A file never brings anybody back."""
    assert import_verdict(standing, wanted) is verdict


def test_of_two_states_the_stricter_counts() -> None:
    """Whichever of them is named first."""
    assert stricter(Wanted.SUBSCRIBED, Wanted.UNSUBSCRIBED) is Wanted.UNSUBSCRIBED
    assert stricter(Wanted.BOUNCED, Wanted.SUBSCRIBED) is Wanted.BOUNCED


@pytest.mark.parametrize(
    ("standing", "plain", "again", "forced"),
    [
        pytest.param(NOBODY, Admission.JOIN, Admission.JOIN, Admission.JOIN, id="somebody new"),
        pytest.param(ACTIVE, Admission.ALREADY, Admission.ALREADY, Admission.ALREADY, id="there already"),
        pytest.param(LEFT, "left", Admission.RETURN, Admission.RETURN, id="left"),
        pytest.param(UNCONFIRMED, "never confirmed", Admission.RETURN, Admission.RETURN, id="never confirmed"),
        pytest.param(ERASED, "was erased", Admission.JOIN, Admission.JOIN, id="erased"),
        pytest.param(BY_OPERATOR, "an operator", Admission.JOIN, Admission.JOIN, id="suppressed by hand"),
        pytest.param(BOUNCED, "--again --force", "--again --force", Admission.RETURN, id="bounced"),
        pytest.param(COMPLAINED, "as spam", "as spam", Admission.RETURN, id="complained"),
    ],
)
def test_only_new_consent_brings_somebody_back(
    standing: Standing, plain: Admission | str, again: Admission | str, forced: Admission | str
) -> None:
    """`--again` states it; over a bounce or a complaint it takes `--force` as well."""
    for expected, decision in (
        (plain, admission(standing, again=False, force=False)),
        (again, admission(standing, again=True, force=False)),
        (forced, admission(standing, again=True, force=True, because="their letter of 3 May")),
    ):
        if isinstance(expected, Admission):
            assert decision is expected
        else:
            assert isinstance(decision, Refusal)
            assert expected in decision.sentence


def test_force_alone_brings_nobody_back() -> None:
    """Overruling a bounce says nothing about consent."""
    assert isinstance(admission(BOUNCED, again=False, force=True), Refusal)


def test_a_complaint_is_taken_back_only_with_a_reason() -> None:
    """Whoever is asked later has to know why mail went there again."""
    refusal = admission(COMPLAINED, again=True, force=True)
    assert isinstance(refusal, Refusal)
    assert "--source" in refusal.sentence
    lifting = lifting_refusal(SuppressionReason.COMPLAINED, force=True)
    assert lifting is not None
    assert "--because" in lifting.sentence


@pytest.mark.parametrize("reason", list(SuppressionReason))
def test_what_a_person_decided_is_lifted_by_force_alone(reason: SuppressionReason) -> None:
    """A complaint and an erasure are their decisions; a bounce and an operator's word are not."""
    theirs = reason in (SuppressionReason.COMPLAINED, SuppressionReason.ERASED)
    assert (lifting_refusal(reason, force=False) is not None) == theirs
    assert lifting_refusal(reason, force=True, because="their letter of 3 May") is None


NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
EARLIER = datetime(2026, 11, 19, tzinfo=UTC)
LATER = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "paused_until", "until"),
    [
        pytest.param("2026-12-24", None, datetime(2026, 12, 24, 5, 0, tzinfo=UTC), id="a date, in their zone"),
        pytest.param("2026-12-24T09:30", LATER, datetime(2026, 12, 24, 14, 30, tzinfo=UTC), id="a time, in their zone"),
        pytest.param("2026-12-24T09:30Z", None, datetime(2026, 12, 24, 9, 30, tzinfo=UTC), id="a time with its zone"),
        pytest.param("none", LATER, NOW, id="ended early: now"),
        pytest.param("none", EARLIER, EARLIER, id="over already: it ended when it ended"),
        pytest.param("now", None, None, id="not paused"),
    ],
)
def test_a_pause_ends_when_it_says(text: str, paused_until: datetime | None, until: datetime | None) -> None:
    """A date means from its first minute, where the reader is."""
    decision = pause(text, paused_until, NEW_YORK, NOW)
    assert isinstance(decision, Pause)
    assert decision.until == until


@pytest.mark.parametrize("text", ["2026-11-20T06:00", "2026-11-01", "next week", "24.12.2026"])
def test_a_pause_that_cannot_be_is_refused(text: str) -> None:
    """The past would pass over what nobody has been sent yet."""
    assert isinstance(pause(text, None, NEW_YORK, NOW), Refusal)
