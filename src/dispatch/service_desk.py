"""The desk where service mail is written: a draft becomes the message that its readers get, in their language."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from dispatch.composing.archive import last_issue
from dispatch.composing.timetable import next_slots
from dispatch.config.settings import Settings
from dispatch.model.issue import Rendering
from dispatch.model.schedule import Rhythm, Timetable, parse_schedule
from dispatch.model.service import Draft, ServiceMail
from dispatch.rendering.cadence import cadence
from dispatch.rendering.languages import page_language
from dispatch.rendering.letterhead import Letterhead
from dispatch.rendering.look import Look
from dispatch.rendering.messages.address import (
    AlreadyPage,
    ErasedPage,
    MovedPage,
    MovePage,
    render_already,
    render_erased,
    render_move,
    render_moved,
)
from dispatch.rendering.messages.confirm import ConfirmPage, render_confirm
from dispatch.rendering.messages.goodbye import GoodbyePage, render_goodbye
from dispatch.rendering.messages.welcome import LastIssue, WelcomePage, render_welcome
from dispatch.rendering.templates import TemplateFolder
from dispatch.store.database import Database
from dispatch.subscribing.answering import Written
from dispatch.transport.compiler import compile_message
from dispatch.transport.headers import headers_of_message, sender_of


class ServiceDesk:
    """Writes service mail as of one moment; everybody who is told the same gets the same bytes, written once."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        templates: TemplateFolder,
        looks: Mapping[str, Look],
        now: datetime,
    ) -> None:
        self._settings, self._database, self._templates = settings, database, templates
        self._looks, self._now = looks, now
        self._written: dict[Draft, Written] = {}

    async def write(self, draft: Draft) -> Written:
        """The message of a draft; raises RenderError where a template is at fault."""
        if draft not in self._written:
            last = await self._last_issue(draft)
            rendering = await asyncio.to_thread(self._rendered, draft, last)
            headers = headers_of_message(self._settings, draft.newsletter, draft.mail)
            self._written[draft] = Written(rendering, compile_message(rendering, headers).hash)
        return self._written[draft]

    async def _last_issue(self, draft: Draft) -> LastIssue | None:
        if draft.mail is not ServiceMail.WELCOME:
            return None
        where = (draft.newsletter, draft.schedule)
        return await self._database.read(last_issue, self._settings, *where, self._templates)

    def _rendered(self, draft: Draft, last: LastIssue | None) -> Rendering:
        look = self._looks[self._settings.newsletters[draft.newsletter].template]
        letterhead, templates = self._letterhead(draft), self._templates
        match draft.mail:
            case ServiceMail.CONFIRM:
                return render_confirm(self._confirm_page(draft, letterhead), look, templates)
            case ServiceMail.ALREADY:
                return render_already(AlreadyPage(letterhead), look, templates)
            case ServiceMail.MOVE:
                return render_move(MovePage(letterhead), look, templates)
            case ServiceMail.MOVED:
                return render_moved(MovedPage(letterhead), look, templates)
            case ServiceMail.ERASED:
                return render_erased(ErasedPage(letterhead), look, templates)
            case ServiceMail.GOODBYE:
                return render_goodbye(GoodbyePage(letterhead), look, templates)
            case ServiceMail.WELCOME:
                return render_welcome(self._welcome_page(draft, letterhead, last), look, templates)
            case ServiceMail.AGAIN:
                raise AssertionError("an issue that is sent again is not written again")

    def _confirm_page(self, draft: Draft, letterhead: Letterhead) -> ConfirmPage:
        names = tuple(self._settings.newsletters[choice.newsletter].name for choice in draft.choices)
        if len(names) < 2:
            return ConfirmPage(letterhead)
        return ConfirmPage(replace(letterhead, cadence=""), names)  # each has its own rhythm

    def _welcome_page(self, draft: Draft, letterhead: Letterhead, last: LastIssue | None) -> WelcomePage:
        _, sender = sender_of(self._settings.newsletters[draft.newsletter])
        return WelcomePage(letterhead, last, self._next_day(draft), str(sender))

    def _letterhead(self, draft: Draft) -> Letterhead:
        site = self._settings.site
        language = page_language(draft.language, site.language, self._templates.languages())
        rhythm = self._rhythm(draft)
        return Letterhead(
            site_name=site.name,
            site_url=site.url,
            tagline=site.tagline,
            postal_address=site.postal_address,
            newsletter_name=self._settings.newsletters[draft.newsletter].name,
            language=language,
            cadence=cadence(rhythm, self._templates.words(language), language) if rhythm else "",
            media_url=f"{self._settings.web.public_url.rstrip('/')}/media/",
        )

    def _rhythm(self, draft: Draft) -> Rhythm | None:
        schedule = self._settings.newsletters[draft.newsletter].schedules.get(draft.schedule)
        return parse_schedule(schedule.at) if schedule else None

    def _next_day(self, draft: Draft) -> date | None:
        rhythm, zone = self._rhythm(draft), ZoneInfo(self._settings.site.timezone)
        coming = next_slots(rhythm, zone, self._now, 1) if isinstance(rhythm, Timetable) else []
        return coming[0].due_at.astimezone(zone).date() if coming else None
