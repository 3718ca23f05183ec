"""Import a file of subscribers.

    open the file, find its columns
    for each few thousand rows, in one transaction:
        look every mailbox up at once, decide about each, write what was decided

Running it again goes on where it was stopped: what is there already is there already.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from dispatch.config.settings import Newsletter, Settings
from dispatch.errors import ImportFileError
from dispatch.model.subscriber import Standing, SubscriptionState
from dispatch.store.database import Connection, Database
from dispatch.store.subscribers import insert_subscribers
from dispatch.store.subscriptions import NewSubscription, Rhythms, insert_subscriptions, leave, rhythms_of, standings
from dispatch.store.suppressions import suppress
from dispatch.subscribing.columns import find_columns
from dispatch.subscribing.csv_rows import SEPARATORS, CsvFile
from dispatch.subscribing.entries import Entry, EntryReader
from dispatch.subscribing.newsletters import newsletter_named, region_names
from dispatch.subscribing.report import BrokenRow, ImportReport
from dispatch.subscribing.rules import SUPPRESSING, Verdict, Wanted, import_verdict

BATCH_ROWS = 2000
# So much of a mailbox's hash is kept to find it twice in a file: two of a million meet by chance once in 10^12.
_KEPT_HASH_DIGITS = 20

Progress = Callable[[int, int], None]


async def import_file(
    database: Database,
    settings: Settings,
    now: datetime,
    file: Path | bytes,
    *,
    address_key: bytes,
    newsletter: str | None = None,
    as_state: str = "subscribed",
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Take the people of a CSV file into a newsletter (the only one, if none is named) and report what was done.

    `as_state` is one of rules.Wanted's words; a row's own status counts where it is stricter. People who are suppressed
    or left are never brought back. `progress` hears of bytes read and bytes in all, after each batch. Raises
    ImportFileError for a file that holds no subscribers at all, NotFoundError for an unknown newsletter.
    """
    slug, shape = newsletter_named(settings, newsletter)
    with _opened(file) as (stream, name, size):
        table = CsvFile(stream, name)
        report = ImportReport(name, slug, table.encoding.label, SEPARATORS.get(table.separator, table.separator))
        report.dry_run = dry_run
        reader = EntryReader(
            columns=find_columns(table.header, name),
            width=len(table.header),
            as_state=Wanted(as_state),
            address_key=address_key,
            schedules=list(shape.schedules),
            regions=region_names(settings),
            report=report,
            now=now,
        )
        rhythms = await database.run(rhythms_of, slug)
        for batch in _batches(table, reader):
            verdicts = await database.run(_take, batch, rhythms, shape, now, dry_run=dry_run)
            _count(report, verdicts)
            if progress:
                progress(table.bytes_read, size)
    return report


def _take(
    connection: Connection, batch: list[Entry], rhythms: Rhythms, shape: Newsletter, now: datetime, *, dry_run: bool
) -> list[tuple[Verdict, Standing]]:
    known = standings(connection, rhythms.newsletter_id, [entry.person.address_hash for entry in batch])
    standing = [known.get(entry.person.address_hash, Standing()) for entry in batch]
    verdicts = [import_verdict(each, entry.wanted) for entry, each in zip(batch, standing, strict=True)]
    if not dry_run:
        _write(connection, list(zip(batch, standing, verdicts, strict=True)), rhythms, shape, now)
    return list(zip(verdicts, standing, strict=True))


def _write(
    connection: Connection,
    decided: list[tuple[Entry, Standing, Verdict]],
    rhythms: Rhythms,
    shape: Newsletter,
    now: datetime,
) -> None:
    joining = [entry for entry, _, verdict in decided if verdict is Verdict.ADD]
    ids = insert_subscribers(connection, [entry.person for entry in joining], now)
    subscriptions = [
        NewSubscription(
            subscriber_id=ids[entry.person.address_hash],
            newsletter_id=rhythms.newsletter_id,
            schedule_id=rhythms.schedules[entry.schedule or shape.default_schedule],
            state=_STATES[entry.wanted],
            consent=entry.consent,
        )
        for entry in joining
    ]
    insert_subscriptions(connection, subscriptions, now)
    leave(
        connection,
        [each.subscription_id for _, each, verdict in decided if verdict is Verdict.END and each.subscription_id],
        now,
    )
    for wanted, reason in SUPPRESSING.items():
        digests = {
            entry.person.address_hash
            for entry, _, verdict in decided
            if verdict is Verdict.SUPPRESS and entry.wanted is wanted
        }
        suppress(connection, digests, reason, now)


_STATES = {
    Wanted.SUBSCRIBED: SubscriptionState.ACTIVE,
    Wanted.UNCONFIRMED: SubscriptionState.UNCONFIRMED,
    Wanted.UNSUBSCRIBED: SubscriptionState.LEFT,
}


def _batches(table: CsvFile, reader: EntryReader) -> Iterator[list[Entry]]:
    """Entries in batches, each mailbox once; broken and repeated rows are counted on the way."""
    seen: set[bytes] = set()
    batch: list[Entry] = []
    for row in table.rows():
        reader.report.rows += 1
        entry = reader.read(row)
        if isinstance(entry, BrokenRow):
            reader.report.note_broken(entry)
            continue
        mailbox = bytes.fromhex(entry.person.address_hash[:_KEPT_HASH_DIGITS])
        if mailbox in seen:
            reader.report.duplicates += 1
            continue
        seen.add(mailbox)
        batch.append(entry)
        if len(batch) == BATCH_ROWS:
            yield batch
            batch = []
    yield batch


def _count(report: ImportReport, verdicts: list[tuple[Verdict, Standing]]) -> None:
    for verdict, standing in verdicts:
        if verdict is Verdict.SUPPRESSED and standing.suppressed:
            report.suppressed[standing.suppressed.value] += 1
        elif verdict is Verdict.ADD:
            report.added += 1
        elif verdict in (Verdict.END, Verdict.SUPPRESS):
            report.changed += 1
        elif verdict is Verdict.LEFT:
            report.left += 1
        elif verdict is Verdict.UNCONFIRMED:
            report.unconfirmed += 1
        else:
            report.already += 1


@contextmanager
def _opened(file: Path | bytes) -> Iterator[tuple[BinaryIO, str, int]]:
    if isinstance(file, bytes):
        yield io.BytesIO(file), "the file", len(file)
        return
    try:
        with file.open("rb") as stream:
            yield stream, file.name, file.stat().st_size
    except OSError as error:
        raise ImportFileError(f"{file}: it cannot be read: {error.strerror or error}") from error
