"""How facts about issues are written: as lines for people, as JSON for scripts (DESIGN §10 names the keys)."""

from datetime import datetime
from typing import Any

from dispatch.model.report import IssueDetail, IssueSummary

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


def detail_as_json(detail: IssueDetail) -> dict[str, Any]:
    """`issues show --json`: `in_doubt` has every address that ever was, with when and what was done about it."""
    return {
        **issue_as_json(detail.summary),
        "in_doubt_now": detail.summary.tally.in_doubt,
        "posts": list(detail.posts),
        "in_doubt": [{"address": one.address, "at": iso(one.at), "done": one.done} for one in detail.in_doubt],
        "ended": [
            {"address": one.address, "state": one.state, "reason": one.reason, "reply": one.reply, "at": iso(one.at)}
            for one in detail.ended
        ],
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


def detail_lines(detail: IssueDetail) -> list[str]:
    """One issue whole, for people."""
    lines = [issue_line(detail.summary), f"      “{detail.summary.subject}”", "      posts:"]
    lines += [f"        {title}" for title in detail.posts]
    if detail.in_doubt:
        lines.append("      ever in doubt:")
        lines += [f"        {one.address}  {iso(one.at)}  {one.done or 'undecided'}" for one in detail.in_doubt]
    if detail.ended:
        lines.append("      not accepted:")
        lines += [f"        {one.address}  {one.state}  {one.reason}  {one.reply}".rstrip() for one in detail.ended]
    return lines


def iso(moment: datetime | None) -> str | None:
    """A moment for scripts: UTC, to the second, ending in Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
