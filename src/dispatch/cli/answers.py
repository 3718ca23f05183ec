"""How facts about issues are written: as lines for people, as JSON for scripts (DESIGN §10 names the keys)."""

from datetime import datetime
from typing import Any

from dispatch.model.report import IssueSummary

COUNTS = ("audience", "accepted", "refused", "suppressed", "in_doubt", "waiting")


def issue_as_json(summary: IssueSummary) -> dict[str, Any]:
    """One issue of `status --json` and `issues list --json`."""
    issue, tally = summary.issue, summary.tally
    return {
        "id": issue.id,
        "newsletter": issue.newsletter,
        "schedule": issue.schedule,
        "slot": issue.slot,
        "number": issue.number,
        "subject": summary.subject,
        "state": str(issue.state),
        "reason": issue.reason,
        "due_at": iso(issue.due_at),
        **{count: getattr(tally, count) for count in COUNTS},
        "next_try_at": iso(summary.next_try_at),
    }


def issue_line(summary: IssueSummary) -> str:
    """One issue in one line."""
    issue, tally = summary.issue, summary.tally
    number = f"no. {issue.number}" if issue.number is not None else "–"
    head = f"{issue.id:>4}  {issue.newsletter} {issue.schedule} {issue.slot}  {number:<8} {issue.state:<9}"
    if not tally.audience:
        return f"{head} {issue.reason}".rstrip()
    parts = [f"{getattr(tally, count)} {count.replace('_', ' ')}" for count in COUNTS[1:] if getattr(tally, count)]
    later = f" (next try {iso(summary.next_try_at)})" if summary.later else ""
    reason = f"  {issue.reason}" if issue.reason else ""
    return f"{head} {tally.audience} = {' + '.join(parts)}{later}{reason}"


def iso(moment: datetime | None) -> str | None:
    """A moment for scripts: UTC, to the second, ending in Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
