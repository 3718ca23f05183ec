"""Stopping an issue that is being sent, and going on with it."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dispatch.errors import StoreError
from dispatch.model.issue import Issue, IssueState
from dispatch.store.issues import read_issue
from dispatch.store.tables import issue


def pause_issue(connection: Connection, issue_id: int, reason: str) -> Issue:
    """Send nothing more of an issue; raises NotFoundError, or StoreError for one that is not being sent."""
    return _move(connection, issue_id, IssueState.SENDING, IssueState.PAUSED, reason)


def resume_issue(connection: Connection, issue_id: int) -> Issue:
    """Go on with a paused issue; raises NotFoundError, or StoreError for one that is not paused."""
    return _move(connection, issue_id, IssueState.PAUSED, IssueState.SENDING, "")


def _move(connection: Connection, issue_id: int, before: IssueState, after: IssueState, reason: str) -> Issue:
    moved = connection.scalars(
        sa.update(issue)
        .where(issue.c.id == issue_id, issue.c.state == before)
        .values(state=after, reason=reason)
        .returning(issue.c.id)
    ).first()
    found = read_issue(connection, issue_id)
    if moved is None:
        raise StoreError(f"issue {issue_id} is {found.state}, not {before}: nothing was changed")
    return found
