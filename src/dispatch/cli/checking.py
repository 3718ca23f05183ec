"""What `dispatch check` looks at beyond the file: the database, the relays, the sources, the look, the books.

Each check is a function of the ground it stands on, in the order of `CHECKS`; each answers with what it saw.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from dispatch.cli.checking_dkim import signature_of
from dispatch.cli.checking_pages import proxies_of_pages
from dispatch.collecting.feeds import read_feed
from dispatch.collecting.fetching import Fetched, Reach, fetch, open_reach
from dispatch.collecting.folder import read_folder
from dispatch.collecting.jsonfeed import read_json_feed
from dispatch.collecting.reading import Reading
from dispatch.collecting.wordpress import plain_posts_url, posts_url, read_posts
from dispatch.composing.pages import Contents, IssueFrame, page_of
from dispatch.config.checks import Check, check_secrets
from dispatch.config.places import database_url
from dispatch.config.settings import Relay, Settings, Source
from dispatch.errors import BooksError, CollectError, ConfigurationError, DispatchError, RenderError, StoreError
from dispatch.model.post import Post
from dispatch.promoting.overview import advice
from dispatch.promoting.pages import missing_page_lines
from dispatch.promoting.reading import missing_covers, read_catalogue
from dispatch.rendering.lint import lint
from dispatch.rendering.look import look_from
from dispatch.rendering.render import render
from dispatch.rendering.templates import open_templates
from dispatch.store.opening import open_store
from dispatch.transport.access import RelayAccess, Timeouts
from dispatch.transport.session import SmtpSession

# An operator waits for this: what has not answered by then is a problem.
_PATIENCE = Timeouts(connect=10, command=10, block=10, dot=10)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Ground:
    """What the checks stand on."""

    settings: Settings
    now: datetime
    fix: bool = False
    offline: bool = False


async def secrets_in_place(ground: Ground) -> list[Check]:
    """Each secret is there, and private."""
    return check_secrets(ground.settings, fix=ground.fix)


async def database_opens(ground: Ground) -> list[Check]:
    """The database can be opened with this version and this key; one that is not there yet is not made."""
    store = ground.settings.store
    if store.path is not None and not store.path.exists():
        return [Check("database", "ok", f"{store.path} is not there yet: the first command that needs it makes it")]
    try:
        database = await asyncio.to_thread(
            open_store,
            database_url(ground.settings),
            durability=store.durability,
            address_key=store.address_key.read_key(),
        )
    except (StoreError, ConfigurationError) as error:
        return [Check("database", "error", str(error))]
    database.close()
    return [Check("database", "ok", str(store.path or "PostgreSQL"))]


async def relays_let_us_in(ground: Ground) -> list[Check]:
    """Each relay answers, speaks TLS as configured and accepts the log-in."""
    relays = ground.settings.relays
    carried = {kind for relay in relays.values() for kind in relay.carries}
    if "digests" not in carried:
        return [Check("relay", "error", "no relay carries digests", "add [relays.main] with the service that sends")]
    if ground.offline:
        return []
    return list(await asyncio.gather(*(_relay(ground, name, relay) for name, relay in relays.items())))


async def pages_know_their_proxy(ground: Ground) -> list[Check]:
    """Limits by network count readers, not the web server before us."""
    return [proxies_of_pages(ground.settings)]


async def signatures_can_be_verified(ground: Ground) -> list[Check]:
    """Each relay's keys can sign, and DNS has what verifies it."""
    relays = ground.settings.relays.items()
    answers = (signature_of(name, relay, offline=ground.offline) for name, relay in relays)
    return [check for checks in await asyncio.gather(*answers) for check in checks]


async def sources_answer(ground: Ground) -> list[Check]:
    """Each source can be read, now."""
    sources = ground.settings.sources
    private = ground.settings.collect.allow_private_networks
    async with open_reach(allow_private_networks=private) as reach:
        answers = [
            _source(ground, reach, name, source)
            for name, source in sources.items()
            if source.kind == "folder" or not ground.offline
        ]
        return list(await asyncio.gather(*answers))


async def newsletters_render(ground: Ground) -> list[Check]:
    """The templates make an issue of a sample post for each newsletter, and its colours can be read."""
    try:
        templates = open_templates(ground.settings.look.templates, ground.settings.look.labels)
    except RenderError as error:
        return [Check("templates", "error", str(error))]
    checks = [Check("look", "ok", "colours and fonts can be read in light and dark")]
    for name, newsletter in ground.settings.newsletters.items():
        frame = IssueFrame(name, newsletter.default_schedule, number=None, day=ground.now.date(), sample=True)
        page = page_of(ground.settings, frame, Contents((_sample_post(ground),), note=None), books=())
        try:
            look = look_from(ground.settings.look.model_dump(), newsletter.template)
            problems = lint(render(page, look, templates))
        except RenderError as error:
            problems = [str(error)]
        checks += [Check(f"templates {name}", "error", problem) for problem in problems]
        if not problems:
            checks.append(Check(f"templates {name}", "ok", "a sample post renders"))
    return checks


async def books_can_be_read(ground: Ground) -> list[Check]:
    """books.toml is right, and the covers it names are there."""
    path = ground.settings.books.file
    if path is None:
        return []
    try:
        catalogue = read_catalogue(path)
    except BooksError as error:
        return [Check("books", "error", problem) for problem in error.problems]
    found = [Check("books", "warning", problem) for problem in (*missing_covers(path), *advice(catalogue))]
    return found or [Check("books", "ok", f"{_counted(len(catalogue.books), 'book')} in {path}")]


async def shop_pages_are_there(ground: Ground) -> list[Check]:
    """No shop has answered lately that a book's page is gone; nobody is asked now."""
    store = ground.settings.store
    if ground.settings.books.file is None or (store.path is not None and not store.path.exists()):
        return []
    try:
        database = await asyncio.to_thread(
            open_store,
            database_url(ground.settings),
            durability=store.durability,
            address_key=store.address_key.read_key(),
        )
    except (StoreError, ConfigurationError):
        return []  # database_opens has said why
    try:
        lines = await missing_page_lines(database, ground.settings)
    finally:
        database.close()
    return [Check("books", "warning", line.removeprefix("books: ")) for line in lines]


CHECKS: tuple[Callable[[Ground], Awaitable[list[Check]]], ...] = (
    secrets_in_place,
    database_opens,
    newsletters_render,
    books_can_be_read,
    shop_pages_are_there,
    sources_answer,
    pages_know_their_proxy,
    relays_let_us_in,
    signatures_can_be_verified,
)


async def _relay(ground: Ground, name: str, relay: Relay) -> Check:
    title = f"relay {name}"
    try:
        access = RelayAccess(
            name=name,
            host=relay.host,
            port=relay.port,
            security=relay.security,
            greeting_name=urlsplit(ground.settings.web.public_url).hostname or "localhost",
            username=relay.username,
            password=relay.password.read() if relay.password else None,
            timeouts=_PATIENCE,
        )
        session = SmtpSession(access)
        await session.connect()
    except DispatchError as error:
        return Check(title, "error", str(error))
    await session.close()
    if relay.password and relay.security == "none" and relay.host not in _LOOPBACK:
        return Check(title, "warning", "the password travels in clear", 'set security to "starttls" or "tls"')
    log_in = "and accepts the log-in" if relay.username else "without a log-in"
    return Check(title, "ok", f"{relay.host}:{relay.port} answers {log_in}")


async def _source(ground: Ground, reach: Reach, name: str, source: Source) -> Check:
    title = f"source {name}"
    try:
        reading = await _reading(ground, reach, name, source)
    except CollectError as error:
        return Check(title, "error", str(error).removeprefix(f"{name}: "))
    if reading.problems:
        first = reading.problems[0]
        return Check(title, "warning", f"{_counted(len(reading.problems), 'problem')}: {first.what}", first.remedy)
    return Check(title, "ok", f"{_counted(len(reading.entries), 'post')} at {source.url or source.path}")


async def _reading(ground: Ground, reach: Reach, name: str, source: Source) -> Reading:
    site = ground.settings.site
    if source.path is not None:
        return await asyncio.to_thread(read_folder, name, source.path, site.url, ZoneInfo(site.timezone))
    url = source.url or ""
    if source.kind == "wordpress":
        fetched = await _wordpress(ground, reach, name, url)
        return read_posts(name, fetched.body, fetched.url)
    fetched = await fetch(reach, name, url, ground.now)
    if source.kind == "jsonfeed":
        return read_json_feed(name, fetched.body, fetched.url)
    return read_feed(name, fetched.body, fetched.url, fetched.content_type)


async def _wordpress(ground: Ground, reach: Reach, name: str, url: str) -> Fetched:
    try:
        return await fetch(reach, name, posts_url(url, page=1), ground.now)
    except CollectError:
        return await fetch(reach, name, plain_posts_url(url, page=1), ground.now)


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def _sample_post(ground: Ground) -> Post:
    site = ground.settings.site
    return Post(
        id=0,
        source="",
        title="A sample",
        url=site.url,
        author=site.name,
        body="<p>The first words of a post, and a few more.</p><blockquote><p>Something quoted.</p></blockquote>",
        published_at=datetime.combine(ground.now.date(), datetime.min.time(), UTC),
        words=13,
    )
