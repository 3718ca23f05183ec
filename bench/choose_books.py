"""Choosing books in a process of its own: an issue for many readers in many countries, with another one behind it.

python -m bench.choose_books FOLDER READERS; first makes the newsletter, twenty books, and an issue that all accepted.

In the time: who gets the issue and where they buy books, what rests for whom (counted from accepted deliveries), the
draw for every cohort and region, and what of it is stored. Beside it: the report over the issue that was accepted.
"""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from bench.children import serve, told
from bench.issues import begin_newsletter, compose
from bench.magazine import Relay, open_magazine, write_configuration
from bench.messages import SMALLEST
from bench.stopwatch import Stopwatch
from dispatch.config.settings import Settings
from dispatch.delivering.fan_out import fan_out
from dispatch.model.address import COHORTS
from dispatch.model.isbn import parse_isbn
from dispatch.promoting.promote import place_promos
from dispatch.promoting.reporting import impressions
from dispatch.store.database import Connection, Database
from dispatch.store.fan_out import keys_without_variant
from dispatch.store.promos import promo_choices
from dispatch.store.tables import delivery, issue, subscriber
from dispatch.store.variants import insert_audience, insert_variant

BOOKS = 20
REGIONS = ("US", "GB", "CA", "AU", "DE", "IE", "NZ", "")
_HEAD = """\
check_pages = false
[press]
name = "Counterweight Press"
shop = "https://press.counterweight.example/{slug}"
[regions]
US = ["press", "amazon-us"]
GB = ["amazon-uk", "waterstones"]
CA = ["amazon-ca"]
AU = ["amazon-au"]
DE = ["amazon-de"]
IE = ["amazon-uk"]
NZ = ["amazon-au"]
"""
_BOOK = (
    '[books.book-{number}]\ntitle = "Book {number}"\nauthor = "A"\nisbn = "{isbn}"\nblurb = "B"\nweight = {weight}\n'
)


def main(folder: str, readers: str) -> None:
    """Make everything ready, then choose."""
    place, now = Path(folder), datetime.now(UTC)
    config = write_configuration(place, Relay())
    with config.open("a", encoding="utf-8") as file:
        file.write('\n[books]\nfile = "books.toml"\n')
    (place / "books.toml").write_text(_HEAD + "".join(_book(number) for number in range(BOOKS)), encoding="utf-8")
    settings, database = open_magazine(config)
    begin_newsletter(database, settings, posts=3, readers=int(readers), now=now)
    database.transact(_scatter)
    _send_to_everybody(database, settings, compose(database, settings, now), now)
    later = now + timedelta(days=7)
    issue_id = database.transact(_next_issue, later)

    def work() -> dict[str, object]:
        watch = Stopwatch()
        asyncio.run(place_promos(database, settings, later, issue_id))
        effort = watch.effort()
        watch = Stopwatch()
        shown = asyncio.run(impressions(database, None, None, None))
        reported = watch.effort().seconds
        chosen = database.transact(promo_choices, issue_id)
        return told(effort, len(chosen), report=reported, impressions=sum(one.accepted for one in shown))

    serve(work)
    database.close()


def _book(number: int) -> str:
    body = f"97800000{number:04}"
    isbn = next(text for digit in range(10) if (text := _checked(f"{body}{digit}")))
    return _BOOK.format(number=number, isbn=isbn, weight=1 + number % 5)


def _checked(text: str) -> str:
    try:
        return parse_isbn(text)
    except ValueError:
        return ""


def _scatter(connection: Connection) -> None:
    """Give every reader one of the regions, to every cohort all of them."""
    place = subscriber.c.id // COHORTS % len(REGIONS)
    which = sa.case(*((place == number, region) for number, region in enumerate(REGIONS)), else_="")
    connection.execute(sa.update(subscriber).values(region=which))


def _send_to_everybody(database: Database, settings: Settings, issue_id: int, now: datetime) -> None:
    """An issue with its books, fanned out and accepted to the last reader."""
    asyncio.run(place_promos(database, settings, now, issue_id))

    def keep(connection: Connection) -> None:
        chosen = promo_choices(connection, issue_id)
        ids = {
            books: insert_variant(connection, issue_id, SMALLEST, str(sorted(books)), post_ids=[], books=sorted(books))
            for books in set(chosen.values())
        }
        keys = keys_without_variant(connection, issue_id)
        insert_audience(connection, issue_id, {key: ids[chosen[key.cohort, key.region]] for key in keys})

    async def decide(_issue_id: int) -> None:
        await database.run(keep)

    asyncio.run(fan_out(database, now, issue_id, decide))
    database.transact(lambda connection: connection.execute(sa.update(delivery).values(state="accepted")))


def _next_issue(connection: Connection, due_at: datetime) -> int:
    """The issue after: the same schedule, a week later, one post further."""
    last = connection.execute(sa.select(issue).order_by(issue.c.id.desc()).limit(1)).mappings().one()
    values = {**last, "slot": "post:99", "due_at": due_at, "number": None, "state": "composed", "created_at": due_at}
    values |= {"through_seq": last["through_seq"] + 1, "expires_at": None, "finished_at": None}
    del values["id"]
    issue_id: int = connection.scalars(sa.insert(issue).values(values).returning(issue.c.id)).one()
    return issue_id


if __name__ == "__main__":
    main(*sys.argv[1:])
