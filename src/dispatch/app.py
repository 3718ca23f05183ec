"""Dispatch: the one place where things are wired; one method a verb, and the only reader of the wall clock.

    collect → release → compose → books → variants → fan out → send

Doors (the command line, pages, the clock) open a Dispatch and call its methods; a verb that needs no wiring they call
themselves, with its database and settings.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from dispatch.collecting.collect import CollectReport, collect, decide_held
from dispatch.collecting.logos import copy_logos, logo_lines
from dispatch.collecting.pages import ask_pages
from dispatch.composing.calendar import UpcomingSlot, upcoming_slots
from dispatch.composing.compose import compose_due
from dispatch.composing.due import newsletters_due
from dispatch.composing.plan import Plan, plan_issue
from dispatch.composing.release import release_posts
from dispatch.composing.upcoming import Upcoming, preview_page, upcoming_issue
from dispatch.composing.variants import VariantReport
from dispatch.config.load import find, load, warnings
from dispatch.config.places import database_url, media_folder
from dispatch.config.settings import Settings
from dispatch.delivering.explain import explain_address
from dispatch.delivering.fan_out import fan_out
from dispatch.delivering.pace_rules import learned_in_words
from dispatch.delivering.send import SendReport, send_due
from dispatch.delivering.trial import send_trial
from dispatch.errors import AddressError, DispatchError
from dispatch.model.address import address_hash, parse_address
from dispatch.model.blanks import Blank
from dispatch.model.delivery import Reply
from dispatch.model.doubt import Decision, Resolved
from dispatch.model.issue import AudienceKey, Issue, Rendering
from dispatch.model.report import IssueDetail, IssueSummary
from dispatch.promoting.pages import missing_page_lines, note_shop_pages
from dispatch.promoting.promote import Promos, occasion_ahead, preview_promos
from dispatch.readers import Readers
from dispatch.rendering.look_faults import look_faults
from dispatch.rendering.page import IssuePage
from dispatch.rendering.preview import ISSUES, SAMPLE_VALUES, Pictures, Preview, message_ahead, write_preview
from dispatch.store.database import Database
from dispatch.store.doubts import resolve, undecided
from dispatch.store.fan_out import cancel_issue
from dispatch.store.issues import issues_to_fan_out
from dispatch.store.newsletters import ensure_newsletters
from dispatch.store.opening import open_store
from dispatch.store.overview import issue_detail, issue_summaries, troubles, under_way
from dispatch.store.relays import relay_memories
from dispatch.store.stopping import pause_issue, resume_issue
from dispatch.transport.compiler import CompiledMessage, compile_message
from dispatch.transport.headers import headers_for
from dispatch.workshop import Workshop

log = logging.getLogger(__name__)


def real_now() -> datetime:
    """The wall clock, in UTC; leases and Date headers follow it whatever the decision clock says."""
    return datetime.now(UTC)


class Clock:
    """The decision clock: real time, or a moment that was asked for and what has passed since."""

    def __init__(self, start: datetime | None = None) -> None:
        self._ahead = start - real_now() if start else None

    def now(self) -> datetime:
        """The moment to decide for, in UTC."""
        return real_now() + self._ahead if self._ahead is not None else real_now()


@dataclass(frozen=True, slots=True)
class RunReport:
    """What one run did, in lines for a person; `failed` if something needs an operator."""

    lines: tuple[str, ...]
    failed: bool


def open_application(config: Path | None, *, now: datetime | None = None) -> "Dispatch":
    """Read the configuration and open its store; raises ConfigurationError or StoreError."""
    path = find(config)
    settings = load(path, extra_checks=[look_faults])
    address_key = settings.store.address_key.read_key()
    database = open_store(database_url(settings), durability=settings.store.durability, address_key=address_key)
    try:
        return Dispatch(settings, database, address_key, Clock(now), warnings=tuple(warnings(path)))
    except BaseException:
        database.close()
        raise


class Dispatch:
    """An open dispatch; close it when done."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        address_key: bytes,
        clock: Clock,
        *,
        warnings: tuple[str, ...] = (),
    ) -> None:
        self.settings = settings
        self.database = database
        self.address_key = address_key
        self.clock = clock
        self.warnings = warnings
        self.workshop = Workshop(settings, database)
        self.readers = Readers(settings, database, address_key, clock.now, self.workshop)
        self._ticking = asyncio.Lock()
        # Names this sender in leases: no two living ones are called the same, also after a restart.
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{real_now():%Y%m%d%H%M%S%f}"
        configured = {slug: list(newsletter.schedules) for slug, newsletter in settings.newsletters.items()}
        database.transact(ensure_newsletters, configured, self.now())

    def now(self) -> datetime:
        """The moment to decide for, in UTC."""
        return self.clock.now()

    def close(self) -> None:
        """Close the store."""
        self.database.close()

    async def collect(self, only: Collection[str] | None = None, *, fresh: bool = False) -> CollectReport:
        """Fetch the sources that are due (or, with `fresh`, those named or all), and number what has settled."""
        report = await collect(self.database, self.settings, self.now(), only=only, fresh=fresh)
        for problem in await copy_logos(self.database, self.settings, real_now(), fresh=fresh or only is not None):
            log.warning("%s: %s", problem.where, problem.what)
        await release_posts(self.database, self.settings, self.now())
        return report

    async def decide_held(self, sources: Collection[str] | None, *, release: bool) -> int:
        """Let go, or archive, what the storm guard holds; returns how many posts."""
        count = await decide_held(self.database, self.settings, self.now(), sources, release=release)
        await release_posts(self.database, self.settings, self.now())
        return count

    async def compose(self, newsletter: str | None = None) -> RunReport:
        """Make what is due: a fresh look at the sources first, so that corrections go out corrected."""
        due = await newsletters_due(self.database, self.settings, self.now())
        wanted = [slug for slug in due if newsletter in (None, slug)]
        sources = {source for slug in wanted for source in self.settings.newsletters[slug].sources}
        if sources:
            await self.collect(sorted(sources), fresh=True)
        return await self._compose(newsletter)

    async def _compose(self, newsletter: str | None) -> RunReport:
        report = await compose_due(self.database, self.settings, self.now(), newsletter=newsletter)
        composed = [outcome.issue_id for outcome in report.composed]
        problems = await _each_by_itself(composed, self._make_variants)
        return RunReport((*report.lines(), *problems), bool(problems))

    async def prepare(self) -> list[str]:
        """Fan out every composed issue, and say which cannot be; safe to repeat and to run in several processes."""
        issues = await self.database.run(issues_to_fan_out)
        return await _each_by_itself([issue.id for issue in issues], self._fan_out)

    async def send(self, stop: asyncio.Event | None = None) -> RunReport:
        """Fan out and send until nothing is due by the decision clock; later retries wait."""
        problems = [*await self.readers.write_mail(), *await self.prepare()]
        sent = _told(await self._send(stop or asyncio.Event(), until_idle=True))
        return RunReport((*problems, *sent.lines), sent.failed or bool(problems))

    async def keep_sending(self, stop: asyncio.Event) -> None:
        """Send whatever becomes due until `stop` is set."""
        await self._send(stop, until_idle=False)

    async def run_once(self, stop: asyncio.Event | None = None) -> RunReport:
        """Collect, compose what is due at this moment, send until nothing is due any more."""
        collected = await self.collect(fresh=True)
        composed = await self._compose(None)
        sent = await self.send(stop)
        await self._ask_shops(rounds=5)
        return RunReport((*collected.lines(), *composed.lines, *sent.lines), sent.failed or composed.failed)

    async def tick(self, *, schedule: bool) -> list[str]:
        """One beat of the clock: collect and compose what is due, and fan out; returns lines for a log."""
        async with self._ticking:
            lines: list[str] = []
            if schedule:
                lines += (await self.collect()).news()
                lines += (await self.compose()).lines
            lines += await self.prepare()
            if schedule:  # last: no issue waits for a shop
                await self._ask_shops(rounds=1)
            return lines

    async def _ask_shops(self, *, rounds: int) -> None:
        await note_shop_pages(self.database, self.settings, real_now())
        await ask_pages(self.database, self.settings, real_now(), rounds=rounds)

    async def finish_tick(self) -> None:
        """Wait for a beat that is under way."""
        async with self._ticking:
            pass

    async def plan(self, newsletter: str, schedule: str | None = None) -> Plan:
        """What the next issue will be; nothing is stored."""
        upcoming = await self._upcoming(newsletter, schedule)
        promos = await self._promos_ahead(upcoming, upcoming.audience)
        plan = await plan_issue(
            self.settings,
            upcoming,
            promos_for=lambda key: promos.blocks.get(key, ()),
            render=await self.workshop.renderer(),
            hash_of=lambda rendering: self._message_ahead(upcoming, rendering).hash,
        )
        return replace(plan, problems=(*promos.problems, *plan.problems), reasons=promos.reasons)

    async def preview(
        self, newsletter: str, schedule: str | None, out: Path, reader: AudienceKey, message: str = "digest"
    ) -> Preview:
        """Write the next issue, or another message as of that day, as this reader would get it: a page and its parts.

        Raises NotFoundError for a message that there is not.
        """
        upcoming, page, notes = await self._next_page(newsletter, schedule, reader)
        rendering = message_ahead(message, page, (await self.workshop.looks())[page.look], self.workshop.templates)
        compiled = self._message_ahead(upcoming, rendering, to_list=message in ISSUES)
        raw = compiled.fill({**SAMPLE_VALUES, Blank.DATE: format_datetime(real_now())})
        pictures = Pictures(f"{self.settings.web.public_url.rstrip('/')}/media/", media_folder(self.settings))
        name = newsletter if message == "digest" else f"{newsletter}-{message}"
        rendering = replace(rendering, notes=(*rendering.notes, *notes))
        return write_preview(rendering, raw, out, name, pictures, to_list=message in ISSUES)

    async def send_trial(self, newsletter: str, address: str) -> Reply:
        """Send the next issue, marked [TEST], to one address and to nobody else."""
        upcoming, page, _ = await self._next_page(newsletter, None, AudienceKey(0))
        slot, rendering = _slot_key(upcoming), (await self.workshop.renderer())(page)
        return await send_trial(self.settings, newsletter, upcoming.schedule, slot, rendering, address, real_now())

    def next_slots(self, newsletter: str | None, count: int) -> list[UpcomingSlot]:
        """The next slots of each schedule."""
        return upcoming_slots(self.settings, newsletter, self.now(), count)

    async def issues(self, count: int) -> list[IssueSummary]:
        """The newest issues with their arithmetic."""
        return await self.database.read(issue_summaries, count)

    async def issue_detail(self, issue_id: int) -> IssueDetail:
        """One issue whole; raises NotFoundError."""
        return await self.database.read(issue_detail, issue_id)

    async def pause_issue(self, issue_id: int) -> Issue:
        """Send nothing more of an issue; raises StoreError where that makes no sense."""
        return await self.database.run(pause_issue, issue_id, "paused by an operator")

    async def resume_issue(self, issue_id: int) -> Issue:
        """Go on with a paused issue; raises StoreError for any other."""
        return await self.database.run(resume_issue, issue_id)

    async def cancel_issue(self, issue_id: int) -> int:
        """Stop an issue for good; returns how many deliveries had not left."""
        return await self.database.run(cancel_issue, issue_id, "cancelled by an operator", self.now())

    async def undecided(self, issue_id: int, decision: Decision, addresses: Iterable[str]) -> Resolved:
        """Whom a decision about what is in doubt would concern; nothing is changed."""
        return await self.database.run(undecided, issue_id, decision, self._mailboxes(addresses))

    async def resolve(self, issue_id: int, decision: Decision, addresses: Iterable[str]) -> Resolved:
        """Send again, or let end, what is in doubt in an issue: all of it, or of these addresses."""
        return await self.database.run(resolve, issue_id, decision, self._mailboxes(addresses), self.now())

    async def explain(self, address: str, issue_id: int | None) -> list[str]:
        """What became of somebody's mail, in words."""
        digest = address_hash(parse_address(address), self.address_key)
        return await explain_address(self.database, digest, issue_id, self.settings.site.timezone)

    async def under_way(self) -> tuple[int, int]:
        """Of the issues being sent: how many deliveries there are, and how many of them wait."""
        return await self.database.read(under_way)

    async def needs_a_look(self) -> list[str]:
        """What an operator should know: sources in trouble, posts that are held, issues that are paused or held."""
        lines = await self.database.read(troubles)
        for memory in await self.database.read(relay_memories):
            if memory.name in self.settings.relays:
                lines += learned_in_words(memory, real_now(), self.settings.site.timezone)
        lines += await logo_lines(self.database, self.settings)
        return lines + await missing_page_lines(self.database, self.settings)

    def _mailboxes(self, addresses: Iterable[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for address in addresses:
            try:
                found[address_hash(parse_address(address), self.address_key)] = address
            except AddressError as error:
                raise AddressError(f"{address}: {error}") from error
        return found

    async def _upcoming(self, newsletter: str, schedule: str | None) -> Upcoming:
        return await upcoming_issue(self.database, self.settings, newsletter, self.now(), schedule)

    async def _next_page(
        self, newsletter: str, schedule: str | None, reader: AudienceKey
    ) -> tuple[Upcoming, IssuePage, tuple[str, ...]]:
        """The next issue, its page for this reader, and what is to be said of its books and its logo."""
        upcoming = await self._upcoming(newsletter, schedule)
        promos = await self._promos_ahead(upcoming, [reader])
        page = await preview_page(self.database, self.settings, upcoming, promos.blocks[reader], reader)
        problems = (f"{problem.where}: {problem.what}" for problem in promos.problems)
        notes = (*promos.reasons, *problems, *await logo_lines(self.database, self.settings))
        return upcoming, page, notes

    async def _promos_ahead(self, upcoming: Upcoming, keys: Iterable[AudienceKey]) -> Promos:
        occasion = await occasion_ahead(self.database, upcoming, self.now())
        return await preview_promos(self.database, self.settings, occasion, list(keys), shelf=self.workshop.shelf)

    async def _fan_out(self, issue_id: int) -> None:
        await fan_out(self.database, self.now(), issue_id, self._make_variants)

    async def _make_variants(self, issue_id: int) -> VariantReport:
        return await self.workshop.make_variants(issue_id, self.now())

    def _message_ahead(self, upcoming: Upcoming, rendering: Rendering, *, to_list: bool = True) -> CompiledMessage:
        headers = headers_for(self.settings, upcoming.newsletter, upcoming.schedule, _slot_key(upcoming))
        return compile_message(rendering, headers if to_list else replace(headers, list_id=""))

    async def _send(self, stop: asyncio.Event, *, until_idle: bool) -> SendReport:
        return await send_due(
            self.database, self.settings, self.now, real_now, owner=self._owner, stop=stop, until_idle=until_idle
        )


async def _each_by_itself(issue_ids: Iterable[int], step: Callable[[int], Awaitable[object]]) -> list[str]:
    """Take a step for each issue; one that cannot (a template at fault) waits, is named, and holds no other up."""
    problems: list[str] = []
    for issue_id in issue_ids:
        try:
            await step(issue_id)
        except DispatchError as error:
            problems.append(f"issue {issue_id} waits until this is mended: {error}")
    return problems


def _slot_key(upcoming: Upcoming) -> str:
    """The key of the next slot; "on publish" has none while nothing is new."""
    return upcoming.slot.key if upcoming.slot else "post:0"


def _told(report: SendReport) -> RunReport:
    """What sending came to, in lines."""
    counts = {
        "accepted": report.accepted,
        "deferred": report.deferred,
        "refused": report.refused,
        "turned away by the relay": report.turned_away,
        "in doubt": len(report.in_doubt),
    }
    told = ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "nothing to send"
    lines = [f"sending: {told}"]
    if report.later:
        first = f"the first at {report.next_at:%Y-%m-%d %H:%M} UTC"
        lines.append(f"{report.later} wait for a later try or for their own morning, {first}")
    lines += [f"in doubt: {name}" for name in report.in_doubt]
    lines += [f"paused: {sentence}" for sentence in report.braked]
    if report.problem:
        lines.append(f"{report.due} could not be sent: {report.problem}")
    return RunReport(tuple(lines), failed=bool(report.problem or report.braked))
