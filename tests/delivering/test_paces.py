"""How fast messages may go: configured paces, what a relay teaches, domains left alone. Time is made up here."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.config.durations import Rate
from dispatch.config.settings import Relay
from dispatch.delivering.pace_rules import (
    DECREASE_EVERY,
    DOMAIN_DEFERRALS,
    LONGEST_DOMAIN_REST,
    LONGEST_REST,
    SLOWEST,
)
from dispatch.delivering.paces import Pace, Paces
from dispatch.delivering.relay_pace import RelayPace
from dispatch.model.delivery import Outcome, Reply, Stage, Try
from dispatch.model.relay import LearnedPace

START = 1_000.0
REAL = datetime(2026, 11, 27, 14, 5, tzinfo=UTC)
ROUND_TRIP = 0.002
DOMAINS = [f"{name}.example" for name in ("harbour", "ledge", "tide", "keeper", "lantern")]

ACCEPTED = Try(Outcome.ACCEPTED, Stage.DOT, Reply(250, "2.0.0", "taken"))
UNKNOWN = Try(Outcome.REFUSED, Stage.RCPT, Reply(550, "5.1.1", "unknown"))
LOST = Try(Outcome.LOST, Stage.DATA)
TOO_FAST = Try(Outcome.DEFERRED, Stage.RCPT, Reply(450, "4.7.28", "unusual rate of mail"))
BYE = Try(Outcome.BUSY, Stage.MAIL, Reply(421, "4.7.0", "try again later"))
BROKEN = Try(Outcome.BUSY, Stage.RCPT, Reply(451, "4.3.0", "temporary lookup failure"))
LATER = Try(Outcome.DEFERRED, Stage.RCPT, Reply(451, "4.7.1", "try again later"))
NO_ROUTE = Try(Outcome.DEFERRED, Stage.RCPT, Reply(450, "4.4.1", "no route to host"))
GREYLISTED = Try(Outcome.DEFERRED, Stage.RCPT, Reply(451, "4.7.1", "Greylisted, come back in 00:05:00"))

# What a relay answers at this moment, over this connection, to a message for this domain.
Answers = Callable[[float, int, str], Try]


def paces_of(connections: int = 10, **relay: object) -> Paces:
    return Paces(Relay.model_validate({"host": "relay.example", "connections": connections, **relay}))


class Sending:
    """Connections that send one message after the other through a relay that answers in two milliseconds."""

    def __init__(self, paces: Paces, answers: Answers, connections: int = 10) -> None:
        self.paces, self.answers = paces, answers
        self.now = START
        self._counts: Counter[Outcome] = Counter()
        self._numbers = range(connections)
        self._sent = 0

    def go_on(self, seconds: float) -> "Sending":
        """Send for so long, to each domain in turn as far as it may be sent to."""
        ends = self.now + seconds
        while self.now < ends:
            begun = [(number, domain) for number in self._numbers if (domain := self._next_domain())]
            if not begun:
                self.now += min(0.25, max(0.001, self.paces.wait_for_any(self.now)))
                continue
            self.now += ROUND_TRIP
            for number, domain in begun:
                result = self.answers(self.now, number, domain)
                self.paces.heard(domain, result, self.now)
                self._counts[result.outcome] += 1
        return self

    def count(self, *outcomes: Outcome) -> int:
        """How many results of these kinds there were since it was last asked."""
        return sum(self._counts.pop(outcome, 0) for outcome in outcomes)

    def _next_domain(self) -> str | None:
        for _ in DOMAINS:
            domain = DOMAINS[self._sent % len(DOMAINS)]
            self._sent += 1
            if self.paces.wait(domain, self.now) <= 0:
                assert domain not in self.paces.resting_domains(self.now)
                self.paces.take(domain, self.now)
                return domain
        return None


def at_most(rate: float, burst: float, otherwise: Try) -> Answers:
    """A relay that takes so many a second, and so many at once."""
    tokens, at = burst, START

    def answers(now: float, connection: int, domain: str) -> Try:
        nonlocal tokens, at
        tokens, at = min(burst, tokens + (now - at) * rate), now
        if tokens < 1:
            return otherwise
        tokens -= 1
        return ACCEPTED

    return answers


def after_each(count: int) -> Answers:
    """A relay that says goodbye to a connection after so many messages."""
    carried: Counter[int] = Counter()

    def answers(now: float, connection: int, domain: str) -> Try:
        carried[connection] += 1
        if carried[connection] <= count:
            return ACCEPTED
        carried[connection] = 0
        return Try(Outcome.BUSY, Stage.MAIL, Reply(421, "4.4.2", "bye"))

    return answers


def test_a_pace_gives_a_message_its_time_and_saves_none_up() -> None:
    """Ten a second, also after a long silence."""
    pace = Pace(Rate(10, timedelta(seconds=1)))
    assert pace.wait(100.0) == 0
    pace.take(100.0)
    assert pace.wait(100.0) == pytest.approx(0.1)
    assert pace.wait(200.0) == 0
    pace.take(200.0)
    assert pace.wait(200.0) == pytest.approx(0.1)


def test_the_pace_of_a_domain_is_its_own() -> None:
    """The pace over all holds for everybody."""
    paces = paces_of(pace="10/second", domains={"Tide.example": "1/second"})
    paces.take("tide.example", 0.0)
    assert paces.wait("tide.example", 0.0) == pytest.approx(1)
    assert paces.wait("ledge.example", 0.0) == pytest.approx(0.1)
    assert paces.wait_for_any(0.0) == pytest.approx(0.1)
    assert paces.resting_domains(0.5) == {"tide.example"}
    assert set(paces.domains) == {"tide.example"}
    assert paces.left_alone(START) == {}


def test_without_any_pace_nobody_waits() -> None:
    """Neither for others nor for the relay."""
    paces = paces_of()
    for number in range(10_000):
        assert paces.wait("tide.example", START) == 0
        paces.take("tide.example", START)
        paces.heard("tide.example", ACCEPTED if number % 7 else UNKNOWN, START)
    assert paces.is_free
    assert paces.resting_domains(START) == set()


def test_what_was_never_tried_leaves_its_time_to_another() -> None:
    """A token given back is there at once."""
    paces = paces_of(pace="10/minute", domains={"tide.example": "2/minute"})
    paces.take("tide.example", START)
    assert paces.wait("tide.example", START) == pytest.approx(30)
    paces.give_back("tide.example")
    assert paces.wait("tide.example", START) == 0


def test_a_token_of_a_learned_pace_can_be_given_back_too() -> None:
    """Four a second: after two that never went the next may go at once."""
    paces = paces_of()
    paces.recall(LearnedPace(4.0, REAL, REAL, "421 slower"), START, REAL)
    for _ in range(3):
        paces.take("tide.example", START)
    assert paces.wait("tide.example", START) == pytest.approx(0.7)  # and a twentieth of a second was saved up
    for _ in range(3):
        paces.give_back("tide.example")
    assert paces.wait("tide.example", START) == 0


def test_what_went_through_long_ago_says_nothing_about_now() -> None:
    """Ten minutes at a hundred a second, then two at ten: the pace begins with seven a second."""
    paces, now = paces_of(), START
    for number in range(60_000):
        now += 0.01
        paces.heard(DOMAINS[number % 5], ACCEPTED, now)
    for number in range(1_800):
        now += 0.1
        paces.heard(DOMAINS[number % 5], ACCEPTED, now)
    for number in range(6):
        paces.heard(DOMAINS[number % 5], TOO_FAST, now)
    assert paces.relay.per_second == pytest.approx(7, rel=0.3)


@given(st.lists(st.tuples(st.floats(0, 5), st.sampled_from(["send", "give back"])), max_size=200))
def test_a_configured_pace_is_never_exceeded(moments: list[tuple[float, str]]) -> None:
    """Whatever comes when: so many in so long, and one to begin with."""
    paces, now, gone, last_was_sent = paces_of(pace="2/second"), START, 0, False
    for later, what in moments:
        now += later
        if what == "send" and paces.wait("tide.example", now) <= 0:
            paces.take("tide.example", now)
            gone, last_was_sent = gone + 1, True
        elif what == "give back" and last_was_sent:
            paces.give_back("tide.example")
            gone, last_was_sent = gone - 1, False
    assert gone <= 2 * (now - START) + 1


@pytest.mark.parametrize("otherwise", [TOO_FAST, BYE], ids=["named", "bare 421"])
@pytest.mark.parametrize(("rate", "burst"), [(10, 10), (10, 1000), (50, 50), (400, 50)])
def test_a_relay_that_takes_so_many_a_second_gets_about_as_many(rate: float, burst: float, otherwise: Try) -> None:
    """Found within half a minute, kept for good: few are refused, and most of what it takes is used."""
    sending = Sending(paces_of(), at_most(rate, burst, otherwise)).go_on(30)
    learned = sending.paces.relay.per_second
    assert learned is not None
    assert learned <= 1.5 * rate
    sending.count(*Outcome)
    sending.go_on(270)
    refused, accepted = sending.count(Outcome.DEFERRED, Outcome.BUSY), sending.count(Outcome.ACCEPTED)
    assert accepted >= 0.6 * rate * 270
    assert refused <= (0.02 if otherwise is TOO_FAST else 0.15) * accepted


def test_a_relay_that_counts_by_the_minute_is_asked_seldom_in_vain() -> None:
    """A hundred in each minute: what is refused in between are single questions."""
    taken: Counter[int] = Counter()

    def answers(now: float, connection: int, domain: str) -> Try:
        minute = int(now // 60)
        taken[minute] += 1
        return ACCEPTED if taken[minute] <= 100 else TOO_FAST

    sending = Sending(paces_of(), answers).go_on(1800)
    assert sending.count(Outcome.ACCEPTED) >= 0.7 * 3000
    assert sending.count(Outcome.DEFERRED) <= 0.2 * 3000


def test_what_all_connections_hear_at_once_counts_once() -> None:
    """Forty refusals in one moment are one decrease, and so are those of the next five seconds."""
    paces = paces_of(40)
    for number in range(1000):
        paces.heard(DOMAINS[number % 5], ACCEPTED, START + number / 100)
    now = START + 10
    for number in range(3):
        paces.heard(DOMAINS[number], BYE, now)
    assert paces.is_free
    for number in range(50):
        paces.heard(DOMAINS[number % 5], TOO_FAST, now)
    assert paces.relay.per_second == pytest.approx(70, rel=0.05)
    before = paces.relay.per_second
    for number in range(200):
        paces.heard(DOMAINS[number % 5], ACCEPTED if number % 2 else TOO_FAST, now + DECREASE_EVERY * number / 201)
    assert paces.relay.per_second == before


@pytest.mark.parametrize("connections", [1, 10, 40])
@pytest.mark.parametrize("count", [10, 20, 100])
def test_a_connection_that_has_carried_enough_slows_nobody_down(count: int, connections: int) -> None:
    """A 421 after each so many messages, on all connections in step."""
    sending = Sending(paces_of(connections), after_each(count), connections).go_on(20)
    assert sending.count(Outcome.BUSY) >= 20 * connections * 500 / count * 0.8
    assert sending.paces.is_free


def test_an_idle_connection_that_was_closed_slows_nobody_down() -> None:
    """A message now and then, and each first hears that it has waited too long."""
    for every in (2.0, 7.0, 60.0):
        paces, now = paces_of(), START
        for _ in range(200):
            now += every
            paces.heard("tide.example", Try(Outcome.BUSY, Stage.MAIL, Reply(421, "4.4.2", "timeout")), now)
            paces.heard("tide.example", ACCEPTED, now + 0.1)
        assert paces.is_free


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_a_421_that_slowness_does_not_cure_is_not_about_speed(count: int) -> None:
    """After some decreases in vain it goes at full speed again, for an hour."""
    sending = Sending(paces_of(2), after_each(count), 2).go_on(600)
    sending.count(*Outcome)
    sending.go_on(60)
    assert sending.count(Outcome.ACCEPTED) >= 60 * 100


def test_a_relay_that_takes_nothing_is_left_alone_and_used_within_a_minute_of_its_return() -> None:
    """Few questions while it is down, nobody slowed to a crawl afterwards."""

    def answers(now: float, connection: int, domain: str) -> Try:
        return BROKEN if START + 2 < now < START + 600 else ACCEPTED

    sending = Sending(paces_of(2), answers, 2).go_on(590)
    assert sending.count(Outcome.BUSY) <= 4 + 5 + 20
    assert sending.paces.relay.refusal == str(BROKEN.reply)
    sending.count(*Outcome)
    sending.go_on(50)
    assert sending.paces.relay.refusal == ""
    assert sending.count(Outcome.ACCEPTED) >= 10 * 600
    sending.go_on(300)
    assert sending.paces.is_free


def test_one_single_message_asks_after_each_rest() -> None:
    """The next only once it is answered, also where the answer is a lost connection."""
    paces, now = paces_of(2), START
    for _ in range(4):
        paces.heard("tide.example", BYE, now)
    rest = paces.wait_for_any(now)
    assert rest == pytest.approx(1)
    now += rest
    assert paces.wait("tide.example", now) == 0
    paces.take("tide.example", now)
    assert paces.wait("ledge.example", now) > 10
    paces.heard("tide.example", LOST, now)
    assert paces.wait("ledge.example", now) == 0
    paces.take("ledge.example", now)
    paces.give_back("ledge.example")
    paces.take("ledge.example", now)
    paces.heard("ledge.example", BYE, now)
    assert paces.wait_for_any(now) == pytest.approx(2)
    paces.heard("tide.example", UNKNOWN, now + 2)
    assert paces.is_free


def test_a_learned_pace_is_forgotten_once_the_relay_takes_everything() -> None:
    """The limit is lifted: within some minutes it goes as fast as it can."""
    limit = at_most(20, 20, TOO_FAST)

    def answers(now: float, connection: int, domain: str) -> Try:
        return limit(now, connection, domain) if now < START + 120 else ACCEPTED

    sending = Sending(paces_of(1), answers, 1).go_on(121)
    assert not sending.paces.is_free
    sending.count(*Outcome)
    sending.go_on(300)
    assert sending.paces.is_free
    assert sending.count(Outcome.DEFERRED) == 0


def test_little_mail_says_nothing_about_a_higher_pace() -> None:
    """Three messages an hour do not wear a learned pace down, nor up."""
    paces, now = paces_of(), START
    paces.recall(LearnedPace(4.0, REAL, REAL, "421 slower"), START, REAL)
    for _ in range(30):
        now += 1200
        paces.take("tide.example", now)
        paces.heard("tide.example", ACCEPTED, now)
    assert paces.relay.per_second == 4.0


def test_a_learned_pace_goes_on_where_it_was_and_goes_stale_after_a_day() -> None:
    """Remembered with the moment and the words of the relay."""
    first = Sending(paces_of(), at_most(10, 10, TOO_FAST)).go_on(30)
    remembered = first.paces.relay.learned(first.now, REAL)
    assert remembered is not None
    assert remembered.reply == "450 4.7.28 unusual rate of mail"
    assert timedelta(seconds=29) <= REAL - remembered.since <= timedelta(seconds=31)
    next_day = RelayPace("main", 10)
    next_day.recall(remembered, 5.0, REAL + timedelta(hours=23))
    assert next_day.per_second == remembered.per_second
    again = next_day.learned(5.0, REAL + timedelta(hours=23))
    assert again is not None
    assert abs(again.said_at - remembered.said_at) < timedelta(seconds=1)
    assert next_day.wait(5.0 + 3700) == 0
    assert next_day.per_second is None
    stale = RelayPace("main", 10)
    stale.recall(remembered, 5.0, REAL + timedelta(hours=25))
    assert stale.per_second is None
    assert stale.learned(5.0, REAL) is None


def test_a_clock_set_back_makes_no_pace_last_longer() -> None:
    """What seems to come from the future is as if it were from now."""
    learned = RelayPace("main", 10)
    learned.recall(LearnedPace(4.0, REAL + timedelta(days=9), REAL + timedelta(days=9), "421"), START, REAL)
    assert learned.per_second == 4.0
    learned.wait(START + 86_401)
    assert learned.per_second is None


RESULTS = st.sampled_from([ACCEPTED, UNKNOWN, LOST, TOO_FAST, BYE, BROKEN, LATER, NO_ROUTE, GREYLISTED])


@given(
    st.integers(1, 12),
    st.lists(st.tuples(st.floats(0, 40), st.sampled_from(DOMAINS), RESULTS, st.integers(1, 30)), max_size=60),
)
def test_nobody_waits_for_ever_whatever_the_relay_says(
    connections: int, heard: list[tuple[float, str, Try, int]]
) -> None:
    """After any history a message may go within minutes, and the pace has come down at most once in five seconds."""
    paces, now, decreased_at = paces_of(connections), START, -1.0
    for later, domain, result, times in heard:
        now += later
        for _ in range(times):
            before = paces.relay.per_second
            paces.heard(domain, result, now)
            after = paces.relay.per_second
            if after is not None and (before is None or after < before):
                assert now - decreased_at >= DECREASE_EVERY
                assert after >= SLOWEST
                decreased_at = now
    assert paces.wait_for_any(now) <= max(LONGEST_REST, 1 / SLOWEST)
    for domain in DOMAINS:
        wait = paces.wait(domain, now)
        assert wait <= 1.2 * LONGEST_DOMAIN_REST
        assert paces.wait(domain, now + wait) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("reply", [NO_ROUTE, BROKEN, TOO_FAST], ids=["4.4.1", "4.3.0", "4.7.28"])
def test_a_domain_that_defers_everything_holds_nobody_up(reply: Try) -> None:
    """It is asked now and then; the others get theirs at full speed, and the relay is not thought slow."""

    def answers(now: float, connection: int, domain: str) -> Try:
        return reply if domain == "tide.example" else ACCEPTED

    sending = Sending(paces_of(4), answers, 4).go_on(120)
    asked = sending.count(Outcome.DEFERRED, Outcome.BUSY)
    assert DOMAIN_DEFERRALS <= asked <= 3 * DOMAIN_DEFERRALS
    assert sending.count(Outcome.ACCEPTED) >= 120 * 4 / ROUND_TRIP * 0.99
    assert sending.paces.left_alone(sending.now).keys() == {"tide.example"}
    assert sending.paces.relay.per_second is None
    sending.paces.heard("tide.example", ACCEPTED, sending.now)
    assert sending.paces.is_free


def test_domains_do_not_rest_in_step() -> None:
    """Longer each time, at most five minutes and a fifth, each domain for a time of its own."""
    first: dict[str, float] = {}
    for domain in DOMAINS:
        paces, now, rests = paces_of(), START, []
        for _ in range(10):
            for _ in range(DOMAIN_DEFERRALS):
                paces.heard(domain, NO_ROUTE, now)
            rests.append(paces.wait(domain, now))
            now += rests[-1]
        assert rests == sorted(rests[:6]) + rests[6:]
        assert 10 <= rests[0] <= 12
        assert all(300 <= rest <= 360 for rest in rests[5:])
        first[domain] = rests[0]
    assert len(set(first.values())) == len(DOMAINS)


def test_greylisting_is_nobodys_trouble() -> None:
    """All of a domain's readers may be tried for the first time, though every one is deferred."""
    paces = paces_of()
    for number in range(10_000):
        assert paces.wait("tide.example", START + number / 1000) == 0
        paces.heard("tide.example", GREYLISTED, START + number / 1000)
    assert paces.is_free


def test_greylisting_that_does_not_say_so_is_asked_one_by_one() -> None:
    """Without a rest, so that every reader is soon tried; those deferred after that show that it is something else."""
    paces, now = paces_of(), START
    for _ in range(1000):
        assert paces.wait("tide.example", now) == 0
        paces.take("tide.example", now)
        paces.heard("tide.example", LATER, now)
    paces.take("tide.example", now)
    assert paces.resting_domains(now) == {"tide.example"}
    assert paces.left_alone(START) == {}
    for _ in range(DOMAIN_DEFERRALS):
        paces.heard("tide.example", LATER, now, tried_before=True)
    assert paces.left_alone(now).keys() == {"tide.example"}
    assert 10 <= paces.wait("tide.example", now) <= 12
    assert paces.wait("ledge.example", now) == 0


def test_what_one_domain_alone_taught_is_unlearned() -> None:
    """At first it looks like the relay; once others are served while that domain is not, it was not."""
    paces, now = paces_of(), START
    for number in range(100):
        now += 0.01
        paces.heard("tide.example", ACCEPTED if number < 50 else TOO_FAST, now)
    assert paces.relay.per_second is not None
    for _ in range(DOMAIN_DEFERRALS):
        paces.heard("ledge.example", ACCEPTED, now)
    paces.heard("tide.example", TOO_FAST, now + 30)
    assert paces.relay.per_second is None


def test_what_a_domain_taught_before_it_went_to_rest_is_unlearned_without_it() -> None:
    """Its answers were the first to come; then it rests, and only the others show that it was not the relay."""
    paces, now = paces_of(), START
    for _ in range(3):
        paces.heard("harbour.example", ACCEPTED, now)
    for _ in range(DOMAIN_DEFERRALS):
        paces.heard("tide.example", BROKEN, now)
    assert paces.relay.per_second is not None
    for _ in range(DOMAIN_DEFERRALS):
        assert paces.relay.per_second is not None
        paces.heard("harbour.example", ACCEPTED, now + 1)
    assert paces.relay.per_second is None


def test_one_domain_that_complains_now_and_then_slows_nobody_down() -> None:
    """Half of its mail is too fast for it, all others are served: that is its own matter, however long it lasts."""
    paces, now = paces_of(), START
    paces.heard("ledge.example", TOO_FAST, now)
    now += 100
    for number in range(20_000):
        now += 0.01
        domain = DOMAINS[number % 5]
        is_refused = domain == "tide.example" and number % 10 < 5
        paces.heard(domain, TOO_FAST if is_refused else ACCEPTED, now)
    assert paces.relay.per_second is None


def test_a_relay_that_refuses_from_the_start_teaches_no_pace() -> None:
    """Where nothing was ever taken there is nothing to go slower with."""
    sending = Sending(paces_of(4), lambda now, *_: ACCEPTED if now > START + 20 else TOO_FAST, 4).go_on(60)
    assert sending.paces.is_free
    assert sending.count(Outcome.ACCEPTED) > 10_000


def test_a_few_in_a_hundred_refused_for_long_are_too_many() -> None:
    """A learned pace comes down where two in a hundred are too fast all the time."""
    paces, now = paces_of(), START
    paces.recall(LearnedPace(100.0, REAL, REAL, "421 slower"), now, REAL)
    for number in range(1100):
        now += 0.01
        paces.heard(DOMAINS[number % 5], TOO_FAST if number % 49 == 48 else ACCEPTED, now)
    assert paces.relay.per_second == pytest.approx(70, rel=0.05)


def test_what_is_remembered_of_domains_is_bounded() -> None:
    """A million domains that deferred something do not fill the memory, and resting ones are let go too."""
    paces = paces_of()
    for number in range(30_000):
        for _ in range(DOMAIN_DEFERRALS if number < 10 else 1):
            paces.heard(f"reader{number}.example", NO_ROUTE, START)
    assert paces.is_free
    paces.heard("tide.example", ACCEPTED, START)
    assert paces.wait("reader3.example", START) == 0
