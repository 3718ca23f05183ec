"""What an import did, in numbers and, of what went wrong, by line."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

MAX_BROKEN_SHOWN = 50
MAX_UNKNOWN_SHOWN = 20


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that was left out: its line in the file, why, and whose it was (masked)."""

    line: int
    reason: str
    address: str = ""

    def __str__(self) -> str:
        return f"line {self.line}: {self.address + ': ' if self.address else ''}{self.reason}"


@dataclass(slots=True)
class ImportReport:
    """The counts of one import; every row is in exactly one of them."""

    file: str
    newsletter: str
    encoding: str = ""
    separator: str = ""
    dry_run: bool = False
    rows: int = 0
    added: int = 0
    changed: int = 0  # ended or suppressed, because the file says so
    already: int = 0
    left: int = 0
    unconfirmed: int = 0
    duplicates: int = 0
    suppressed: Counter[str] = field(default_factory=Counter)
    broken: int = 0
    broken_rows: list[BrokenRow] = field(default_factory=list)
    unknown: dict[str, Counter[str]] = field(default_factory=dict)

    def note_broken(self, row: BrokenRow) -> None:
        """Count a row that was left out; the first fifty are named."""
        self.broken += 1
        if len(self.broken_rows) < MAX_BROKEN_SHOWN:
            self.broken_rows.append(row)

    def note_unknown(self, kind: str, value: str) -> None:
        """Count a value that nobody knows (a schedule, region, language, zone, date); its row was taken without."""
        values = self.unknown.setdefault(kind, Counter())
        shown = "".join(character if character.isprintable() else "?" for character in value[:40])
        values[shown if shown in values or len(values) < MAX_UNKNOWN_SHOWN else "others"] += 1

    def as_json(self) -> dict[str, Any]:
        """The report for machines."""
        return {
            "file": self.file,
            "newsletter": self.newsletter,
            "encoding": self.encoding,
            "separator": self.separator,
            "dry_run": self.dry_run,
            "rows": self.rows,
            "added": self.added,
            "changed": self.changed,
            "already": self.already,
            "left": self.left,
            "unconfirmed": self.unconfirmed,
            "duplicates": self.duplicates,
            "suppressed": dict(self.suppressed),
            "broken": self.broken,
            "broken_rows": [
                {"line": row.line, "reason": row.reason, "address": row.address} for row in self.broken_rows
            ],
            "unknown": {kind: dict(values) for kind, values in self.unknown.items()},
        }

    def lines(self) -> list[str]:
        """The report for people; what did not happen is not mentioned."""
        would = "would be " if self.dry_run else ""
        counts = (
            (self.added, f"{would}added"),
            (self.changed, f"{would}ended or suppressed, as the file says"),
            (self.already, "already there"),
            (self.duplicates, "twice in the file (same mailbox)"),
            (self.left, "left before, and stay away"),
            (self.unconfirmed, "never confirmed, and stay so"),
            *((count, f"refused: {reason}") for reason, count in sorted(self.suppressed.items())),
            (self.broken, "broken, left out"),
        )
        read = f"{self.file}: {self.rows} rows, {self.encoding}, separated by {self.separator}"
        return [
            read,
            *(f"{count:>9}  {words}" for count, words in counts if count),
            *(f"  {row}" for row in self.broken_rows),
            *(["  … and more like these"] if self.broken > len(self.broken_rows) else []),
            *self._unknown_lines(),
        ]

    def _unknown_lines(self) -> list[str]:
        return [
            f'{kind} "{value}" is not known ({count} row{"s" if count > 1 else ""}): taken without'
            for kind, values in self.unknown.items()
            for value, count in values.most_common()
        ]
