"""What may be done to a subscription, given what stands about its mailbox.

Two rules hold everywhere: a file never brings anybody back (who left, bounced, complained or was erased stays away),
and only somebody's own new consent, stated by an operator with `add --again`, does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum

from dispatch.model.schedule import OnPublish, Rhythm
from dispatch.model.subscriber import (
    SUPPRESSION_STRENGTH,
    Standing,
    Subscription,
    SubscriptionState,
    SuppressionReason,
)


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
    """Why something is not done, as a sentence that says what would have to be true, and as a word for pages."""

    sentence: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    """When a pause ends, None for no pause, and that in words."""

    until: datetime | None
    sentence: str


@dataclass(frozen=True, slots=True)
class PlaceWish:
    """How somebody wants one newsletter; None where nothing was said. `pause_until` as `pause` takes it."""

    schedule: str | None = None
    books: bool | None = None
    sections_off: tuple[str, ...] | None = None
    pause_until: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One wish that is granted: the column of the subscription (the schedule by its name), its value, and a sentence.

    `differs` says whether it was any different before. None of them is ever what somebody has seen.
    """

    column: str
    value: object
    sentence: str
    differs: bool


class Return(StrEnum):
    """What becomes of a subscription whose reader comes back by a link of ours."""

    UNDO = "undo"  # as if they had never left
    ANEW = "anew"  # what came out meanwhile is passed over
    ALREADY = "already there"


UNDO_FOR = timedelta(days=7)
LONGEST_PAUSE_YEARS = 100
_DAY = timedelta(days=1)
# Two years have every schedule that anybody keeps often enough to be told from another.
_COUNTED_DAYS = [date(2024, 1, 1) + number * _DAY for number in range(731)]
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


def admission(standing: Standing, *, again: bool, force: bool, because: str = "") -> Admission | Refusal:
    """Decide about `add`: `again` states new consent of who was away, `force` overrules a bounce or complaint.

    Over a complaint it has to be said where they asked anew.
    """
    if standing.suppressed is SuppressionReason.COMPLAINED and again and force and not because:
        return Refusal(f"{_AWAY[standing.suppressed]}; say with --source where they asked for it anew")
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


def lifting_refusal(reason: SuppressionReason, *, force: bool, because: str = "") -> Refusal | None:
    """Why a suppression is not lifted by an operator's word alone, or None where it is; a complaint needs a reason."""
    if reason is SuppressionReason.COMPLAINED and force and not because:
        return Refusal(f"{_AWAY[reason]}; say with --because how you know that they want mail again")
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
        return Refusal(f'"{text}" is not a date: write it like 2026-12-31 (or "none" to end a pause)', "no_date")
    until = until if until.tzinfo else until.replace(tzinfo=zone)
    if until <= now:
        return Refusal(f'{text} is not in the future; "none" ends a pause', "past")
    if until.year > now.year + LONGEST_PAUSE_YEARS:
        return Refusal(f"{text} is more than {LONGEST_PAUSE_YEARS} years away: leave instead", "far")
    return Pause(until, f"paused until {until.isoformat(timespec='minutes')}")


def granted(place: Subscription, wish: PlaceWish, zone: tzinfo, now: datetime) -> list[Step] | Refusal:
    """What a wish changes about a subscription, in the order in which it is told."""
    steps: list[Step] = []
    if wish.schedule is not None:
        differs = wish.schedule != place.schedule
        steps.append(Step("schedule", wish.schedule, f"schedule: {wish.schedule}", differs))
    if wish.books is not None:
        differs = wish.books is not place.books
        steps.append(Step("books", wish.books, f"books: {'on' if wish.books else 'off'}", differs))
    if wish.sections_off is not None:
        labels = tuple(sorted(set(wish.sections_off)))
        sentence = f"sections left out: {', '.join(labels) or 'none'}"
        steps.append(Step("sections_off", labels, sentence, labels != place.sections_off))
    if wish.pause_until is not None:
        decision = pause(wish.pause_until, place.paused_until, zone, now)
        if isinstance(decision, Refusal):
            return decision
        steps.append(Step("paused_until", decision.until, decision.sentence, decision.until != place.paused_until))
    return steps


def pause_of_weeks(weeks: int, zone: tzinfo, now: datetime) -> str:
    """The date with which a pause of so many weeks ends, where the reader is, as `pause` takes it."""
    return (now.astimezone(zone).date() + timedelta(weeks=weeks)).isoformat()


def return_of(state: SubscriptionState, left_at: datetime | None, now: datetime) -> Return | None:
    """Decide about somebody who comes back by a link in our mail; None for who never said yes.

    Soon enough it is an undo, and they miss nothing; later they have been away.
    """
    if state is SubscriptionState.LEFT:
        return Return.UNDO if left_at is not None and now - left_at < UNDO_FOR else Return.ANEW
    return Return.ALREADY if state is SubscriptionState.ACTIVE else None


def rarer_schedules(rhythms: Mapping[str, Rhythm], current: str) -> list[str]:
    """The schedules that come less often than the current one, the most frequent of them first."""
    often = {slug: _slots_counted(rhythm) for slug, rhythm in rhythms.items()}
    limit = often.get(current, float("inf"))
    return sorted((slug for slug in often if often[slug] < limit), key=lambda slug: -often[slug])


def _slots_counted(rhythm: Rhythm) -> float:
    if isinstance(rhythm, OnPublish):
        return float("inf")
    return len(rhythm.times) * sum(map(rhythm.includes, _COUNTED_DAYS))
