"""Which issues anybody can read, and what the page of each shows."""

import asyncio
from datetime import date, timedelta
from pathlib import Path

import sqlalchemy as sa

from dispatch.composing.archive import (
    FoundIssue,
    FoundIssues,
    archived_newsletters,
    find_issue,
    find_issues,
    issue_address,
    last_issue,
    read_page,
    updated_at,
)
from dispatch.composing.pages import web_url
from dispatch.config.settings import Settings
from dispatch.rendering.messages.welcome import LastIssue
from dispatch.rendering.templates import open_templates
from dispatch.store.database import Database
from dispatch.store.tables import post
from tests.web.shelves import FRIDAY, PUBLIC, WEEK, library, send_week


def _issue(database: Database, settings: Settings, number: int) -> FoundIssue:
    found = asyncio.run(find_issue(database, settings, "review", "weekly", number))
    assert found is not None
    return found


def _issues(
    database: Database, settings: Settings, newsletter: str = "review", schedule: str = "", page: int = 1, most: int = 2
) -> FoundIssues | None:
    return asyncio.run(find_issues(database, settings, newsletter, schedule, page=page, most=most))


def _numbers(found: FoundIssues | None) -> list[int]:
    assert found is not None
    return [sent.number for sent in found.issues]


def test_a_list_has_as_many_pages_as_it_needs(database: Database, tmp_path: Path) -> None:
    """And always a first."""
    settings = library(tmp_path)
    assert _issues(database, settings) == FoundIssues("review", "weekly", (), (), (), 1, 1)
    for week in range(3):
        database.transact(send_week, settings, "review", week, [f"Week {week}"])
    assert [_numbers(_issues(database, settings, page=page)) for page in (1, 2)] == [[3, 2], [1]]
    assert [_issues(database, settings, page=page) for page in (0, 3)] == [None, None]
    assert _issues(database, settings, schedule="monthly") is None
    assert _issues(database, settings, "hidden") is None
    assert _issues(database, settings, "nobody") is None


def test_a_list_begins_with_the_default_schedule_or_one_that_has_sent_something(
    database: Database, tmp_path: Path
) -> None:
    """A newsletter whose default schedule is new is not empty."""
    settings = library(tmp_path, schedules={"daily": "daily 07:00"}, default_schedule="daily")
    database.transact(send_week, settings, "review", 0, ["Week 0"])
    later = library(tmp_path)
    found = _issues(database, later)
    assert found is not None
    assert (found.schedule, found.counts) == ("daily", (("daily", 1),))


def test_what_is_found_is_the_same_until_the_page_changes(database: Database, tmp_path: Path) -> None:
    """A page that was made for it holds so long: equal, and of one hash."""
    settings = library(tmp_path)
    database.transact(send_week, settings, "review", 0, ["Week 0", "Second"])
    first, lists = _issue(database, settings, 1), _issues(database, settings)
    assert (first, hash(first)) == (_issue(database, settings, 1), hash(_issue(database, settings, 1)))
    database.transact(
        lambda connection: connection.execute(
            sa.update(post).where(post.c.title == "Second").values(content_hash="another")
        )
    )
    corrected = _issue(database, settings, 1)
    assert first != corrected
    assert lists != _issues(database, settings)
    database.transact(send_week, settings, "review", 1, ["Week 1"])
    assert _issue(database, settings, 1) != corrected


def test_an_issue_was_updated_when_one_of_its_posts_was_corrected(database: Database, tmp_path: Path) -> None:
    """Never before it went out."""
    settings = library(tmp_path)
    early, late = FRIDAY - timedelta(days=9), FRIDAY + timedelta(days=1)
    database.transact(send_week, settings, "review", 0, {"A": {"updated_at": early}, "B": {"updated_at": None}})
    database.transact(send_week, settings, "review", 1, {"C": {"updated_at": late + WEEK}, "D": {}})
    for number, when in ((1, FRIDAY - timedelta(minutes=1)), (2, late + WEEK)):
        sent = _issue(database, settings, number).sent
        assert updated_at(asyncio.run(read_page(database, settings, sent)), sent) == when


def test_a_welcome_is_told_of_the_newest_issue(database: Database, tmp_path: Path) -> None:
    """Its lead's title, its number, its local day and where it can be read; nothing where none has gone."""
    settings, templates = library(tmp_path), open_templates()
    database.transact(send_week, settings, "review", 0, ["Week 0", "Second"])

    def newest(newsletter: str, schedule: str = "weekly", of: Settings = settings) -> LastIssue | None:
        return database.transact(last_issue, of, newsletter, schedule, templates)

    address = f"{PUBLIC}/issues/review/weekly/1"
    assert newest("review") == LastIssue("Week 0", 1, date(2026, 11, 27), address)
    assert issue_address(settings, _issue(database, settings, 1).sent) == address
    assert newest("notes", "each") is None
    assert newest("review", of=library(tmp_path, archive=False)) is None


def test_only_a_numbered_issue_of_an_archive_has_an_address(tmp_path: Path) -> None:
    """A preview without a number has none, and who shows nothing has none."""
    settings = library(tmp_path, public_url="https://lamplight.example/post/")
    assert archived_newsletters(settings) == ("review", "notes")
    assert web_url(settings, "review", "weekly", 7) == "https://lamplight.example/post/issues/review/weekly/7"
    assert web_url(settings, "review", "weekly", None) == ""
    assert web_url(settings, "hidden", "weekly", 7) == ""
