"""The next slots of every schedule, for people and for scripts."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from dispatch.composing.desk import newsletter_of
from dispatch.composing.rules import MORNING
from dispatch.composing.timetable import next_slots
from dispatch.config.settings import Settings
from dispatch.model.schedule import OnPublish, Timetable, parse_schedule


@dataclass(frozen=True, slots=True)
class UpcomingSlot:
    """One slot to come: `local` is its key "YYYY-MM-DDTHH:MM" in `zone`."""

    newsletter: str
    schedule: str
    local: str
    zone: str
    utc: datetime

    def as_json(self) -> dict[str, str]:
        """The slot as `dispatch next --json` has it."""
        return {
            "newsletter": self.newsletter,
            "schedule": self.schedule,
            "local": self.local,
            "zone": self.zone,
            "utc": self.utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def line(self) -> str:
        """The slot as a line for a terminal."""
        weekday = datetime.fromisoformat(self.local).strftime("%a")
        local = self.local.replace("T", " ")
        return f"{self.newsletter}  {self.schedule}  {weekday} {local} {self.zone}  {self.utc:%Y-%m-%d %H:%M} UTC"


def upcoming_slots(settings: Settings, newsletter: str | None, now: datetime, count: int) -> list[UpcomingSlot]:
    """The next `count` slots of each schedule, in order of time; "on publish" has none. Raises NotFoundError."""
    zone = ZoneInfo(settings.site.timezone)
    found: list[UpcomingSlot] = []
    for slug in settings.newsletters if newsletter is None else [newsletter]:
        for name, schedule in newsletter_of(settings, slug).schedules.items():
            rhythm = parse_schedule(schedule.at)
            if isinstance(rhythm, Timetable):
                coming = next_slots(rhythm, zone, now, count)
                found += [UpcomingSlot(slug, name, slot.key, zone.key, slot.due_at) for slot in coming]
    return sorted(found, key=lambda slot: (slot.utc, slot.newsletter, slot.schedule))


def slotless_lines(settings: Settings, newsletter: str | None) -> list[str]:
    """A line for each "on publish" schedule, which has no slots to list. Raises NotFoundError."""
    return [
        f"{slug}  {name}  on publish, at most {schedule.most_per_day} a day; what comes later goes together "
        f"at {MORNING:%H:%M} the next day, {settings.site.timezone}"
        for slug in (settings.newsletters if newsletter is None else [newsletter])
        for name, schedule in newsletter_of(settings, slug).schedules.items()
        if isinstance(parse_schedule(schedule.at), OnPublish)
    ]
