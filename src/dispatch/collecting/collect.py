"""Collecting: every source that is due → visit → read → clean → record → pictures.

Sources are independent of each other: each has its own transaction, and one that fails spoils only itself.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from dispatch.collecting import rules
from dispatch.collecting.cleaning import Origin, clean_entry
from dispatch.collecting.fetching import FetchError, Reach, open_reach
from dispatch.collecting.links import absolute_url
from dispatch.collecting.pictures import copy_pictures, copying_for
from dispatch.collecting.reading import Reading
from dispatch.collecting.recording import Counts, Listed, Terms, record_listing
from dispatch.collecting.visiting import Visit, address_of, visit
from dispatch.config.settings import Settings
from dispatch.errors import CollectError, NotFoundError, RenderError
from dispatch.model.post import Entry, Problem
from dispatch.rendering.templates import open_templates
from dispatch.store.database import Connection, Database
from dispatch.store.posts import archive_held, release_held
from dispatch.store.sources import SourceMemory, Visited, lock_source, record_failure, record_visit, source_memories

CONCURRENCY = 4  # sources at a time; politeness and memory, not speed, set it


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What became of one source's visit, in numbers of posts; `failure` is why there was none to count."""

    name: str
    new: int = 0
    changed: int = 0
    withdrawn: int = 0
    restored: int = 0
    held: int = 0
    archived: int = 0
    not_modified: bool = False
    failure: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def is_news(self) -> bool:
        """Whether anything happened."""
        counts = (self.new, self.changed, self.withdrawn, self.restored, self.held, self.archived)
        return bool(self.failure or self.problems or any(counts))

    def line(self) -> str:
        """The report as one line for people."""
        if self.failure:
            return f"{self.name}: {self.failure}"
        counts = asdict(self)
        parts = [
            f"{counts[word]} {word}"
            for word in ("new", "changed", "withdrawn", "restored", "held", "archived")
            if counts[word]
        ]
        return f"{self.name}: {', '.join(parts) or 'nothing new'}"


@dataclass(frozen=True, slots=True)
class CollectReport:
    """What a run of collecting brought, source by source."""

    sources: tuple[SourceReport, ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that went wrong or wants an answer, by name."""
        return tuple(problem for report in self.sources for problem in report.problems)

    @property
    def new(self) -> int:
        """How many posts are new and will be released."""
        return sum(report.new for report in self.sources)

    def lines(self) -> list[str]:
        """The report for people: a line a source, then a line a problem that is no source's failure."""
        failures = {report.failure for report in self.sources}
        others = [problem for problem in self.problems if problem.what not in failures]
        return [report.line() for report in self.sources] + [
            f"  {problem.where}: {problem.what}" + (f" ({problem.remedy})" if problem.remedy else "")
            for problem in others
        ]

    def news(self) -> list[str]:
        """The lines worth a place in a log: of sources where something happened."""
        return [report.line() for report in self.sources if report.is_news]

    def as_json(self) -> dict[str, object]:
        """The report for scripts."""
        return {"sources": [asdict(report) for report in self.sources]}


async def collect(
    database: Database,
    settings: Settings,
    now: datetime,
    *,
    only: Collection[str] | None = None,
    fresh: bool = False,
) -> CollectReport:
    """Visit the sources that are due: with `only` these, due or not; with `fresh` those or all, but none that is gone.

    Raises NotFoundError for a name that is not configured. What goes wrong with a source is in the report.
    """
    memories = await database.run(source_memories, _wanted(settings, only))
    asked_for = only is not None and not fresh
    due = [memory for memory in memories.values() if asked_for or _is_due(memory, settings, now, fresh=fresh)]
    seats = asyncio.Semaphore(CONCURRENCY)
    async with open_reach(allow_private_networks=settings.collect.allow_private_networks) as reach:
        reports = await asyncio.gather(*(_collect_source(database, settings, reach, seats, each, now) for each in due))
    return CollectReport(tuple(reports))


async def decide_held(
    database: Database, settings: Settings, now: datetime, only: Collection[str] | None, *, release: bool
) -> int:
    """Answer the storm guard: release or archive what it holds of these sources (None: of all); gives the number."""
    return await database.run(_decide_held, _wanted(settings, only), now, release=release)


def _decide_held(connection: Connection, names: Sequence[str], now: datetime, *, release: bool) -> int:
    return sum(release_held(connection, name, now) if release else archive_held(connection, name) for name in names)


def _wanted(settings: Settings, only: Collection[str] | None) -> list[str]:
    for name in only or ():
        if name not in settings.sources:
            known = ", ".join(settings.sources) or "none"
            raise NotFoundError(f'"{name}" is not a source; there are: {known}')
    return list(settings.sources if only is None else dict.fromkeys(only))


def _is_due(memory: SourceMemory, settings: Settings, now: datetime, *, fresh: bool) -> bool:
    if memory.address and memory.address != address_of(settings.sources[memory.name]):
        return True  # the operator has corrected it
    return not memory.gone and (fresh or memory.next_fetch_at is None or memory.next_fetch_at <= now)


async def _collect_source(
    database: Database, settings: Settings, reach: Reach, seats: asyncio.Semaphore, memory: SourceMemory, now: datetime
) -> SourceReport:
    name = memory.name
    async with seats:
        try:
            visited = await visit(reach, name, memory, settings, now)
        except CollectError as error:
            return await _fail(database, settings, memory, error, now)
        except Exception as error:  # noqa: BLE001 - whatever one server makes a library do, the other sources go on
            unexpected = CollectError(name, f"it could not be read ({type(error).__name__}: {error})")
            return await _fail(database, settings, memory, unexpected, now)
        counts = await _store(database, settings, memory, visited, now)
        pictures = await copy_pictures(database, reach, name, copying_for(settings, name), now)
    return SourceReport(
        name=name,
        new=counts.new,
        changed=counts.changed,
        withdrawn=counts.withdrawn,
        restored=counts.restored,
        held=counts.held,
        archived=counts.archived,
        not_modified=visited.listing is None,
        problems=(*counts.problems, *pictures),
    )


async def _fail(
    database: Database, settings: Settings, memory: SourceMemory, error: CollectError, now: datetime
) -> SourceReport:
    what = "".join(sign if sign.isprintable() else " " for sign in str(error).removeprefix(f"{memory.name}: "))
    gone, retry_after = (error.gone, error.retry_after) if isinstance(error, FetchError) else (False, None)
    again = rules.next_try(now, _every(settings, memory.name), memory.failures + 1, retry_after)
    address = address_of(settings.sources[memory.name])
    await database.run(record_failure, memory.name, what, again, now, address=address, gone=gone)
    return SourceReport(memory.name, failure=what, problems=(Problem(memory.name, what),))


async def _store(database: Database, settings: Settings, memory: SourceMemory, found: Visit, now: datetime) -> Counts:
    name = memory.name
    hosts = _own_hosts(settings, memory, found.listing)
    visited = Visited(
        etag=found.etag,
        last_modified=found.last_modified,
        next_fetch_at=rules.next_fetch(now, _every(settings, name), max_age=found.max_age),
        site_url=(absolute_url(found.listing.site_url, None) or "") if found.listing else memory.site_url,
        address=address_of(settings.sources[name]),
        hosts=hosts,
        archive_page=found.archive_page,
    )
    if found.listing is None:
        await database.run(_record_unchanged, name, visited, now)
        return Counts()
    language, site_url = found.listing.language, found.listing.site_url or settings.site.url
    origin = Origin(site_url, language, frozenset(hosts), _words(settings, language))
    listed, refused = await asyncio.to_thread(_clean, name, found, origin)
    terms = Terms(settings.collect.settle, settings.sources[name].backlog)
    counts = await database.run(
        record_listing, name, listed, terms, visited, now, complete=found.listing.complete, whole=found.listing.whole
    )
    counts.problems[:0] = [*found.listing.problems, *refused]
    return counts


def _words(settings: Settings, language: str) -> object:
    """The words of a source's language; ours where those of the operator cannot be read, which issues will tell."""
    spoken = language or settings.site.language
    try:
        return open_templates(settings.look.templates, settings.look.labels).words(spoken)
    except RenderError:
        return open_templates().words(spoken)


def _record_unchanged(connection: Connection, name: str, visited: Visited, now: datetime) -> None:
    lock_source(connection, name)
    record_visit(connection, name, visited, now)


def _clean(name: str, found: Visit, origin: Origin) -> tuple[list[Listed], list[Problem]]:
    """Every entry cleaned, or refused by name; a refused one keeps its place, or it would look withdrawn."""
    listed: list[Listed] = []
    refused: list[Problem] = []
    entries = found.listing.entries if found.listing else []
    for place, entry in enumerate([*entries, *found.archive]):
        archive = place >= len(entries)
        try:
            clean = clean_entry(entry, origin)
        except Exception as error:  # noqa: BLE001 - whatever one entry does to three parsers, the others go on
            keys = rules.identity_keys(entry.guid, entry.url, entry.title, "", origin.own_hosts)
            listed.append(Listed(keys, None, archive))
            refused.append(_refusal(name, entry, error))
        else:
            listed.append(Listed(clean.keys, clean, archive))
    return listed, refused


def _refusal(name: str, entry: Entry, error: Exception) -> Problem:
    title = " ".join(entry.title.split())[:80] or entry.url or entry.guid or "an entry without a title"
    why = str(error) if isinstance(error, ValueError) else f"it cannot be cleaned ({type(error).__name__})"
    return Problem(f"{name}: “{title}”", f"was refused: {why}", "the others are not affected", about=entry.url or "")


def _own_hosts(settings: Settings, memory: SourceMemory, listing: Reading | None) -> tuple[str, ...]:
    """Every host that is or ever was the source's own, newest first."""
    addresses = [settings.sources[memory.name].url, listing.site_url if listing else "", settings.site.url]
    hosts = [rules.host_name(address) for address in addresses if address]
    return tuple(dict.fromkeys(host for host in (*hosts, *memory.hosts) if host))[:20]


def _every(settings: Settings, name: str) -> timedelta:
    return settings.sources[name].every or settings.collect.every
