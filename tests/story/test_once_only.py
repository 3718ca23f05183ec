"""Each post reaches each subscriber at most once, and none is missed: whatever happens, on both databases.

A machine publishes, edits and withdraws posts, lets people join, leave, switch, pause, move to other time zones and
choose sections, type and language, composes and fans out (also twice at once, also interrupted), sends what is due with
every outcome, cancels issues and stops for days. After each step the intervals of every subscription have to fit, and
in the end nobody may be without a post that was owed to them.
"""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import hypothesis
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from dispatch.composing.compose import compose_due
from dispatch.composing.release import release_posts
from dispatch.composing.variants import make_variants
from dispatch.delivering.fan_out import fan_out
from dispatch.model.book import PromoBlock
from dispatch.model.delivery import DeliveryKind, DeliveryState
from dispatch.model.issue import AudienceKey, IssueState
from dispatch.model.subscriber import Consent, SubscriptionState
from dispatch.store import tables
from dispatch.store.database import Connection, Database
from dispatch.store.fan_out import cancel_issue, fan_out_range, hand_back, subscription_bounds
from dispatch.store.issues import issues_to_fan_out
from dispatch.store.posts import touch_posts, withdraw_posts
from dispatch.store.subscriptions import change_subscription, leave, return_to, take_back_leaving
from dispatch.store.tables import (
    attempt,
    delivery,
    issue,
    issue_post,
    newsletter_post,
    passed_over,
    post,
    schedule,
    subscriber,
    subscription,
    variant,
)
from tests.composing.make import hash_of, joined, magazine, published, set_in_type, stored

MONDAY = datetime(2027, 3, 8, 12, tzinfo=UTC)  # the week in which New York changes its clocks
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SCHEDULES = {"daily": "daily 07:00", "weekly": "fri 07:00", "each": "on publish"}
SECTION = "Reviews"
SETTINGS = magazine(
    SCHEDULES, skip=["Site news"], note="Notes", sections={SECTION: [SECTION]}, default_schedule="weekly"
)
TASTES: dict[str, list[dict[str, object]]] = {
    "zone": [{"zone": zone} for zone in ("Asia/Tokyo", "America/Halifax", "Pacific/Honolulu", "Nowhere/Land", "")],
    "language": [{"language": language} for language in ("de", "en-GB", "fr", "")],
    "larger type": [{"larger_type": larger} for larger in (True, False)],
}

schedules = st.sampled_from(sorted(SCHEDULES))
categories = st.sampled_from(["Essays", "Essays", "Notes", "Site news", SECTION])
lengths = st.sampled_from([HOUR, 6 * HOUR, DAY, DAY, 2 * DAY, 4 * DAY, 9 * DAY])
endings = st.sampled_from(["accepted", "expired", "refused", "in_doubt", "in_doubt and cancelled", "waits"])


def test_every_post_once_and_none_missed(database: Database) -> None:
    """The property of the whole design, over stories that nobody would think of."""

    class Magazine(Machine):
        shared = database

    run_state_machine_as_test(
        Magazine,
        settings=hypothesis.settings(
            max_examples=60 if database.is_sqlite else 12,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.generate, Phase.shrink],
        ),
    )


class Machine(RuleBasedStateMachine):
    """The magazine, its readers and its clock; how readers say what they want is for each kind of test to say."""

    shared: ClassVar[Database]
    posts = Bundle("posts")
    readers = Bundle("readers")

    def __init__(self) -> None:
        super().__init__()
        self.now = MONDAY
        self.published = 0
        self.people = 0
        self.ever_withdrawn: set[int] = set()
        self.ever_choosy: set[int] = set()
        self.shared.transact(_empty)
        self.shared.transact(stored, SETTINGS, self.now)

    @initialize(target=readers, chosen=st.lists(schedules, min_size=2, max_size=4))
    def first_readers(self, chosen: list[str]) -> Any:
        return multiple(*(self._joined(name) for name in chosen))

    @rule(target=readers, name=schedules)
    def join(self, name: str) -> int:
        return self._joined(name)

    @rule(
        target=posts,
        categories=st.lists(categories, min_size=1, max_size=3),
        age=st.integers(0, 200),
    )
    def publish(self, categories: list[str], age: int) -> Any:
        return multiple(*[self._published(age, category) for category in categories])

    @rule(one=posts, what=st.sampled_from(["edit", "withdraw", "bring back"]))
    def change_a_post(self, one: int, what: str) -> None:
        match what:
            case "edit":
                self.shared.transact(_edit, one, self.now)
            case "withdraw":
                self.ever_withdrawn.add(one)
                self.shared.transact(withdraw_posts, [one], self.now)
            case _:
                self.shared.transact(touch_posts, {one: None}, self.now)

    @rule(
        reader=readers,
        what=st.sampled_from(["switch", "pause", "leave", "undo", "return", "no books", "no reviews", "reviews"]),
        name=schedules,
        length=lengths,
    )
    def change_a_reader(self, reader: int, what: str, name: str, length: timedelta) -> None:
        match what:
            case "switch":
                self.shared.transact(_switch, reader, name)
            case "pause":
                self.shared.transact(change_subscription, reader, {"paused_until": self.now + length})
            case "leave":
                self.shared.transact(leave, [reader], self.now)
            case "undo":
                self.shared.transact(_undo, reader)
            case "return":
                self.shared.transact(_come_back, reader, name, self.now)
            case "no reviews":
                self.ever_choosy.add(reader)
                self.shared.transact(change_subscription, reader, {"sections_off": (SECTION,)})
            case "reviews":
                self.shared.transact(change_subscription, reader, {"sections_off": ()})
            case _:
                self.shared.transact(change_subscription, reader, {"books": False})

    @rule(reader=readers, taste=st.sampled_from([taste for tastes in TASTES.values() for taste in tastes]))
    def change_a_taste(self, reader: int, taste: dict[str, object]) -> None:
        self.shared.transact(_prefer, reader, taste)

    @rule(
        target=posts,
        length=lengths,
        composers=st.sampled_from([0, 1, 1, 2]),
        killed_after=st.sampled_from([None, 0, 1, 3]),
        processes=st.sampled_from([0, 1, 1, 2]),
        ends=st.lists(endings, min_size=1, max_size=6),
        mishap=st.sampled_from(["", "", "the newest are withdrawn", "all are brought back"]),
    )
    def work(
        self,
        length: timedelta,
        composers: int,
        killed_after: int | None,
        processes: int,
        ends: list[str],
        mishap: str,
    ) -> int:
        """Time goes by; something is published; whoever runs composes, fans out and sends."""
        self.now += length
        one = self._published(0, "Essays")
        if mishap == "the newest are withdrawn":
            newest = [one, one - 1]
            self.ever_withdrawn.update(newest)
            self.shared.transact(withdraw_posts, newest, self.now)
        if mishap == "all are brought back":
            self.shared.transact(touch_posts, dict.fromkeys(self.ever_withdrawn), self.now)
        asyncio.run(self._compose(composers))
        if killed_after is not None:
            asyncio.run(self._fan_out_some(killed_after))
        asyncio.run(self._fan_out(processes))
        self.shared.transact(_send, ends, self.now)
        return one

    @rule(which=st.integers(0, 2))
    def cancel(self, which: int) -> None:
        self.shared.transact(_cancel_one, which, self.now)

    @invariant()
    def nobody_has_a_gap_or_a_post_twice(self) -> None:
        self.shared.transact(_check)

    def teardown(self) -> None:
        """Serve everything, then look whether somebody is without a post."""
        for _ in range(3):
            self._published(0, "Essays")
            self.now = _next_friday(self.now)
            asyncio.run(self._compose(1))
            asyncio.run(self._fan_out(1))
            self.shared.transact(_send, ["accepted"], self.now)
        # Who lives elsewhere gets the last of them within the next day.
        for _ in range(25):
            self.now += HOUR
            self.shared.transact(_send, ["accepted"], self.now)
        self.shared.transact(_check_nothing_waits)
        self.shared.transact(_check)
        self.shared.transact(_check_none_missed, self.ever_withdrawn, self.ever_choosy)

    def _joined(self, name: str) -> int:
        self.people += 1
        return self.shared.transact(
            joined, f"reader{self.people}", name, self.now, region=("", "GB")[self.people % 2], cohort=self.people % 3
        )

    def _published(self, age: int, category: str) -> int:
        self.published += 1
        return self.shared.transact(published, f"Post {self.published}", self.now - age * HOUR, self.now, (category,))

    async def _compose(self, composers: int) -> None:
        async def one() -> None:
            await release_posts(self.shared, SETTINGS, self.now)
            await compose_due(self.shared, SETTINGS, self.now)

        await asyncio.gather(*(one() for _ in range(composers)))

    async def _fan_out(self, processes: int) -> None:
        for waiting in await self.shared.run(issues_to_fan_out):
            await asyncio.gather(
                *(fan_out(self.shared, self.now, waiting.id, self._make_variants) for _ in range(processes))
            )

    async def _fan_out_some(self, subscriptions: int) -> None:
        """What a process leaves that is killed in the midst of a fan-out."""
        for waiting in await self.shared.run(issues_to_fan_out):
            await self._make_variants(waiting.id)
            bounds = await self.shared.run(subscription_bounds, waiting.id)
            if bounds is not None:
                low = bounds[0]
                await self.shared.run(fan_out_range, waiting.id, low, low + subscriptions, self.now)

    async def _make_variants(self, issue_id: int) -> None:
        await make_variants(
            self.shared,
            SETTINGS,
            self.now,
            issue_id,
            promos_for=_no_books,
            render=set_in_type,
            hash_of=hash_of,
        )


def _next_friday(now: datetime) -> datetime:
    """A time at which every schedule has a slot that is due and not late."""
    morning = now.replace(hour=13) + DAY
    return morning + (4 - morning.weekday()) % 7 * DAY


def _no_books(_key: AudienceKey) -> tuple[PromoBlock, ...]:
    return ()


def _empty(connection: Connection) -> None:
    for table in reversed(tables.metadata.sorted_tables):
        connection.execute(sa.delete(table))


def _edit(connection: Connection, one: int, now: datetime) -> None:
    connection.execute(sa.update(post).where(post.c.id == one).values(title=post.c.title + "!", updated_at=now))


def _schedule_id(connection: Connection, name: str) -> int:
    schedule_id: int = connection.scalars(sa.select(schedule.c.id).where(schedule.c.slug == name)).one()
    return schedule_id


def _switch(connection: Connection, reader: int, name: str) -> None:
    change_subscription(connection, reader, {"schedule_id": _schedule_id(connection, name)})


def _prefer(connection: Connection, reader: int, taste: dict[str, object]) -> None:
    who = sa.select(subscription.c.subscriber_id).where(subscription.c.id == reader).scalar_subquery()
    connection.execute(sa.update(subscriber).where(subscriber.c.id == who).values(taste))


def _undo(connection: Connection, reader: int) -> None:
    state = connection.scalars(sa.select(subscription.c.state).where(subscription.c.id == reader)).one()
    if state == SubscriptionState.LEFT:
        take_back_leaving(connection, reader)


def _come_back(connection: Connection, reader: int, name: str, now: datetime) -> None:
    state = connection.scalars(sa.select(subscription.c.state).where(subscription.c.id == reader)).one()
    if state == SubscriptionState.LEFT:
        return_to(connection, reader, _schedule_id(connection, name), Consent(), now)


def _send(connection: Connection, ends: list[str], now: datetime) -> None:
    """Let the due deliveries of issues being sent end, each as the next of `ends` says, or as time does."""
    gone = sa.select(subscription.c.id).where(subscription.c.state == SubscriptionState.LEFT)
    held = sa.update(delivery).where(delivery.c.state == DeliveryState.QUEUED, delivery.c.subscription_id.in_(gone))
    connection.execute(held.values(state=DeliveryState.SUPPRESSED, reason="left", ended_at=now))
    query = (
        sa.select(delivery.c.id, delivery.c.expires_at)
        .join(issue, issue.c.id == delivery.c.issue_id)
        .where(delivery.c.state == DeliveryState.QUEUED, issue.c.state == IssueState.SENDING, delivery.c.due_at <= now)
        .order_by(delivery.c.due_at, delivery.c.id)
    )
    for number, (one, expires_at) in enumerate(connection.execute(query).all()):
        _end(connection, one, "expired" if expires_at <= now else ends[number % len(ends)], now)


def _end(connection: Connection, one: int, ending: str, now: datetime) -> None:
    values: dict[str, object] = {"ended_at": now}
    match ending:
        case "waits":
            return
        case "accepted":
            values["state"] = DeliveryState.ACCEPTED
        case "in_doubt":
            values["state"] = DeliveryState.IN_DOUBT
        case "in_doubt and cancelled":
            doubt = {"delivery_id": one, "at": now, "outcome": "in_doubt"}
            connection.execute(sa.insert(attempt).values(doubt))
            values |= {"state": DeliveryState.SUPPRESSED, "reason": "cancelled"}
        case _:
            values |= {"state": DeliveryState.REFUSED, "reason": ending}
    connection.execute(sa.update(delivery).where(delivery.c.id == one).values(values))
    if ending in ("expired", "in_doubt and cancelled"):
        hand_back(connection, [one])


def _cancel_one(connection: Connection, which: int, now: datetime) -> None:
    query = sa.select(issue.c.id).where(issue.c.state.in_([IssueState.COMPOSED, IssueState.SENDING]))
    running = connection.scalars(query.order_by(issue.c.id.desc())).all()
    if which < len(running):
        cancel_issue(connection, running[which], "the editor thought better of it", now)


def _check(connection: Connection) -> None:
    _check_intervals(connection)
    _check_once(connection)


def _check_intervals(connection: Connection) -> None:
    """Deliveries that were not handed back, and what was passed over or missed, cover (start_seq, seen_seq] exactly."""
    given: dict[int, list[tuple[int, int]]] = {}
    kept = sa.select(delivery.c.subscription_id, delivery.c.from_seq, delivery.c.through_seq).where(
        delivery.c.handed_back == "",
        delivery.c.kind == DeliveryKind.DIGEST,
    )
    passed = sa.select(passed_over.c.subscription_id, passed_over.c.from_seq, passed_over.c.through_seq)
    for reader, start, end in [*connection.execute(kept), *connection.execute(passed)]:
        given.setdefault(reader, []).append((start, end))
    for row in connection.execute(sa.select(subscription)):
        reached = row.start_seq
        for start, end in sorted(given.get(row.id, [])):
            assert start == reached, f"subscription {row.id}: gap or overlap at {reached}: {sorted(given[row.id])}"
            assert end > start
            reached = end
        assert reached == row.seen_seq, f"subscription {row.id}: {reached} is not {row.seen_seq}"


def _check_once(connection: Connection) -> None:
    """No post is in two deliveries of one subscription that arrived, may have arrived, or still will."""
    doubted = sa.select(attempt.c.id).where(attempt.c.delivery_id == delivery.c.id).exists()
    ended = delivery.c.state.in_([DeliveryState.REFUSED, DeliveryState.SUPPRESSED])
    for reader, post_ids in _posts_of(connection, sa.or_(~ended, doubted)).items():
        assert len(post_ids) == len(set(post_ids)), f"subscription {reader} got a post twice: {sorted(post_ids)}"


def _posts_of(connection: Connection, which: sa.ColumnElement[bool]) -> dict[int, list[int]]:
    """Subscription → the posts in those of its deliveries."""
    shown = variant.c.id == delivery.c.variant_id
    query = sa.select(delivery.c.subscription_id, variant.c.post_ids).join(variant, shown)
    found: dict[int, list[int]] = {}
    for reader, post_ids in connection.execute(query.where(which)):
        found.setdefault(reader, []).extend(post_ids)
    return found


def _check_none_missed(connection: Connection, ever_withdrawn: set[int], ever_choosy: set[int]) -> None:
    """Everything was served: who was there has every numbered post that was not passed over for them.

    Who ever left a section out may be without its posts, and without a note that had nothing else to introduce.
    """
    # What a mailbox refused was theirs, and is not owed again.
    received = _posts_of(connection, delivery.c.handed_back == "")
    numbered = connection.execute(
        sa.select(newsletter_post.c.seq, post.c.id, post.c.withdrawn_at, post.c.categories).join(
            post, post.c.id == newsletter_post.c.post_id
        )
    ).all()
    last = max(row.seq for row in numbered)
    passed: dict[int, list[tuple[int, int]]] = {}
    query = sa.select(passed_over.c.subscription_id, passed_over.c.from_seq, passed_over.c.through_seq)
    for reader, start, end in connection.execute(query.where(passed_over.c.reason != "nothing left")):
        passed.setdefault(reader, []).append((start, end))
    for row in connection.execute(sa.select(subscription).where(subscription.c.state == SubscriptionState.ACTIVE)):
        assert row.seen_seq == last, f"subscription {row.id} was left behind at {row.seen_seq} of {last}"
        owed = {
            found.id
            for found in numbered
            if found.seq > row.start_seq
            and not _within(found.seq, passed.get(row.id, ()))
            and not (row.id in ever_choosy and {SECTION, "Notes"} & set(found.categories))
        }
        missing = owed - set(received.get(row.id, ())) - ever_withdrawn
        assert not missing, f"subscription {row.id} missed posts {sorted(missing)}"
    carried = set(connection.scalars(sa.select(issue_post.c.post_id)))
    standing = {found.id for found in numbered if found.withdrawn_at is None}
    assert standing <= carried, f"posts {sorted(standing - carried)} are in no issue"


def _check_nothing_waits(connection: Connection) -> None:
    waiting = sa.select(delivery.c.id, delivery.c.due_at, delivery.c.expires_at).join(
        issue, issue.c.id == delivery.c.issue_id
    )
    of_live = waiting.where(delivery.c.state == DeliveryState.QUEUED, issue.c.state == IssueState.SENDING)
    assert connection.execute(of_live).all() == []


def _within(seq: int, intervals: Iterable[tuple[int, int]]) -> bool:
    return any(start < seq <= end for start, end in intervals)
