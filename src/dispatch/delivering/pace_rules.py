"""How fast a relay lets us send, when it or a domain is left alone, and whether it is trusted: the rules and numbers.

*A pace is learned* when the relay says "not now" (421, a 4xx to MAIL, 4.3.x, or any 4xx that speaks of speed) at a
rate that matters. It begins with seven tenths of what went through lately; each further complaint brings it down to
seven tenths of itself, or at once to what went through lately where that is less. It comes down at most once in five
seconds, so that what many connections hear at once counts once. While it holds us back and nobody speaks of speed it
creeps up again, by a twentieth each ten seconds; twice as much each time beyond what the relay took when it last
complained, and where that was measured over less than ten seconds from the start. Once it is above what we reach
anyway it is forgotten, and so it is when the relay has not complained for a day.

*A rate that matters*: at least three refusals, and they are a twentieth of what was tried lately if they speak of
speed (a hundredth of ten seconds' tries where a pace is learned already), a fifth if they do not. A relay that says
421 after each hundredth message of a connection, or to one that was idle, has no complaint about speed. Nor can a bare
421 slow us to less than one message a second; and where after four decreases in a row still every seventh message is
refused, speed was not the reason: the pace is forgotten, and bare 421s are not listened to for an hour.

*A relay rests* when every connection was refused and nothing taken in between: 1, 2, 4 … 30 seconds, and after each
rest one single message asks. That teaches no pace: a relay that takes nothing is not one that wants it slower.

*A domain that defers everything* gets single messages, one at a time, after five deferrals in a row without an
acceptance; and where they cannot all concern single readers (greylisting, full mailboxes), because they say otherwise
or those readers had been tried before, it rests as well: 10, 20, 40 … seconds, at most five minutes. All others go on.

*Pipelining across messages* puts more at stake when a connection is lost between dot and reply. After two of those
within an hour the relay gets one message after the other for a day.
"""

from datetime import datetime, timedelta

from dispatch.delivering.rules import chance_of
from dispatch.delivering.words import when
from dispatch.model.relay import LearnedPace, RelayMemory

DECREASE = 0.7
DECREASE_EVERY = 5.0  # seconds
SLOWEST = 0.1  # messages a second: one each ten seconds
SLOWEST_UNNAMED = 1.0
INCREASE = 0.05
INCREASE_EVERY = 10.0
IS_USED = 0.2  # of a pace that holds nobody back; where less is used, there was little to send
GOES_STALE = timedelta(days=1)

LEAST_REFUSALS = 3
MATTERS_NAMED, MATTERS_UNNAMED, MATTERS_WHILE_LEARNED = 0.05, 0.2, 0.01
# "Lately" is so many tries a connection, so that connections used up together are not mistaken for a complaint.
LATELY, LATELY_PER_CONNECTION = 64, 8
IN_VAIN, STILL_REFUSED, DEAF = 4, 0.15, 3600.0

FIRST_REST, LONGEST_REST = 1.0, 30.0
GIVE_UP_ROUNDS = 8  # where somebody waits for the end: a minute and a half in which nothing was taken
DOMAIN_DEFERRALS = 5
FIRST_DOMAIN_REST, LONGEST_DOMAIN_REST = 10.0, 300.0
DOMAIN_SPREAD = 0.2

LOST_WITHIN = timedelta(hours=1)
STEPWISE_FOR = timedelta(days=1)


def lately(connections: int) -> int:
    """How many tries "lately" are."""
    return max(LATELY, LATELY_PER_CONNECTION * connections)


def matters(refusals: float, tries: float, part: float) -> bool:
    """Whether refusals are enough, and this part of the latest tries."""
    # Older ones count less and less, so three of them are a little under three.
    return refusals >= LEAST_REFUSALS - 0.5 and refusals >= part * tries


def slowed(pace: float | None, achieved: float, *, names_speed: bool) -> float | None:
    """The pace after a complaint, where `achieved` a second went through lately; None if it teaches nothing."""
    if not names_speed and achieved <= SLOWEST_UNNAMED:
        return None
    slowest = SLOWEST if names_speed else SLOWEST_UNNAMED
    if pace is None:
        return max(DECREASE * achieved, slowest)
    return min(pace, max(min(DECREASE * pace, achieved), slowest))


def raised(pace: float, once_taken: float, steps_beyond: int) -> float:
    """The pace after another while in which it held us back and nobody spoke of speed."""
    return pace + INCREASE * once_taken * (1 << min(steps_beyond, 30))


def relay_rest(rounds: int) -> float:
    """Seconds for which a relay is left alone that refused everything in so many rounds."""
    return min(FIRST_REST * (1 << min(rounds - 1, 16)), LONGEST_REST)


def domain_rest(domain: str, rounds: int) -> float:
    """Seconds for which a domain is left alone that deferred everything in so many rounds; no two rest in step."""
    longest = min(FIRST_DOMAIN_REST * (1 << min(rounds - 1, 16)), LONGEST_DOMAIN_REST)
    return longest * (1 + DOMAIN_SPREAD * chance_of(domain, rounds))


def still_holds(pace: LearnedPace | None, now: datetime) -> LearnedPace | None:
    """A remembered pace, unless it has gone stale."""
    return pace if pace and now - pace.said_at < GOES_STALE else None


def is_pipelined(stepwise_since: datetime | None, now: datetime) -> bool:
    """Whether the next message may be on its way before this one's reply is here."""
    return stepwise_since is None or now - stepwise_since >= STEPWISE_FOR


def stepwise_after(lost_at: datetime | None, stepwise_since: datetime | None, now: datetime) -> datetime | None:
    """Since when messages go one by one, after a connection was lost now; `lost_at` is the loss before."""
    if lost_at is not None and now - lost_at <= LOST_WITHIN and is_pipelined(stepwise_since, now):
        return now
    return stepwise_since


def pace_in_words(per_second: float) -> str:
    """A pace as a person reads it."""
    return f"{per_second * 60:,.0f} a minute"


def learned_in_words(memory: RelayMemory, now: datetime, zone: str) -> list[str]:
    """One sentence for each thing that a relay has taught us and that still holds; times in `zone`."""
    lines = []
    pace = still_holds(memory.pace, now)
    if pace:
        since = when(pace.since, zone)
        rate = pace_in_words(pace.per_second)
        lines.append(f"relay {memory.name}: sends at most {rate} since {since}, because it answered {pace.reply}")
    if not is_pipelined(memory.stepwise_since, now):
        since = when(memory.stepwise_since, zone)
        lines.append(
            f"relay {memory.name}: sends one message after the other over each connection since {since}, because two "
            "connections were lost between dot and reply within an hour"
        )
    return lines
