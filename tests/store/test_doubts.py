"""What an operator decides about deliveries in doubt, on both databases; promise 2 is asserted with every tally."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from dispatch.errors import NotFoundError, NothingToDoError, StoreError
from dispatch.model.delivery import DeliveryKind, DeliveryState, Verdict
from dispatch.model.doubt import NOT_SENT_AGAIN, Decision, Resolved
from dispatch.model.report import IssueDetail
from dispatch.store import tables
from dispatch.store.database import Database
from dispatch.store.deliveries import claim, finish_issues
from dispatch.store.doubts import TIME_TO_SEND, resolve, undecided
from dispatch.store.fan_out import cancel_issue
from dispatch.store.leases import recover_everything, recover_own
from dispatch.store.overview import issue_detail, troubles
from dispatch.store.rounds import license_dots, record
from dispatch.store.stopping import pause_issue
from tests.delivering.make import NOW, MadeIssue, addresses, change, in_days, make_issue, rows_of, states_of, tally_of

LOST = "the connection was lost after the last byte, before a reply"
RESEND = (DeliveryKind.DIGEST, DeliveryKind.LETTER)


def doubted(database: Database, count: int, doubts: Sequence[int], *, expires_at: datetime | None = None) -> MadeIssue:
    """An issue whose deliveries were accepted, but for those in doubt."""
    issue = database.transact(make_issue, addresses(count), expires_at=expires_at)
    ids = [issue.deliveries[place] for place in doubts]
    others = [one for one in issue.deliveries if one not in ids]
    database.transact(change, tables.delivery, others, state="accepted", ended_at=NOW, attempts=1)
    leave_in_doubt(database, ids)
    return issue


def leave_in_doubt(database: Database, ids: Sequence[int], tries: int = 3) -> None:
    """Claim, license and lose them, as a sender does; undecided."""
    database.transact(claim, "one", limit=100, now=NOW, real_now=NOW)
    assert database.transact(license_dots, "one", ids, NOW, NOW) == set(ids)
    verdicts = [
        Verdict(
            one, DeliveryState.IN_DOUBT, NOW, None, tries, reply=LOST, reason="in doubt", outcome="in_doubt", done=""
        )
        for one in ids
    ]
    database.transact(record, "one", "main", verdicts)


def decided(
    database: Database, issue: MadeIssue, decision: Decision, asked: Sequence[str] = (), now: datetime = NOW
) -> Resolved:
    return database.transact(resolve, issue.id, decision, {f"hash of {one}": one for one in asked}, now)


def shown(database: Database, issue: MadeIssue) -> IssueDetail:
    return database.transact(issue_detail, issue.id)


def issue_state(database: Database) -> str:
    return str(rows_of(database, tables.issue)[0]["state"])


def test_held_ones_end_and_keep_their_posts(database: Database) -> None:
    """They leave the count in doubt for `suppressed`, the issue is sent, and nobody's posts are handed back."""
    issue = doubted(database, 4, [1, 3])
    assert tally_of(database, issue.id).in_doubt == 2
    found = decided(database, issue, Decision.HOLD)
    assert found.addresses == (addresses(4)[1], addresses(4)[3])
    tally = tally_of(database, issue.id)
    assert (tally.audience, tally.accepted, tally.suppressed, tally.in_doubt, tally.waiting) == (4, 2, 2, 0, 0)
    assert issue_state(database) == "sent"
    rows = [row for row in rows_of(database, tables.delivery) if row["state"] == "suppressed"]
    assert {(row["reason"], row["handed_back"], row["ended_at"]) for row in rows} == {(NOT_SENT_AGAIN, "", NOW)}
    assert {row["seen_seq"] for row in rows_of(database, tables.subscription)} == {3}
    assert [doubt.decided for doubt in shown(database, issue).in_doubt] == [
        "not sent again, as an operator decided at 2026-11-27 12:00 UTC"
    ] * 2


def test_cancelling_afterwards_hands_none_of_them_back(database: Database) -> None:
    """What was held may have arrived; what only waited has not."""
    issue = doubted(database, 3, [0, 1])
    database.transact(change, tables.delivery, issue.deliveries[2:], state="queued", attempts=0)
    decided(database, issue, Decision.HOLD, addresses(3)[:1])
    assert database.transact(cancel_issue, issue.id, "stopped", NOW) == 1
    decided(database, issue, Decision.HOLD)
    assert [row["handed_back"] for row in rows_of(database, tables.delivery)] == ["", "", "returned"]
    assert tally_of(database, issue.id).suppressed == 3


def test_resent_ones_are_due_again_with_the_tries_they_had(database: Database) -> None:
    """The next doubt about them is an operator's again, not another three copies."""
    issue = doubted(database, 3, [0, 2])
    database.transact(change, tables.delivery, issue.deliveries, due_at=in_days(1))
    decided(database, issue, Decision.RESEND)
    tally = tally_of(database, issue.id)
    assert (tally.accepted, tally.in_doubt, tally.waiting) == (1, 0, 2)
    assert database.transact(finish_issues, NOW) == []
    claimed = database.transact(claim, "two", limit=10, now=NOW, real_now=NOW)
    assert [(one.id, one.attempts) for one in claimed] == [(issue.deliveries[0], 3), (issue.deliveries[2], 3)]
    assert {doubt.decided for doubt in shown(database, issue).in_doubt} == {
        "sent again, with the same Message-ID, as an operator decided at 2026-11-27 12:00 UTC"
    }


@pytest.mark.parametrize("expires_at", [None, NOW + timedelta(hours=1), NOW + timedelta(days=9)])
def test_a_decision_after_the_weekend_still_sends(database: Database, expires_at: datetime | None) -> None:
    """What is sent again has a day from the decision on, or the longer time it had."""
    doubted(database, 1, [0], expires_at=expires_at)
    decided(database, MadeIssue(1, [1], 1, 1), Decision.RESEND, now=in_days(3))
    assert len(database.transact(claim, "two", limit=1, now=in_days(3), real_now=NOW)) == 1
    kept = rows_of(database, tables.delivery)[0]["expires_at"]
    assert kept == (expires_at and max(expires_at, in_days(3) + TIME_TO_SEND))


def test_only_those_named_are_decided(database: Database) -> None:
    """The others stay undecided, and the issue open."""
    issue = doubted(database, 4, [0, 1, 2])
    names = addresses(4)
    found = decided(database, issue, Decision.HOLD, [names[1], names[3]])
    assert (found.addresses, found.left_alone) == ((names[1],), {names[3]: "accepted"})
    tally = tally_of(database, issue.id)
    assert (tally.in_doubt, tally.suppressed) == (2, 1)
    assert issue_state(database) == "sending"
    assert [doubt.is_undecided for doubt in shown(database, issue).in_doubt] == [True, False, True]


def test_one_unknown_address_changes_nothing(database: Database) -> None:
    """It is named, and so is the command that names those in doubt."""
    issue = doubted(database, 2, [0])
    with pytest.raises(NotFoundError, match=r"no delivery to nobody@reef\.example: `dispatch issues show 1`"):
        decided(database, issue, Decision.HOLD, [addresses(1)[0], "nobody@reef.example"])
    assert tally_of(database, issue.id).in_doubt == 1


@pytest.mark.parametrize("asked", [[], addresses(1)])
def test_where_nothing_is_in_doubt_there_is_nothing_to_do(database: Database, asked: list[str]) -> None:
    """For the whole issue and for one address."""
    issue = doubted(database, 2, [])
    with pytest.raises(NothingToDoError, match="nothing of issue 1 is in doubt"):
        decided(database, issue, Decision.RESEND, asked)


@pytest.mark.parametrize("decision", Decision)
def test_an_issue_that_is_not_there_is_not_found(database: Database, decision: Decision) -> None:
    """With the command that lists those there are."""
    with pytest.raises(NotFoundError, match="there is no issue 7"):
        database.transact(resolve, 7, decision, {}, NOW)


def test_looking_ahead_changes_nothing(database: Database) -> None:
    """It tells whom a decision would concern."""
    issue = doubted(database, 3, [0, 2])
    before = (states_of(database, issue.id), rows_of(database, tables.attempt))
    found = database.transact(undecided, issue.id, Decision.RESEND, {})
    assert found.addresses == (addresses(3)[0], addresses(3)[2])
    assert (states_of(database, issue.id), rows_of(database, tables.attempt)) == before


def test_of_a_cancelled_issue_nothing_is_sent_again(database: Database) -> None:
    """It can only be closed."""
    issue = doubted(database, 2, [0])
    database.transact(cancel_issue, issue.id, "stopped", NOW)
    with pytest.raises(StoreError, match=r"issue 1 is cancelled.*`dispatch issues resolve 1 hold`"):
        decided(database, issue, Decision.RESEND)
    assert "`dispatch issues resolve 1 hold` decides" in database.transact(troubles)[0]
    decided(database, issue, Decision.HOLD)
    assert (issue_state(database), tally_of(database, issue.id).suppressed) == ("cancelled", 1)


def test_of_a_paused_issue_they_wait_for_it_to_be_resumed(database: Database) -> None:
    """Nothing is claimed before."""
    issue = doubted(database, 2, [0, 1])
    database.transact(pause_issue, issue.id, "an operator")
    decided(database, issue, Decision.RESEND, addresses(1))
    assert tally_of(database, issue.id).waiting == 1
    assert database.transact(claim, "two", limit=10, now=NOW, real_now=NOW) == []
    decided(database, issue, Decision.HOLD)
    assert (issue_state(database), tally_of(database, issue.id).suppressed) == ("paused", 1)


def test_whoever_left_meanwhile_gets_no_second_copy(database: Database) -> None:
    """Also when an operator says resend: it is asked again at the claim."""
    issue = doubted(database, 2, [0, 1])
    (first, _) = [row["id"] for row in rows_of(database, tables.subscription)]
    database.transact(change, tables.subscription, [first], state="left")
    decided(database, issue, Decision.RESEND)
    assert [one.id for one in database.transact(claim, "two", limit=10, now=NOW, real_now=NOW)] == issue.deliveries[1:]
    doubt = shown(database, issue).in_doubt[0]
    assert (doubt.state, doubt.reason) == ("suppressed", "left")
    assert rows_of(database, tables.delivery)[0]["handed_back"] == ""


def test_a_decision_is_written_where_the_doubt_is(database: Database) -> None:
    """Of a delivery that was in doubt twice, the first time keeps what was done then, and each says how it ended."""
    issue = database.transact(make_issue, addresses(1))
    database.transact(claim, "one", limit=1, now=NOW, real_now=NOW)
    database.transact(license_dots, "one", issue.deliveries, NOW, NOW)
    database.transact(recover_own, "one", NOW, RESEND)
    leave_in_doubt(database, issue.deliveries)
    decided(database, issue, Decision.RESEND)
    database.transact(claim, "one", limit=1, now=NOW, real_now=NOW)
    # Deferred in between: that is not yet how it ended.
    greylisted = Verdict(
        issue.deliveries[0], DeliveryState.DEFERRED, NOW, NOW, 4, reply="451 later", outcome="deferred"
    )
    database.transact(record, "one", "main", [greylisted])
    assert shown(database, issue).in_doubt[1].then == ""
    database.transact(claim, "one", limit=1, now=NOW, real_now=NOW)
    database.transact(license_dots, "one", issue.deliveries, NOW, NOW)
    later = NOW + timedelta(minutes=3)
    accepted = Verdict(issue.deliveries[0], DeliveryState.ACCEPTED, later, None, 5, reply="250 ok", outcome="accepted")
    database.transact(record, "one", "main", [accepted])
    first, second = shown(database, issue).in_doubt
    assert (first.why, first.decided, first.then, first.then_at) == (
        "the sender ended between dot and reply", "sent again, with the same Message-ID", "in_doubt", NOW,
    )  # fmt: skip
    assert (second.why, second.then, second.then_at, second.state) == (LOST, "accepted", later, "accepted")
    assert second.decided.startswith("sent again, with the same Message-ID, as an operator decided")
    assert tally_of(database, issue.id).accepted == 1


def test_what_a_dead_sender_left_of_a_newsletter_that_holds_waits_for_an_operator(database: Database) -> None:
    """And of every other newsletter goes again."""
    issue = database.transact(make_issue, addresses(2))
    database.transact(claim, "one", limit=2, now=NOW, real_now=NOW)
    database.transact(license_dots, "one", issue.deliveries[:1], NOW, NOW)
    assert database.transact(recover_own, "one", NOW, RESEND, ["another"]).in_doubt == (issue.deliveries[0],)
    assert states_of(database, issue.id) == ["queued", "queued"]
    database.transact(claim, "one", limit=2, now=NOW, real_now=NOW)
    database.transact(license_dots, "one", issue.deliveries[:1], NOW, NOW)
    assert database.transact(recover_everything, NOW, RESEND, ["review"]).released == 1
    assert states_of(database, issue.id) == ["in_doubt", "queued"]
    assert [doubt.is_undecided for doubt in shown(database, issue).in_doubt] == [False, True]
    assert tally_of(database, issue.id).in_doubt == 1


def test_status_points_to_the_decision(database: Database) -> None:
    """One sentence an issue, until it is decided."""
    assert database.transact(troubles) == []
    issue = doubted(database, 3, [0, 2])
    (sentence,) = database.transact(troubles)
    assert sentence == (
        "issue 1: 2 deliveries are in doubt and undecided: `dispatch issues show 1` names them, "
        "`dispatch issues resolve 1 resend|hold` decides"
    )
    decided(database, issue, Decision.HOLD)
    assert database.transact(troubles) == []


def test_an_erased_reader_is_decided_with_the_others(database: Database) -> None:
    """Without a name."""
    issue = doubted(database, 2, [0])
    with database.engine.begin() as connection:
        connection.execute(
            sa.update(tables.subscriber).where(tables.subscriber.c.id == 1).values(address=None, address_hash=None)
        )
    assert decided(database, issue, Decision.HOLD).addresses == ("(erased)",)
    assert shown(database, issue).in_doubt[0].address == "(erased)"
    assert tally_of(database, issue.id).suppressed == 1


def test_what_is_tried_again_is_shown_with_its_reply_and_its_next_try(database: Database) -> None:
    """And what was never tried is not."""
    issue = database.transact(make_issue, addresses(2))
    database.transact(claim, "one", limit=2, now=NOW, real_now=NOW)
    deferred = Verdict(
        issue.deliveries[1], DeliveryState.DEFERRED, NOW, in_days(1), 1, reply="451 4.7.1 later", outcome="deferred"
    )
    database.transact(record, "one", "main", [deferred])
    (one,) = shown(database, issue).retried
    assert (one.address, one.attempts) == (addresses(2)[1], 1)
    assert (one.reply, one.next_try_at) == ("451 4.7.1 later", in_days(1))
