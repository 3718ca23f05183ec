"""The ledger's statements, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from dispatch.model.delivery import ClaimedDelivery, DeliveryKind, DeliveryState, Verdict
from dispatch.store import tables
from dispatch.store.database import Database
from dispatch.store.deliveries import brake_issue, claim, finish_issues, put_off, waiting
from dispatch.store.leases import (
    LEASE,
    owner_over,
    recover_everything,
    recover_expired,
    recover_own,
    release_claims,
    renew_leases,
)
from dispatch.store.rounds import commit_round, license_dots, record
from tests.delivering.make import NOW, MadeIssue, addresses, change, in_days, make_issue, rows_of, states_of, tally_of

RESEND = (DeliveryKind.DIGEST, DeliveryKind.LETTER)


def made(database: Database, count: int = 3, *, expires_at: datetime | None = None) -> MadeIssue:
    return database.transact(make_issue, addresses(count), expires_at=expires_at)


def claimed(database: Database, owner: str = "one", *, limit: int = 100, now: datetime = NOW) -> list[ClaimedDelivery]:
    return database.transact(claim, owner, limit=limit, now=now, real_now=NOW)


def licensed(database: Database, ids: list[int], owner: str = "one", real_now: datetime = NOW) -> set[int]:
    return database.transact(license_dots, owner, ids, NOW, real_now)


def verdict(delivery_id: int, state: DeliveryState, **changes: object) -> Verdict:
    values: dict[str, object] = {"at": NOW, "due_at": NOW, "attempts": 1}
    return Verdict(delivery_id, state, **(values | changes))  # type: ignore[arg-type]


def test_each_delivery_is_claimed_once_and_the_urgent_ones_first(database: Database) -> None:
    """Priority, then time, then order of arrival; later ones wait."""
    issue = made(database, 4)
    first, second, third, fourth = issue.deliveries
    database.transact(change, tables.delivery, [third], priority=1)
    database.transact(change, tables.delivery, [second], due_at=NOW - timedelta(hours=1))
    database.transact(change, tables.delivery, [fourth], due_at=NOW + timedelta(seconds=1))
    assert [one.id for one in claimed(database)] == [third, second, first]
    assert claimed(database, "two") == []
    (delivery,) = claimed(database, "two", now=in_days(1))
    assert (delivery.address, delivery.name, delivery.kind) == (addresses(4)[3], "Mara Lind", DeliveryKind.DIGEST)


def test_domains_that_are_held_back_are_skipped(database: Database) -> None:
    """The others go on."""
    made(database, 6)
    found = database.transact(
        claim, "one", limit=10, now=NOW, real_now=NOW, without_domains=["harbour.example", "tide.example"]
    )
    assert {one.address.rpartition("@")[2] for one in found} == {"ledge.example"}


@pytest.mark.parametrize("state", ["composed", "paused", "sent"])
def test_only_issues_being_sent_are_claimed(database: Database, state: str) -> None:
    """And nothing of theirs is ended."""
    issue = made(database)
    database.transact(change, tables.issue, [issue.id], state=state)
    assert claimed(database) == []
    assert tally_of(database, issue.id).waiting == 3


def test_two_owners_claiming_at_once_get_every_row_once(database: Database) -> None:
    """In threads, in small batches, until nothing is left."""
    made(database, 300)

    def take_all(owner: str) -> list[int]:
        taken: list[int] = []
        while batch := claimed(database, owner, limit=7):
            taken += [one.id for one in batch]
        return taken

    with ThreadPoolExecutor(4) as pool:
        shares = list(pool.map(take_all, ["one", "two", "three", "four"]))
    ids = [delivery_id for share in shares for delivery_id in share]
    assert len(ids) == len(set(ids)) == 300


def test_a_delivery_past_its_time_is_given_up_and_its_posts_handed_back(database: Database) -> None:
    """Expired counts as refused; the next issue starts where this one would have."""
    issue = made(database, 2, expires_at=in_days(3))
    assert claimed(database, now=in_days(3)) == []
    rows = rows_of(database, tables.delivery)
    assert {(row["state"], row["reason"], row["handed_back"]) for row in rows} == {("refused", "expired", "returned")}
    assert {row["seen_seq"] for row in rows_of(database, tables.subscription)} == {0}
    assert tally_of(database, issue.id).refused == 2


UNWANTED = [
    (tables.subscription, {"state": "left"}, "left"),
    (tables.subscription, {"paused_until": in_days(1)}, "paused"),
    (tables.subscriber, {"address": None}, "left"),
    (tables.suppression, {}, "suppressed"),
]


def make_unwanted(connection: sa.Connection, table: sa.Table, values: dict[str, object]) -> None:
    """What happens to the reader of the first delivery."""
    if table is tables.suppression:
        row = {"address_hash": f"hash of {addresses(1)[0]}", "reason": "bounced", "created_at": NOW}
        connection.execute(sa.insert(table).values(row))
        return
    first = connection.scalars(sa.select(sa.func.min(table.c.id))).one()
    change(connection, table, [first], **values)


@pytest.mark.parametrize(("table", "values", "reason"), UNWANTED, ids=["left", "paused", "erased", "suppressed"])
@pytest.mark.parametrize("moment", ["claim", "dot"])
def test_nobody_who_left_gets_a_dot(
    database: Database, table: sa.Table, values: dict[str, object], reason: str, moment: str
) -> None:
    """Asked at the claim, and again right before the dot."""
    issue = made(database, 2)
    first, second = issue.deliveries
    if moment == "dot":
        assert len(claimed(database)) == 2
    database.transact(make_unwanted, table, values)
    if moment == "claim":
        assert [one.id for one in claimed(database)] == [second]
    assert licensed(database, [first, second]) == {second}
    row = rows_of(database, tables.delivery)[0]
    assert (row["state"], row["reason"], row["owner"]) == ("suppressed", reason, None)
    assert tally_of(database, issue.id).suppressed == 1


def test_a_paused_issue_gets_no_dot_and_loses_nothing(database: Database) -> None:
    """What was claimed goes back to the queue."""
    issue = made(database)
    claimed(database)
    assert database.transact(brake_issue, issue.id, "the relay says no") is True
    assert database.transact(brake_issue, issue.id, "again") is False
    assert licensed(database, issue.deliveries) == set()
    assert states_of(database, issue.id) == ["queued"] * 3
    assert rows_of(database, tables.issue)[0]["reason"] == "the relay says no"


def test_a_cancelled_issue_gets_no_dot_and_its_posts_go_back(database: Database) -> None:
    """Unless it may have arrived: what was in doubt is not handed back."""
    issue = made(database)
    claimed(database, limit=2)
    database.transact(license_dots, "one", issue.deliveries[1:2], NOW, NOW)
    database.transact(change, tables.issue, [issue.id], state="cancelled")
    assert licensed(database, issue.deliveries[:1]) == set()
    database.transact(recover_own, "one", NOW, RESEND)
    assert database.transact(finish_issues, NOW) == []
    rows = rows_of(database, tables.delivery)
    assert [(row["state"], row["reason"]) for row in rows] == [("suppressed", "cancelled")] * 3
    assert [row["handed_back"] for row in rows] == ["returned", "", "returned"]


def test_a_license_needs_the_claim_and_the_lease(database: Database) -> None:
    """Somebody else's, an unclaimed one, and one whose lease has run out get none."""
    issue = made(database)
    first, second, third = issue.deliveries
    claimed(database, "one", limit=1)
    claimed(database, "two", limit=1)
    assert licensed(database, [first, second, third]) == {first}
    assert licensed(database, [first]) == set()
    database.transact(change, tables.delivery, [second], lease_until=NOW - timedelta(days=400))
    assert licensed(database, [second], "two") == set()
    assert states_of(database, issue.id) == ["sending", "queued", "queued"]


def test_a_renewed_lease_lasts(database: Database) -> None:
    """From now on, on whichever clock the database goes by."""
    made(database, 1)
    claimed(database)
    before = rows_of(database, tables.delivery)[0]["lease_until"]
    database.transact(renew_leases, "one", NOW + timedelta(seconds=30))
    assert rows_of(database, tables.delivery)[0]["lease_until"] > before


def test_what_tries_came_to_is_written_down(database: Database) -> None:
    """An attempt row only for what was not simply accepted."""
    issue = made(database, 4)
    first, second, third, fourth = issue.deliveries
    claimed(database)
    licensed(database, issue.deliveries)
    later = NOW + timedelta(minutes=5)
    database.transact(
        record,
        "one",
        "main",
        [
            verdict(first, DeliveryState.ACCEPTED, reply="250 2.0.0 taken"),
            verdict(second, DeliveryState.DEFERRED, outcome="deferred", reply="450 later", due_at=later),
            verdict(third, DeliveryState.REFUSED, outcome="refused", reply="550 5.1.1 unknown"),
            verdict(fourth, DeliveryState.QUEUED, outcome="in_doubt", reason="in doubt", done="sent again"),
        ],
    )
    rows = rows_of(database, tables.delivery)
    assert [row["state"] for row in rows] == ["accepted", "deferred", "refused", "queued"]
    assert [row["ended_at"] for row in rows] == [NOW, None, NOW, None]
    assert [row["reply"] for row in rows] == ["250 2.0.0 taken", "450 later", "550 5.1.1 unknown", ""]
    assert rows[1]["due_at"] == later
    assert {(row["owner"], row["lease_until"], row["relay"]) for row in rows} == {(None, None, "main")}
    attempts = rows_of(database, tables.attempt)
    assert [(row["delivery_id"], row["outcome"]) for row in attempts] == [
        (second, "deferred"), (third, "refused"), (fourth, "in_doubt"),
    ]  # fmt: skip
    tally = tally_of(database, issue.id)
    assert (tally.accepted, tally.refused, tally.waiting) == (1, 1, 2)


def test_a_late_acceptance_still_counts_and_a_late_refusal_does_not(database: Database) -> None:
    """The lease ran out and somebody else has the row: what arrived must not go out again."""
    issue = made(database, 2)
    claimed(database)
    licensed(database, issue.deliveries)
    database.transact(change, tables.delivery, issue.deliveries, lease_until=NOW - timedelta(days=400))
    database.transact(recover_expired, "two", NOW, NOW, RESEND)
    claimed(database, "two")
    first, second = issue.deliveries
    verdicts = [verdict(first, DeliveryState.ACCEPTED), verdict(second, DeliveryState.REFUSED)]
    database.transact(record, "one", "main", verdicts)
    assert states_of(database, issue.id) == ["accepted", "claimed"]
    assert licensed(database, issue.deliveries, "two") == {second}


def test_one_commit_writes_results_and_licenses_the_next(database: Database) -> None:
    """The result of one and the mark of the next stand or fall together."""
    issue = made(database, 2)
    first, second = issue.deliveries
    claimed(database)
    assert database.transact(commit_round, "one", "main", [], [first], NOW, NOW) == {first}
    result = [verdict(first, DeliveryState.ACCEPTED)]
    assert database.transact(commit_round, "one", "main", result, [second], NOW, NOW) == {second}
    assert states_of(database, issue.id) == ["accepted", "sending"]


def test_a_dead_owner_loses_claims_and_leaves_doubt(database: Database) -> None:
    """Claims go back; a dot that may have left is in doubt by name, and by policy sent again or held."""
    issue = made(database, 4)
    first, second, third, _ = issue.deliveries
    database.transact(change, tables.delivery, [third], kind="share")
    claimed(database, limit=3)
    licensed(database, [second, third])
    found = database.transact(recover_everything, NOW, RESEND)
    assert (found.released, found.in_doubt) == (1, (second, third))
    assert states_of(database, issue.id) == ["queued", "queued", "in_doubt", "queued"]
    attempts = rows_of(database, tables.attempt)
    assert [(row["delivery_id"], row["outcome"], bool(row["done"])) for row in attempts] == [
        (second, "in_doubt", True), (third, "in_doubt", False),
    ]  # fmt: skip
    tally = tally_of(database, issue.id)
    assert (tally.in_doubt, tally.waiting) == (1, 3)
    assert first in [one.id for one in claimed(database, "two")]


def test_a_living_owner_is_left_alone(database: Database) -> None:
    """Only an expired lease of somebody else is taken over."""
    issue = made(database, 2)
    claimed(database, "one", limit=1)
    claimed(database, "two", limit=1)
    database.transact(change, tables.delivery, issue.deliveries[1:], lease_until=NOW - LEASE - timedelta(days=400))
    assert database.transact(recover_expired, "two", NOW, NOW, RESEND).released == 0
    assert database.transact(recover_expired, "one", NOW, NOW, RESEND).released == 1
    assert states_of(database, issue.id) == ["claimed", "queued"]


def test_a_clean_stop_puts_claims_back(database: Database) -> None:
    """All but those named; what was licensed stays."""
    issue = made(database, 4)
    first, second, *_ = issue.deliveries
    claimed(database)
    licensed(database, [first])
    assert database.transact(release_claims, "one", [second]) == 2
    assert database.transact(release_claims, "one") == 1
    assert states_of(database, issue.id) == ["sending", "queued", "queued", "queued"]


def test_an_issue_is_sent_when_nothing_waits_and_nothing_is_undecided(database: Database) -> None:
    """In doubt keeps it open."""
    issue = made(database, 2)
    first, second = issue.deliveries
    database.transact(change, tables.delivery, [first], state="accepted")
    assert database.transact(finish_issues, NOW) == []
    database.transact(change, tables.delivery, [second], state="in_doubt")
    assert database.transact(finish_issues, NOW) == []
    database.transact(change, tables.delivery, [second], state="refused")
    assert database.transact(finish_issues, NOW) == [issue.id]
    assert rows_of(database, tables.issue)[0]["finished_at"] == NOW


def test_what_waits_is_counted_apart(database: Database) -> None:
    """Due, held by a sender, and later with its time."""
    issue = made(database, 5)
    claimed(database, limit=1)
    later = NOW + timedelta(minutes=7)
    database.transact(change, tables.delivery, issue.deliveries[3:], state="deferred", due_at=later)
    found = database.transact(waiting, NOW)
    assert (found.due, found.held, found.later, found.next_at) == (2, 1, 2, later)


def test_one_process_over_two_relays_is_one_owner_to_its_own(database: Database) -> None:
    """While it lives neither takes over from the other, however late its leases; a new life takes all of them back."""
    made(database, 2)
    claimed(database, "one", limit=1)
    claimed(database, owner_over("one", "post"), limit=1)
    ids = [row["id"] for row in rows_of(database, tables.delivery)]
    database.transact(change, tables.delivery, ids, lease_until=NOW - timedelta(days=400))
    for owner in ("one", owner_over("one", "post")):
        assert database.transact(recover_expired, owner, NOW, NOW, RESEND).released == 0
    assert database.transact(recover_own, "one", NOW, RESEND).released == 2


def test_mail_to_no_subscriber_waits_with_its_domain(database: Database) -> None:
    """A question to somebody new is held back with the digests to where they are, and with those alone."""
    row = {"kind": "service", "state": "queued", "priority": 1, "due_at": NOW, "created_at": NOW}
    with database.engine.begin() as connection:
        for address in ("mara@tide.example", "mara@ebbtide.example"):
            connection.execute(sa.insert(tables.delivery).values(address=address, address_hash=address, **row))
    first, second = (row["id"] for row in rows_of(database, tables.delivery))
    slow = database.transact(claim, "one", limit=9, now=NOW, real_now=NOW, without_domains=["tide.example"])
    assert [one.id for one in slow] == [second]
    assert database.transact(put_off, "tide.example", NOW, NOW + timedelta(hours=1)) == 1
    assert database.transact(claim, "two", limit=9, now=NOW, real_now=NOW) == []
    in_an_hour = database.transact(claim, "two", limit=9, now=NOW + timedelta(hours=1), real_now=NOW)
    assert [one.id for one in in_an_hour] == [first]
