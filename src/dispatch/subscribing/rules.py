"""What may be done to a subscription, given what stands about its mailbox.

Two rules hold everywhere: a file never brings anybody back (who left, bounced, complained or was erased stays away),
and only somebody's own new consent, stated by an operator with `add --again`, does.
"""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum

from dispatch.model.subscriber import SUPPRESSION_STRENGTH, Standing, SubscriptionState, SuppressionReason


class Wanted(StrEnum):
    """What a file of subscribers says of a mailbox."""

    SUBSCRIBED = "subscribed"
    UNCONFIRMED = "unconfirmed"
    UNSUBSCRIBED = "unsubscribed"
    SUPPRESSED = "suppressed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


class Verdict(StrEnum):
    """What becomes of one row of a file."""

    ADD = "add"
    END = "end"
    SUPPRESS = "suppress"
    ALREADY = "already there"
    LEFT = "left"
    UNCONFIRMED = "unconfirmed"
    SUPPRESSED = "suppressed"


class Admission(StrEnum):
    """What `add` does with one person."""

    JOIN = "join"
    RETURN = "return"
    ALREADY = "already there"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why somebody is not added, as a sentence that says what would have to be true."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Pause:
    """When a pause ends, None for no pause, and that in words."""

    until: datetime | None
    sentence: str


NO_PAUSE = ("", "none", "now")
SUPPRESSING = {
    Wanted.SUPPRESSED: SuppressionReason.OPERATOR,
    Wanted.BOUNCED: SuppressionReason.BOUNCED,
    Wanted.COMPLAINED: SuppressionReason.COMPLAINED,
}
_SEVERITY = tuple(Wanted)
# A bounce or a complaint is the receiving side's word against the operator's.
_NEEDS_FORCE = {SuppressionReason.BOUNCED, SuppressionReason.COMPLAINED}
_AWAY = {
    SuppressionReason.BOUNCED: "mail to this address bounced",
    SuppressionReason.COMPLAINED: "this person reported mail as spam",
    SuppressionReason.ERASED: "this person was erased",
    SuppressionReason.OPERATOR: "an operator suppressed this address",
}


def stricter(first: Wanted, second: Wanted) -> Wanted:
    """Of what the command says of a whole file and a row of itself, the one that mails less."""
    return max(first, second, key=_SEVERITY.index)


def import_verdict(standing: Standing, wanted: Wanted) -> Verdict:
    """Decide about one row of a file; never brings anybody back."""
    if wanted in SUPPRESSING:
        settled = SUPPRESSION_STRENGTH[SUPPRESSION_STRENGTH.index(SUPPRESSING[wanted]) :]
        return Verdict.ALREADY if standing.suppressed in settled else Verdict.SUPPRESS
    if standing.state is None:
        # An erased person's address must not come back into the store, not even as one who left.
        return Verdict.SUPPRESSED if standing.suppressed else Verdict.ADD
    if wanted is Wanted.UNSUBSCRIBED:
        return Verdict.ALREADY if standing.state is SubscriptionState.LEFT else Verdict.END
    if standing.suppressed:
        return Verdict.SUPPRESSED
    if standing.state is SubscriptionState.LEFT:
        return Verdict.LEFT
    if standing.state is SubscriptionState.UNCONFIRMED and wanted is Wanted.SUBSCRIBED:
        return Verdict.UNCONFIRMED
    return Verdict.ALREADY


def admission(standing: Standing, *, again: bool, force: bool) -> Admission | Refusal:
    """Decide about `add`: `again` states new consent of who was away, `force` overrules a bounce or complaint."""
    if standing.suppressed:
        needed = "--again --force" if standing.suppressed in _NEEDS_FORCE else "--again"
        if not again or (standing.suppressed in _NEEDS_FORCE and not force):
            return Refusal(f"{_AWAY[standing.suppressed]}; if they asked for it anew, say so with {needed}")
    if standing.state is None:
        return Admission.JOIN
    if standing.state is SubscriptionState.ACTIVE:
        return Admission.RETURN if standing.suppressed else Admission.ALREADY
    if not again:
        said = "left" if standing.state is SubscriptionState.LEFT else "never confirmed"
        return Refusal(f"this person {said}; if they asked for it anew, say so with --again")
    return Admission.RETURN


def lifting_refusal(reason: SuppressionReason, *, force: bool) -> Refusal | None:
    """Why a suppression is not lifted by an operator's word alone, or None where it is."""
    if force or reason in (SuppressionReason.OPERATOR, SuppressionReason.BOUNCED):
        return None
    return Refusal(f"{_AWAY[reason]}; if you know that they want mail again, say so with --force")


def pause(text: str, paused_until: datetime | None, zone: tzinfo, now: datetime) -> Pause | Refusal:
    """Decide about a pause until `text`: a date (its first minute in `zone`), a time, or one of NO_PAUSE.

    A pause that is ended early ends now and no sooner, so that what came out during it is passed over.
    """
    if text.strip() in NO_PAUSE:
        return Pause(min(now, paused_until), "the pause is over") if paused_until else Pause(None, "not paused")
    try:
        until = datetime.fromisoformat(text.strip())
    except ValueError:
        return Refusal(f'"{text}" is not a date: write it like 2026-12-31 (or "none" to end a pause)')
    until = until if until.tzinfo else until.replace(tzinfo=zone)
    if until <= now:
        return Refusal(f'{text} is not in the future; "none" ends a pause')
    return Pause(until, f"paused until {until.isoformat(timespec='minutes')}")
