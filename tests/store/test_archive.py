"""Which issues are in the archive, which posts are theirs, and what stands before and after them."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from dispatch.model.issue import IssueState
from dispatch.store.archive import (
    Neighbours,
    SentIssue,
    kept_since,
    last_issue,
    neighbours,
    post_marks,
    posts_of,
    sent_counts,
    sent_issue,
    sent_issues,
)
from dispatch.store.database import Connection, Database
from dispatch.store.issues import reach_back
from dispatch.store.posts import withdraw_posts
from dispatch.store.tables import issue, post
from tests.composing.make import published
from tests.store.make import FRIDAY, MONDAY, compose_again, composed

WEEK = timedelta(days=7)


def _weeks(connection: Connection, count: int) -> list[int]:
    """So many weekly issues with a post each, all of which went out; returns their ids."""
    ids = [composed(connection, posts=1)]
    for week in range(1, count):
        published(connection, f"Week {week}", MONDAY + week * WEEK, MONDAY + week * WEEK)
        ids.append(compose_again(connection, FRIDAY + week * WEEK))
    connection.execute(sa.update(issue).values(state=IssueState.SENT))
    return ids


def _titles(connection: Connection, sent: SentIssue) -> list[str]:
    return [numbered.post.title for numbered in posts_of(connection, sent)]


def _issue(connection: Connection, number: int) -> SentIssue:
    found = sent_issue(connection, "review", "weekly", number)
    assert found is not None
    return found


def test_issues_come_newest_first_a_page_at_a_time(database: Database) -> None:
    """Each schedule's by itself."""

    def look(connection: Connection) -> None:
        _weeks(connection, 3)
        numbers = [sent.number for sent in sent_issues(connection, "review", "weekly", count=10)]
        assert numbers == [3, 2, 1]
        assert [sent.number for sent in sent_issues(connection, "review", "weekly", count=1, offset=1)] == [2]
        assert sent_issues(connection, "review", "monthly", count=10) == []
        assert sent_issues(connection, "nobody", "weekly", count=10) == []
        assert sent_counts(connection, "review") == {"weekly": 3, "daily": 3}
        assert sent_counts(connection, "nobody") == {}

    database.transact(look)


@pytest.mark.parametrize(
    ("state", "is_there"),
    [(state, state in (IssueState.SENDING, IssueState.SENT, IssueState.PAUSED)) for state in IssueState],
)
def test_only_what_went_out_is_there(database: Database, state: IssueState, is_there: bool) -> None:
    """Not what is still made, nor what was stopped for good."""

    def look(connection: Connection) -> None:
        [issue_id] = _weeks(connection, 1)
        connection.execute(sa.update(issue).where(issue.c.id == issue_id).values(state=state))
        assert (sent_issue(connection, "review", "weekly", 1) is not None) == is_there
        assert bool(sent_issues(connection, "review", "weekly", count=9)) == is_there
        assert (last_issue(connection, "review", "weekly") is not None) == is_there
        assert ("weekly" in sent_counts(connection, "review")) == is_there

    database.transact(look)


def test_an_issue_has_its_own_posts_and_not_those_of_readers_who_missed_some(database: Database) -> None:
    """What a straggler is sent as well stands in the issue before."""

    def look(connection: Connection) -> None:
        ids = _weeks(connection, 2)
        reach_back(connection, ids[1], 0, FRIDAY + WEEK)
        assert _titles(connection, _issue(connection, 1)) == ["Post 0"]
        assert _titles(connection, _issue(connection, 2)) == ["Week 1"]
        marks = post_marks(connection, [_issue(connection, 1), _issue(connection, 2)])
        assert [len(marks[issue_id]) for issue_id in ids] == [1, 1]

    database.transact(look)


def test_a_cancelled_issue_leaves_its_posts_to_the_next(database: Database) -> None:
    """Its number is gone from the archive; what readers got later stands where they got it."""

    def look(connection: Connection) -> None:
        first = composed(connection, posts=1)
        connection.execute(sa.update(issue).where(issue.c.id == first).values(state=IssueState.CANCELLED))
        published(connection, "Week 1", MONDAY + WEEK, MONDAY + WEEK)
        second = compose_again(connection, FRIDAY + WEEK)
        connection.execute(sa.update(issue).where(issue.c.id == second).values(state=IssueState.SENT))
        assert sent_issue(connection, "review", "weekly", 1) is None
        assert _titles(connection, _issue(connection, 2)) == ["Post 0", "Week 1"]
        assert neighbours(connection, _issue(connection, 2)) == Neighbours()

    database.transact(look)


def test_neighbours_are_the_nearest_that_went_out(database: Database) -> None:
    """An issue that did not go is stepped over."""

    def look(connection: Connection) -> None:
        ids = _weeks(connection, 4)
        connection.execute(sa.update(issue).where(issue.c.id == ids[1]).values(state=IssueState.CANCELLED))
        assert neighbours(connection, _issue(connection, 1)) == Neighbours(None, 3)
        assert neighbours(connection, _issue(connection, 3)) == Neighbours(1, 4)
        assert neighbours(connection, _issue(connection, 4)) == Neighbours(3, None)

    database.transact(look)


def test_marks_change_with_everything_that_a_page_shows_of_a_post(database: Database) -> None:
    """Its contents, its picture, its replies, and that it was withdrawn."""

    def look(connection: Connection) -> None:
        [issue_id] = _weeks(connection, 1)
        sent = _issue(connection, 1)
        seen = [post_marks(connection, [sent])[issue_id]]
        picture = {"file": "a.jpg", "width": 9, "height": 9, "alt": "", "credit": ""}
        for change in ({"content_hash": "another"}, {"picture": picture}, {"replies": 3}):
            connection.execute(sa.update(post).values(change))
            seen.append(post_marks(connection, [sent])[issue_id])
        withdraw_posts(connection, connection.scalars(sa.select(post.c.id)).all(), MONDAY)
        seen.append(post_marks(connection, [sent])[issue_id])
        assert len(set(seen)) == 5
        assert _titles(connection, sent) == []

    database.transact(look)


def test_the_newest_issue_is_that_of_its_schedule(database: Database) -> None:
    """None while none has gone."""

    def look(connection: Connection) -> None:
        assert last_issue(connection, "review", "weekly") is None
        assert kept_since(connection, "review") is None
        _weeks(connection, 2)
        newest = last_issue(connection, "review", "weekly")
        assert newest is not None
        assert (newest.number, newest.due_at) == (2, FRIDAY + WEEK)
        assert kept_since(connection, "review") == MONDAY

    database.transact(look)
