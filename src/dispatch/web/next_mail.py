"""Sentences about what comes next, as pages that change anything end with: how often, and when."""

from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from dispatch.rendering.near_dates import near_day
from dispatch.rendering.words import clock_time, said


@dataclass(frozen=True, slots=True)
class Telling:
    """How moments are told: in which words, to a reader in which zone, and what it is there now."""

    words: SimpleNamespace
    language: str
    zone: str
    now: datetime

    def moment(self, when: datetime) -> str:
        """A moment where the reader is: "Friday, November 27, 7:00 AM (EST)"."""
        local = when.astimezone(ZoneInfo(self.zone))
        time = clock_time(local, self.language)
        said_moment = said(self.words, "moment", date=self._day(local, weekday=True), time=time)
        return f"{said_moment} ({local.tzname()})"

    def date(self, when: datetime) -> str:
        """The day of a moment where the reader is: "December 24"."""
        return self._day(when.astimezone(ZoneInfo(self.zone)), weekday=False)

    def coming(self, next_at: datetime | None, paused_until: datetime | None) -> list[str]:
        """When the next mail comes, and before it that there is a pause, where there is one."""
        sentences = []
        if paused_until is not None:
            sentences.append(said(self.words, "page_choose_paused", date=self.date(paused_until)))
        if next_at is None:
            sentences.append(said(self.words, "page_choose_next_publish"))
        else:
            sentences.append(said(self.words, "page_choose_next", moment=self.moment(next_at)))
        return sentences

    def _day(self, local: datetime, *, weekday: bool) -> str:
        today = self.now.astimezone(ZoneInfo(self.zone)).date()
        return near_day(local.date(), today, self.language, weekday=weekday)
