"""What mail is made with: looks, templates, pictures and books, put together for the verbs that need them."""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import cached_property

from dispatch.composing.variants import VariantReport, make_variants, undecided_kinds
from dispatch.config.places import media_folder
from dispatch.config.settings import Settings
from dispatch.model.issue import Rendering
from dispatch.model.service import Draft
from dispatch.promoting.promote import Shelf, place_promos, promos_for
from dispatch.rendering.look import Look
from dispatch.rendering.look_faults import looks_from
from dispatch.rendering.page import IssuePage
from dispatch.rendering.render import render
from dispatch.rendering.templates import TemplateFolder, open_templates
from dispatch.service_desk import ServiceDesk
from dispatch.store.database import Database
from dispatch.store.issues import read_issue
from dispatch.store.logos import copied_logos
from dispatch.subscribing.answering import Write, Written
from dispatch.transport.compiler import compile_message
from dispatch.transport.headers import headers_for

log = logging.getLogger(__name__)


class Workshop:
    """Makes variants of issues and the messages that are none, as the configuration says they look."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings, self.database = settings, database

    @cached_property
    def templates(self) -> TemplateFolder:
        """The templates and words of mail and pages."""
        return open_templates(self.settings.look.templates, self.settings.look.labels)

    @property
    def shelf(self) -> Shelf:
        """What the blocks of books are made with."""
        return Shelf(media_folder(self.settings), self.templates)

    async def looks(self) -> dict[str, Look]:
        """The looks by name, with the logos that are copied."""
        return looks_from(self.settings, await self.database.read(copied_logos))

    async def renderer(self) -> Callable[[IssuePage], Rendering]:
        """What renders an issue's page."""
        looks, templates = await self.looks(), self.templates
        return lambda page: render(page, looks[page.look], templates)

    async def make_variants(self, issue_id: int, now: datetime) -> VariantReport:
        """Decide what every kind of subscriber sees of an issue; what has to be left out is logged by name."""
        settings = self.settings
        problems = await place_promos(self.database, settings, now, issue_id)
        keys = await undecided_kinds(self.database, issue_id)
        promos = await promos_for(self.database, settings, now, issue_id, keys, shelf=self.shelf)
        issue = await self.database.run(read_issue, issue_id)
        headers = headers_for(settings, issue.newsletter, issue.schedule, issue.slot)
        report = await make_variants(
            self.database,
            settings,
            now,
            issue_id,
            promos_for=lambda key: promos.blocks.get(key, ()),
            render=await self.renderer(),
            hash_of=lambda rendering: compile_message(rendering, headers).hash,
            keys=keys,
        )
        for problem in (*problems, *promos.problems, *report.problems):
            log.warning("%s: %s", problem.where, problem.what)
        return report

    def writer(self, now: datetime) -> Write:
        """What writes service mail; its answer to one draft is the same for everybody, and kept."""
        desks: list[ServiceDesk] = []  # made when there is something to write, which is seldom

        async def write(draft: Draft) -> Written:
            if not desks:
                desks.append(ServiceDesk(self.settings, self.database, self.templates, await self.looks(), now))
            return await desks[0].write(draft)

        return write
