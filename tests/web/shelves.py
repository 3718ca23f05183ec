"""Newsletters whose issues went out, for tests of the archive, and a way to ask for their pages."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import lxml.html
import sqlalchemy as sa
from lxml.html import HtmlElement
from starlette.testclient import TestClient

from dispatch.app import Clock, Dispatch
from dispatch.composing.compose import compose_newsletter
from dispatch.composing.release import release_settled
from dispatch.config.settings import Settings
from dispatch.model.issue import IssueState
from dispatch.model.post import CleanEntry, PostState
from dispatch.store.database import Connection, Database
from dispatch.store.posts import NewPost, insert_post
from dispatch.store.tables import issue
from dispatch.web.site import site
from tests.composing.make import stored

PUBLIC = "https://post.lamplight.example"
MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
FRIDAY = datetime(2026, 11, 27, 12, 1, tzinfo=UTC)  # 07:01 in New York
WEEK = timedelta(days=7)


def library(folder: Path, *, language: str = "en-GB", public_url: str = PUBLIC, **review: object) -> Settings:
    """Three newsletters in New York, each with a source of its own name: review, notes, and hidden without archive."""
    for name in ("address", "token"):
        (folder / f"{name}.key").write_text(name[0] * 64)
    usual = {"from": "The Lamplight Review <review@lamplight.example>"}
    document: dict[str, Any] = {
        "site": {
            "name": "The Lamplight Review",
            "url": "https://lamplight.example",
            "tagline": "Essays, dispatches and books",
            "postal_address": "41 Harbour Row, Port Ellery, ME 04629, USA",
            "timezone": "America/New_York",
            "language": language,
        },
        "store": {"address_key": "file:address.key", "media": "media"},
        "web": {"public_url": public_url, "token_keys": ["file:token.key"]},
        "sources": {name: {"kind": "feed", "url": f"https://lamplight.example/{name}"} for name in _SLUGS},
        "newsletters": {
            "review": {
                **usual,
                "name": "The Lamplight Review",
                "sources": ["review"],
                "schedules": {"weekly": "fri 07:00", "daily": "daily 07:00"},
                **review,
            },
            "notes": {
                **usual,
                "name": "Notes from the Harbour",
                "sources": ["notes"],
                "schedules": {"each": "on publish"},
                "default_schedule": "each",
            },
            "hidden": {**usual, "name": "Hidden", "sources": ["hidden"], "archive": False},
        },
    }
    return Settings.model_validate(document, context={"base": folder})


_SLUGS = ("review", "notes", "hidden")


def publish(connection: Connection, /, source: str, title: str, at: datetime, **values: Any) -> int:
    """Store a settled post of a source; returns its id. Values are CleanEntry's."""
    entry = CleanEntry(
        title=title,
        url=f"https://lamplight.example/{quote(title)}",
        author="Mara Lind",
        body=f"<p>{title} begins here, on a wet morning.</p>",
        published_at=at,
        updated_at=None,
        categories=(),
        words=440,
        replies=None,
        replies_url="",
        language="en",
        image_url=None,
        image_alt="",
        image_credit="",
        keys=(f"text:{title}",),
    )
    return insert_post(
        connection, source, NewPost(replace(entry, **values), PostState.SETTLING, at, at, f"hash of {title}"), at
    )


def send(
    connection: Connection, settings: Settings, newsletter: str, at: datetime, state: IssueState = IssueState.SENT
) -> list[int]:
    """Make the issues of a newsletter that are due at a moment, and say of them that they went out; returns ids."""
    stored(connection, settings, MONDAY - WEEK)
    release_settled(connection, settings, at)
    made = [
        outcome.issue_id
        for outcome in compose_newsletter(connection, settings, newsletter, at)
        if outcome.state is IssueState.COMPOSED
    ]
    connection.execute(sa.update(issue).where(issue.c.id.in_(made)).values(state=state))
    return made


def send_week(
    connection: Connection, settings: Settings, newsletter: str, week: int, titles: Mapping[str, Any] | list[str]
) -> list[int]:
    """An issue of the week that is so many after the first, with posts of these titles, the first the lead."""
    stored(connection, settings, MONDAY - WEEK)
    for place, title in enumerate(titles):
        values = titles[title] if isinstance(titles, Mapping) else {}
        publish(connection, newsletter, title, MONDAY + week * WEEK - timedelta(hours=place), **values)
    return send(connection, settings, newsletter, FRIDAY + week * WEEK)


def client(database: Database, settings: Settings) -> TestClient:
    """Somebody who looks at the pages and follows no redirect."""
    dispatch = Dispatch(settings, database, b"k" * 32, Clock(FRIDAY))
    # A proxy that serves us below a path takes it away.
    origin = urlsplit(settings.web.public_url)._replace(path="").geturl()
    return TestClient(site(dispatch), origin, follow_redirects=False)


def page(reader: TestClient, path: str) -> HtmlElement:
    """A page as a tree; fails where it is no page."""
    answer = reader.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return lxml.html.document_fromstring(answer.content)


def hrefs(element: HtmlElement, *kinds: str) -> list[str]:
    """Where the links (or other elements with an address) of a page lead, in order."""
    return [each.get("href", "") for each in element.iter(*(kinds or ("a",)))]


def everything_in(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    metadata = sa.MetaData()
    with closing(database.engine.connect()) as connection:
        metadata.reflect(connection)
        return {
            table.name: sorted((tuple(row) for row in connection.execute(sa.select(table))), key=repr)
            for table in metadata.sorted_tables
        }
