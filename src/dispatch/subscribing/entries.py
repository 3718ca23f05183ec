"""A row of a file as an entry: whose it is and what it asks for, or why it has to be left out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import available_timezones

from dispatch.errors import AddressError
from dispatch.model.address import EmailAddress, address_hash, masked, parse_address
from dispatch.model.region import region_of
from dispatch.model.subscriber import Consent, NewSubscriber
from dispatch.subscribing.cells import language_tag, moment_of, person_name, unguarded
from dispatch.subscribing.columns import STATUSES, plain
from dispatch.subscribing.csv_rows import Row
from dispatch.subscribing.report import BrokenRow, ImportReport
from dispatch.subscribing.rules import Wanted, stricter

MAX_SOURCE_CHARACTERS = 200
_NAMED_ADDRESS = re.compile(r"\"?([^<>\"]*)\"?\s*<([^<>]+)>")


@dataclass(frozen=True, slots=True)
class Entry:
    """One person as a file has them. `schedule` is "" where the newsletter's own is to be taken."""

    person: NewSubscriber
    wanted: Wanted
    schedule: str
    consent: Consent


@dataclass(frozen=True, slots=True)
class EntryReader:
    """How rows of one file become entries; values nobody knows are noted in the report, and their row taken without."""

    columns: dict[str, int]
    width: int
    as_state: Wanted
    address_key: bytes
    schedules: Sequence[str]
    regions: Sequence[str]
    report: ImportReport
    now: datetime
    _zones: dict[str, str] = field(default_factory=lambda: {zone.casefold(): zone for zone in available_timezones()})

    def read(self, row: Row) -> Entry | BrokenRow:
        """The entry that a row holds, or what is wrong with the row."""
        if row.fault:
            return BrokenRow(row.line, row.fault)
        written_name, written = _name_and_address(self.cell(row, "email"))
        if not written:
            return BrokenRow(row.line, "there is no address in it")
        # A comma in an unquoted name moves everything behind it one column on: nothing in such a row can be trusted.
        if len(row.fields) > self.width and any(cell.strip() for cell in row.fields[self.width :]):
            return BrokenRow(
                row.line, f"it has {len(row.fields)} fields, the first line names {self.width}", masked(written)
            )
        try:
            address = parse_address(written)
        except AddressError as error:
            return BrokenRow(row.line, str(error), masked(written))
        status = self.cell(row, "status")
        if plain(status) not in STATUSES:
            return BrokenRow(row.line, f'its status "{person_name(status)[:30]}" is not one we know', masked(written))
        return self.entry(row, address, STATUSES[plain(status)], written_name)

    def entry(self, row: Row, address: EmailAddress, status: Wanted | None, written_name: str) -> Entry:
        name = self.cell(row, "name") or f"{self.cell(row, 'first')} {self.cell(row, 'last')}".strip() or written_name
        source = person_name(self.cell(row, "source"))[:MAX_SOURCE_CHARACTERS]
        person = NewSubscriber(
            address=str(address),
            address_hash=address_hash(address, self.address_key),
            name=person_name(name),
            region=self.known("region", self.cell(row, "region"), region_of(self.cell(row, "region"), self.regions)),
            language=self.known("language", self.cell(row, "language"), language_tag(self.cell(row, "language"))),
            zone=self.known("time zone", self.cell(row, "zone"), self.zone(self.cell(row, "zone"))),
            source=source,
        )
        wanted = self.as_state if status is None else stricter(self.as_state, status)
        return Entry(person, wanted, self.schedule(self.cell(row, "schedule")), Consent(self.consent_at(row), source))

    def cell(self, row: Row, column: str) -> str:
        position = self.columns.get(column)
        if position is None or position >= len(row.fields):
            return ""
        return unguarded(row.fields[position].strip("\0 \t\u00a0\ufeff"))

    def known(self, kind: str, written: str, found: str | None) -> str:
        if found is None:
            self.report.note_unknown(kind, written)
        return found or ""

    def schedule(self, written: str) -> str:
        wanted = written.strip().casefold()
        found = next((slug for slug in self.schedules if slug == wanted), None) if wanted else ""
        return self.known("schedule", written, found)

    def zone(self, written: str) -> str | None:
        return self._zones.get(written.casefold().replace(" ", "_")) if written else ""

    def consent_at(self, row: Row) -> datetime | None:
        written = self.cell(row, "consent")
        moment = moment_of(written) if written else None
        if written and (moment is None or moment > self.now):
            self.report.note_unknown("consent date", written)
            return None
        return moment


def _name_and_address(cell: str) -> tuple[str, str]:
    """A cell may hold an address alone, or "Name <address>" as mail programs write it."""
    match = _NAMED_ADDRESS.fullmatch(cell)
    return (match[1].strip(), match[2].strip()) if match else ("", cell.removeprefix("mailto:"))
