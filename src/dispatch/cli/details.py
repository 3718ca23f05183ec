"""One issue whole: as lines for people, as JSON for scripts (DESIGN §10 names the keys)."""

from collections.abc import Iterable
from typing import Any

from dispatch.cli.answers import iso, issue_as_json, issue_line
from dispatch.delivering.words import done_about, doubt, ended, retried
from dispatch.model.report import IssueDetail

# So many names in a list for people; whoever was in doubt is always named, and --json names everybody.
MOST_NAMES = 50


def detail_as_json(detail: IssueDetail) -> dict[str, Any]:
    """`issues show --json`: `in_doubt` has every address that ever was, with when, why and what was done about it."""
    return {
        **issue_as_json(detail.summary),
        "in_doubt_now": detail.summary.tally.in_doubt,
        "posts": list(detail.posts),
        "in_doubt": [
            {
                "address": one.address,
                "at": iso(one.at),
                "why": one.why,
                "done": done_about(one, "UTC"),
                "undecided": one.is_undecided,
                "state": one.state,
            }
            for one in detail.in_doubt
        ],
        "retried": [
            {
                "address": one.address,
                "attempts": one.attempts,
                "reply": one.reply,
                "next_try_at": iso(one.next_try_at),
            }
            for one in detail.retried
        ],
        "ended": [
            {"address": one.address, "state": one.state, "reason": one.reason, "reply": one.reply, "at": iso(one.at)}
            for one in detail.ended
        ],
    }


def detail_lines(detail: IssueDetail, zone: str) -> list[str]:
    """One issue whole, for people; times in `zone`."""
    return [
        issue_line(detail.summary),
        f"      “{detail.summary.subject}”",
        *_section("posts", detail.posts),
        *_section("ever in doubt", [f"{one.address}: {doubt(one, zone)}" for one in detail.in_doubt]),
        *_section("waiting for another try", _some(f"{one.address}: {retried(one, zone)}" for one in detail.retried)),
        *_section("not accepted", _some(f"{one.address}: {ended(one, zone)}" for one in detail.ended)),
    ]


def _section(title: str, lines: Iterable[str]) -> list[str]:
    found = [f"        {line}" for line in lines]
    return [f"      {title}:", *found] if found else []


def _some(lines: Iterable[str]) -> list[str]:
    found = list(lines)
    more = len(found) - MOST_NAMES
    return [*found[:MOST_NAMES], f"… and {more} more: --json names them all"] if more > 0 else found
